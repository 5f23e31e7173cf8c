package org.mptcp4j.samples.check;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One direction of one TCP connection: its bytes, and what maps them to data. Positions are
 * sequence numbers relative to the initial one, so that the first payload byte has position 1.
 */
final class FlowDirection {
  private static final int LONGEST_MAPPING = 65_535;

  /** A mapping of payload to data (RFC 8684 §3.3.1). */
  private static final class Mapping {
    final long packet;
    final long position;
    final long dataOffset;
    final int bytes;
    final int declaredLength;
    final int checksum;
    boolean verified;
    boolean bad;
    boolean refused;

    Mapping(
        long packet, long position, long dataOffset, int bytes, int declaredLength, int checksum) {
      this.packet = packet;
      this.position = position;
      this.dataOffset = dataOffset;
      this.bytes = bytes;
      this.declaredLength = declaredLength;
      this.checksum = checksum;
    }

    long end() {
      return position + bytes;
    }
  }

  private final String name;
  private final Findings findings;
  private final ByteStore bytes = new ByteStore();
  private final TreeMap<Long, List<Mapping>> mappings = new TreeMap<>();
  private int initialSequence;
  private boolean started;
  private long highest;
  private long finAt = -1;
  private DataStream stream;
  private boolean checksums;
  private boolean verifying;
  private long infiniteFrom = -1;
  private long infiniteDataOffset;

  FlowDirection(String name, Findings findings) {
    this.name = name;
    this.findings = findings;
  }

  void start(int sequence) {
    initialSequence = sequence;
    started = true;
    highest = 1;
  }

  boolean isStarted() {
    return started;
  }

  int initialSequence() {
    return initialSequence;
  }

  /** From now on payload is data of this stream. */
  void attach(DataStream target, boolean withChecksums) {
    stream = target;
    checksums = withChecksums;
    verifying = withChecksums;
  }

  DataStream stream() {
    return stream;
  }

  boolean hasMappings() {
    return !mappings.isEmpty();
  }

  boolean isInfinite() {
    return infiniteFrom >= 0;
  }

  ByteStore bytes() {
    return bytes;
  }

  long payloadBytes() {
    return bytes.ranges().entrySet().stream().mapToLong(r -> r.getValue() - r.getKey()).sum();
  }

  boolean hasFin() {
    return finAt >= 0;
  }

  long finAt() {
    return finAt;
  }

  long position(int sequence) {
    int relative = sequence - initialSequence;
    return highest + (relative - (int) highest);
  }

  /** Takes the payload and FIN of a packet. */
  void payload(TcpPacket packet) {
    ByteBuffer payload = packet.payload;
    int length = payload.capacity();
    long from = position(packet.sequence) + (packet.has(TcpPacket.SYN) ? 1 : 0);
    if (length > 0) {
      takePayload(packet, from, payload, length);
    }
    if (packet.has(TcpPacket.FIN)) {
      long at = from + length;
      if (finAt >= 0 && finAt != at) {
        findings.violation(packet.number, "the FIN of " + name + " moves");
      }
      finAt = at;
      highest = Math.max(highest, at + 1);
    }
  }

  private void takePayload(TcpPacket packet, long from, ByteBuffer payload, int length) {
    if (from < 1) {
      // A keep-alive or window probe repeats an old byte, one before the first at most.
      return;
    }
    if (finAt >= 0 && from + length > finAt) {
      findings.violation(packet.number, name + " sends payload behind its FIN");
    }
    long different = bytes.put(from, payload, 0, length);
    if (different >= 0) {
      findings.violation(
          packet.number, name + " sends another byte than before at position " + different);
    }
    highest = Math.max(highest, from + length);
    if (stream != null) {
      deliver(packet.number, from, from + length);
    }
  }

  /** An acknowledgment of the other direction for this one: of no more than can have arrived. */
  void acknowledged(TcpPacket packet) {
    if (!started) {
      return;
    }
    long most = bytes.contiguousFrom(1);
    if (most == finAt) {
      most++;
    }
    long position = position(packet.acknowledgment);
    if (position > most) {
      findings.violation(
          packet.number,
          "acknowledges " + (position - most) + " bytes more than " + name + " sent");
    }
  }

  /** The mapping of MP_CAPABLE with data: from the first byte to the first data byte (§3.1). */
  void capableMapping(long packet, int length, int checksum) {
    add(new Mapping(packet, 1, 0, length, length, checksum));
  }

