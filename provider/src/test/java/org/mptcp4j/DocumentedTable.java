package org.mptcp4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Tables of the documentation that name classes as `Class` and tests as `Class.method`. */
public final class DocumentedTable {
  private static final Pattern CODE = Pattern.compile("`([A-Za-z0-9]+)(?:\\.([A-Za-z0-9]+))?`");

  private final List<String> mainClasses;
  private final List<String> testClasses;
  private final Set<String> tests = new HashSet<>();

  public DocumentedTable() throws IOException, URISyntaxException, ClassNotFoundException {
    mainClasses = classesBeside(Multipath.class);
    testClasses = classesBeside(DocumentedTable.class);
    for (String name : testClasses) {
      if (name.endsWith("Test") || name.endsWith("Contract")) {
        Class<?> type = Class.forName(name, false, DocumentedTable.class.getClassLoader());
        addTests(type.getSimpleName(), type);
        for (Class<?> nested : type.getDeclaredClasses()) {
          addTests(type.getSimpleName(), nested);
        }
      }
    }
  }

  private void addTests(String name, Class<?> type) {
    Arrays.stream(type.getDeclaredMethods())
        .filter(method -> method.getAnnotations().length > 0)
        .forEach(method -> tests.add(name + "." + method.getName()));
  }

  /** Fully qualified names of the top-level classes where {@code member} came from. */
  private static List<String> classesBeside(Class<?> member)
      throws IOException, URISyntaxException {
    Path root = Path.of(member.getProtectionDomain().getCodeSource().getLocation().toURI());
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .map(file -> root.relativize(file).toString())
          .filter(name -> name.endsWith(".class") && !name.contains("$"))
          .map(name -> name.substring(0, name.length() - 6).replace('/', '.'))
          .toList();
    }
  }

  /** The cells of a line of a table, without the space around them; cell 0 is empty. */
  public static String[] cells(String line, int columns) {
    String[] cells = line.split("\\|", -1);
    assertThat(cells).as("cells of: %s", line).hasSize(columns + 2);
    return Arrays.stream(cells).map(String::strip).toArray(String[]::new);
  }

  private static List<String> names(String cell) {
    List<String> names = new ArrayList<>();
    Matcher matcher = CODE.matcher(cell);
    while (matcher.find()) {
      names.add(matcher.group(2) == null ? matcher.group(1) : matcher.group().replace("`", ""));
    }
    return names;
  }

  /** Checks that every test in a cell exists; returns how many it names. */
  public int assertTestsExist(String what, String cell) {
    List<String> names = names(cell);
    assertThat(tests).as("tests of %s", what).containsAll(names);
    return names.size();
  }

  /** Checks that every class in a cell exists. */
  public void assertClassesExist(String what, String cell) {
    for (String name : names(cell)) {
      assertThat(mainClasses)
          .as("%s is done in %s", what, name)
          .anyMatch(known -> known.endsWith("." + name));
    }
  }
}
