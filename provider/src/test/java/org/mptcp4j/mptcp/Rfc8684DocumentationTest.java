package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.mptcp4j.DocumentedTable;

/** The table of requirements in {@code docs/rfc8684.md} is whole and names what exists. */
class Rfc8684DocumentationTest {
  private static final Path DOCUMENT = Path.of("docs/rfc8684.md");
  private static final Pattern SECTION = Pattern.compile("## (?:§([0-9.]+)|Appendix ([A-E])) .*");
  private static final Pattern HEADING =
      Pattern.compile("(?:([0-9]+(?:\\.[0-9]+)*)\\.|Appendix ([A-E])\\.)  \\S.*");
  private static final Pattern WORD =
      Pattern.compile(
          "\\b(MUST NOT|MUST|SHALL NOT|SHALL|SHOULD NOT|SHOULD|REQUIRED|NOT RECOMMENDED"
              + "|RECOMMENDED|MAY|OPTIONAL)\\b");

  /** A requirement without a requirement word. */
  private static final String NO_NUMBER = "–";

  private static final int COLUMNS = 7;
  private static final int NUMBERS = 1;
  private static final int LEVEL = 2;
  private static final int REQUIREMENT = 3;
  private static final int STATE = 4;
  private static final int REMARK = 5;
  private static final int WHERE = 6;
  private static final int TESTS = 7;

  private record Row(String section, String[] cells) {
    List<Integer> numbers() {
      List<Integer> numbers = new ArrayList<>();
      if (!cells[NUMBERS].equals(NO_NUMBER)) {
        for (String number : cells[NUMBERS].split(", ", -1)) {
          numbers.add(Integer.valueOf(number));
        }
      }
      return numbers;
    }

    @Override
    public String toString() {
      return "§" + section + ", " + cells[NUMBERS] + ": " + cells[REQUIREMENT];
    }
  }

  private static List<Row> rows() throws IOException {
    List<Row> rows = new ArrayList<>();
    String section = "";
    for (String line : Files.readAllLines(DOCUMENT)) {
      Matcher heading = SECTION.matcher(line);
      if (heading.matches()) {
        section = heading.group(1) == null ? heading.group(2) : heading.group(1);
      } else if (line.startsWith("## ")) {
        section = "";
      } else if (!section.isEmpty()
          && line.matches("\\| ([0-9]+(, [0-9]+)*|" + NO_NUMBER + ") \\|.*")) {
        rows.add(new Row(section, DocumentedTable.cells(line, COLUMNS)));
      }
    }
    return rows;
  }

  /** The requirement words of each section, in their order. */
  private static Map<String, List<String>> inventory() throws IOException {
    Map<String, List<String>> words = new LinkedHashMap<>();
    for (String line : inventoryLines()) {
      String[] fields = line.split("\t", -1);
      List<String> ofSection = words.computeIfAbsent(fields[0], s -> new ArrayList<>());
      ofSection.add(fields[3]);
      assertThat(fields[1]).isEqualTo(String.valueOf(ofSection.size()));
    }
    return words;
  }

  private static List<String> inventoryLines() throws IOException {
    try (InputStream in =
        Rfc8684DocumentationTest.class.getResourceAsStream("/rfc8684/requirements.tsv")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .toList();
    }
  }

  @Test
  void everyTestAndEveryClassThatTheTableNamesExists() throws Exception {
    DocumentedTable table = new DocumentedTable();
    for (Row row : rows()) {
      table.assertTestsExist(row.toString(), row.cells()[TESTS]);
      table.assertClassesExist(row.toString(), row.cells()[WHERE]);
    }
  }

