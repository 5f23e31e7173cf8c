package org.mptcp4j.nio;

import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.NetworkChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * The options of a channel that does not know yet who serves it: checked as the JDK does, kept, and
 * handed on when that is decided. Guarded by the channel.
 */
final class ChannelOptions {
  /** Takes an option: a socket of the engine, or a channel of the JDK. */
  @FunctionalInterface
  interface Target {
    <T> void set(SocketOption<T> option, T value) throws IOException;
  }

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

  /** The value as the kernel would take it. */
  static <T> T checkedValue(SocketOption<T> option, T value) {
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
    return value;
  }

  <T> void set(SocketOption<T> option, T value) {
    set.put(option, value);
  }

  /** What was set, else what a new channel of the JDK has; null when that has nothing either. */
  <T> T get(SocketOption<T> option) {
    Object value = set.get(option);
    return value != null ? option.type().cast(value) : defaults.value(option).orElse(null);
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
    target.set(option, option.type().cast(value));
  }
}