  /** The mapping of a DSS option. */
  void dss(TcpPacket packet, MptcpOption.Dss dss) {
    long dataOffset = stream.offset(dss.dsn(), dss.dsnBytes());
    if (dss.length() == 0) {
      // §3.7: the infinite mapping.
      if (infiniteFrom < 0) {
        infiniteFrom = position(initialSequence + dss.subflowSequence());
        infiniteDataOffset = dataOffset;
        findings.note(
            "packet " + packet.number + ": " + name + " falls back with an infinite mapping");
        deliver(packet.number, infiniteFrom, highest);
      }
      return;
    }
    checkForChecksum(packet.number, dss.checksum());
    int payloadLength = dss.dataFin() ? dss.length() - 1 : dss.length();
    if (payloadLength > 0) {
      add(
          new Mapping(
              packet.number,
              position(initialSequence + dss.subflowSequence()),
              dataOffset,
              payloadLength,
              dss.length(),
              dss.checksum()));
    } else {
      checkLoneDataFin(packet.number, dss, dataOffset);
    }
    if (dss.dataFin()) {
      stream.fin(packet.number, dataOffset + dss.length() - 1);
    }
  }

  private void checkForChecksum(long packet, int checksum) {
    if (checksums != checksum >= 0) {
      findings.violation(
          packet,
          checksums
              ? "the mapping has no checksum though checksums were agreed on"
              : "the mapping has a checksum though none were agreed on");
    }
  }

  /** §3.3.3: a DATA_FIN without payload has subflow sequence number 0 and length 1. */
  private void checkLoneDataFin(long packet, MptcpOption.Dss dss, long dataOffset) {
    if (dss.subflowSequence() != 0) {
      findings.violation(
          packet,
          "a DATA_FIN without payload has the subflow sequence number " + dss.subflowSequence());
    }
    if (dss.checksum() >= 0
        && checksum(stream.sequenceNumber(dataOffset), 0, 1, 0) != dss.checksum()) {
      findings.violation(packet, "the checksum of the DATA_FIN is wrong");
    }
  }

  private void add(Mapping mapping) {
    if (mapping.position < 1 || mapping.end() > ByteStore.MAX_POSITION) {
      findings.violation(
          mapping.packet, "the mapping lies outside of the subflow, at " + mapping.position);
      return;
    }
    for (Mapping known : overlapping(mapping.position, mapping.end())) {
      if (known.position - known.dataOffset != mapping.position - mapping.dataOffset) {
        findings.violation(
            mapping.packet,
            "the mapping contradicts that of packet "
                + known.packet
                + ": subflow position "
                + Math.max(known.position, mapping.position)
                + " has two data sequence numbers");
        return;
      }
      if (known.position == mapping.position
          && known.declaredLength == mapping.declaredLength
          && known.bytes == mapping.bytes) {
        if (known.checksum != mapping.checksum) {
          findings.violation(
              mapping.packet, "the mapping of packet " + known.packet + " had another checksum");
        }
        return;
      }
    }
    mappings.computeIfAbsent(mapping.position, k -> new ArrayList<>()).add(mapping);
    settle(mapping, mapping.packet, mapping.position, mapping.end());
  }

  private List<Mapping> overlapping(long from, long to) {
    List<Mapping> result = new ArrayList<>();
    for (List<Mapping> here : mappings.subMap(Math.max(0, from - LONGEST_MAPPING), to).values()) {
      for (Mapping mapping : here) {
        if (mapping.end() > from) {
          result.add(mapping);
        }
      }
    }
    return result;
  }

  private void deliver(long packet, long from, long to) {
    for (Mapping mapping : overlapping(from, to)) {
      settle(mapping, packet, Math.max(from, mapping.position), Math.min(to, mapping.end()));
    }
    if (infiniteFrom >= 0 && to > infiniteFrom) {
      copy(packet, Math.max(from, infiniteFrom), to, infiniteDataOffset - infiniteFrom);
    }
  }

  /** Gives the stream what the mapping covers; with a checksum only when it is whole and right. */
  private void settle(Mapping mapping, long packet, long from, long to) {
    long shift = mapping.dataOffset - mapping.position;
    if (!verifying || mapping.verified) {
      copy(packet, from, to, shift);
    } else if (!mapping.bad && !mapping.refused && bytes.covers(mapping.position, mapping.end())) {
      long sum = Checksum.sum(bytes.copy(mapping.position, mapping.bytes));
      int expected =
          checksum(
              stream.sequenceNumber(mapping.dataOffset),
              (int) mapping.position,
              mapping.declaredLength,
              sum);
      if (expected == mapping.checksum) {
        mapping.verified = true;
        copy(packet, mapping.position, mapping.end(), shift);
      } else {
        mapping.bad = true;
      }
    }
  }

