package org.mptcp4j.nio;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.function.IntSupplier;

/** The input of a {@link SocketAdaptor}. */
final class ChannelInputStream extends InputStream {
  private final MptcpSocketChannel channel;
  private final IntSupplier timeoutMillis;

  ChannelInputStream(MptcpSocketChannel channel, IntSupplier timeoutMillis) {
    this.channel = channel;
    this.timeoutMillis = timeoutMillis;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    int n = read(one, 0, 1);
    return n > 0 ? one[0] & 0xff : -1;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    return SocketErrors.io(
        () -> channel.readTimed(target, offset, length, timeoutMillis.getAsInt()));
  }

  @Override
  public int available() throws IOException {
    return channel.available();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
