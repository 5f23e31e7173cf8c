package org.mptcp4j.tcp;

import org.mptcp4j.spi.CongestionControl;
import org.mptcp4j.spi.RateSample;

/**
 * Congestion control by a model of the path, after version 1 of BBR
 * (draft-cardwell-iccrg-bbr-congestion-control-00): the rate is the largest at which the path
 * delivered in the last ten round trips, and about twice what the path holds at the least round
 * trip of the last ten seconds may be in flight. Loss alone makes it no slower for longer than a
 * round trip, and neither do marks of ECN. Without the long-term rates that Linux keeps against
 * token-bucket policers.
 */
public final class Bbr implements CongestionControl {
  /** What the sender is about. */
  enum Mode {
    /** The rate doubles each round trip, until the path delivers no more for it. */
    STARTUP,
    /** The queue that this has built drains. */
    DRAIN,
    /** At the rate of the path; now and then a little more, and as much less, to see. */
    PROBE_BANDWIDTH,
    /** Next to nothing in flight, to see the round trip of the empty path. */
    PROBE_ROUND_TRIP
  }

  /** 2 / ln 2: the least gain that doubles what is sent in each round trip. */
  private static final double HIGH_GAIN = 2.885;

  private static final double WINDOW_GAIN = 2;
  private static final double[] CYCLE = {1.25, 0.75, 1, 1, 1, 1, 1, 1};

  /** The queue drains a little where the estimate is a little high. */
  private static final double PACING_MARGIN = 0.99;

  private static final double GROWTH_OF_STARTUP = 1.25;
  private static final int ROUNDS_WITHOUT_GROWTH = 3;
  private static final int ROUNDS_OF_BANDWIDTH = 10;
  private static final long MIN_RTT_LIFE_NANOS = 10_000_000_000L;
  private static final long PROBE_RTT_NANOS = 200_000_000L;
  private static final int LEAST_WINDOW_SEGMENTS = 4;
  private static final long MOST_QUANTUM = 64_000;

  private final RecentMaximum bandwidth = new RecentMaximum(ROUNDS_OF_BANDWIDTH);
  private Mode mode = Mode.STARTUP;
  private int mss = 1;
  private long initialWindow;
  private long window;
  private long windowBefore;
  private double pacingRate;
  private double pacingGain = HIGH_GAIN;
  private double windowGain = HIGH_GAIN;

  private long rounds;
  private long nextRoundDelivered;
  private boolean roundStart;

  private boolean pipeFull;
  private long fullBandwidth;
  private int roundsWithoutGrowth;

  /** 0 before the first sample. */
  private long minRtt;

  private long minRttAt;
  private boolean minRttExpired;
  private int cyclePhase;
  private long cyclePhaseAt;

  private boolean probeRttTimed;
  private boolean probeRttRound;
  private long probeRttUntil;

  /** Samples of what was sent before so much was delivered are too low: nobody tried more. */
  private long limitedUntil = -1;

  private boolean idleRestart;
  private boolean everDelivered;

  /** As much goes out as arrives, for a round trip after a loss. */
  private boolean conservation;

  private long conservationUntil;
  private boolean recoveryEntered;

  @Override
  public String name() {
    return "bbr";
  }

  Mode mode() {
    return mode;
  }

  /** The estimate of the rate of the path, bytes a second; 0 before there is one. */
  long bandwidthBytesPerSecond() {
    return bandwidth.maximum();
  }

  long minRttNanos() {
    return minRtt;
  }

  @Override
  public void init(long now, int segmentSize, int firstWindow) {
    mss = segmentSize;
    initialWindow = firstWindow;
    window = firstWindow;
    // A millisecond, as long as no round trip is known.
    pacingRate = HIGH_GAIN * firstWindow * 1000;
  }

  @Override
  public void onAck(long now, long bytesAcked, long rttNanos, long bytesInFlight) {
    // onRateSample tells more.
  }

  @Override
  public void onRateSample(long now, RateSample sample) {
    everDelivered = true;
    countRounds(sample);
    updateBandwidth(sample);
    checkPipe(sample);
    checkDrain(now, sample);
    advanceCycle(now, sample);
    updateMinRtt(now, sample);
    probeRoundTrip(now, sample);
    setPacingRate();
    setWindow(sample);
    idleRestart = false;
  }

