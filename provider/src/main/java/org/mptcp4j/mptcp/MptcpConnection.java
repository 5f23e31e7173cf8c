package org.mptcp4j.mptcp;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.tcp.SegmentSink;
import org.mptcp4j.wire.FlowKey;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.IpAddress;

/**
 * One connection with its subflows, or one plain TCP connection after fallback. Not thread-safe:
 * the owner serialises all calls. Every call that takes a {@link SegmentSink} sends what it makes
 * possible before it returns.
 */
public final class MptcpConnection {
  /** Bits of {@link #readiness}. */
  public static final int READABLE = 1;

  public static final int WRITABLE = 2;

  /** The handshake is over, well or badly ({@link #failure}). */
  public static final int ESTABLISHED_OR_FAILED = 4;

  /** How a connection ended before its time. */
  public enum Failure {
    REFUSED,
    RESET,
    TIMED_OUT,
    UNREACHABLE,
    ABORTED
  }

  private MptcpConnection() {}

  private static final IllegalStateException SKELETON = new IllegalStateException("skeleton");

  /**
   * Active open over {@code path}; {@code flow} has the first subflow's addresses and ports and is
   * registered here.
   */
  public static MptcpConnection connect(
      long now,
      MptcpHost host,
      ConnectionConfig config,
      FlowKey flow,
      NetworkPath path,
      SegmentSink sink) {
    throw SKELETON;
  }

  /** Passive open for a SYN without MP_JOIN that reached a listener; answers SYN/ACK. */
  public static MptcpConnection accept(
      long now,
      MptcpHost host,
      ConnectionConfig config,
      IncomingSegment syn,
      NetworkPath path,
      SegmentSink sink) {
    throw SKELETON;
  }

  /**
   * A SYN with MP_JOIN and this connection's token. False: refused, and RST was sent with the
   * reason.
   */
  public boolean acceptJoin(long now, IncomingSegment syn, NetworkPath path, SegmentSink sink) {
    throw SKELETON;
  }

  /** A segment of one of this connection's subflows, its checksum verified. */
  public void segmentArrives(long now, Subflow subflow, IncomingSegment segment, SegmentSink sink) {
    throw SKELETON;
  }

  /** The next time at which {@link #onDeadline} is due; {@link Long#MAX_VALUE} for none. */
  public long nextDeadline() {
    throw SKELETON;
  }

  public void onDeadline(long now, SegmentSink sink) {
    throw SKELETON;
  }

  /** Paths that were backed up may take segments again. */
  public void pathsWritable(long now, SegmentSink sink) {
    throw SKELETON;
  }

  /**
   * Takes bytes for sending: their number, 0 when the buffer is full, -1 when nothing can be sent
   * any more.
   */
  public int write(long now, ByteBuffer source, SegmentSink sink) {
    throw SKELETON;
  }

  /**
   * Gives received bytes: their number, 0 when none are there now, -1 at the end of stream or after
   * a failure.
   */
  public int read(long now, ByteBuffer target, SegmentSink sink) {
    throw SKELETON;
  }

  /** DATA_FIN (or FIN) after what was written. */
  public void shutdownOutput(long now, SegmentSink sink) {
    throw SKELETON;
  }

  /** What arrives from now on is acknowledged and dropped. */
  public void shutdownInput(long now) {
    throw SKELETON;
  }

  /**
   * The application is done; what was written is still delivered. With unread data, or more data to
   * come: reset.
   */
  public void close(long now, SegmentSink sink) {
    throw SKELETON;
  }

  /** Ends at once: MP_FASTCLOSE where it can be, RST on every subflow. */
  public void abort(long now, SegmentSink sink) {
    throw SKELETON;
  }

  public int readiness() {
    throw SKELETON;
  }

  public Optional<Failure> failure() {
    throw SKELETON;
  }

  /** Established, with data flowing or able to. */
  public boolean isEstablished() {
    throw SKELETON;
  }

  /** Every subflow is CLOSED and nothing is to be done: the owner may forget it. */
  public boolean isClosed() {
    throw SKELETON;
  }

  /** Whether it is plain TCP: the peer or the path knows no MPTCP. */
  public boolean isFallback() {
    throw SKELETON;
  }

  /** Bytes written and not yet acknowledged at data level. */
  public long unacknowledgedBytes() {
    throw SKELETON;
  }

  public void localAddressAdded(long now, IpAddress address, SegmentSink sink) {
    throw SKELETON;
  }

  public void localAddressRemoved(long now, IpAddress address, SegmentSink sink) {
    throw SKELETON;
  }

  /** Routes may have changed: ask {@link MptcpHost#path} again for every subflow. */
  public void routesChanged(long now, SegmentSink sink) {
    throw SKELETON;
  }

  /** TCP_NODELAY: whether small segments go out at once. */
  public void setNoDelay(long now, boolean noDelay, SegmentSink sink) {
    throw SKELETON;
  }

  public List<Subflow> subflows() {
    throw SKELETON;
  }
}
