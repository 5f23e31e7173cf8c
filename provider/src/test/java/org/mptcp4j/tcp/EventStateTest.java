package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The table of {@code docs/rfc9293-states.md}, carried out: what an endpoint does in each state
 * with each event of RFC 9293 §3.10. The table is the test.
 */
class EventStateTest {
  private static final Path DOCUMENT = Path.of("docs/rfc9293-states.md");
  private static final String HEADING = "## The endpoint";

  private static final List<String> STATES =
      List.of(
          "CLOSED",
          "SYN-SENT",
          "SYN-RECEIVED (passive)",
          "SYN-RECEIVED (active)",
          "ESTABLISHED",
          "FIN-WAIT-1",
          "FIN-WAIT-2",
          "CLOSE-WAIT",
          "CLOSING",
          "LAST-ACK",
          "TIME-WAIT");

  private static final List<String> SYNCHRONIZED = STATES.subList(4, STATES.size());

  /** The events of which the table must have a row for each state of the endpoint. */
  private static final List<String> EVENTS =
      List.of(
          "SEND",
          "CLOSE",
          "ABORT",
          "STATUS",
          "sequence",
          "RST",
          "SYN",
          "ACK",
          "URG",
          "text",
          "FIN",
          "USER TIMEOUT",
          "RETRANSMISSION TIMEOUT");

  record Row(
      String section,
      String name,
      String state,
      String event,
      String out,
      String after,
      String told) {
    @Override
    public String toString() {
      return section + " " + state + ": " + event;
    }
  }

  static List<Row> rows() throws IOException {
    List<Row> rows = new ArrayList<>();
    boolean inTable = false;
    for (String line : Files.readAllLines(DOCUMENT)) {
      if (line.startsWith("## ")) {
        inTable = line.equals(HEADING);
      }
      if (!inTable || !line.startsWith("| 3.10")) {
        continue;
      }
      List<String> cells =
          Stream.of(line.split("\\|", -1)).map(cell -> cell.replace("`", "").strip()).toList();
      assertThat(cells).as("cells of: %s", line).hasSize(10);
      for (String state : states(cells.get(3))) {
        String plain = state.replaceAll(" .*", "");
        String after = cells.get(6).equals("same") ? plain : cells.get(6);
        rows.add(
            new Row(
                cells.get(1),
                cells.get(2),
                state,
                cells.get(4),
                cells.get(5),
                after,
                cells.get(7).replace("STATE", plain)));
      }
    }
    return rows;
  }

  private static List<String> states(String cell) {
    List<String> states = new ArrayList<>();
    for (String name : cell.split(", ", -1)) {
      switch (name) {
        case "all" -> states.addAll(STATES);
        case "synchronized" -> states.addAll(SYNCHRONIZED);
        case "SYN-RECEIVED" -> {
          states.add("SYN-RECEIVED (passive)");
          states.add("SYN-RECEIVED (active)");
        }
        default -> {
          assertThat(STATES).contains(name);
          states.add(name);
        }
      }
    }
    return states;
  }

  private static String withoutRepetitions(String segments) {
    return Stream.of(segments.split(" ", -1)).distinct().collect(Collectors.joining(" "));
  }

  @ParameterizedTest
  @MethodSource("rows")
  void theEndpointDoesWhatTheTableSays(Row row) {
    check(row, StateBench.Origin.USUAL);
  }

  /** The wrap falls on each number that a row is about, unsigned and signed, and between them. */
  @ParameterizedTest
  @ValueSource(ints = {-1, Integer.MAX_VALUE})
  void theTableHoldsWhereverNumbersAndTimestampsWrap(int last) throws IOException {
    for (Row row : rows()) {
      for (int before : new int[] {0, 1, 2, 3, 5, 10, 50, 101, 30_000, 60_000}) {
        check(row, new StateBench.Origin(last - before, 900_000, 70_000));
        check(row, new StateBench.Origin(1_000, last - before, 70_000));
        check(row, new StateBench.Origin(last - before, last - before, last - before));
      }
    }
  }

  private static void check(Row row, StateBench.Origin origin) {
    boolean timestamps = row.event().contains("TSVAL");
    StateBench bench = new StateBench(row.state(), timestamps, /* sack= */ false, origin);
    String expected = bench.expected(row.out(), row.event());

    bench.happen(row.event());

    String out = row.out().endsWith("…") ? withoutRepetitions(bench.out()) : bench.out();
    assertThat(out).as("goes out: %s from %s", row, origin).isEqualTo(expected);
    assertThat(bench.state()).as("state after: %s from %s", row, origin).isEqualTo(row.after());
    assertThat(bench.told()).as("the user gets: %s from %s", row, origin).isEqualTo(row.told());
  }

  @Test
  void everyEventIsInTheTableForEveryState() throws IOException {
    Set<String> pairs =
        rows().stream().map(row -> row.name() + " in " + row.state()).collect(Collectors.toSet());
    for (String event : EVENTS) {
      for (String state : STATES) {
        assertThat(pairs).contains(event + " in " + state);
      }
    }
  }
}
