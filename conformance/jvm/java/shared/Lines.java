import java.util.Map;
import java.util.TreeMap;

/** What a program tells the test that started it: one line of JSON for each event, on standard output. */
final class Lines {
  private Lines() {}

  /** Text in quotes, numbers and what is JSON already as they are. */
  static synchronized void print(String event, Object... members) {
    StringBuilder line = new StringBuilder("{\"event\":").append(quoted(event));
    for (int i = 0; i < members.length; i += 2) {
      Object value = members[i + 1];
      String shown = value instanceof CharSequence ? quoted(value.toString()) : String.valueOf(value);
      line.append(',').append(quoted((String) members[i])).append(':').append(shown);
    }
    System.out.println(line.append('}'));
    System.out.flush();
  }

  static String quoted(CharSequence text) {
    StringBuilder out = new StringBuilder("\"");
    text.chars()
        .forEach(
            c -> {
              if (c == '"' || c == '\\') out.append('\\').append((char) c);
              else if (c < 0x20 || c > 0x7e) out.append(String.format("\\u%04x", c));
              else out.append((char) c);
            });
    return out.append('"').toString();
  }

  /** {@code --name value --other value}, as the test gives them. */
  static Map<String, String> options(String[] args) {
    Map<String, String> options = new TreeMap<>();
    for (int i = 0; i < args.length; i += 2) options.put(args[i].substring(2), args[i + 1]);
    return options;
  }

  /** Runs {@code stop} when a line comes in, and ends the process when the input does: no test, no program. */
  static void onInput(Runnable stop) {
    Thread reader =
        new Thread(
            () -> {
              try {
                if (System.in.read() >= 0) stop.run();
                while (System.in.read() >= 0) {}
              } catch (java.io.IOException gone) {
                // The same as its end.
              }
              Runtime.getRuntime().halt(1);
            });
    reader.setDaemon(true);
    reader.start();
  }
}
