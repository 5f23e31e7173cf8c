package org.mptcp4j.nio;

import java.io.IOException;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.NetworkChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import jdk.net.ExtendedSocketOptions;
import org.mptcp4j.engine.PortSharing;

/**
 * The options of a channel that does not know yet who serves it: checked as the JDK does, kept, and
 * handed on when that is decided. Guarded by the channel.
 */
final class ChannelOptions {
  /**
   * Takes an option: a socket of the engine, or a channel of the JDK. May throw {@link
   * UnsupportedOperationException} for what only the kernel has: such an option is kept and given
   * back, no more.
   */
  @FunctionalInterface
  interface Target {
    <T> void set(SocketOption<T> option, T value) throws IOException;
  }

  /** Gives an option of a socket of the engine; may throw as {@link Target}. */
  @FunctionalInterface
  interface Source {
    <T> T get(SocketOption<T> option) throws IOException;
  }

  /** What Linux takes at most for these (tcp(7)), seconds or probes; 1 is the least. */
  private static final Map<SocketOption<?>, Integer> MOST =
      Map.of(
          ExtendedSocketOptions.TCP_KEEPIDLE,
          32_767,
          ExtendedSocketOptions.TCP_KEEPINTERVAL,
          32_767,
          ExtendedSocketOptions.TCP_KEEPCOUNT,
          127);

  private static final System.Logger LOG = System.getLogger("org.mptcp4j");

  private final KernelDefaults defaults;
  private final Map<SocketOption<?>, Object> set = new LinkedHashMap<>();

  ChannelOptions(KernelDefaults defaults) {
    this.defaults = defaults;
  }

  Set<SocketOption<?>> supported() {
    return defaults.options();
  }

  /**
   * @throws UnsupportedOperationException when the JDK's channels do not have the option, which is
   *     what {@link NetworkChannel#setOption} asks for
   */
  void checkSupported(SocketOption<?> option) {
    Objects.requireNonNull(option);
    if (!defaults.options().contains(option)) {
      throw new UnsupportedOperationException("'" + option + "' not supported");
    }
  }

  /**
   * The value as the kernel would take it.
   *
   * @throws SocketException when the kernel would not take it
   */
  static <T> T checkedValue(SocketOption<T> option, T value) throws SocketException {
    if (value == null) {
      throw new IllegalArgumentException("Invalid option value");
    }
    if (!option.type().isInstance(value)) {
      throw new ClassCastException(
          value.getClass().getName() + " is not the type of option " + option);
    }
    if (option.equals(StandardSocketOptions.SO_RCVBUF) && (Integer) value < 0) {
      throw new IllegalArgumentException("Invalid send/receive buffer size");
    }
    if (option.equals(StandardSocketOptions.SO_SNDBUF) && (Integer) value < 0) {
      throw new IllegalArgumentException("Invalid send/receive buffer size");
    }
    if (option.equals(StandardSocketOptions.SO_LINGER)) {
      return option.type().cast(Math.max(-1, Math.min(65_535, (Integer) value)));
    }
    if (option.equals(StandardSocketOptions.IP_TOS)
        && ((Integer) value < 0 || (Integer) value > 255)) {
      throw new IllegalArgumentException("Invalid IP_TOS value");
    }
    if (option.equals(StandardSocketOptions.IP_TOS)) {
      // As Linux for TCP: the two bits of explicit congestion notification are not the program's.
      return option.type().cast((Integer) value & 0xfc);
    }
    Integer most = MOST.get(option);
    if (most != null && ((Integer) value < 1 || (Integer) value > most)) {
      throw new SocketException("Invalid argument");
    }
    return value;
  }

  <T> void set(SocketOption<T> option, T value) {
    set.put(option, value);
  }

  /** Sets an option of a socket of the engine, or keeps it where that has no use for it. */
  <T> void set(SocketOption<T> option, T value, Target target) throws IOException {
    apply(target, option, value);
    set.put(option, value);
  }

  /** What was set, else what a new channel of the JDK has; null when that has nothing either. */
  <T> T get(SocketOption<T> option) {
    Object value = set.get(option);
    return value != null ? option.type().cast(value) : defaults.value(option).orElse(null);
  }

  /** What SO_REUSEADDR and SO_REUSEPORT say. */
  PortSharing portSharing() {
    return new PortSharing(
        Boolean.TRUE.equals(get(StandardSocketOptions.SO_REUSEADDR)),
        Boolean.TRUE.equals(get(StandardSocketOptions.SO_REUSEPORT)));
  }

  /** The value of a socket of the engine, or what was kept where that does not know the option. */
  <T> T get(SocketOption<T> option, Source source) throws IOException {
    try {
      return source.get(option);
    } catch (UnsupportedOperationException e) {
      return get(option);
    }
  }

  /** Hands on what was set. */
  void applyTo(Target target) throws IOException {
    for (Map.Entry<SocketOption<?>, Object> entry : set.entrySet()) {
      apply(target, entry.getKey(), entry.getValue());
    }
  }

  void applyTo(NetworkChannel channel) throws IOException {
    applyTo(
        new Target() {
          @Override
          public <T> void set(SocketOption<T> option, T value) throws IOException {
            channel.setOption(option, value);
          }
        });
  }

  private static <T> void apply(Target target, SocketOption<T> option, Object value)
      throws IOException {
    try {
      target.set(option, option.type().cast(value));
    } catch (UnsupportedOperationException e) {
      LOG.log(System.Logger.Level.DEBUG, "the engine has no use for option {0}", option);
    }
  }
}
