package org.mptcp4j.samples.lab;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;

/** UDP echoes between the hosts of a lab: {@code ping} without the program. */
final class Echo implements AutoCloseable {
  private static final int PORT = 7;

  private final DatagramSocket server;
  private final DatagramSocket client;

  Echo(Lab lab) throws IOException {
    server = lab.b().call(() -> new DatagramSocket(PORT));
    client = lab.a().call(DatagramSocket::new);
    client.setReceiveBufferSize(1 << 20);
    Thread thread = new Thread(this::serve, "echo");
    thread.setDaemon(true);
    thread.start();
  }

  private void serve() {
    DatagramPacket packet = new DatagramPacket(new byte[2000], 2000);
    while (!server.isClosed()) {
      try {
        server.receive(packet);
        server.send(packet);
      } catch (SocketException e) {
        return; // closed
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  /** The round trip to an address of host b; empty when nothing comes back within {@code limit}. */
  java.util.Optional<Duration> roundTrip(String address, Duration limit) throws IOException {
    long start = System.nanoTime();
    send(address, 0);
    client.setSoTimeout((int) limit.toMillis());
    try {
      client.receive(new DatagramPacket(new byte[2000], 2000));
      return java.util.Optional.of(Duration.ofNanos(System.nanoTime() - start));
    } catch (SocketTimeoutException e) {
      return java.util.Optional.empty();
    }
  }

  /** Sends {@code count} numbered datagrams and returns the numbers that came back, in order. */
  int[] burst(String address, int count, Duration quietFor) throws IOException {
    for (int i = 0; i < count; i++) {
      send(address, i);
    }
    client.setSoTimeout((int) quietFor.toMillis());
    int[] numbers = new int[4 * count];
    int received = 0;
    DatagramPacket packet = new DatagramPacket(new byte[2000], 2000);
    try {
      while (received < numbers.length) {
        client.receive(packet);
        numbers[received++] = ByteBuffer.wrap(packet.getData()).getInt();
      }
    } catch (SocketTimeoutException e) {
      return Arrays.copyOf(numbers, received);
    }
    throw new AssertionError("more than four echoes of each datagram");
  }

  private void send(String address, int number) throws IOException {
    byte[] data = ByteBuffer.allocate(100).putInt(number).array();
    client.send(new DatagramPacket(data, data.length, new InetSocketAddress(address, PORT)));
  }

  @Override
  public void close() {
    server.close();
    client.close();
  }
}
