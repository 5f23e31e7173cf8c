package org.mptcp4j.nio;

import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardProtocolFamily;
import java.nio.channels.NetworkChannel;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.mptcp4j.link.JdkProvider;

/**
 * What the JDK's channels are like on this host: which options they know and what these are set to,
 * and whether there is IPv6. Asked once, of channels that are closed again. Thread-safe.
 */
final class KernelDefaults {
  private static final KernelDefaults SOCKET = of(() -> JdkProvider.get().openSocketChannel());
  private static final KernelDefaults SERVER =
      of(() -> JdkProvider.get().openServerSocketChannel());
  private static final boolean IPV6 = hasIpv6();

  private final Set<SocketOption<?>> options;
  private final Map<SocketOption<?>, Object> values;

  private KernelDefaults(Set<SocketOption<?>> options, Map<SocketOption<?>, Object> values) {
    this.options = options;
    this.values = values;
  }

  static KernelDefaults ofSocketChannel() {
    return SOCKET;
  }

  static KernelDefaults ofServerSocketChannel() {
    return SERVER;
  }

  static boolean ipv6Available() {
    return IPV6;
  }

  Set<SocketOption<?>> options() {
    return options;
  }

  /** The value of a new channel; empty when it cannot be asked for. */
  <T> Optional<T> value(SocketOption<T> option) {
    return Optional.ofNullable(option.type().cast(values.get(option)));
  }

  private interface Opener {
    NetworkChannel open() throws IOException;
  }

  private static KernelDefaults of(Opener opener) {
    Map<SocketOption<?>, Object> values = new ConcurrentHashMap<>();
    try (NetworkChannel channel = opener.open()) {
      Set<SocketOption<?>> options = channel.supportedOptions();
      for (SocketOption<?> option : options) {
        readDefault(channel, option).ifPresent(value -> values.put(option, value));
      }
      return new KernelDefaults(options, values);
    } catch (IOException e) {
      // Out of descriptors, say: the options are then those that every system has.
      return new KernelDefaults(Set.of(), values);
    }
  }

  private static Optional<Object> readDefault(NetworkChannel channel, SocketOption<?> option) {
    try {
      return Optional.ofNullable(channel.getOption(option));
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.empty(); // known to the JDK but not to this kernel
    }
  }

  private static boolean hasIpv6() {
    try {
      JdkProvider.get().openSocketChannel(StandardProtocolFamily.INET6).close();
      return true;
    } catch (UnsupportedOperationException | IOException e) {
      return false;
    }
  }
}
