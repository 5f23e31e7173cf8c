package org.mptcp4j.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.mptcp4j.sim.MiddleboxSite.Place;

/**
 * Every kind of middlebox, on the first subflow and on a joined one: every byte right in both
 * directions, and the outcome that RFC 8684 §3.7 and RFC 8041 §3.1 ask for, whatever the seed.
 */
@SuppressWarnings("EnumOrdinal") // rows are found by their place
@Tag("simulation")
class MiddleboxMatrixTest {
  private static final Path DOCUMENT = Path.of("docs/middleboxes.md");

  /** The outcomes that were found, by row and place: one, where all seeds agree. */
  private static final Map<MiddleboxRow, List<String>> FOUND = new ConcurrentHashMap<>();

  @BeforeAll
  static void runAll() {
    Arrays.stream(MiddleboxRow.values())
        .parallel()
        .forEach(
            row -> {
              List<String> cells =
                  Arrays.stream(Place.values()).map(place -> cell(row, place)).toList();
              FOUND.put(row, cells);
            });
  }

  private static String cell(MiddleboxRow row, Place place) {
    return IntStream.rangeClosed(1, row.seeds())
        .mapToObj(seed -> run(row, place, seed))
        .distinct()
        .collect(Collectors.joining("; "));
  }

  private static String run(MiddleboxRow row, Place place, int seed) {
    try {
      return row.run(place, seed).toString();
    } catch (RuntimeException | AssertionError e) {
      return "seed " + seed + ": " + e;
    }
  }

  @ParameterizedTest
  @EnumSource(MiddleboxRow.class)
  void everyByteIsRightAndTheOutcomeIsThatOfTheRfc(MiddleboxRow row) {
    List<String> expected =
        Arrays.stream(Place.values()).map(place -> row.expected(place).toString()).toList();
    assertThat(FOUND.get(row)).as(row.toString()).isEqualTo(expected);
  }

  @Test
  void theTableOfTheDocumentationSaysWhatWasFound() throws IOException {
    List<String> table = new ArrayList<>();
    table.add("| middlebox | on the only path | on the joined path | on the first of two paths |");
    table.add("|---|---|---|---|");
    for (MiddleboxRow row : MiddleboxRow.values()) {
      table.add("| " + row + " | " + String.join(" | ", FOUND.get(row)) + " |");
    }
    List<String> lines = Files.readAllLines(DOCUMENT);
    int from = (int) lines.stream().takeWhile(line -> !line.startsWith("|")).count();
    int to = from;
    while (to < lines.size() && lines.get(to).startsWith("|")) {
      to++;
    }
    if ("write".equals(System.getProperty("sim.golden"))) {
      List<String> rewritten = new ArrayList<>(lines.subList(0, from));
      rewritten.addAll(table);
      rewritten.addAll(lines.subList(to, lines.size()));
      Files.write(DOCUMENT, rewritten);
    }
    assertThat(Files.readAllLines(DOCUMENT))
        .as("%s; -Dsim.golden=write writes the table anew", DOCUMENT)
        .containsSubsequence(table)
        .hasSize(lines.size() - (to - from) + table.size());
  }
}
