package org.mptcp4j.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What one TCP flow gets through for every combination of loss, round trip, rate and congestion
 * control, in exactly the figures of the golden file. A change of the sender that moves a figure
 * shows here. To accept it: {@code mvn test -Dtest=GoodputTest -Dsim.golden=write}, and look at the
 * difference before it is committed.
 */
@Tag("simulation")
class GoodputTest {
  /**
   * The response functions know nothing of timeouts and of several losses in one window, which
   * weigh at 3 % (Padhye's model, with a timeout of 220 ms, expects half of theirs there), nor of
   * slow start, which takes a tenth of the ten seconds where a gigabit meets 100 ms.
   */
  private static final double LEAST_OF_THEORY = 0.7;

  @Test
  void goodputIsThatOfTheGoldenFileAndNotFarBelowTheory() throws IOException {
    List<GoodputCell> cells = GoodputCell.all();
    List<long[]> figures =
        cells.parallelStream()
            .map(cell -> IntStream.rangeClosed(1, cell.seeds()).mapToLong(cell::run).toArray())
            .toList();
    List<String> lines = new ArrayList<>();
    List<String> poor = new ArrayList<>();
    for (int i = 0; i < cells.size(); i++) {
      GoodputCell cell = cells.get(i);
      double part = Arrays.stream(figures.get(i)).average().orElseThrow() / cell.expected();
      lines.add(
          String.format(
              Locale.ROOT,
              "%s | %s kbit/s | %.2f of theory, %.2f of the path",
              cell,
              Arrays.toString(figures.get(i)),
              part,
              Arrays.stream(figures.get(i)).average().orElseThrow() / cell.capacity()));
      if (part < LEAST_OF_THEORY) {
        poor.add("\n  " + lines.get(i));
      }
    }
    Golden.check("goodput", "goodput of each seed", lines);
    assertThat(poor).as("less than %s of theory", LEAST_OF_THEORY).isEmpty();
  }
}
