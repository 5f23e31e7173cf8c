package org.mptcp4j.tcp;

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
import org.junit.jupiter.api.Test;

/** The table of RFCs in {@code docs/tcp.md} names what exists, and each RFC once. */
class TcpDocumentationTest {
  private static final Path DOCUMENT = Path.of("docs/tcp.md");
  private static final Pattern CODE = Pattern.compile("`([A-Za-z0-9]+)(?:\\.([A-Za-z0-9]+))?`");
  private static final int RFC = 1;
  private static final int STATE = 3;
  private static final int WHERE = 4;
  private static final int TESTS = 6;

  private static List<String[]> rows() throws IOException {
    List<String[]> rows = new ArrayList<>();
    for (String line : Files.readAllLines(DOCUMENT)) {
      if (line.matches("\\| \\d+ \\|.*")) {
        String[] cells = line.split("\\|", -1);
        assertThat(cells).as("cells of: %s", line).hasSize(8);
        rows.add(Arrays.stream(cells).map(String::strip).toArray(String[]::new));
      }
    }
    return rows;
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

  private static boolean isTest(List<String> classes, String simpleName, String method)
      throws ClassNotFoundException {
    for (String name : classes) {
      if (name.endsWith("." + simpleName)) {
        Class<?> type = Class.forName(name, false, TcpDocumentationTest.class.getClassLoader());
        if (Arrays.stream(type.getDeclaredMethods())
            .anyMatch(m -> m.getName().equals(method) && m.getAnnotations().length > 0)) {
          return true;
        }
      }
    }
    return false;
  }

  @Test
  void everyTestThatTheTableNamesExists() throws Exception {
    List<String> classes = classesBeside(TcpDocumentationTest.class);
    int named = 0;
    for (String[] row : rows()) {
      Matcher matcher = CODE.matcher(row[TESTS]);
      while (matcher.find()) {
        named++;
        assertThat(isTest(classes, matcher.group(1), matcher.group(2)))
            .as("RFC %s is tested by %s", row[RFC], matcher.group())
            .isTrue();
      }
    }
    assertThat(named).as("tests named").isGreaterThan(40);
  }

  @Test
  void everyClassThatTheTableNamesExists() throws Exception {
    List<String> classes = classesBeside(TcpEndpoint.class);
    for (String[] row : rows()) {
      Matcher matcher = CODE.matcher(row[WHERE]);
      while (matcher.find()) {
        String simpleName = matcher.group(1);
        assertThat(classes)
            .as("RFC %s is implemented in %s", row[RFC], simpleName)
            .anyMatch(name -> name.endsWith("." + simpleName));
      }
    }
  }

  @Test
  void eachRfcHasOneRowAndWhatIsImplementedSaysWhereAndIsTested() throws IOException {
    Set<String> seen = new HashSet<>();
    for (String[] row : rows()) {
      assertThat(seen.add(row[RFC])).as("RFC %s stands once", row[RFC]).isTrue();
      assertThat(row[STATE]).as("state of RFC %s", row[RFC]).isIn("implemented", "part", "not");
      if (!row[STATE].equals("not")) {
        assertThat(row[WHERE]).as("where RFC %s is", row[RFC]).isNotEmpty();
      }
      if (row[STATE].equals("implemented")) {
        assertThat(row[TESTS]).as("tests of RFC %s", row[RFC]).isNotEmpty();
      }
    }
    assertThat(seen)
        .contains("9293", "5681", "6298", "6582", "6675", "6928", "2018", "2883", "7323", "5961")
        .contains("6528", "6691", "8985", "6937", "9438", "9406", "3042", "3465", "7661", "3522")
        .contains("4015", "5682", "3168", "7413", "4987", "5482", "9040", "6191", "4821", "8899")
        .contains("1191", "8201", "1122");
  }
}
