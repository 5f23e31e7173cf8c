package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.mptcp4j.spi.PacketScheduler;

class LowestRttSchedulerTest {
  private static final int NONE = PacketScheduler.NONE;
  private static final int ROOM = 10_000;

  private final LowestRttScheduler scheduler = new LowestRttScheduler();

  @Test
  void theFastestSubflowWithRoomIsTaken() {
    assertThat(select(5_000_000, path(40, 100_000, 0, ROOM), path(20, 100_000, 0, ROOM)))
        .isEqualTo(1);
  }

  @Test
  void aSlowerOneIsTakenWhenTheFastestHasNoRoom() {
    assertThat(select(5_000_000, path(20, 100_000, 100_000, 0), path(40, 100_000, 50_000, ROOM)))
        .isEqualTo(1);
  }

  @Test
  void aSlowerOneWaitsWhenItsBytesWouldBlockTheFastest() {
    // In the 400 ms of the slow path the fast one carries 20 times its 100 kB.
    assertThat(select(1_000_000, path(20, 100_000, 100_000, 0), path(400, 100_000, 50_000, ROOM)))
        .isEqualTo(NONE);
  }

  @Test
  void aFastestHeldBackByItsOwnQueueClaimsNoMoreThanItCarries() {
    // A congestion window of 10 MB, of which the interface's queue lets it use 300 kB.
    assertThat(select(5_000_000, path(20, 10_000_000, 300_000, 0), path(60, 100_000, 50_000, ROOM)))
        .isEqualTo(1);
  }

  @Test
  void anIdleSlowSubflowMayShowAnewWhatItCanDo() {
    assertThat(select(1_000_000, path(20, 100_000, 100_000, 0), path(400, 100_000, 0, ROOM)))
        .isEqualTo(1);
  }

  private int select(long window, Path... paths) {
    List<Path> all = List.of(paths);
    return scheduler.select(
        new PacketScheduler.Choice() {
          @Override
          public int size() {
            return all.size();
          }

          @Override
          public PacketScheduler.Candidate candidate(int index) {
            return all.get(index);
          }

          @Override
          public long unsentBytes() {
            return 1_000_000;
          }

          @Override
          public long windowBytes() {
            return window;
          }
        });
  }

  private static Path path(int rttMillis, long congestionWindow, long inFlight, int allowance) {
    return new Path(rttMillis * 1_000_000L, 0, congestionWindow, inFlight, allowance);
  }

  private record Path(
      long smoothedRttNanos,
      long rttVarianceNanos,
      long congestionWindow,
      long bytesInFlight,
      int allowance)
      implements PacketScheduler.Candidate {
    @Override
    public int segmentPayloadLimit() {
      return 1420;
    }

    @Override
    public boolean isBackup() {
      return false;
    }

    @Override
    public boolean isSuspect() {
      return false;
    }
  }
}
