import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/** Tries connections: a URL a line on standard input, a line of JSON for each on standard output. */
public class Connect {
  public static void main(String[] arguments) throws Exception {
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    for (String url = input.readLine(); url != null; url = input.readLine()) {
      try (Connection connection = DriverManager.getConnection(url); Statement statement = connection.createStatement()) {
        statement.execute("SELECT 1");
        System.out.println("{\"tls\":" + encrypted(connection) + "}");
      } catch (SQLException error) {
        System.out.println("{\"error\":\"" + words(error) + "\"}");
      }
    }
  }

  /** The driver has no word for it; its stream has a socket. */
  private static boolean encrypted(Connection connection) throws Exception {
    Object executor = connection.getClass().getMethod("getQueryExecutor").invoke(connection);
    for (Class<?> type = executor.getClass(); type != null; type = type.getSuperclass())
      for (java.lang.reflect.Field field : type.getDeclaredFields())
        if (field.getType().getSimpleName().equals("PGStream")) {
          field.setAccessible(true);
          Object stream = field.get(executor);
          return stream.getClass().getMethod("getSocket").invoke(stream) instanceof javax.net.ssl.SSLSocket;
        }
    throw new IllegalStateException("pgJDBC has changed: no stream found");
  }

  /** Of the error and of what it was caused by: the reason is often the last one. */
  private static String words(Throwable error) {
    StringBuilder words = new StringBuilder();
    for (Throwable each = error; each != null; each = each.getCause())
      if (each.getMessage() != null && words.indexOf(each.getMessage()) < 0)
        words.append(words.length() == 0 ? "" : ": ").append(each.getMessage());
    return words.toString().replaceAll("[\\\\\"]", "'").replaceAll("\\s+", " ");
  }
}
