package org.mptcp4j.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the sockets of channels do, ours as the JDK's. */
@Timeout(60)
abstract class SocketAdaptorContract {
  private final Face face;

  SocketAdaptorContract(Face face) {
    this.face = face;
  }

  @Test
  void itIsAlwaysTheSameSocketAndKnowsItsChannel() throws IOException {
    try (SocketChannel channel = face.provider().openSocketChannel();
        ServerSocketChannel server = face.provider().openServerSocketChannel()) {
      assertThat(channel.socket()).isSameAs(channel.socket());
      assertThat(channel.socket().getChannel()).isSameAs(channel);
      assertThat(server.socket().getChannel()).isSameAs(server);
      assertThat(channel.socket()).hasToString("Socket[unconnected]");
      assertThat(server.socket()).hasToString("ServerSocket[unbound]");
    }
  }

  @Test
  void aServerSocketBindsAndAccepts() throws IOException {
    try (ServerSocketChannel server = face.provider().openServerSocketChannel();
        SocketChannel client = face.provider().openSocketChannel()) {
      ServerSocket listening = server.socket();
      listening.setReuseAddress(true);
      listening.bind(face.toBind(), 10);
      assertThat(listening.getLocalPort()).isPositive();
      assertThat(listening.isBound()).isTrue();
      client.socket().connect(Face.addressOf(server), 20_000);
      try (Socket accepted = listening.accept()) {
        accepted.getOutputStream().write(new byte[] {1, 2, 3});
        assertThat(client.socket().getInputStream().readNBytes(3)).containsExactly(1, 2, 3);
        client.socket().getOutputStream().write(7);
        assertThat(accepted.getInputStream().read()).isEqualTo(7);
        client.socket().shutdownOutput();
        assertThat(accepted.getInputStream().read()).isEqualTo(-1);
        assertThat(client.socket().isOutputShutdown()).isTrue();
        assertThat(accepted.getPort()).isEqualTo(client.socket().getLocalPort());
      }
    }
  }

  @Test
  void whatIsAvailableIsToldBeforeItIsRead() throws IOException {
    try (Face.Pair pair = face.pair()) {
      InputStream in = pair.client().socket().getInputStream();
      assertThat(in.available()).isZero();
      pair.server().write(ByteBuffer.allocate(7));
      assertThat(in.read()).isZero();
      assertThat(in.available()).isEqualTo(6);
    }
  }

  @Test
  void aReadGivesUpWhenItsTimeIsOver() throws IOException {
    try (Face.Pair pair = face.pair()) {
      Socket socket = pair.client().socket();
      socket.setSoTimeout(20);
      assertThatExceptionOfType(SocketTimeoutException.class)
          .isThrownBy(() -> socket.getInputStream().read());
      assertThat(pair.client().isOpen()).isTrue();
    }
  }

  @Test
  void anAcceptGivesUpWhenItsTimeIsOver() throws IOException {
    try (ServerSocketChannel server = face.listen()) {
      server.socket().setSoTimeout(20);
      assertThatExceptionOfType(SocketTimeoutException.class)
          .isThrownBy(() -> server.socket().accept());
      assertThat(server.isOpen()).isTrue();
    }
  }

  @Test
  void streamsNeedAChannelThatBlocks() throws IOException {
    try (Face.Pair pair = face.pair()) {
      pair.client().configureBlocking(false);
      Socket socket = pair.client().socket();
      assertThatExceptionOfType(IllegalBlockingModeException.class)
          .isThrownBy(() -> socket.getInputStream().read());
      assertThatExceptionOfType(IllegalBlockingModeException.class)
          .isThrownBy(() -> socket.getOutputStream().write(1));
    }
  }

  @Test
  void errorsAreThoseOfSockets() throws IOException {
    SocketChannel channel = face.provider().openSocketChannel();
    Socket socket = channel.socket();
    assertThatThrownBy(socket::getInputStream)
        .isInstanceOf(SocketException.class)
        .hasMessage("Socket is not connected");
    assertThatThrownBy(socket::shutdownOutput)
        .isInstanceOf(SocketException.class)
        .hasMessage("Socket is not connected");
    assertThatThrownBy(
            () -> socket.connect(InetSocketAddress.createUnresolved("nowhere.invalid", 1)))
        .isInstanceOf(UnknownHostException.class);
    socket.close(); // which the attempt did already, by the JDK's version
    assertThat(channel.isOpen()).isFalse();
    assertThatThrownBy(() -> socket.setTcpNoDelay(true))
        .isInstanceOf(SocketException.class)
        .hasMessage("Socket is closed");
    assertThatThrownBy(() -> socket.setSoTimeout(1))
        .isInstanceOf(SocketException.class)
        .hasMessage("Socket is closed");
  }

  @Test
  void optionsAreThoseOfTheChannel() throws IOException {
    try (Face.Pair pair = face.pair()) {
      Socket socket = pair.client().socket();
      socket.setTcpNoDelay(true);
      socket.setKeepAlive(true);
      socket.setSoLinger(true, 3);
      socket.setOOBInline(true);
      assertThat(socket.getTcpNoDelay()).isTrue();
      assertThat(socket.getKeepAlive()).isTrue();
      assertThat(socket.getSoLinger()).isEqualTo(3);
      assertThat(socket.getOOBInline()).isTrue();
      assertThat(socket.getReceiveBufferSize()).isPositive();
      assertThatExceptionOfType(IllegalArgumentException.class)
          .isThrownBy(() -> socket.setTrafficClass(256));
    }
  }
}
