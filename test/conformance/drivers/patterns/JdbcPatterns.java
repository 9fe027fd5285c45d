// The JDBC driver as applications, pools and tools use it. argv: PORT USER DATABASE [--without NAME]... [--only NAME]...
// Run as a single source file: java -cp postgresql.jar JdbcPatterns.java PORT USER DATABASE

import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.*;
import java.time.*;
import java.util.*;
import org.postgresql.PGConnection;
import org.postgresql.PGStatement;
import org.postgresql.util.PGobject;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

public class JdbcPatterns {
  interface Work { Object run(Connection c) throws Exception; }
  interface Task { Object run() throws Exception; }
  record Pattern(String name, String options, Work work) {}

  static String url, user;
  static final List<Pattern> patterns = new ArrayList<>();

  static void on(String name, Work work) { on(name, "", work); }
  static void on(String name, String options, Work work) { patterns.add(new Pattern("jdbc: " + name, options, work)); }

  static Connection connect(String options) throws SQLException {
    return DriverManager.getConnection(url + "?user=" + user + "&" + (options.contains("sslmode") ? "" : "sslmode=disable&") + options);
  }

  public static void main(String[] argv) throws Exception {
    TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
    url = "jdbc:postgresql://127.0.0.1:" + argv[0] + "/" + argv[2];
    user = argv[1];
    Set<String> without = new HashSet<>(), only = new HashSet<>();
    for (int i = 3; i + 1 < argv.length; i++) {
      if (argv[i].equals("--without")) without.add(argv[i + 1]);
      if (argv[i].equals("--only")) only.add(argv[i + 1]);
    }
    define();
    for (Pattern p : patterns) {
      if (without.contains(p.name) || (!only.isEmpty() && !only.contains(p.name))) continue;
      long began = System.nanoTime();
      System.out.print("\u0016=== RUN   " + p.name + "\n");
      System.out.flush();
      String status = "PASS";
      try (Connection c = connect(p.options)) {
        System.out.print(show(p.work.run(c)) + "\n");
      } catch (Exception e) {
        status = "FAIL";
        System.out.print(show(fields(e)) + "\n");
      }
      System.out.printf(Locale.ROOT, "\u0016--- %s: %s (%.2fs)\n", status, p.name, (System.nanoTime() - began) / 1e9);
      System.out.flush();
    }
    System.exit(0);
  }

  static String show(Object o) {
    if (o instanceof Collection<?> list) {
      StringBuilder b = new StringBuilder("[");
      for (Object e : list) b.append(b.length() > 1 ? ",\n " : "").append(show(e));
      return b.append("]").toString();
    }
    if (o instanceof Object[] a) return show(Arrays.asList(a));
    if (o instanceof byte[] b) return "bytes:" + HexFormat.of().formatHex(b);
    if (o instanceof java.sql.Array a) { try { return "array:" + a.getBaseTypeName() + ":" + show(a.getArray()); } catch (SQLException e) { return show(fields(e)); } }
    if (o instanceof SQLXML x) { try { return "xml:" + x.getString(); } catch (SQLException e) { return show(fields(e)); } }
    if (o instanceof PGobject g) return g.getType() + ":" + g.getValue();
    if (o instanceof int[] a) return Arrays.toString(a);
    return o == null ? "null" : o.getClass().getSimpleName() + ":" + o;
  }

  static List<Object> fields(Throwable e) {
    List<Object> told = new ArrayList<>(List.of(e.getClass().getSimpleName(), String.valueOf(e.getMessage()).replaceAll("\n  Detail: SLUICE-101.*", "")));
    if (e instanceof SQLException s) {
      told.add(String.valueOf(s.getSQLState()));
      if (s instanceof PSQLException p && p.getServerErrorMessage() != null) told.add(report(p.getServerErrorMessage()));
      if (s.getNextException() != null) told.add(fields(s.getNextException()));
    }
    return told;
  }

  static List<Object> report(ServerErrorMessage m) {
    // Sluice finds syntax errors first: test/oracle/transparency.ts.
    boolean syntax = "42601".equals(m.getSQLState());
    return Arrays.asList(m.getSeverity(), m.getSQLState(), m.getMessage(), syntax ? null : m.getDetail(), m.getHint(), m.getPosition(), m.getInternalQuery(), m.getWhere(), m.getSchema(), m.getTable(), m.getColumn(), m.getDatatype(), m.getConstraint(), syntax ? null : m.getRoutine());
  }

