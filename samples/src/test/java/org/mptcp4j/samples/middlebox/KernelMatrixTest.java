package org.mptcp4j.samples.middlebox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.sim.MiddleboxRow;
import org.mptcp4j.sim.MiddleboxSite.Place;

/**
 * Every kind of middlebox between our stack and the kernel's MPTCP, in both roles, on the first
 * subflow and on a joined one: every byte right in both directions, and the outcome of {@link
 * KernelOutcomes}.
 */
@Tag("lab")
class KernelMatrixTest {
  private static final Path DOCUMENT = Path.of("docs/middleboxes-kernel.md");

  /** Labs at a time for each role. Connections wait more than they work. */
  private static final int LANES = 3;

  /**
   * {@code -Dlab.rows=NAME,…}: only those with these names in the code; what is found is printed.
   */
  private static final String ROWS = System.getProperty("lab.rows", "all");

  private record Cell(MiddleboxRow row, Lane.Role role, Place place) {}

  private static final Map<Cell, Lane.Finding> FOUND = new ConcurrentHashMap<>();

  @BeforeAll
  static void runAll() throws InterruptedException, ExecutionException {
    String missing = Lab.missing().orElse("");
    assumeTrue(missing.isEmpty(), missing);
    ExecutorService executor = Executors.newCachedThreadPool();
    try {
      List<Future<?>> lanes = new ArrayList<>();
      for (Lane.Role role : Lane.Role.values()) {
        Queue<Cell> cells = cells(role);
        for (int i = 0; i < LANES; i++) {
          lanes.add(executor.submit(() -> run(role, cells)));
        }
      }
      for (Future<?> lane : lanes) {
        lane.get();
      }
    } finally {
      executor.shutdownNow();
    }
  }

  private static Queue<Cell> cells(Lane.Role role) {
    Queue<Cell> cells = new ConcurrentLinkedQueue<>();
    for (Place place : Place.values()) {
      for (MiddleboxRow row : MiddleboxRow.values()) {
        if (isWanted(row)) {
          cells.add(new Cell(row, role, place));
        }
      }
    }
    return cells;
  }

  private static boolean isWanted(MiddleboxRow row) {
    return ROWS.equals("all") || List.of(ROWS.split(",", -1)).contains(row.name());
  }

  private static Void run(Lane.Role role, Queue<Cell> cells) throws IOException {
    try (Lane lane = new Lane(role)) {
      // A JVM in its first seconds is slower than the boxes that come up half a second later.
      lane.run(MiddleboxRow.NONE, Place.ONLY_SUBFLOW);
      for (Cell cell = cells.poll(); cell != null; cell = cells.poll()) {
        Lane.Finding found = lane.run(cell.row(), cell.place());
        FOUND.put(cell, found);
        if (System.getProperty("lab.rows") != null) {
          System.out.println(cell + ": " + found);
        }
      }
    }
    return null;
  }

  static Stream<MiddleboxRow> rows() {
    return Stream.of(MiddleboxRow.values()).filter(KernelMatrixTest::isWanted);
  }

  @ParameterizedTest
  @MethodSource("rows")
  void everyByteIsRightAndTheOutcomeIsExpected(MiddleboxRow row) {
    List<String> wrong = new ArrayList<>();
    for (Lane.Role role : Lane.Role.values()) {
      for (Place place : Place.values()) {
        List<String> expected = KernelOutcomes.expected(row, role, place);
        Lane.Finding found = FOUND.get(new Cell(row, role, place));
        if (!expected.contains(found.outcome())) {
          wrong.add(found.outcome() + " instead of " + expected + ": " + found.details());
        }
      }
    }
    assertThat(wrong).as(row.toString()).isEmpty();
  }

  @Test
  void theTableOfTheDocumentationSaysWhatIsExpected() throws IOException {
    List<String> table = KernelOutcomes.document();
    List<String> lines = Files.readAllLines(DOCUMENT);
    List<String> head = lines.stream().takeWhile(line -> !line.startsWith("|")).toList();
    if ("write".equals(System.getProperty("sim.golden"))) {
      List<String> written = new ArrayList<>(head);
      written.addAll(table);
      Files.write(DOCUMENT, written);
    }
    assertThat(Files.readAllLines(DOCUMENT).stream().skip(head.size()))
        .as("%s; -Dsim.golden=write writes the table anew", DOCUMENT)
        .isEqualTo(table);
  }
}