  private void countRounds(RateSample sample) {
    roundStart = sample.priorDeliveredBytes() >= nextRoundDelivered;
    if (roundStart) {
      nextRoundDelivered = sample.deliveredBytes();
      rounds++;
    }
    if (!recoveryEntered && sample.priorDeliveredBytes() >= conservationUntil) {
      conservation = false;
    }
  }

  private boolean isLimited(RateSample sample) {
    return sample.isApplicationLimited() || sample.priorDeliveredBytes() <= limitedUntil;
  }

  private void updateBandwidth(RateSample sample) {
    long rate = sample.rateBytesPerSecond();
    // Who sends less than the path takes learns only that it takes so much.
    if (rate > 0 && (!isLimited(sample) || rate >= bandwidth.maximum())) {
      bandwidth.add(rounds, rate);
    }
  }

  private void checkPipe(RateSample sample) {
    if (pipeFull || !roundStart || isLimited(sample)) {
      return;
    }
    if (bandwidth.maximum() >= fullBandwidth * GROWTH_OF_STARTUP) {
      fullBandwidth = bandwidth.maximum();
      roundsWithoutGrowth = 0;
      return;
    }
    roundsWithoutGrowth++;
    pipeFull = roundsWithoutGrowth >= ROUNDS_WITHOUT_GROWTH;
  }

  private void checkDrain(long now, RateSample sample) {
    if (mode == Mode.STARTUP && pipeFull) {
      mode = Mode.DRAIN;
      pacingGain = 1 / HIGH_GAIN;
      windowGain = HIGH_GAIN;
    }
    if (mode == Mode.DRAIN && sample.bytesInFlight() <= inFlightAt(1)) {
      probeBandwidth(now);
    }
  }

  private void probeBandwidth(long now) {
    mode = Mode.PROBE_BANDWIDTH;
    windowGain = WINDOW_GAIN;
    // Anywhere in the cycle but where the queue would drain, so that flows do not keep step.
    long mixed = (now ^ now >>> 29) * 0x9E37_79B9_7F4A_7C15L;
    int phase = (int) ((mixed >>> 33) % (CYCLE.length - 1));
    enterPhase(now, phase == 0 ? 0 : phase + 1);
  }

  private void enterPhase(long now, int phase) {
    cyclePhase = phase;
    cyclePhaseAt = now;
    pacingGain = CYCLE[phase];
  }

  private void advanceCycle(long now, RateSample sample) {
    if (mode != Mode.PROBE_BANDWIDTH) {
      return;
    }
    boolean over = now - cyclePhaseAt > minRtt;
    if (pacingGain > 1) {
      // Until there is so much in flight, or a queue has shown that it takes no more.
      long before = sample.bytesInFlight() + sample.newlyDeliveredBytes();
      over &= sample.newlyLostBytes() > 0 || before >= inFlightAt(pacingGain);
    } else if (pacingGain < 1) {
      over |= sample.bytesInFlight() <= inFlightAt(1);
    }
    if (over) {
      enterPhase(now, (cyclePhase + 1) % CYCLE.length);
    }
  }

  private void updateMinRtt(long now, RateSample sample) {
    minRttExpired = minRtt > 0 && now - minRttAt > MIN_RTT_LIFE_NANOS;
    long rtt = sample.rttNanos();
    if (rtt <= 0) {
      return;
    }
    if (minRtt == 0) {
      pacingRate = HIGH_GAIN * Math.max(window, initialWindow) * 1e9 / rtt;
    }
    if (minRtt == 0 || rtt <= minRtt || minRttExpired) {
      minRtt = rtt;
      minRttAt = now;
    }
  }

