package org.mptcp4j.sim;

import java.util.function.Supplier;
import org.mptcp4j.mptcp.ConnectionConfig;
import org.mptcp4j.spi.CongestionControl;
import org.mptcp4j.tcp.Cubic;
import org.mptcp4j.tcp.TcpConfig;

/**
 * What connections of a simulation are made with, to be varied one thing at a time. Immutable.
 *
 * @param multipath whether MPTCP is offered and accepted
 * @param checksum whether DSS checksums are required
 * @param bufferBytes send and receive buffer, each
 * @param timestamps whether TCP timestamps are used
 * @param sack whether SACK is used
 * @param noDelay whether Nagle's algorithm is off
 * @param congestionControl of each subflow
 */
public record SimConfig(
    boolean multipath,
    boolean checksum,
    int bufferBytes,
    boolean timestamps,
    boolean sack,
    boolean noDelay,
    Supplier<CongestionControl> congestionControl) {
  public static final long MILLI = 1_000_000L;
  public static final long SECOND = 1_000_000_000L;

  /** MPTCP without checksums, 2 MB buffers, everything that helps. */
  public static SimConfig multipathTcp() {
    return new SimConfig(true, false, 2 << 20, true, true, false, Cubic::new);
  }

  public static SimConfig plainTcp() {
    return new SimConfig(false, false, 2 << 20, true, true, false, Cubic::new);
  }

  public SimConfig withChecksum() {
    return new SimConfig(
        multipath, true, bufferBytes, timestamps, sack, noDelay, congestionControl);
  }

  public SimConfig withBuffers(int bytes) {
    return new SimConfig(multipath, checksum, bytes, timestamps, sack, noDelay, congestionControl);
  }

  public SimConfig withoutTimestamps() {
    return new SimConfig(multipath, checksum, bufferBytes, false, sack, noDelay, congestionControl);
  }

  public SimConfig withoutSack() {
    return new SimConfig(
        multipath, checksum, bufferBytes, timestamps, false, noDelay, congestionControl);
  }

  public SimConfig withCongestionControl(Supplier<CongestionControl> algorithm) {
    return new SimConfig(multipath, checksum, bufferBytes, timestamps, sack, noDelay, algorithm);
  }

  public ConnectionConfig toConnectionConfig() {
    TcpConfig tcp =
        TcpConfig.builder(1460, bufferBytes)
            .timestamps(timestamps)
            .sack(sack)
            .noDelay(noDelay)
            .timeWait(SECOND)
            .congestionControl(congestionControl)
            .build();
    return ConnectionConfig.builder(tcp)
        .multipath(multipath)
        .checksum(checksum)
        .buffers(bufferBytes, bufferBytes)
        .closeTimeout(120 * SECOND)
        .build();
  }
}
