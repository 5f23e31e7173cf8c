package org.mptcp4j.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.Map;
import org.mptcp4j.Settings;
import org.mptcp4j.engine.Engine;
import org.mptcp4j.engine.EngineConfig;
import org.mptcp4j.link.JdkProvider;
import org.mptcp4j.link.LinkConfig;
import org.mptcp4j.link.LinuxPacketLink;
import org.mptcp4j.observe.EngineCounters;

/** One of the ways to get channels that the contract must hold for, and how to use it in a test. */
record Face(SelectorProvider provider, InetSocketAddress toBind) {
  /** The JDK itself, which is what the contract is taken from. */
  static Face jdk() {
    return new Face(JdkProvider.get(), new InetSocketAddress(0));
  }

  /** Our channels over the kernel's. */
  static Face servedByKernel() {
    return new Face(
        new OurProvider(new KernelTransport()),
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  /** Our channels over something like the engine. */
  static Face servedByEngine() {
    return new Face(new OurProvider(new MemoryNetwork()), new InetSocketAddress(0));
  }

  /** Our channels over the engine itself, on loopback; skips the test where there can be none. */
  static Face servedByRealEngine() {
    assumeTrue(Prerequisites.missing().isEmpty(), "needs CAP_NET_RAW for the packet socket");
    return new Face(RealEngine.PROVIDER, new InetSocketAddress(0));
  }

  /** One for all tests of this virtual machine. */
  static final class RealEngine {
    private static final EngineStarter STARTER =
        new EngineStarter(
            () -> LinuxPacketLink.open(LinkConfig.defaults().withLoopbackOnEngine(true)),
            EngineConfig.of(Settings.of(Map.of("mptcp4j.loopback", "engine"))),
            ConnectionPolicy.parse(""));
    private static final SelectorProvider PROVIDER =
        new OurProvider(new EngineTransport(STARTER, ConnectionPolicy.parse(""), true));

    private RealEngine() {}

    static Engine engine() {
      return STARTER.get().orElseThrow();
    }
  }

  /** Shows that connections between two points in time were the engine's own. */
  record EngineProof(long openedBefore, long acceptedBefore) {
    static EngineProof begin() {
      assumeTrue(Prerequisites.missing().isEmpty(), "needs CAP_NET_RAW for the packet socket");
      EngineCounters counters = RealEngine.engine().counters();
      return new EngineProof(counters.connectionsOpened.sum(), counters.connectionsAccepted.sum());
    }

    void check() {
      EngineCounters counters = RealEngine.engine().counters();
      assertThat(counters.connectionsOpened.sum()).isGreaterThan(openedBefore);
      assertThat(counters.connectionsAccepted.sum()).isGreaterThan(acceptedBefore);
      assertThat(counters.faults.sum()).isZero();
    }
  }

  /** A provider of our channels. */
  static SelectorProvider providerOf(StreamTransport transport) {
    return new OurProvider(transport);
  }

  ServerSocketChannel listen() throws IOException {
    return provider.openServerSocketChannel().bind(toBind);
  }

  static InetSocketAddress addressOf(ServerSocketChannel server) throws IOException {
    int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  static int portOf(SocketChannel channel) throws IOException {
    return ((InetSocketAddress) channel.getLocalAddress()).getPort();
  }

  /** A connected pair; the first has connected, the second was accepted. */
  Pair pair() throws IOException {
    try (ServerSocketChannel server = listen()) {
      SocketChannel client = provider.openSocketChannel();
      client.connect(addressOf(server));
      return new Pair(client, server.accept());
    }
  }

  record Pair(SocketChannel client, SocketChannel server) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      client.close();
      server.close();
    }
  }

  private static final class OurProvider extends SelectorProvider {
    private final ChannelFactory channels;

    OurProvider(StreamTransport transport) {
      channels = new ChannelFactory(this, transport, () -> {});
    }

    @Override
    public DatagramChannel openDatagramChannel() throws IOException {
      return JdkProvider.get().openDatagramChannel();
    }

    @Override
    public DatagramChannel openDatagramChannel(ProtocolFamily family) throws IOException {
      return JdkProvider.get().openDatagramChannel(family);
    }

    @Override
    public Pipe openPipe() throws IOException {
      return JdkProvider.get().openPipe();
    }

    @Override
    public AbstractSelector openSelector() throws IOException {
      return channels.openSelector();
    }

    @Override
    public ServerSocketChannel openServerSocketChannel() {
      return channels.openServerSocketChannel();
    }

    @Override
    public SocketChannel openSocketChannel() {
      return channels.openSocketChannel();
    }
  }
}
