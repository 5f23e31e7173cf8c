package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.mptcp4j.DocumentedTable;

/**
 * The second table of {@code docs/rfc9293-states.md}, carried out: what the user of a socket gets
 * in each state, and what an engine answers where there is no connection.
 */
@Timeout(60)
class UserCallTest {
  private static final Path DOCUMENT = Path.of("docs/rfc9293-states.md");

  private static final List<String> STATES =
      List.of(
          "CLOSED",
          "LISTEN",
          "SYN-SENT",
          "SYN-RECEIVED",
          "ESTABLISHED",
          "FIN-WAIT-1",
          "FIN-WAIT-2",
          "CLOSE-WAIT",
          "CLOSING",
          "LAST-ACK",
          "TIME-WAIT");

  record Row(String section, String state, String event, String result, String out, String after) {
    @Override
    public String toString() {
      return section + " " + state + ": " + event;
    }
  }

  private static List<String[]> lines(String heading, int columns) throws IOException {
    List<String[]> lines = new ArrayList<>();
    boolean inTable = false;
    for (String line : Files.readAllLines(DOCUMENT)) {
      if (line.startsWith("## ")) {
        inTable = line.equals(heading);
      }
      if (inTable && line.startsWith("| 3.10")) {
        lines.add(DocumentedTable.cells(line, columns));
      }
    }
    return lines;
  }

  private static String plain(String cell) {
    return cell.replace("`", "");
  }

  static List<Row> rows() throws IOException {
    List<Row> rows = new ArrayList<>();
    for (String[] cells : lines("## The socket", 7)) {
      for (String state : cells[3].split(", ", -1)) {
        assertThat(STATES).contains(state);
        rows.add(
            new Row(
                cells[1],
                state,
                plain(cells[2]),
                plain(cells[4]).replace("STATE", state),
                plain(cells[5]),
                cells[6].equals("same") ? state : cells[6]));
      }
    }
    return rows;
  }

  @ParameterizedTest
  @MethodSource("rows")
  void theSocketDoesWhatTheTableSays(Row row) throws IOException {
    try (SocketBench bench = new SocketBench(row.state())) {
      String result = bench.happens(row.event());
      String out = bench.awaitOut(row.out());
      assertThat(result).as("what the caller gets").isEqualTo(row.result());
      assertThat(out).as("what goes out").isEqualTo(row.out());
      bench.awaitState(row.after().equals("LISTEN") ? "CLOSED" : row.after());
    }
  }

  @Test
  void noCallIsMissingForAnyState() throws IOException {
    Set<String> missing = new LinkedHashSet<>();
    for (String call : List.of("OPEN", "SEND", "RECEIVE", "CLOSE", "ABORT", "STATUS")) {
      STATES.forEach(state -> missing.add(call + " " + state));
    }
    Stream.of("SYN", "ACK", "RST", "SYN,ACK", "FIN,ACK")
        .forEach(flags -> missing.addAll(Set.of(flags + " CLOSED", flags + " LISTEN")));
    for (Row row : rows()) {
      String call = row.event().replaceAll("^.*<CTL=([A-Z,]*)>.*$", "$1").replaceAll(" .*", "");
      missing.remove(call.replaceAll("^(OPEN|RECEIVE|CLOSE),.*", "$1") + " " + row.state());
    }
    assertThat(missing).isEmpty();
  }

  @Test
  void everyTestThatTheTableOfChannelsNamesExists() throws Exception {
    DocumentedTable table = new DocumentedTable();
    List<String[]> lines = lines("## The channels", 4);
    for (String[] cells : lines) {
      assertThat(table.assertTestsExist(cells[1] + " " + cells[2], cells[4])).isPositive();
    }
    assertThat(lines).hasSizeGreaterThan(10);
  }
}