  static Object failure(Task work) {
    try { return Arrays.asList("succeeded", work.run()); } catch (Exception e) { return fields(e); }
  }

  static List<Object> rows(ResultSet r) throws SQLException { return rows(r, true); }

  static List<Object> rows(ResultSet r, boolean meta) throws SQLException {
    List<Object> all = new ArrayList<>();
    ResultSetMetaData m = r.getMetaData();
    if (meta)
      for (int i = 1; i <= m.getColumnCount(); i++)
        all.add(String.join(" ", m.getColumnLabel(i), m.getColumnName(i), m.getColumnTypeName(i), "" + m.getColumnType(i), m.getTableName(i), "" + m.getPrecision(i), "" + m.getScale(i), "" + m.isNullable(i), "" + m.isAutoIncrement(i), "" + m.isSigned(i), m.getColumnClassName(i)));
    while (r.next()) {
      List<Object> row = new ArrayList<>();
      for (int i = 1; i <= m.getColumnCount(); i++) row.add(r.getObject(i));
      all.add(row);
    }
    r.close();
    return all;
  }

  static List<Object> query(Connection c, String sql, Object... values) throws SQLException {
    try (PreparedStatement s = c.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) s.setObject(i + 1, values[i]);
      return rows(s.executeQuery());
    }
  }

  static Object run(Connection c, String sql) throws SQLException {
    try (Statement s = c.createStatement()) {
      List<Object> told = new ArrayList<>();
      boolean result = s.execute(sql);
      for (;;) {
        if (result) told.add(rows(s.getResultSet()));
        else if (s.getUpdateCount() == -1) break;
        else told.add("updated " + s.getUpdateCount());
        result = s.getMoreResults();
      }
      for (SQLWarning w = s.getWarnings(); w != null; w = w.getNextWarning()) told.add(fields(w));
      return told;
    }
  }

  static void define() {
    on("statement", c -> run(c, "SELECT id, name, price, tags, data, made, due, span, ident, raw FROM items WHERE id < 4 ORDER BY id"));
    on("prepared statement", c -> query(c, "SELECT * FROM items WHERE id = ?", 3));
    on("prepared on the server after five runs", c -> {
      List<Object> told = new ArrayList<>();
      try (PreparedStatement s = c.prepareStatement("SELECT name, price, made, ratio FROM items WHERE id = ?")) {
        for (int n = 1; n <= 8; n++) {
          s.setInt(1, n);
          told.add(rows(s.executeQuery(), n == 1 || n == 8));
          told.add(s.unwrap(PGStatement.class).isUseServerPrepare());
        }
      }
      told.add(query(c, "SELECT name, statement, from_sql FROM pg_prepared_statements WHERE statement LIKE '%ratio FROM items%' AND statement NOT LIKE '%pg_prep%'"));
      return told;
    });
    on("prepared at once, binary", "prepareThreshold=-1&binaryTransfer=true", c -> query(c, "SELECT * FROM items WHERE id = ?", 4));
    on("simple protocol only", "preferQueryMode=simple", c -> Arrays.asList(query(c, "SELECT id, name, price FROM items WHERE id = ? AND name = ?", 3, "item 3"), run(c, "SELECT 1; SELECT 2")));
    on("extended for prepared", "preferQueryMode=extendedForPrepared", c -> Arrays.asList(query(c, "SELECT id FROM items WHERE id = ?", 3), run(c, "SELECT 1")));
    on("extended and cached everything", "preferQueryMode=extendedCacheEverything&prepareThreshold=1", c -> { List<Object> told = new ArrayList<>(); for (int n = 0; n < 4; n++) told.add(run(c, "SELECT id FROM items WHERE id < 3 ORDER BY id")); return told; });
    on("all types", c -> run(c, "SELECT * FROM kinds ORDER BY id"));
    on("typed parameters", c -> {
      try (PreparedStatement s = c.prepareStatement("SELECT ?::int, ?::bigint, ?::numeric, ?::text, ?::bool, ?::float8, ?::date, ?::timestamptz, ?::time, ?::bytea, ?::text[], ?::uuid, ?::jsonb, ?::text")) {
        s.setInt(1, 1); s.setLong(2, 1L << 40); s.setBigDecimal(3, new BigDecimal("1.230")); s.setString(4, "it's"); s.setBoolean(5, true); s.setDouble(6, 1.5);
        s.setObject(7, LocalDate.of(2024, 2, 29)); s.setObject(8, OffsetDateTime.parse("2024-01-01T12:00:00Z")); s.setObject(9, LocalTime.of(12, 30)); s.setBytes(10, new byte[] {0, -1});
        s.setArray(11, c.createArrayOf("text", new String[] {"a", null, "\"b\""})); s.setObject(12, new UUID(0, 7)); PGobject j = new PGobject(); j.setType("jsonb"); j.setValue("{\"a\": [1]}"); s.setObject(13, j); s.setNull(14, Types.VARCHAR);
        return Arrays.asList(rows(s.executeQuery()), parameters(s));
      }
    });
    on("parameter metadata", c -> { try (PreparedStatement s = c.prepareStatement("INSERT INTO items (id, name, price, tags, made) VALUES (?, ?, ?, ?, ?)")) { return Arrays.asList(parameters(s), failure(() -> s.getMetaData())); } });
    on("result metadata before running", c -> { try (PreparedStatement s = c.prepareStatement("SELECT id, name AS label, price * 2 AS twice FROM items WHERE id = ?")) { ResultSetMetaData m = s.getMetaData(); List<Object> told = new ArrayList<>(); for (int i = 1; i <= m.getColumnCount(); i++) told.add(Arrays.asList(m.getColumnLabel(i), m.getColumnName(i), m.getColumnTypeName(i), m.getTableName(i), m.isNullable(i))); return told; } });
    on("batch", c -> {
      c.setAutoCommit(false);
      List<Object> told = new ArrayList<>();
      try (PreparedStatement s = c.prepareStatement("INSERT INTO items (id, name, price) VALUES (?, ?, ?)")) {
        for (int n = 0; n < 300; n++) { s.setInt(1, 2000 + n); s.setString(2, "batch " + n); s.setBigDecimal(3, BigDecimal.valueOf(n)); s.addBatch(); }
        told.add(Arrays.stream(s.executeBatch()).sum());
      }
      told.add(query(c, "SELECT count(*), sum(price) FROM items WHERE id >= 2000"));
      try (Statement s = c.createStatement()) { s.addBatch("UPDATE items SET quantity = 1 WHERE id = 1"); s.addBatch("DELETE FROM lines WHERE item < 3"); told.add(s.executeBatch()); }
      c.rollback();
      return told;
    });
    on("batch rewritten into one insert", "reWriteBatchedInserts=true", c -> {
      c.setAutoCommit(false);
      try (PreparedStatement s = c.prepareStatement("INSERT INTO items (id, name, price) VALUES (?, ?, ?)")) {
        for (int n = 0; n < 100; n++) { s.setInt(1, 3000 + n); s.setString(2, "rewritten " + n); s.setBigDecimal(3, BigDecimal.ONE); s.addBatch(); }
        s.executeBatch();
      }
      Object told = query(c, "SELECT count(*) FROM items WHERE id >= 3000");
      c.rollback();
      return told;
    });
    on("batch that fails", c -> {
      c.setAutoCommit(false);
      try (PreparedStatement s = c.prepareStatement("INSERT INTO items (id, name) VALUES (?, ?)")) {
        for (int n : new int[] {4000, 1, 4001}) { s.setInt(1, n); s.setString(2, "b" + n); s.addBatch(); }
        try { return s.executeBatch(); } catch (BatchUpdateException e) { List<Object> told = new ArrayList<>(fields(e)); told.add(e.getUpdateCounts()); c.rollback(); return told; }
      }
    });
    on("generated keys", c -> {
      c.setAutoCommit(false);
      List<Object> told = new ArrayList<>();
      try (PreparedStatement s = c.prepareStatement("INSERT INTO items (id, name) VALUES (5000, ?)", Statement.RETURN_GENERATED_KEYS)) { s.setString(1, "keyed"); told.add(s.executeUpdate()); told.add(rows(s.getGeneratedKeys())); }
      try (PreparedStatement s = c.prepareStatement("UPDATE items SET price = 1 WHERE id = 5000", new String[] {"id", "price"})) { told.add(s.executeUpdate()); told.add(rows(s.getGeneratedKeys())); }
      c.rollback();
      return told;
    });
    on("fetch size", c -> {
      c.setAutoCommit(false);
      List<Object> told = new ArrayList<>();
      try (PreparedStatement s = c.prepareStatement("SELECT id, name FROM items WHERE id <= ? ORDER BY id")) {
        s.setFetchSize(7); s.setInt(1, 30);
        ResultSet r = s.executeQuery();
        while (r.next()) told.add(r.getInt(1));
        r.close();
        s.setFetchSize(3); s.setMaxRows(5);
        told.add(rows(s.executeQuery()));
      }
      c.commit();
      return told;
    });
    on("adaptive fetch", "defaultRowFetchSize=10&adaptiveFetch=true&maxResultBuffer=1M", c -> { c.setAutoCommit(false); return query(c, "SELECT sum(n) FROM (SELECT n FROM generate_series(1, 1000) AS n) AS t"); });
    on("two open cursors", c -> {
      c.setAutoCommit(false);
      List<Object> told = new ArrayList<>();
      try (Statement one = c.createStatement(); Statement two = c.createStatement()) {
        one.setFetchSize(4); two.setFetchSize(3);
        ResultSet a = one.executeQuery("SELECT id FROM items ORDER BY id LIMIT 12"), b = two.executeQuery("SELECT position FROM lines WHERE item < 5 ORDER BY item, position");
        while (a.next() && b.next()) told.add(a.getInt(1) + "/" + b.getInt(1));
      }
      c.rollback();
      return told;
    });
    on("max rows without a cursor", c -> { try (Statement s = c.createStatement()) { s.setMaxRows(4); return rows(s.executeQuery("SELECT id FROM items ORDER BY id")); } });
    on("scrollable and updatable results", c -> {
      c.setAutoCommit(false);
      List<Object> told = new ArrayList<>();
      try (Statement s = c.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE)) {
        ResultSet r = s.executeQuery("SELECT id, name, price FROM items WHERE id < 6");
        r.last(); told.add(r.getRow()); r.absolute(2); told.add(r.getString(2));
        r.updateString("name", "updated"); r.updateRow();
        r.moveToInsertRow(); r.updateInt("id", 6001); r.updateString("name", "inserted"); r.updateBigDecimal("price", BigDecimal.TEN); r.insertRow();
        r.first(); r.deleteRow();
      }
      told.add(query(c, "SELECT id, name FROM items WHERE id < 4 OR id = 6001 ORDER BY id"));
      c.rollback();
      return told;
    });
    on("callable", c -> {
      c.setAutoCommit(false);
      List<Object> told = new ArrayList<>();
      try (CallableStatement s = c.prepareCall("{? = call add_one(?)}")) { s.registerOutParameter(1, Types.INTEGER); s.setInt(2, 41); s.execute(); told.add(s.getInt(1)); }
      told.add(failure(() -> { try (CallableStatement s = c.prepareCall("call raise_price(?, ?)")) { s.setInt(1, 4); s.registerOutParameter(1, Types.INTEGER); s.setBigDecimal(2, new BigDecimal("0.5")); s.execute(); return s.getInt(1); } }));
      c.rollback();
      return told;
    });
    on("refcursor", c -> { c.setAutoCommit(false); return Arrays.asList(run(c, "DECLARE rc CURSOR FOR SELECT id FROM items ORDER BY id; FETCH 2 FROM rc"), run(c, "FETCH 2 FROM rc"), run(c, "CLOSE rc"), failure(() -> run(c, "FETCH 1 FROM rc"))); });
    on("transactions and savepoints", c -> {
      List<Object> told = new ArrayList<>();
      c.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
      c.setAutoCommit(false);
      told.add(c.getTransactionIsolation());
      run(c, "UPDATE items SET quantity = 100 WHERE id = 1");
      Savepoint s = c.setSavepoint("one two");
      told.add(failure(() -> run(c, "SELECT 1/0")));
      told.add(failure(() -> run(c, "SELECT 1")));
      c.rollback(s);
      told.add(query(c, "SELECT quantity FROM items WHERE id = 1"));
      Savepoint unnamed = c.setSavepoint();
      c.releaseSavepoint(unnamed);
      told.add(failure(() -> { c.releaseSavepoint(unnamed); return null; }));
      c.rollback();
      told.add(query(c, "SELECT quantity FROM items WHERE id = 1"));
      c.rollback();
      c.setReadOnly(true);
      told.add(failure(() -> run(c, "DELETE FROM lines")));
      c.rollback();
      return told;
    });
    on("savepoints by themselves", "autosave=always", c -> { c.setAutoCommit(false); return Arrays.asList(failure(() -> run(c, "SELECT 1/0")), run(c, "SELECT 2"), query(c, "SELECT 3"), failure(() -> query(c, "SELECT nope")), query(c, "SELECT 4")); });
    on("errors", c -> {
      List<Object> told = new ArrayList<>();
      for (String sql : new String[] {"SELEC", "SELECT x", "SELECT * FROM nope", "SELECT 1/0", "SELECT 'a'::int", "INSERT INTO items (id, name) VALUES (1, 'q')", "INSERT INTO items (name) VALUES (NULL)", "INSERT INTO items (name, price) VALUES ('n', -1)", "INSERT INTO lines VALUES (99999, 1)", "SELECT say('error')", "SELECT 'x'::mood", "SELECT nofunc()", "SET no_such = 1", "SELECT 1; SELECT 2; SELECT nope; SELECT 4"})
        told.add(Arrays.asList(sql, failure(() -> run(c, sql))));
      return told;
    });
    on("errors of prepared statements", c -> { List<Object> told = new ArrayList<>(); for (String sql : new String[] {"SELECT ? + nope", "SELECT ?::int / 0", "SELECT ?::date", "INSERT INTO items (id, name) VALUES (1, ?)"}) told.add(failure(() -> query(c, sql, "1"))); return told; });
    on("warnings", c -> Arrays.asList(run(c, "SELECT say('notice')"), run(c, "SELECT say('warning')"), run(c, "DROP TABLE IF EXISTS nothing_here"), run(c, "ROLLBACK")));
    on("query timeout", c -> { try (Statement s = c.createStatement()) { s.setQueryTimeout(1); return Arrays.asList(failure(() -> s.executeQuery("SELECT pg_sleep(20)")), rows(s.executeQuery("SELECT 1"))); } });
    on("cancel", c -> { try (Statement s = c.createStatement()) { Thread t = new Thread(() -> { try { Thread.sleep(300); s.cancel(); } catch (Exception e) { System.out.println(show(fields(e))); } }); t.start(); Object told = failure(() -> s.executeQuery("SELECT pg_sleep(20)")); t.join(); return Arrays.asList(told, rows(s.executeQuery("SELECT 1"))); } });
    on("backend process id", c -> { PGConnection p = c.unwrap(PGConnection.class); try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("SELECT pg_backend_pid()")) { r.next(); return r.getInt(1) == p.getBackendPID(); } });
    on("is valid, network timeout", c -> { c.setNetworkTimeout(Runnable::run, 5000); return Arrays.asList(c.isValid(2), c.getNetworkTimeout(), query(c, "SELECT 1")); });
    on("copy", c -> {
      c.setAutoCommit(false);
      var copy = c.unwrap(PGConnection.class).getCopyAPI();
      StringWriter out = new StringWriter();
      List<Object> told = new ArrayList<>(List.of(copy.copyOut("COPY (SELECT id, name, tags FROM items WHERE id < 4 ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER)", out), out.toString()));
      told.add(copy.copyIn("COPY items (id, name, price) FROM STDIN", new StringReader("7001\tcopied\t1.5\n7002\ttoo\t2\n")));
      told.add(query(c, "SELECT id, name, price FROM items WHERE id > 7000 ORDER BY id"));
      c.rollback();
      told.add(failure(() -> copy.copyIn("COPY items (id, name) FROM STDIN", new StringReader("bad\n"))));
      c.rollback();
      var in = copy.copyIn("COPY items (id, name) FROM STDIN"); in.writeToCopy("7003\tx\n".getBytes(), 0, 7); in.cancelCopy();
      told.add(failure(() -> query(c, "SELECT count(*) FROM items WHERE id > 7000")));
      c.rollback();
      return told;
    });
    on("listen and notify", c -> {
      run(c, "LISTEN news");
      try (Connection other = connect("")) { run(other, "NOTIFY news, 'one'"); query(other, "SELECT pg_notify('news', ?)", "two"); }
      List<Object> told = new ArrayList<>();
      for (int wait = 0; wait < 50 && told.size() < 2; wait++) { var heard = c.unwrap(PGConnection.class).getNotifications(100); if (heard != null) for (var n : heard) told.add(n.getName() + ":" + n.getParameter()); }
      return told;
    });
    on("large objects", c -> { c.setAutoCommit(false); Object told = failure(() -> { var api = c.unwrap(PGConnection.class).getLargeObjectAPI(); long oid = api.createLO(); try (var object = api.open(oid)) { object.write(new byte[] {1, 2, 3}); object.seek(0); return object.read(3); } }); c.rollback(); return told; });
    on("connection metadata", c -> { DatabaseMetaData m = c.getMetaData(); return Arrays.asList(m.getDatabaseProductName(), m.getDatabaseProductVersion(), m.getDriverVersion(), m.getUserName(), m.getDefaultTransactionIsolation(), m.getMaxColumnNameLength(), m.getSQLKeywords(), m.getNumericFunctions(), c.getCatalog(), c.getSchema(), m.supportsBatchUpdates(), m.getMaxConnections(), m.getIdentifierQuoteString()); });
    on("metadata: tables", c -> Arrays.asList(rows(c.getMetaData().getTables(null, "public", "%", new String[] {"TABLE", "VIEW", "INDEX", "SEQUENCE", "TYPE"})), rows(c.getMetaData().getTables(null, null, "pg_class", null)), rows(c.getMetaData().getTableTypes()), rows(c.getMetaData().getTablePrivileges(null, "public", "items"))));
    on("metadata: columns", c -> Arrays.asList(rows(c.getMetaData().getColumns(null, "public", "%", "%")), rows(c.getMetaData().getColumnPrivileges(null, "public", "items", "name"))));
    on("metadata: keys", c -> { DatabaseMetaData m = c.getMetaData(); return Arrays.asList(rows(m.getPrimaryKeys(null, null, "lines")), rows(m.getImportedKeys(null, null, "lines")), rows(m.getExportedKeys(null, null, "items")), rows(m.getCrossReference(null, null, "items", null, null, "lines")), rows(m.getBestRowIdentifier(null, null, "items", DatabaseMetaData.bestRowSession, false))); });
    on("metadata: indexes", c -> rows(c.getMetaData().getIndexInfo(null, "public", "items", false, true)));
    on("metadata: schemas, catalogs and types", c -> { DatabaseMetaData m = c.getMetaData(); return Arrays.asList(rows(m.getSchemas()), rows(m.getSchemas(null, "pub%")), rows(m.getUDTs(null, "public", "%", null)), rows(m.getClientInfoProperties()), names(m.getTypeInfo()).contains("mood")); });
    on("metadata: functions and procedures", c -> { DatabaseMetaData m = c.getMetaData(); return Arrays.asList(rows(m.getFunctions(null, "public", "%o%")), rows(m.getFunctionColumns(null, "public", "two_columns", "%")), rows(m.getProcedures(null, "public", "%")), rows(m.getProcedureColumns(null, "public", "raise_price", "%"))); });
    on("client information", "ApplicationName=patterns", c -> { c.setClientInfo("ApplicationName", "renamed"); return Arrays.asList(query(c, "SELECT current_setting('application_name')"), c.getClientInfo("ApplicationName")); });
    on("schema of the connection", "currentSchema=pg_catalog,public&options=-c%20statement_timeout=7s", c -> Arrays.asList(c.getSchema(), query(c, "SELECT current_setting('statement_timeout'), current_setting('search_path')"), failure(() -> { c.setSchema("public"); return c.getSchema(); })));
    on("parameter statuses", c -> new TreeMap<>(c.unwrap(PGConnection.class).getParameterStatuses()).entrySet().stream().map(Object::toString).toList());
    on("read only by the server", "readOnly=true&readOnlyMode=always", c -> Arrays.asList(query(c, "SELECT current_setting('transaction_read_only')"), failure(() -> run(c, "DELETE FROM lines"))));
    on("times", c -> { List<Object> told = new ArrayList<>(); try (PreparedStatement s = c.prepareStatement("SELECT made, due, made::time, made::timestamp, made AT TIME ZONE 'Asia/Tokyo' FROM items WHERE id = ?")) { for (int n = 1; n < 8; n++) { s.setInt(1, n); ResultSet r = s.executeQuery(); r.next(); told.add(Arrays.asList(r.getTimestamp(1), r.getObject(1, OffsetDateTime.class), r.getDate(2), r.getObject(2, LocalDate.class), r.getTime(3), r.getObject(4, LocalDateTime.class), r.getString(5))); } } return told; });
    on("arrays", c -> { try (PreparedStatement s = c.prepareStatement("SELECT id FROM items WHERE id = ANY (?) ORDER BY id")) { s.setArray(1, c.createArrayOf("int4", new Integer[] {1, 3, 5})); return Arrays.asList(rows(s.executeQuery()), query(c, "SELECT ARRAY[[1,2],[3,4]], ARRAY['calm']::mood[], ARRAY[now()::date - now()::date], '{}'::text[]")); } });
    on("streams", c -> { byte[] big = new byte[300_000]; Arrays.fill(big, (byte) 7); try (PreparedStatement s = c.prepareStatement("SELECT length(?::bytea), length(?::text), ?::bytea")) { s.setBinaryStream(1, new java.io.ByteArrayInputStream(big), big.length); s.setCharacterStream(2, new StringReader("ü".repeat(100_000)), 100_000); s.setBytes(3, big); ResultSet r = s.executeQuery(); r.next(); return Arrays.asList(r.getInt(1), r.getInt(2), Arrays.equals(r.getBytes(3), big)); } });
    on("many parameters", c -> { StringBuilder sql = new StringBuilder("SELECT count(*) FROM items WHERE id IN (?"); for (int n = 1; n < 3000; n++) sql.append(",?"); Object[] v = new Object[3000]; for (int n = 0; n < 3000; n++) v[n] = n; return query(c, sql + ")", v); });
    on("changed plan", "prepareThreshold=1", c -> { run(c, "CREATE TEMP TABLE moving (a int)"); List<Object> told = new ArrayList<>(); try (PreparedStatement s = c.prepareStatement("SELECT * FROM moving")) { told.add(rows(s.executeQuery())); run(c, "ALTER TABLE moving ADD COLUMN b text"); told.add(failure(() -> rows(s.executeQuery()))); told.add(failure(() -> rows(s.executeQuery()))); } return told; });
    on("deallocated behind its back", "prepareThreshold=1", c -> { List<Object> told = new ArrayList<>(); try (PreparedStatement s = c.prepareStatement("SELECT 1")) { told.add(rows(s.executeQuery())); run(c, "DEALLOCATE ALL"); told.add(failure(() -> rows(s.executeQuery()))); told.add(failure(() -> rows(s.executeQuery()))); run(c, "DISCARD ALL"); told.add(failure(() -> rows(s.executeQuery()))); } return told; });
    on("escapes", c -> Arrays.asList(query(c, "SELECT {fn concat('a', 'b')}, {d '2024-01-02'}, {ts '2024-01-02 03:04:05'}, {fn current_timestamp()} > {ts '2020-01-01 00:00:00'}"), query(c, "SELECT id FROM {oj items LEFT OUTER JOIN lines ON lines.item = items.id} WHERE id = 1 AND name LIKE '%1' {escape '!'} LIMIT 1")));
    on("terminated", c -> { try (Connection other = connect("")) { query(other, "SELECT pg_terminate_backend(?)", c.unwrap(PGConnection.class).getBackendPID()); } Thread.sleep(200); return Arrays.asList(failure(() -> run(c, "SELECT 1")), c.isClosed(), c.isValid(1)); });
    on("connection options", c -> { List<Object> told = new ArrayList<>(); for (String o : new String[] {"sslmode=prefer", "sslmode=allow", "sslmode=require", "targetServerType=primary", "targetServerType=secondary", "gssEncMode=prefer", "assumeMinServerVersion=9.0", "loginTimeout=5&connectTimeout=5&socketTimeout=5&tcpKeepAlive=true", "escapeSyntaxCallMode=call", "stringtype=unspecified", "unknownLength=10", "replication=database", "channelBinding=require"}) told.add(Arrays.asList(o, failure(() -> { try (Connection x = connect(o)) { return query(x, "SELECT 1"); } }))); told.add(failure(() -> DriverManager.getConnection(url.replaceAll("/[a-z]+$", "/nowhere") + "?user=" + user + "&sslmode=disable"))); return told; });
  }

  static List<String> names(ResultSet r) throws SQLException { List<String> all = new ArrayList<>(); while (r.next()) all.add(r.getString(1)); return all; }

  static Object parameters(PreparedStatement s) throws SQLException { ParameterMetaData m = s.getParameterMetaData(); List<Object> told = new ArrayList<>(); for (int i = 1; i <= m.getParameterCount(); i++) told.add(m.getParameterTypeName(i) + " " + m.getParameterType(i) + " " + m.getParameterClassName(i)); return told; }
}
