package org.mptcp4j.samples.bottleneck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SharesTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  @Test
  void jainsIndexIsOneForEqualsAndAHalfWhereOneGetsAll() {
    assertThat(new Shares(SECOND, 7, 7).jain()).isEqualTo(1.0);
    assertThat(new Shares(SECOND, 7, 0).jain()).isEqualTo(0.5);
    assertThat(new Shares(SECOND, 3, 1).jain()).isEqualTo(0.8, within(1e-9));
    assertThat(new Shares(SECOND, 0, 0).jain()).isZero();
  }

  @Test
  void ratesCountBits() {
    Shares shares = new Shares(Duration.ofSeconds(2), 2_500_000, 250_000);
    assertThat(shares.firstMegabitsPerSecond()).isEqualTo(10.0, within(1e-9));
    assertThat(shares.secondMegabitsPerSecond()).isEqualTo(1.0, within(1e-9));
  }
}
