package org.mptcp4j.benchmarks.wire;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.InternetChecksum;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.OutgoingSegment;
import org.mptcp4j.wire.OutgoingSegment.ChecksumMode;
import org.mptcp4j.wire.TcpFlags;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** A data segment with timestamps and a DSS mapping, as almost all segments of a transfer are. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class WireBenchmark {
  private static final int PAYLOAD = 1_420;
  private static final int LARGE = 65_536;

  /** Payload and packets lie in direct memory in the engine, on the heap in tests. */
  @Param({"true", "false"})
  private boolean direct;

  @Param({"IPv4", "IPv6"})
  private String family;

  private final IncomingSegment incoming = new IncomingSegment();
  private final OutgoingSegment outgoing = new OutgoingSegment();
  private IpAddress source;
  private IpAddress destination;
  private ByteBuffer payload;
  private ByteBuffer packet;
  private ByteBuffer headers;
  private int packetLength;
  private int sequence;

  @Setup
  public void prepare() {
    boolean ipv4 = family.equals("IPv4");
    source = IpAddress.parse(ipv4 ? "10.0.1.1" : "fd00:1::1");
    destination = IpAddress.parse(ipv4 ? "10.0.1.2" : "fd00:1::2");
    payload = allocate(LARGE);
    for (int i = 0; i < LARGE; i++) {
      payload.put(i, (byte) (i * 31));
    }
    headers = allocate(OutgoingSegment.MAX_HEADER_LENGTH);
    packet = allocate(2_048);
    fill();
    int length = outgoing.encodeHeaders(packet, 0, ChecksumMode.FULL);
    packet.put(length, payload, 0, PAYLOAD);
    packetLength = length + PAYLOAD;
  }

  private ByteBuffer allocate(int bytes) {
    return direct ? ByteBuffer.allocateDirect(bytes) : ByteBuffer.allocate(bytes);
  }

  private void fill() {
    sequence += PAYLOAD;
    outgoing
        .begin(source, 40_000, destination, 443)
        .sequenceNumber(sequence)
        .acknowledgmentNumber(1)
        .flags(TcpFlags.ACK | TcpFlags.PSH)
        .window(1_000)
        .payload(payload, 0, PAYLOAD);
    outgoing.options().timestamps(sequence, 7);
    outgoing.options().dss(1, sequence, sequence, PAYLOAD, -1, false);
  }

  /** Reads all headers and options. */
  @Benchmark
  public long parseDataSegment() {
    incoming.parse(packet, 0, packetLength);
    return incoming.mptcp().dataSequenceNumber() + incoming.payloadOffset();
  }

  /** The same, and the checksum over all bytes, where no device has done it. */
  @Benchmark
  public boolean parseAndVerifyDataSegment() {
    incoming.parse(packet, 0, packetLength);
    return incoming.verifyChecksum();
  }

  /** Writes all headers and options; the device finishes the checksum. */
  @Benchmark
  public int encodeDataSegmentForOffload() {
    fill();
    return outgoing.encodeHeaders(headers, 0, ChecksumMode.PARTIAL);
  }

  /** The same with the whole checksum. */
  @Benchmark
  public int encodeDataSegment() {
    fill();
    return outgoing.encodeHeaders(headers, 0, ChecksumMode.FULL);
  }

  /** The sum over 64 KB: 1000 ns are 65.5 GB a second. */
  @Benchmark
  public long checksumOf64Kilobytes() {
    return InternetChecksum.sum(payload, 0, LARGE);
  }
}
