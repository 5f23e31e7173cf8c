package org.mptcp4j.samples.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.mptcp4j.wire.InternetChecksum;

/** Boxes on an emulated path between two programs on the kernel's TCP. */
@Tag("lab")
class PacketBoxTest {
  private static final int BYTES = 100_000;
  private static final int TIMEOUT_MILLIS = 10_000;
  private static final int RIGHT = 0;

  private static Lab lab;

  @BeforeAll
  static void buildLab() throws IOException {
    String missing = Lab.missing().orElse("");
    assumeTrue(missing.isEmpty(), missing);
    // Offloads are on: hosts leave checksums to the device.
    lab = Lab.builder().path(PathSpec.plain().withEmulator()).withoutIpv6().build();
  }

  @AfterAll
  static void removeLab() {
    if (lab != null) {
      lab.close();
    }
  }

  @BeforeEach
  void removeBoxes() {
    lab.path(1).fromA().removeBox();
    lab.path(1).fromB().removeBox();
  }

  /** Sends as many bytes of value 7 from host a to host b; returns what arrives. */
  private static byte[] transfer() throws Exception {
    ServerSocket server =
        lab.b().call(() -> new ServerSocket(0, 1, InetAddress.getByName(lab.b().ipv4(1))));
    try (server) {
      CompletableFuture<byte[]> received =
          CompletableFuture.supplyAsync(
              () -> {
                try (Socket socket = server.accept()) {
                  socket.setSoTimeout(TIMEOUT_MILLIS);
                  return socket.getInputStream().readAllBytes();
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      try (Socket client = lab.a().call(() -> new Socket(lab.b().ipv4(1), server.getLocalPort()))) {
        byte[] bytes = new byte[BYTES];
        Arrays.fill(bytes, (byte) 7);
        client.getOutputStream().write(bytes);
      }
      return received.get();
    }
  }

  private static int payloadAt(ByteBuffer packet) {
    int tcp = (packet.get(0) & 0xf) * 4;
    return tcp + (packet.get(tcp + 12) >>> 4 & 0xf) * 4;
  }

  @Test
  void aBoxSeesSingleSegmentsWithFinishedChecksums() throws Exception {
    AtomicInteger packets = new AtomicInteger();
    AtomicInteger longest = new AtomicInteger();
    AtomicInteger wrong = new AtomicInteger();
    PacketBox box =
        (now, packet) -> {
          packets.incrementAndGet();
          longest.accumulateAndGet(packet.limit(), Math::max);
          int tcp = (packet.get(0) & 0xf) * 4;
          int length = packet.limit() - tcp;
          long sum =
              InternetChecksum.sum(packet, 12, 8)
                  + 6
                  + length
                  + InternetChecksum.sum(packet, tcp, length);
          wrong.addAndGet(InternetChecksum.finish(sum) == RIGHT ? 0 : 1);
          return packet;
        };
    lab.path(1).fromA().setBox(box);
    lab.path(1).fromB().setBox(box);
    assertThat(transfer()).hasSize(BYTES).containsOnly(7);
    assertThat(packets.get()).isGreaterThan(BYTES / 1_500);
    assertThat(longest.get()).isBetween(1_400, 1_500);
    assertThat(wrong.get()).as("packets with a wrong checksum").isZero();
  }

  @Test
  void whatABoxDropsOrHoldsBackOrMakesItselfIsOnTheWire() throws Exception {
    EmulatedLine line = lab.path(1).fromA();
    AtomicInteger count = new AtomicInteger();
    line.setBox(
        (now, packet) -> {
          if (packet.limit() == payloadAt(packet)) {
            return packet;
          }
          int number = count.incrementAndGet();
          if (number == 3) {
            return null;
          }
          if (number % 5 == 0) {
            line.after(3_000_000, () -> line.emit(packet));
            return null;
          }
          if (number % 7 == 0) {
            line.emit(ByteBuffer.allocate(packet.limit()).put(0, packet, 0, packet.limit()));
          }
          return packet;
        });
    assertThat(transfer()).hasSize(BYTES).containsOnly(7);
    assertThat(line.failure()).isEmpty();
    assertThat(count.get()).as("segments, one of them twice").isGreaterThan(BYTES / 1_460);
  }

  @Test
  void theFailureOfABoxIsToldAndCostsOnePacket() throws Exception {
    EmulatedLine line = lab.path(1).fromA();
    AtomicReference<RuntimeException> failure =
        new AtomicReference<>(new IllegalStateException("meant"));
    line.setBox(
        (now, packet) -> {
          RuntimeException once = failure.getAndSet(null);
          if (once != null) {
            throw once;
          }
          return packet;
        });
    assertThat(transfer()).hasSize(BYTES);
    assertThat(line.failure()).get().extracting(Throwable::getMessage).isEqualTo("meant");
  }
}
