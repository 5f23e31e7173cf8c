package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.mptcp4j.DocumentedTable;

/** The table of RFCs in {@code docs/tcp.md} names what exists, and each RFC once. */
class TcpDocumentationTest {
  private static final Path DOCUMENT = Path.of("docs/tcp.md");
  private static final int RFC = 1;
  private static final int STATE = 3;
  private static final int WHERE = 4;
  private static final int TESTS = 6;

  private static List<String[]> rows() throws IOException {
    List<String[]> rows = new ArrayList<>();
    for (String line : Files.readAllLines(DOCUMENT)) {
      if (line.matches("\\| (\\d+|BBR|Pacing|Buffers|Ports|Figures) \\|.*")) {
        rows.add(DocumentedTable.cells(line, 6));
      }
    }
    return rows;
  }

  @Test
  void everyTestThatTheTableNamesExists() throws Exception {
    DocumentedTable table = new DocumentedTable();
    int named = 0;
    for (String[] row : rows()) {
      named += table.assertTestsExist("RFC " + row[RFC], row[TESTS]);
    }
    assertThat(named).as("tests named").isGreaterThan(40);
  }

  @Test
  void everyClassThatTheTableNamesExists() throws Exception {
    DocumentedTable table = new DocumentedTable();
    for (String[] row : rows()) {
      table.assertClassesExist("RFC " + row[RFC], row[WHERE]);
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
        .contains("1191", "8201", "1122", "BBR", "Pacing", "Buffers", "Ports", "Figures");
  }
}
