package org.mptcp4j.sim;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Packets of a simulated run as a pcap file: nanosecond times, raw IP (linktype 101). */
public final class SimCapture {
  private static final int NANOSECOND_MAGIC = 0xa1b23c4d;
  private static final int LINKTYPE_RAW = 101;

  private final ByteArrayOutputStream file = new ByteArrayOutputStream();

  public SimCapture() {
    ByteBuffer header = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(NANOSECOND_MAGIC).putShort((short) 2).putShort((short) 4);
    header.putInt(0).putInt(0).putInt(262_144).putInt(LINKTYPE_RAW);
    file.writeBytes(header.array());
  }

  void record(long now, ByteBuffer packet) {
    int length = packet.limit();
    ByteBuffer header = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt((int) (now / 1_000_000_000)).putInt((int) (now % 1_000_000_000));
    header.putInt(length).putInt(length);
    file.writeBytes(header.array());
    file.write(packet.array(), packet.arrayOffset(), length);
  }

  public byte[] toBytes() {
    return file.toByteArray();
  }

  public void writeTo(Path target) throws IOException {
    Files.createDirectories(target.toAbsolutePath().getParent());
    Files.write(target, file.toByteArray());
  }
}
