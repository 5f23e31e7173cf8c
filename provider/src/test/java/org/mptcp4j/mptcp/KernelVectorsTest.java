package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.InternetChecksum;
import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.MptcpOptionSet;
import org.mptcp4j.wire.TcpFlags;

/** Keys, tokens, HMACs and checksums that Linux wrote (captures among the test resources). */
class KernelVectorsTest {
  private static final long CLIENT_KEY = 0x07422cf80531d409L;
  private static final long SERVER_KEY = 0x216b36c9e52b9f84L;
  private static final int CLIENT_NONCE = 0x949f5a0d;
  private static final int SERVER_NONCE = 0x50855796;

  @Test
  void theTokenIsTheBeginningOfTheKeysHash() {
    assertThat(KeyMaterial.of(SERVER_KEY).token()).isEqualTo(0xb577b0d1);
  }

  @Test
  void theInitialDataSequenceNumberIsTheEndOfTheKeysHash() {
    assertThat(KeyMaterial.of(CLIENT_KEY).initialDataSequenceNumber())
        .isEqualTo(0x76e4273e37a1c8e0L - 101);
    assertThat(KeyMaterial.of(SERVER_KEY).initialDataSequenceNumber())
        .isEqualTo(0xa9075a3c32d38f5dL - 1);
  }

  @Test
  void theServerProvesItselfInTheSynAck() {
    byte[] hmac = Hmac.join(SERVER_KEY, CLIENT_KEY, SERVER_NONCE, CLIENT_NONCE);
    assertThat(Hmac.leftmost64(hmac)).isEqualTo(0x057609ab739ed688L);
  }

  @Test
  void theClientProvesItselfInTheThirdAck() {
    byte[] arrived = HexFormat.of().parseHex("578885d1dac1890f701bfbbdc85751bbbdee620b");
    byte[] expected = Hmac.join(CLIENT_KEY, SERVER_KEY, CLIENT_NONCE, SERVER_NONCE);
    assertThat(Hmac.matches160(expected, arrived)).isTrue();
    arrived[19] ^= 1;
    assertThat(Hmac.matches160(expected, arrived)).isFalse();
  }

  @Test
  void anAnnouncedAddressIsAuthenticated() {
    long hmac =
        Hmac.addAddr(0x7a7fc444caafd2f2L, 0xf04596dc9280b945L, 1, IpAddress.parse("10.0.2.2"), 0);
    assertThat(hmac).isEqualTo(0x5728d85caf24c649L);
  }

  /** Worked out with another program's HMAC; the same gives the number of the test above. */
  @ParameterizedTest
  @CsvSource({
    "10.0.2.2, 8080, 935a61880f0f9256",
    "fd00::1:2, 0, cb34cf3cc95034c2",
    "fd00::1:2, 8080, 997882d7a27cbb75",
  })
  void soAreItsPortAndAnAddressOfSixteenBytes(String address, int port, String hmac) {
    IpAddress announced = IpAddress.parse(address);
    assertThat(Hmac.addAddr(0x7a7fc444caafd2f2L, 0xf04596dc9280b945L, 200, announced, port))
        .isEqualTo(Long.parseUnsignedLong(hmac, 16));
  }

  @Test
  void everyMappingOfTheKernelAgreesWithItsChecksum() throws IOException {
    int verified = 0;
    for (Map<Integer, Mapped> direction : mappings("two-subflows-checksum").values()) {
      for (Mapped mapped : direction.values()) {
        ByteBuffer data = mapped.data;
        // A DATA_FIN counts in the length and has no byte.
        assertThat(data.position()).isBetween(mapped.length - 1, mapped.length);
        long sum = InternetChecksum.sum(data, 0, data.position());
        assertThat(
                DssChecksum.verify(
                    sum, mapped.dsn, mapped.subflowSequence, mapped.length, mapped.checksum))
            .isTrue();
        data.put(0, (byte) (data.get(0) ^ 1));
        long other = InternetChecksum.sum(data, 0, data.position());
        assertThat(
                DssChecksum.verify(
                    other, mapped.dsn, mapped.subflowSequence, mapped.length, mapped.checksum))
            .isFalse();
        verified++;
      }
    }
    assertThat(verified).isGreaterThan(10);
  }

  private static final class Mapped {
    long dsn;
    int subflowSequence;
    int length;
    int checksum;
    ByteBuffer data;
  }

  /** The mappings of each direction of each subflow, with their bytes. */
  private static Map<String, Map<Integer, Mapped>> mappings(String name) throws IOException {
    ByteBuffer file;
    try (InputStream in =
        KernelVectorsTest.class.getResourceAsStream("/captures/" + name + ".pcap")) {
      file = ByteBuffer.wrap(in.readAllBytes());
    }
    IncomingSegment segment = new IncomingSegment();
    Map<String, Integer> initial = new HashMap<>();
    Map<String, Map<Integer, Mapped>> result = new TreeMap<>();
    int at = 24;
    while (at < file.capacity()) {
      int length = file.order(ByteOrder.LITTLE_ENDIAN).getInt(at + 8);
      file.order(ByteOrder.BIG_ENDIAN);
      segment.parse(file, at + 36, length - 20);
      at += 16 + length;
      String direction = segment.source() + ":" + segment.sourcePort();
      direction += segment.destination() + ":" + segment.destinationPort();
      if (segment.has(TcpFlags.SYN)) {
        initial.put(direction, segment.sequenceNumber());
      } else if (segment.payloadLength() > 0) {
        add(
            result.computeIfAbsent(direction, d -> new TreeMap<>()),
            segment,
            initial.get(direction));
      }
    }
    return result;
  }

  private static void add(Map<Integer, Mapped> mappings, IncomingSegment segment, int initial) {
    MptcpOptionSet options = segment.mptcp();
    if (!options.hasMapping()) {
      return;
    }
    Mapped mapped =
        mappings.computeIfAbsent(
            options.subflowSequenceNumber(),
            sequence -> {
              Mapped fresh = new Mapped();
              fresh.dsn = options.dataSequenceNumber();
              fresh.subflowSequence = sequence;
              fresh.length = options.dataLevelLength();
              fresh.checksum = options.dssChecksum();
              fresh.data = ByteBuffer.allocate(fresh.length);
              return fresh;
            });
    byte[] payload = new byte[segment.payloadLength()];
    segment.buffer().get(segment.payloadOffset(), payload);
    mapped.data.position(segment.sequenceNumber() - initial - mapped.subflowSequence);
    mapped.data.put(payload);
  }
}
