package org.mptcp4j.nio;

import java.net.SocketOption;

/** Options that the JDK's channels have and its public API has no name for. */
final class JdkOptions {
  private JdkOptions() {}

  /**
   * SO_OOBINLINE, which {@code Socket.setOOBInline} of a channel's adaptor sets.
   *
   * @throws UnsupportedOperationException when the JDK's channels do not have it
   */
  static SocketOption<Boolean> outOfBandInline() {
    for (SocketOption<?> option : KernelDefaults.ofSocketChannel().options()) {
      if (option.name().equals("SO_OOBINLINE") && option.type() == Boolean.class) {
        @SuppressWarnings("unchecked") // the type was looked at
        SocketOption<Boolean> found = (SocketOption<Boolean>) option;
        return found;
      }
    }
    throw new UnsupportedOperationException("SO_OOBINLINE not supported");
  }
}
