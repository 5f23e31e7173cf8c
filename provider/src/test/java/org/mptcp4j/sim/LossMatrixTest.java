package org.mptcp4j.sim;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * 10 MB over two paths for every combination of loss, delay, reordering, duplication and 20 seeds,
 * always whole and byte-exact, in exactly the virtual times of the golden file. A change of the
 * protocol that moves a time shows here, on purpose or not. To accept it: {@code mvn test
 * -Dtest=LossMatrixTest -Dsim.golden=write}, and look at the difference before it is committed.
 */
@Tag("simulation")
class LossMatrixTest {
  @Test
  void tenMegabytesArriveWholeUnderEveryConditionAndInTheTimesExpected() throws IOException {
    List<MatrixCell> cells = MatrixCell.all();
    List<String> lines =
        cells.parallelStream().map(LossMatrixTest::line).collect(Collectors.toList());
    Golden.check("loss-matrix", "virtual times (microseconds, one for each seed)", lines);
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
