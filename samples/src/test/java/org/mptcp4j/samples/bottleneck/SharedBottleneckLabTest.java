package org.mptcp4j.samples.bottleneck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.mptcp4j.samples.bottleneck.SharedBottleneck.Result;
import org.mptcp4j.samples.bottleneck.SharedBottleneck.Sender;
import org.mptcp4j.samples.bottleneck.SharedBottleneck.Times;
import org.mptcp4j.samples.lab.Lab;

/**
 * A flow of ours and one of the kernel's, both CUBIC, begin together and share 50 Mbit/s for a
 * minute. It is the share that is looked at, not the speed: what slows the machine down slows both.
 */
@Tag("lab")
class SharedBottleneckLabTest {
  private static final Duration MINUTE = Duration.ofSeconds(60);

  @BeforeAll
  static void needsNamespaces() {
    String missing = Lab.missing().orElse("");
    assumeTrue(missing.isEmpty(), missing);
  }

  @Test
  void oursAndTheKernelsShareABottleneckFairly() throws IOException {
    Result result =
        SharedBottleneck.withQueueOfThePath(50_000_000, Duration.ofMillis(20))
            .measure(
                Sender.MPTCP4J,
                Sender.KERNEL,
                new Times(Duration.ZERO, MINUTE, Duration.ofSeconds(10)));
    Shares whole = result.whole();
    assertThat(whole.jain())
        .as("Jain's index of %s, without the start %s", whole, result.withoutStart())
        .isGreaterThanOrEqualTo(0.95);
    // Fairness by doing nothing is none.
    assertThat(whole.firstMegabitsPerSecond() + whole.secondMegabitsPerSecond()).isGreaterThan(10);
  }
}
