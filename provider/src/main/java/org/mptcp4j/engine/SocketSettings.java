package org.mptcp4j.engine;

import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import jdk.net.ExtendedSocketOptions;
import org.mptcp4j.tcp.AckMode;
import org.mptcp4j.tcp.EndpointOptions;
import org.mptcp4j.tcp.KeepAlive;

/**
 * The options of one socket. Those for which the protocol has a use are honoured: TCP_NODELAY,
 * SO_LINGER, IP_TOS, SO_KEEPALIVE with TCP_KEEPIDLE, TCP_KEEPINTERVAL and TCP_KEEPCOUNT, and
 * SO_SNDBUF and SO_RCVBUF as they stand when the connection begins: a program that sets them gets
 * buffers of that size; otherwise they say how far the buffers may grow. TCP_QUICKACK holds until
 * it is set again; Linux forgets it after some segments. What SO_REUSEADDR and SO_REUSEPORT say
 * counts when the socket is bound ({@link PortSharing}). Thread-safe.
 */
final class SocketSettings {
  private static final Map<SocketOption<?>, Object> DEFAULTS =
      Map.of(
          StandardSocketOptions.TCP_NODELAY,
          false,
          StandardSocketOptions.SO_KEEPALIVE,
          false,
          StandardSocketOptions.SO_REUSEADDR,
          false,
          StandardSocketOptions.SO_REUSEPORT,
          false,
          StandardSocketOptions.SO_LINGER,
          -1,
          StandardSocketOptions.IP_TOS,
          0,
          ExtendedSocketOptions.TCP_QUICKACK,
          true,
          // Linux' defaults (tcp(7)), in seconds and probes.
          ExtendedSocketOptions.TCP_KEEPIDLE,
          7200,
          ExtendedSocketOptions.TCP_KEEPINTERVAL,
          75,
          ExtendedSocketOptions.TCP_KEEPCOUNT,
          9);

  /** What Linux takes at most for these (tcp(7)); 1 is the least. */
  private static final Map<SocketOption<?>, Integer> MOST =
      Map.of(
          ExtendedSocketOptions.TCP_KEEPIDLE,
          32_767,
          ExtendedSocketOptions.TCP_KEEPINTERVAL,
          32_767,
          ExtendedSocketOptions.TCP_KEEPCOUNT,
          127);

  /** The JDK's channels have it, its public API has no constant for it. */
  private static final String OOB_INLINE = "SO_OOBINLINE";

  private static final int LEAST_BUFFER_BYTES = 4096;

  /** What buffers begin with that grow by themselves: the first round trips of a fast path. */
  private static final int FIRST_BUFFER_BYTES = 256 * 1024;

  private final boolean multipath;
  private final long userTimeoutNanos;
  private final boolean userTimeoutOption;
  private final Map<SocketOption<?>, Object> values = new ConcurrentHashMap<>(DEFAULTS);

  /** Whether the program chose the size: then nothing grows (as Linux). */
  private volatile boolean sendBufferSet;

  private volatile boolean receiveBufferSet;

  /** As long as it is not, acknowledgments are quick when it helps (as Linux). */
  private volatile boolean quickAckSet;

  private volatile boolean urgentInline;

  SocketSettings(EngineConfig config, boolean multipath) {
    this.multipath = multipath;
    userTimeoutNanos = config.userTimeout().toNanos();
    userTimeoutOption = config.userTimeoutOption();
    values.put(StandardSocketOptions.SO_SNDBUF, config.sendBufferBytes());
    values.put(StandardSocketOptions.SO_RCVBUF, config.receiveBufferBytes());
  }

  private SocketSettings(SocketSettings other) {
    multipath = other.multipath;
    userTimeoutNanos = other.userTimeoutNanos;
    userTimeoutOption = other.userTimeoutOption;
    values.putAll(other.values);
    sendBufferSet = other.sendBufferSet;
    receiveBufferSet = other.receiveBufferSet;
    quickAckSet = other.quickAckSet;
    urgentInline = other.urgentInline;
  }

  /** The settings of a connection that a listener with these accepts. */
  SocketSettings copy() {
    return new SocketSettings(this);
  }

  boolean multipath() {
    return multipath;
  }

  PortSharing portSharing() {
    return new PortSharing(
        get(StandardSocketOptions.SO_REUSEADDR), get(StandardSocketOptions.SO_REUSEPORT));
  }

