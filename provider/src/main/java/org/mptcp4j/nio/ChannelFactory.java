package org.mptcp4j.nio;

import java.io.IOException;
import java.net.ProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;

/** Makes the channels and selectors of this package for a provider. Thread-safe. */
public final class ChannelFactory {
  private final SelectorProvider provider;
  private final StreamTransport transport;

  ChannelFactory(SelectorProvider provider, StreamTransport transport) {
    this.provider = provider;
    this.transport = transport;
  }

  /** Channels that are all served by the kernel, behind the same face. */
  public static ChannelFactory kernelOnly(SelectorProvider provider) {
    return new ChannelFactory(provider, new KernelTransport());
  }

  public AbstractSelector openSelector() throws IOException {
    return new MptcpSelector(provider);
  }

  public SocketChannel openSocketChannel() {
    return new MptcpSocketChannel(provider, transport, (ProtocolFamily) null);
  }

  /**
   * @throws UnsupportedOperationException when the family is neither IPv4 nor IPv6, or the host has
   *     no IPv6
   */
  public SocketChannel openSocketChannel(ProtocolFamily family) {
    Addresses.checkFamily(family);
    return new MptcpSocketChannel(provider, transport, family);
  }

  public ServerSocketChannel openServerSocketChannel() {
    return new MptcpServerSocketChannel(provider, transport, null);
  }

  /**
   * @throws UnsupportedOperationException when the family is neither IPv4 nor IPv6, or the host has
   *     no IPv6
   */
  public ServerSocketChannel openServerSocketChannel(ProtocolFamily family) {
    Addresses.checkFamily(family);
    return new MptcpServerSocketChannel(provider, transport, family);
  }
}
