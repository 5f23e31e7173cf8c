package org.mptcp4j.samples.check;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** A capture from the test resources, packet by packet, to be damaged. */
final class EditedCapture {
  static final int SLL2_HEADER = 20;

  private final byte[] header = new byte[24];
  private final List<byte[]> frames = new ArrayList<>();

  private EditedCapture() {}

  static EditedCapture of(String name) {
    try (InputStream in = EditedCapture.class.getResourceAsStream("/captures/" + name + ".pcap")) {
      EditedCapture capture = new EditedCapture();
      ByteBuffer file = ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
      file.get(capture.header);
      while (file.hasRemaining()) {
        file.position(file.position() + 8);
        byte[] frame = new byte[file.getInt()];
        file.getInt();
        file.get(frame);
        capture.frames.add(frame);
      }
      return capture;
    } catch (IOException e) {
      throw new AssertionError("cannot read the capture " + name, e);
    }
  }

  int size() {
    return frames.size();
  }

  /** The TCP segment of packet {@code number}, from 1; changes in it are changes of the capture. */
  ByteBuffer tcp(int number) {
    byte[] frame = frames.get(number - 1);
    int start = SLL2_HEADER + (frame[SLL2_HEADER] & 0xf) * 4;
    return ByteBuffer.wrap(frame, start, frame.length - start).slice();
  }

  private static int headerLength(ByteBuffer tcp) {
    return (tcp.get(12) >>> 4 & 0xf) * 4;
  }

  int payloadOffset(int number) {
    return headerLength(tcp(number));
  }

  int payloadLength(int number) {
    return tcp(number).capacity() - payloadOffset(number);
  }

  int flags(int number) {
    return tcp(number).get(13);
  }

  /** Index of the MPTCP option with this subtype in the segment, or -1. */
  int option(int number, int subtype) {
    ByteBuffer tcp = tcp(number);
    int at = 20;
    while (at < headerLength(tcp) && tcp.get(at) != 0) {
      if (tcp.get(at) == 30 && (tcp.get(at + 2) >>> 4 & 0xf) == subtype) {
        return at;
      }
      at += tcp.get(at) == 1 ? 1 : tcp.get(at + 1);
    }
    return -1;
  }

  /** The {@code nth} packet (from 1) that carries the option with this subtype and length. */
  int find(int subtype, int length, int nth) {
    int seen = 0;
    for (int number = 1; number <= size(); number++) {
      int at = option(number, subtype);
      if (at >= 0 && tcp(number).get(at + 1) == length && ++seen == nth) {
        return number;
      }
    }
    throw new AssertionError("the capture has no such packet");
  }

  /** Flips a bit in the option, {@code offset} bytes from its start, and seals the packet. */
  EditedCapture flipInOption(int number, int subtype, int offset) {
    int at = option(number, subtype) + offset;
    tcp(number).put(at, (byte) (tcp(number).get(at) ^ 1));
    return seal(number);
  }

  /** Makes the option a row of NOPs. */
  EditedCapture eraseOption(int number, int subtype) {
    int at = option(number, subtype);
    int length = tcp(number).get(at + 1);
    for (int i = 0; i < length; i++) {
      tcp(number).put(at + i, (byte) 1);
    }
    return seal(number);
  }

  EditedCapture flipPayload(int number, int offset) {
    int at = payloadOffset(number) + offset;
    tcp(number).put(at, (byte) (tcp(number).get(at) ^ 1));
    return this;
  }

  /** Makes the TCP checksum right again, as who changes packets on purpose does. */
  EditedCapture seal(int number) {
    byte[] frame = frames.get(number - 1);
    ByteBuffer tcp = tcp(number);
    tcp.putShort(16, (short) 0);
    ByteBuffer addresses = ByteBuffer.wrap(frame, SLL2_HEADER + 12, 8).slice();
    long sum = Checksum.sum(addresses) + 6 + tcp.capacity() + Checksum.sum(tcp);
    tcp.putShort(16, (short) ~Checksum.fold(sum));
    return this;
  }

  EditedCapture remove(int number) {
    frames.remove(number - 1);
    return this;
  }

  /** Puts a copy of a packet behind it; returns the copy's number. */
  int duplicate(int number) {
    frames.add(number, frames.get(number - 1).clone());
    return number + 1;
  }

  /** Frames without their cooked headers, for other link types. */
  List<byte[]> frames() {
    return frames;
  }

  byte[] toBytes() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(header);
    for (byte[] frame : frames) {
      ByteBuffer record = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
      record.putInt(8, frame.length).putInt(12, frame.length);
      out.writeBytes(record.array());
      out.writeBytes(frame);
    }
    return out.toByteArray();
  }

  CheckReport check() {
    try {
      return CaptureChecker.check(toBytes(), false);
    } catch (IOException e) {
      throw new AssertionError("the capture can be read", e);
    }
  }
}
