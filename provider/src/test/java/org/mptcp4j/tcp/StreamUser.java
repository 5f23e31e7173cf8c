package org.mptcp4j.tcp;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.OutgoingSegment;

/** A plain byte stream on an endpoint: checks the endpoint's promises while it moves bytes. */
final class StreamUser implements TcpUser {
  private record Chunk(ByteBuffer buffer, int offset, int length) implements SegmentPayload {}

  private final TcpCounters counters = new TcpCounters();
  final List<String> events = new ArrayList<>();
  TcpEndpoint endpoint;
  int capacity = 4 << 20;
  boolean reading = true;
  boolean refusePayload;
  boolean refuseSegments;

  /** Whether data carries 28 bytes of options, as an MPTCP mapping with checksum does. */
  boolean mapsData;

  private ByteBuffer outgoing = ByteBuffer.allocate(0);
  private int sent;
  private final Deque<SegmentPayload> unacknowledged = new ArrayDeque<>();
  private long acknowledgedBytes;
  private int windowEdge;

  private static final long PROBE_INTERVAL_NANOS = 1_000_000_000L;

  private long probeAt = Long.MAX_VALUE;
  private boolean closeWhenSent;

  private byte[] received = new byte[1 << 16];
  private final BitSet known = new BitSet();
  private long inOrder;
  private long consumed;

  @Override
  public boolean isProvenReset(IncomingSegment segment) {
    return false;
  }

  @Override
  public int timestampOffset() {
    return 77_000;
  }

  @Override
  public void onRefused() {}

  @Override
  public void onUrgent(long now, int sequenceNumber) {
    events.add("urgent " + sequenceNumber);
  }

  @Override
  public TcpCounters counters() {
    return counters;
  }

  void write(byte[] bytes) {
    ByteBuffer larger = ByteBuffer.allocate(outgoing.capacity() + bytes.length);
    larger.put(outgoing.duplicate().clear()).put(bytes).clear();
    // What is in flight keeps its old buffer, whose bytes are the same.
    outgoing = larger;
  }

  void closeWhenSent() {
    closeWhenSent = true;
  }

  void pump(long now, SegmentSink sink) {
    while (sent < outgoing.capacity()) {
      int window = endpoint.state().canSend() ? windowEdge - endpoint.sendNext() : 0;
      int bytes = Math.min(outgoing.capacity() - sent, Math.min(window, endpoint.sendLimit()));
      bytes = Math.min(bytes, endpoint.sendAllowance(now));
      if (bytes <= 0) {
        break;
      }
      Chunk chunk = new Chunk(outgoing, sent, bytes);
      if (!endpoint.send(now, chunk, sent + bytes == outgoing.capacity(), sink)) {
        break;
      }
      unacknowledged.add(chunk);
      sent += bytes;
    }
    probeClosedWindow(now, sink);
    if (closeWhenSent && sent == outgoing.capacity()) {
      endpoint.close(now);
    }
  }

  /** The update that opens the window again may get lost (RFC 9293 §3.8.6.1). */
  private void probeClosedWindow(long now, SegmentSink sink) {
    boolean waits =
        sent < outgoing.capacity()
            && endpoint.state().canSend()
            && windowEdge - endpoint.sendUnacknowledged() <= 0
            && endpoint.sendUnacknowledged() == endpoint.sendNext();
    if (!waits) {
      probeAt = Long.MAX_VALUE;
    } else if (probeAt == Long.MAX_VALUE) {
      probeAt = now + PROBE_INTERVAL_NANOS;
    } else if (probeAt <= now) {
      probeAt = now + PROBE_INTERVAL_NANOS;
      endpoint.sendWindowProbe(now, sink);
    }
  }

  /** When {@link #pump} has something to do though no packet comes. */
  long nextDeadline() {
    return probeAt;
  }

  /** Whether exactly these bytes have arrived, in order. */
  boolean hasReceived(byte[] bytes) {
    return java.util.Arrays.equals(received, 0, (int) inOrder, bytes, 0, bytes.length);
  }

  long receivedBytes() {
    return inOrder;
  }

  long acknowledgedBytes() {
    return acknowledgedBytes;
  }

  int peerWindow() {
    return windowEdge - endpoint.sendUnacknowledged();
  }

  void resumeReading(long now, SegmentSink sink) {
    reading = true;
    consumed = inOrder;
    endpoint.windowOpened(now, sink);
  }

  @Override
  public void writeOptions(
      long now, OutgoingSegment segment, SegmentRole role, SegmentPayload payload) {
    if (role == SegmentRole.DATA && mapsData && !segment.options().dss(1, 2, 3, 4, 5, false)) {
      throw new AssertionError("no room for the mapping");
    }
    if (role == SegmentRole.DATA) {
      int inPayload = segment.payloadOffset() - payload.offset();
      if (inPayload < 0 || inPayload + segment.payloadLength() > payload.length()) {
        throw new AssertionError("a segment carries bytes that are not its payload's");
      }
    }
  }

  @Override
  public int dataOptionLength() {
    return mapsData ? 28 : 0;
  }

  @Override
  public long receiveWindow() {
    return capacity - (inOrder - consumed);
  }

  @Override
  public boolean onSegment(long now, IncomingSegment segment) {
    return !refuseSegments;
  }

  @Override
  public boolean onPayload(
      long now, IncomingSegment segment, int skip, int sequenceNumber, int length) {
    int at = sequenceNumber - endpoint.initialReceiveSequenceNumber() - 1;
    if (refusePayload || at + length > consumed + capacity) {
      return false;
    }
    if (length <= 0
        || at < inOrder
        || known.nextSetBit(at) >= 0 && known.nextSetBit(at) < at + length) {
      throw new AssertionError("bytes from " + at + " came twice");
    }
    known.set(at, at + length);
    while (received.length < at + length) {
      received = java.util.Arrays.copyOf(received, received.length * 2);
    }
    segment.buffer().get(segment.payloadOffset() + skip, received, at, length);
    return true;
  }

  @Override
  public void onInOrder(long now, int receiveNext) {
    long before = inOrder;
    inOrder = Integer.toUnsignedLong(receiveNext - endpoint.initialReceiveSequenceNumber() - 1);
    if (inOrder <= before || known.nextClearBit((int) before) != inOrder) {
      throw new AssertionError("in order up to " + inOrder + " without the bytes");
    }
    if (reading) {
      consumed = inOrder;
    }
  }

  @Override
  public void onPeerWindow(long now, IncomingSegment segment, long windowBytes) {
    windowEdge = segment.acknowledgmentNumber() + (int) windowBytes;
    if (!endpoint.state().isSynchronized()) {
      windowEdge = endpoint.initialSendSequenceNumber() + 1 + (int) windowBytes;
    }
  }

  @Override
  public void onPayloadAcknowledged(long now, SegmentPayload payload) {
    if (unacknowledged.poll() != payload) {
      throw new AssertionError("payloads are acknowledged out of order");
    }
    acknowledgedBytes += payload.length();
  }

  @Override
  public void onEstablished(long now) {
    events.add("established");
  }

  @Override
  public void onPeerFin(long now) {
    events.add("peer fin");
  }

  @Override
  public void onProbeTimeout(long now) {
    events.add("probe timeout");
  }

  @Override
  public void onRetransmissionTimeout(long now, int consecutive) {
    events.add("timeout " + consecutive);
  }

  @Override
  public void onTimeWait(long now) {
    events.add("time-wait");
  }

  @Override
  public void onClosed(long now, CloseReason reason, IncomingSegment segment) {
    events.add("closed " + reason);
  }
}