  private void probeRoundTrip(long now, RateSample sample) {
    if (mode != Mode.PROBE_ROUND_TRIP && minRttExpired && !idleRestart) {
      mode = Mode.PROBE_ROUND_TRIP;
      pacingGain = 1;
      windowGain = 1;
      remember();
      probeRttTimed = false;
    }
    if (mode != Mode.PROBE_ROUND_TRIP) {
      return;
    }
    limitedUntil = sample.deliveredBytes() + sample.bytesInFlight();
    if (!probeRttTimed) {
      if (sample.bytesInFlight() <= leastWindow()) {
        probeRttTimed = true;
        probeRttUntil = now + PROBE_RTT_NANOS;
        probeRttRound = false;
        nextRoundDelivered = sample.deliveredBytes();
      }
      return;
    }
    probeRttRound |= roundStart;
    if (probeRttRound && now - probeRttUntil >= 0) {
      minRttAt = now;
      window = Math.max(window, windowBefore);
      if (pipeFull) {
        probeBandwidth(now);
      } else {
        mode = Mode.STARTUP;
        pacingGain = HIGH_GAIN;
        windowGain = HIGH_GAIN;
      }
    }
  }

  private void setPacingRate() {
    double rate = pacingGain * bandwidth.maximum() * PACING_MARGIN;
    if (pipeFull || rate > pacingRate) {
      pacingRate = Math.max(rate, mss);
    }
  }

  private long leastWindow() {
    return (long) LEAST_WINDOW_SEGMENTS * mss;
  }

  /** What is in flight where {@code gain} times what the path holds is, and what waits to leave. */
  private long inFlightAt(double gain) {
    if (minRtt == 0) {
      return initialWindow;
    }
    double pathBytes = bandwidth.maximum() * (minRtt / 1e9);
    double quantum = Math.max(2.0 * mss, Math.min(pacingRate / 1000, MOST_QUANTUM));
    return (long) (gain * pathBytes + 3 * quantum);
  }

  private void setWindow(RateSample sample) {
    long acked = sample.newlyDeliveredBytes();
    if (sample.newlyLostBytes() > 0) {
      window = Math.max(window - sample.newlyLostBytes(), mss);
    }
    if (recoveryEntered) {
      recoveryEntered = false;
      window = sample.bytesInFlight() + acked;
      conservationUntil = sample.deliveredBytes();
    }
    long target = inFlightAt(windowGain);
    if (conservation) {
      window = Math.max(window, sample.bytesInFlight() + acked);
    } else if (pipeFull) {
      window = Math.min(window + acked, target);
    } else if (window < target || sample.deliveredBytes() < initialWindow) {
      window += acked;
    }
    window = Math.max(window, leastWindow());
    if (mode == Mode.PROBE_ROUND_TRIP) {
      window = Math.min(window, leastWindow());
    }
  }

  private void remember() {
    // What recovery and the probe of the round trip have left of it is not worth remembering.
    boolean reduced = conservation || mode == Mode.PROBE_ROUND_TRIP;
    windowBefore = reduced ? Math.max(windowBefore, window) : window;
  }

  @Override
  public void onLoss(long now, long bytesInFlight) {
    remember();
    conservation = true;
    recoveryEntered = true;
  }

  @Override
  public void onRetransmissionTimeout(long now, long bytesInFlight) {
    remember();
    window = mss;
    fullBandwidth = 0;
    roundsWithoutGrowth = 0;
    conservation = false;
    recoveryEntered = false;
  }

  @Override
  public void onRecovered(long now) {
    conservation = false;
    recoveryEntered = false;
    if (mode != Mode.PROBE_ROUND_TRIP) {
      window = Math.max(window, windowBefore);
    }
  }

  @Override
  public void onSpuriousLoss(long now) {
    fullBandwidth = 0;
    roundsWithoutGrowth = 0;
    onRecovered(now);
  }

  @Override
  public void onTransmissionStart(long now) {
    if (everDelivered) {
      idleRestart = true;
      if (mode == Mode.PROBE_BANDWIDTH) {
        pacingRate = Math.max(bandwidth.maximum() * PACING_MARGIN, mss);
      }
    }
  }

  @Override
  public long congestionWindow() {
    return window;
  }

  @Override
  public long slowStartThreshold() {
    return Long.MAX_VALUE;
  }

  @Override
  public long pacingRateBytesPerSecond() {
    return (long) pacingRate;
  }
}
