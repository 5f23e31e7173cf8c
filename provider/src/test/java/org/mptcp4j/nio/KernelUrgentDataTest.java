package org.mptcp4j.nio;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.mptcp4j.link.JdkProvider;

/**
 * Urgent data that a client on the kernel's TCP sends: dropped, or in line with SO_OOBINLINE, as
 * {@link Socket#setOOBInline} says.
 */
@Tag("lab")
@Timeout(60)
class KernelUrgentDataTest {
  static Stream<Arguments> servers() {
    return Stream.of(
            Named.of("the JDK", (Supplier<Face>) Face::jdk),
            Named.of("the kernel", (Supplier<Face>) Face::servedByKernel),
            Named.of("the engine", (Supplier<Face>) Face::servedByRealEngine))
        .map(Arguments::of);
  }

  private static void send(Socket client, boolean more) throws IOException {
    client.getOutputStream().write("ab".getBytes(US_ASCII));
    client.sendUrgentData('!');
    if (more) {
      client.getOutputStream().write("cd".getBytes(US_ASCII));
    }
    client.shutdownOutput();
  }

  private static String readAll(SocketChannel channel) throws IOException {
    InputStream in = channel.socket().getInputStream();
    return new String(in.readAllBytes(), US_ASCII);
  }

  @ParameterizedTest
  @MethodSource("servers")
  void itIsDropped(Supplier<Face> server) throws IOException {
    assertThat(received(server.get(), false, true)).isEqualTo("abcd");
  }

  @ParameterizedTest
  @MethodSource("servers")
  void itIsDroppedAtTheEndOfTheStream(Supplier<Face> server) throws IOException {
    assertThat(received(server.get(), false, false)).isEqualTo("ab");
  }

  @ParameterizedTest
  @MethodSource("servers")
  void itStaysInLineWhereThatIsWanted(Supplier<Face> server) throws IOException {
    assertThat(received(server.get(), true, true)).isEqualTo("ab!cd");
  }

  private static String received(Face face, boolean inline, boolean more) throws IOException {
    try (ServerSocketChannel server = face.listen();
        SocketChannel client = JdkProvider.get().openSocketChannel()) {
      client.connect(Face.addressOf(server));
      try (SocketChannel accepted = server.accept()) {
        accepted.socket().setOOBInline(inline);
        assertThat(accepted.socket().getOOBInline()).isEqualTo(inline);
        send(client.socket(), more);
        return readAll(accepted);
      }
    }
  }

  @Test
  void itIsNotSentByTheEngine() throws IOException {
    Face face = Face.servedByRealEngine();
    try (Face.Pair pair = face.pair()) {
      assertThatExceptionOfType(SocketException.class)
          .isThrownBy(() -> pair.client().socket().sendUrgentData(1))
          .withMessageContaining("urgent data");
    }
  }
}
