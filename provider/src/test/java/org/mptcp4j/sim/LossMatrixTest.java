package org.mptcp4j.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * 10 MB over two paths for every combination of loss, delay, reordering, duplication and 20 seeds,
 * always whole and byte-exact, in exactly the virtual times of the golden file. A change of the
 * protocol that moves a time shows here, on purpose or not. To accept it: {@code mvn test
 * -Dtest=LossMatrixTest -Dsim.golden=write}, and look at the difference before it is committed.
 */
class LossMatrixTest {
  private static final String GOLDEN = "sim/loss-matrix.golden";

  @Test
  void tenMegabytesArriveWholeUnderEveryConditionAndInTheTimesExpected() throws IOException {
    List<MatrixCell> cells = MatrixCell.all();
    List<String> lines =
        cells.parallelStream().map(LossMatrixTest::line).collect(Collectors.toList());
    if ("write".equals(System.getProperty("sim.golden"))) {
      Path target = Path.of("src/test/resources", GOLDEN);
      Files.createDirectories(target.getParent());
      Files.write(target, lines);
      return;
    }
    assertThat(differences(golden(), lines))
        .as(
            "virtual times (microseconds, one for each seed) that are not those of %s; if the"
                + " change is meant, run this test with -Dsim.golden=write",
            GOLDEN)
        .isEmpty();
  }

  private static List<String> golden() throws IOException {
    try (InputStream in = LossMatrixTest.class.getResourceAsStream("/" + GOLDEN)) {
      assertThat(in).as("the golden file %s", GOLDEN).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  private static List<String> differences(List<String> expected, List<String> actual) {
    List<String> differences = new ArrayList<>();
    if (expected.size() != actual.size()) {
      differences.add(expected.size() + " lines in the file, " + actual.size() + " conditions");
    }
    for (int i = 0; i < Math.min(expected.size(), actual.size()); i++) {
      if (!expected.get(i).equals(actual.get(i))) {
        differences.add("\n  expected " + expected.get(i) + "\n  but was  " + actual.get(i));
      }
    }
    return differences;
  }

  private static String line(MatrixCell cell) {
    return cell
        + " | "
        + IntStream.rangeClosed(1, MatrixCell.SEEDS)
            .mapToObj(seed -> Long.toString(run(cell, seed) / 1_000))
            .collect(Collectors.joining(" "));
  }

  private static long run(MatrixCell cell, int seed) {
    try {
      return cell.run(seed, null);
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(
          cell + " seed=" + seed + ": " + e.getMessage() + "\n" + captureAgain(cell, seed), e);
    }
  }

  /** A run that failed fails again in the same way, this time with a capture. */
  private static String captureAgain(MatrixCell cell, int seed) {
    SimCapture capture = new SimCapture();
    try {
      cell.run(seed, capture);
      return "run again, it passed: something is not deterministic";
    } catch (RuntimeException | AssertionError e) {
      Path file =
          Path.of(
              "target/simulation", cell.toString().replace(' ', '_') + "_seed" + seed + ".pcap");
      try {
        capture.writeTo(file);
      } catch (IOException io) {
        throw new UncheckedIOException(io);
      }
      return "what passed the server is in " + file;
    }
  }
}
