package org.mptcp4j.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mptcp4j.Multipath;
import org.mptcp4j.Subflow;
import org.mptcp4j.TcpInfo;

@Timeout(60)
class ChannelSubflowsTest {
  @Test
  void channelsThatTheKernelServesHaveNone() throws IOException {
    for (Face face : List.of(Face.jdk(), Face.servedByKernel())) {
      try (Face.Pair pair = face.pair()) {
        assertThat(Multipath.subflows(pair.client())).isEmpty();
        assertThat(Multipath.subflows(pair.server())).isEmpty();
        InetSocketAddress address = (InetSocketAddress) pair.server().getLocalAddress();
        assertThat(Multipath.announce(pair.server(), address)).isFalse();
      }
    }
  }

  @Test
  @Tag("lab")
  void aChannelOfTheEngineHasThemFromItsConnectionToItsEnd() throws IOException {
    Face face = Face.servedByRealEngine();
    try (SocketChannel unconnected = face.provider().openSocketChannel()) {
      assertThat(Multipath.subflows(unconnected)).isEmpty();
    }
    try (Face.Pair pair = face.pair()) {
      pair.client().write(ByteBuffer.allocate(1000));
      ByteBuffer target = ByteBuffer.allocate(1000);
      while (target.hasRemaining()) {
        pair.server().read(target);
      }
      List<Subflow> subflows = Multipath.subflows(pair.client());
      // This host's other addresses may have joined already.
      assertThat(subflows).isNotEmpty();
      assertThat(subflows.get(0).remote()).isEqualTo(pair.client().getRemoteAddress());
      assertThat(subflows.get(0).tcp().state()).isEqualTo(TcpInfo.State.ESTABLISHED);
      assertThat(subflows.stream().mapToLong(s -> s.tcp().sentBytes()).sum())
          .isGreaterThanOrEqualTo(1000);
      Multipath.setBackup(pair.client(), subflows.get(0), true);
      assertThat(Multipath.subflows(pair.client()).get(0).backup()).isTrue();
      Multipath.setBackup(pair.client(), subflows.get(0), false);
      assertThat(Multipath.subflows(pair.client()).get(0).backup()).isFalse();
      pair.client().close();
      assertThat(Multipath.subflows(pair.client())).isEmpty();
      Multipath.setBackup(pair.client(), subflows.get(0), true);
      assertThat(Multipath.announce(pair.client(), new InetSocketAddress("127.0.0.1", 0)))
          .isFalse();
    }
  }

  @Test
  void anAddressThatIsNotKnownCannotBeAnnounced() throws IOException {
    InetSocketAddress unresolved = InetSocketAddress.createUnresolved("server.example", 80);
    try (SocketChannel channel = SocketChannel.open()) {
      assertThatThrownBy(() -> Multipath.announce(channel, unresolved))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("server.example");
    }
  }
}
