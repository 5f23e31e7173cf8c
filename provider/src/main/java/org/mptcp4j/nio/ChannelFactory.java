package org.mptcp4j.nio;

import java.io.IOException;
import java.net.ProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import org.mptcp4j.Settings;
import org.mptcp4j.engine.EngineConfig;
import org.mptcp4j.link.LinkConfig;
import org.mptcp4j.link.LinuxPacketLink;

/** Makes the channels and selectors of this package for a provider. Thread-safe. */
public final class ChannelFactory {
  private final SelectorProvider provider;
  private final StreamTransport transport;
  private final Runnable firstUse;

  ChannelFactory(SelectorProvider provider, StreamTransport transport, Runnable firstUse) {
    this.provider = provider;
    this.transport = transport;
    this.firstUse = firstUse;
  }

  /**
   * Channels served by an engine that begins to start when the first of them is opened; by the
   * kernel where the rules say so, or where the engine cannot be started, which is logged once.
   *
   * @throws IllegalArgumentException when the rules that the settings name are wrong
   */
  public static ChannelFactory create(SelectorProvider provider, Settings settings) {
    EngineConfig config = EngineConfig.of(settings);
    ConnectionPolicy policy = ConnectionPolicy.of(settings);
    LinkConfig link = LinkConfig.defaults().withLoopbackOnEngine(config.localOnEngine());
    EngineStarter starter = new EngineStarter(() -> LinuxPacketLink.open(link), config, policy);
    return new ChannelFactory(
        provider, new EngineTransport(starter, policy, config.localOnEngine()), starter::startSoon);
  }

  public AbstractSelector openSelector() throws IOException {
    firstUse.run();
    return new MptcpSelector(provider, transport);
  }

  public SocketChannel openSocketChannel() {
    firstUse.run();
    return new MptcpSocketChannel(provider, transport, (ProtocolFamily) null);
  }

  /**
   * @throws UnsupportedOperationException when the family is neither IPv4 nor IPv6, or the host has
   *     no IPv6
   */
  public SocketChannel openSocketChannel(ProtocolFamily family) {
    Addresses.checkFamily(family);
    firstUse.run();
    return new MptcpSocketChannel(provider, transport, family);
  }

  public ServerSocketChannel openServerSocketChannel() {
    firstUse.run();
    return new MptcpServerSocketChannel(provider, transport, null);
  }

  /**
   * @throws UnsupportedOperationException when the family is neither IPv4 nor IPv6, or the host has
   *     no IPv6
   */
  public ServerSocketChannel openServerSocketChannel(ProtocolFamily family) {
    Addresses.checkFamily(family);
    firstUse.run();
    return new MptcpServerSocketChannel(provider, transport, family);
  }
}