  /** §3.3.1, figure 10: the pseudo-header has the 64-bit number, whatever the option carried. */
  private static int checksum(long dsn, int subflowSequence, int length, long payloadSum) {
    ByteBuffer pseudoHeader = ByteBuffer.allocate(16);
    pseudoHeader.putLong(dsn).putInt(subflowSequence).putShort((short) length).putShort((short) 0);
    return ~Checksum.fold(payloadSum + Checksum.sum(pseudoHeader.array())) & 0xffff;
  }

  private void copy(long packet, long from, long to, long shift) {
    for (Map.Entry<Long, Long> range : bytes.ranges().headMap(to).entrySet()) {
      long start = Math.max(from, range.getKey());
      int length = (int) (Math.min(to, range.getValue()) - start);
      if (length > 0) {
        stream.deliver(packet, start + shift, bytes.copy(start, length), 0, length);
      }
    }
  }

  /**
   * The receiver says that a checksum was wrong (§3.7). With RST it refuses the mapping; without,
   * as the only subflow, it takes the data as it came and checks no more.
   */
  void failed(TcpPacket packet, MptcpOption.Fail fail) {
    long offset = stream.offset(fail.dsn(), 8);
    boolean known = false;
    boolean bad = false;
    for (List<Mapping> here : mappings.values()) {
      for (Mapping mapping : here) {
        known |= mapping.dataOffset == offset;
        bad |= mapping.dataOffset == offset && mapping.bad;
      }
    }
    if (!known) {
      findings.violation(
          packet.number,
          "MP_FAIL names a data sequence number at which no mapping of " + name + " begins");
      return;
    }
    findings.note(
        "packet "
            + packet.number
            + ": a checksum of "
            + name
            + " failed at its receiver"
            + (bad ? ", rightly" : ", though it is right here: the bytes were changed later"));
    if (!packet.has(TcpPacket.RST)) {
      verifying = false;
      deliver(packet.number, 1, highest);
      return;
    }
    for (List<Mapping> here : mappings.values()) {
      for (Mapping mapping : here) {
        mapping.refused |= mapping.bad;
      }
    }
  }

  /** What can only be said at the end. */
  void finish() {
    for (List<Mapping> here : mappings.values()) {
      for (Mapping mapping : here) {
        if (verifying && mapping.bad && !mapping.refused) {
          findings.violation(
              mapping.packet,
              "the checksum of the mapping of "
                  + mapping.bytes
                  + " bytes is wrong, and no MP_FAIL answered it");
        }
      }
    }
  }

  /** Payload that no mapping covers (§3.3). */
  void findUnmapped() {
    for (Map.Entry<Long, Long> range : bytes.ranges().entrySet()) {
      long at = range.getKey();
      while (at < range.getValue() && (infiniteFrom < 0 || at < infiniteFrom)) {
        long mappedTo = mappedFrom(at);
        if (mappedTo > at) {
          at = mappedTo;
        } else {
          long next = nextMapping(at);
          long end = Math.min(range.getValue(), next);
          findings.violation(
              name + " has payload without a mapping: positions " + at + " to " + (end - 1));
          at = end;
        }
      }
    }
  }

  private long mappedFrom(long at) {
    long end = at;
    for (Mapping mapping : overlapping(at, at + 1)) {
      end = Math.max(end, mapping.end());
    }
    return end;
  }

  private long nextMapping(long at) {
    Long next = mappings.higherKey(at);
    long infinite = infiniteFrom > at ? infiniteFrom : Long.MAX_VALUE;
    return Math.min(next == null ? Long.MAX_VALUE : next, infinite);
  }

  /** Takes the payload itself for the data: plain TCP. */
  void copyTo(DataStream plain) {
    for (Map.Entry<Long, Long> range : bytes.ranges().entrySet()) {
      int length = (int) (range.getValue() - range.getKey());
      plain.deliver(0, range.getKey() - 1, bytes.copy(range.getKey(), length), 0, length);
    }
    if (finAt >= 0) {
      plain.fin(0, finAt - 1);
    }
  }
}
