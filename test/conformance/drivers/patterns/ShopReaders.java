// Reads every table of the shop in every way of the JDBC driver. argv: PORT USER DATABASE TABLE...

import java.io.StringWriter;
import java.sql.*;
import java.util.Locale;
import org.postgresql.PGConnection;

public class ShopReaders {
  interface Way { void read(Connection c, String table) throws Exception; }

  static void all(ResultSet r) throws SQLException {
    int columns = r.getMetaData().getColumnCount();
    while (r.next()) for (int i = 1; i <= columns; i++) r.getString(i);
  }

  static void prepared(Connection c, String table, int times) throws SQLException {
    try (PreparedStatement s = c.prepareStatement("SELECT * FROM " + table + " LIMIT ?")) {
      for (int n = 0; n < times; n++) {
        s.setInt(1, 1000);
        all(s.executeQuery());
      }
    }
  }

  public static void main(String[] argv) throws Exception {
    String url = "jdbc:postgresql://127.0.0.1:" + argv[0] + "/" + argv[2] + "?sslmode=disable&user=" + argv[1];
    String[] names = {"statement", "prepared", "prepared on the server", "fetch size", "copy", "updatable", "metadata"};
    Way[] ways = {
      (c, t) -> { try (Statement s = c.createStatement()) { all(s.executeQuery("SELECT * FROM " + t)); } },
      (c, t) -> prepared(c, t, 1),
      (c, t) -> prepared(c, t, 7),
      (c, t) -> {
        c.setAutoCommit(false);
        try (Statement s = c.createStatement()) { s.setFetchSize(3); all(s.executeQuery("SELECT * FROM " + t)); } finally { c.rollback(); c.setAutoCommit(true); }
      },
      (c, t) -> c.unwrap(PGConnection.class).getCopyAPI().copyOut("COPY (SELECT * FROM " + t + ") TO STDOUT", new StringWriter()),
      (c, t) -> { try (Statement s = c.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE)) { ResultSet r = s.executeQuery("SELECT * FROM " + t); all(r); r.first(); r.refreshRow(); } },
      (c, t) -> all(c.getMetaData().getColumns(null, null, t.replaceAll(".*\\.", "").replace("\"", ""), null)),
    };
    try (Connection c = DriverManager.getConnection(url)) {
      for (int a = 3; a < argv.length; a++)
        for (int w = 0; w < ways.length; w++) {
          String name = argv[a] + " by JDBC " + names[w], status = "PASS";
          long began = System.nanoTime();
          System.out.print("\u0016=== RUN   " + name + "\n");
          System.out.flush();
          try { ways[w].read(c, argv[a]); } catch (SQLException e) { status = "FAIL"; System.out.print(e.getSQLState() + "\n"); }
          System.out.printf(Locale.ROOT, "\u0016--- %s: %s (%.2fs)\n", status, name, (System.nanoTime() - began) / 1e9);
          System.out.flush();
        }
    }
    System.exit(0);
  }
}
