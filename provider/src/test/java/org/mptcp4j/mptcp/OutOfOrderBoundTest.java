package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** A peer that leaves holes in the stream wherever it can costs no more than the receive buffer. */
class OutOfOrderBoundTest {
  private static final int BUFFER = 1 << 20;
  private static final long FIRST = 1;

  private final DataReceiver receiver = new DataReceiver(BUFFER, BUFFER);
  private final ByteBuffer data = ByteBuffer.allocate(1);

  private boolean arrives(long dsn) {
    boolean taken = receiver.place(data, 0, dsn, 1);
    if (taken) {
      receiver.receive(dsn, 1);
    }
    return taken;
  }

  @Test
  void whatLiesOutsideOfTheWindowIsRefused() {
    assertThat(arrives(FIRST + BUFFER)).isFalse();
    assertThat(arrives(FIRST + BUFFER - 1)).isTrue();
    assertThat(arrives(FIRST + Integer.MAX_VALUE)).isFalse();
    assertThat(receiver.window()).isEqualTo(BUFFER);
    assertThat(receiver.available()).isZero();
  }

  @Test
  void soManyHolesAreKeptAndTheStreamStillGoesOn() {
    int taken = 0;
    for (int i = 1; i < BUFFER / 2; i++) {
      taken += arrives(FIRST + 2L * i) ? 1 : 0;
    }
    assertThat(taken).isEqualTo(1 << 14);
    for (int i = 0; i <= taken; i++) {
      assertThat(arrives(FIRST + 2L * i + (i == 0 ? 0 : -1))).as("hole %s", i).isTrue();
    }
    assertThat(receiver.available()).isEqualTo(2 * taken + 1);
  }
}
