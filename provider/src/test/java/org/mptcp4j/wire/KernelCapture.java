package org.mptcp4j.wire;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The packets of a capture among the test resources, and what tshark reads in them. */
final class KernelCapture {
  private static final int FILE_HEADER = 24;
  private static final int RECORD_HEADER = 16;
  private static final int SLL2_HEADER = 20;

  private KernelCapture() {}

  /** The IP packets in order, each a big-endian buffer of its own. */
  static List<ByteBuffer> packets(String name) {
    ByteBuffer file = ByteBuffer.wrap(read(name + ".pcap")).order(ByteOrder.LITTLE_ENDIAN);
    List<ByteBuffer> packets = new ArrayList<>();
    int at = FILE_HEADER;
    while (at < file.capacity()) {
      int captured = file.getInt(at + 8);
      byte[] bytes = new byte[captured - SLL2_HEADER];
      file.get(at + RECORD_HEADER + SLL2_HEADER, bytes);
      packets.add(ByteBuffer.wrap(bytes));
      at += RECORD_HEADER + captured;
    }
    return packets;
  }

  /** What tshark says of each packet, by field name; fields that a packet lacks are empty. */
  static List<Map<String, String>> fields(String name) {
    List<String> lines = new String(read(name + ".tsv"), StandardCharsets.UTF_8).lines().toList();
    String[] names = lines.get(0).split("\t", -1);
    List<Map<String, String>> packets = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] values = line.split("\t", -1);
      Map<String, String> fields = new LinkedHashMap<>();
      for (int i = 0; i < names.length; i++) {
        fields.put(names[i], values[i]);
      }
      packets.add(fields);
    }
    return packets;
  }

  private static byte[] read(String file) {
    try (InputStream in = KernelCapture.class.getResourceAsStream("/captures/" + file)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new AssertionError("cannot read the capture " + file, e);
    }
  }
}
