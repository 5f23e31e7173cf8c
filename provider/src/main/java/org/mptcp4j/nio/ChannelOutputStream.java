package org.mptcp4j.nio;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;

/** The output of a {@link SocketAdaptor}. */
final class ChannelOutputStream extends OutputStream {
  private final MptcpSocketChannel channel;

  ChannelOutputStream(MptcpSocketChannel channel) {
    this.channel = channel;
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] source, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, source.length);
    if (length > 0) {
      SocketErrors.io(
          () -> {
            channel.writeFully(source, offset, length);
            return null;
          });
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