  boolean noDelay() {
    return get(StandardSocketOptions.TCP_NODELAY);
  }

  /** Seconds; negative when off. */
  int linger() {
    return get(StandardSocketOptions.SO_LINGER);
  }

  int sendBufferBytes() {
    return Math.max(LEAST_BUFFER_BYTES, get(StandardSocketOptions.SO_SNDBUF));
  }

  /** What the send buffer begins with, bytes. */
  int firstSendBufferBytes() {
    return sendBufferSet ? sendBufferBytes() : Math.min(FIRST_BUFFER_BYTES, sendBufferBytes());
  }

  /** What the receive buffer begins with, bytes. */
  int firstReceiveBufferBytes() {
    return receiveBufferSet
        ? receiveBufferBytes()
        : Math.min(FIRST_BUFFER_BYTES, receiveBufferBytes());
  }

  int receiveBufferBytes() {
    return Math.max(LEAST_BUFFER_BYTES, get(StandardSocketOptions.SO_RCVBUF));
  }

  /** Whether {@link #endpointOptions} depends on {@code option}. */
  static boolean isEndpointOption(SocketOption<?> option) {
    return option == StandardSocketOptions.SO_KEEPALIVE
        || option == StandardSocketOptions.IP_TOS
        || option == ExtendedSocketOptions.TCP_QUICKACK
        || option.name().equals(OOB_INLINE)
        || MOST.containsKey(option);
  }

  /** What the endpoints of the connection shall do. */
  EndpointOptions endpointOptions() {
    int idle = get(ExtendedSocketOptions.TCP_KEEPIDLE);
    int interval = get(ExtendedSocketOptions.TCP_KEEPINTERVAL);
    int probes = get(ExtendedSocketOptions.TCP_KEEPCOUNT);
    boolean enabled = get(StandardSocketOptions.SO_KEEPALIVE);
    return EndpointOptions.DEFAULT
        .withKeepAlive(enabled ? KeepAlive.everySeconds(idle, interval, probes) : KeepAlive.OFF)
        .withUserTimeout(userTimeoutNanos)
        .withUserTimeoutAdvised(userTimeoutOption)
        .withTrafficClass(get(StandardSocketOptions.IP_TOS))
        .withAckMode(ackMode())
        .withUrgentInline(urgentInline);
  }

  private AckMode ackMode() {
    if (!quickAckSet) {
      return AckMode.ADAPTIVE;
    }
    return get(ExtendedSocketOptions.TCP_QUICKACK) ? AckMode.QUICK : AckMode.DELAYED;
  }

  /**
   * @throws UnsupportedOperationException the option is not one of a stream socket
   * @throws IllegalArgumentException the value is not in the option's range, as the JDK says
   * @throws SocketException the value is not in the option's range, as the kernel says
   */
  <T> void set(SocketOption<T> option, T value) throws SocketException {
    get(option);
    if (value == null) {
      throw new IllegalArgumentException("Invalid option value");
    }
    boolean buffer =
        option == StandardSocketOptions.SO_SNDBUF || option == StandardSocketOptions.SO_RCVBUF;
    if (buffer && (Integer) value < 0) {
      throw new IllegalArgumentException("Invalid send/receive buffer size");
    }
    if (option == StandardSocketOptions.IP_TOS && ((Integer) value < 0 || (Integer) value > 255)) {
      throw new IllegalArgumentException("Invalid IP_TOS value");
    }
    Integer most = MOST.get(option);
    if (most != null && ((Integer) value < 1 || (Integer) value > most)) {
      throw new SocketException("Invalid argument");
    }
    if (option.name().equals(OOB_INLINE)) {
      urgentInline = (Boolean) value;
      return;
    }
    sendBufferSet |= option == StandardSocketOptions.SO_SNDBUF;
    quickAckSet |= option == ExtendedSocketOptions.TCP_QUICKACK;
    receiveBufferSet |= option == StandardSocketOptions.SO_RCVBUF;
    if (option == StandardSocketOptions.SO_LINGER) {
      int seconds = (Integer) value;
      values.put(option, seconds < 0 ? -1 : Math.min(seconds, 65535));
    } else {
      values.put(option, value);
    }
  }

  <T> T get(SocketOption<T> option) {
    Object value = option.name().equals(OOB_INLINE) ? urgentInline : values.get(option);
    if (value == null) {
      throw new UnsupportedOperationException("'" + option + "' not supported");
    }
    return option.type().cast(value);
  }
}