  @Test
  void everyRequirementWordOfTheRfcStandsInExactlyOneRowWithItsLevel() throws IOException {
    Map<String, List<String>> inventory = inventory();
    Map<String, TreeMap<Integer, String>> documented = new LinkedHashMap<>();
    for (Row row : rows()) {
      Set<String> levels = new LinkedHashSet<>();
      for (int number : row.numbers()) {
        List<String> words = inventory.getOrDefault(row.section(), List.of());
        assertThat(number).as("%s", row).isBetween(1, words.size());
        levels.add(words.get(number - 1));
        String before =
            documented
                .computeIfAbsent(row.section(), s -> new TreeMap<>())
                .put(number, words.get(number - 1));
        assertThat(before).as("%s stands twice", row).isNull();
      }
      String level = levels.isEmpty() ? NO_NUMBER : String.join(", ", levels);
      assertThat(row.cells()[LEVEL]).as("level of %s", row).isEqualTo(level);
    }
    Map<String, List<String>> found = new LinkedHashMap<>();
    documented.forEach((section, words) -> found.put(section, List.copyOf(words.values())));
    assertThat(found).isEqualTo(inventory);
    assertThat(found.keySet())
        .as("sections in their order")
        .containsExactlyElementsOf(inventory.keySet());
  }

  @Test
  void whatIsDoneIsTestedAndWhatIsNotHasAReason() throws IOException {
    for (Row row : rows()) {
      String[] cells = row.cells();
      boolean choice = cells[LEVEL].equals("MAY");
      assertThat(cells[STATE])
          .as("state of %s", row)
          .isIn(
              choice ? "used" : "followed", choice ? "not used" : "not followed", "does not apply");
      if (cells[STATE].equals("followed") || cells[STATE].equals("used")) {
        assertThat(cells[WHERE]).as("where %s is done", row).isNotEmpty();
        assertThat(cells[TESTS]).as("tests of %s", row).isNotEmpty();
      } else {
        assertThat(cells[REMARK]).as("why %s is %s", row, cells[STATE]).isNotEmpty();
      }
    }
  }

  @Test
  void whatOperationHasTaughtNamesClassesAndTestsThatExist() throws Exception {
    DocumentedTable table = new DocumentedTable();
    int rows = 0;
    for (String line : Files.readAllLines(DOCUMENT)) {
      if (line.matches("\\| (8041|7430) \\|.*")) {
        String[] cells = DocumentedTable.cells(line, 5);
        String what = "RFC " + cells[1] + " §" + cells[2];
        assertThat(cells[4]).as("where %s is done", what).isNotEmpty();
        table.assertClassesExist(what, cells[4]);
        assertThat(table.assertTestsExist(what, cells[5])).as("tests of %s", what).isPositive();
        rows++;
      }
    }
    assertThat(rows).isGreaterThan(8);
  }

  /** One test where the text of the RFC is given by {@code -Drfc8684.text=FILE}, else none. */
  @TestFactory
  Stream<DynamicTest> theListOfRequirementsIsThatOfTheRfc() {
    return Stream.ofNullable(System.getProperty("rfc8684.text"))
        .map(text -> dynamicTest(text, () -> compareWith(Path.of(text))));
  }

  private static void compareWith(Path text) throws IOException {
    List<String> expected = new ArrayList<>();
    List<String> lines = Files.readAllLines(text);
    int at = 0;
    while (!lines.get(at).startsWith("2.  ")) {
      at++;
    }
    String section = "";
    StringBuilder body = new StringBuilder();
    List<Integer> lineOf = new ArrayList<>();
    for (; at < lines.size(); at++) {
      Matcher heading = HEADING.matcher(lines.get(at));
      if (heading.matches()) {
        addWords(expected, section, body, lineOf);
        section = heading.group(1) == null ? heading.group(2) : heading.group(1);
        body.setLength(0);
        lineOf.clear();
      }
      // A word may begin at the end of one line and end on the next.
      body.append(lines.get(at).strip()).append(' ');
      while (lineOf.size() < body.length()) {
        lineOf.add(at + 1);
      }
    }
    addWords(expected, section, body, lineOf);
    assertThat(inventoryLines()).isEqualTo(expected);
  }

  private static void addWords(
      List<String> to, String section, CharSequence body, List<Integer> lineOf) {
    Matcher word = WORD.matcher(body);
    int number = 0;
    while (word.find()) {
      to.add(section + "\t" + ++number + "\t" + lineOf.get(word.start()) + "\t" + word.group(1));
    }
  }
}
