package org.mptcp4j.samples.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.mptcp4j.samples.lab.HostProcess;
import org.mptcp4j.samples.lab.Lab;

/** A {@code tcpdump} at the server's host, host b. */
final class Capture implements AutoCloseable {
  private static final int MARKER_PORT = 9;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final Lab lab;
  private final Path file;
  private HostProcess process;

  Capture(Lab lab, Path file) {
    this.lab = lab;
    this.file = file;
  }

  void start() throws IOException {
    // -Z root: the file's directory is ours alone. It prints as it writes, so that we can see
    // when it has caught up.
    List<String> command =
        new ArrayList<>(List.of("tcpdump", "-i", "any", "-B", "262144", "-s", "2000"));
    command.addAll(List.of("-Z", "root", "--immediate-mode", "-U", "-l", "-n", "--print"));
    command.addAll(List.of("-w", file.toString(), "tcp or udp port " + MARKER_PORT));
    process = lab.b().start(command);
    process.awaitLine(line -> line.contains("listening on"), LIMIT);
  }

  /** Waits until all is in the file that was sent. */
  void end() throws IOException {
    InetSocketAddress marker = new InetSocketAddress(lab.b().ipv4(1), MARKER_PORT);
    try (DatagramSocket socket = lab.a().call(DatagramSocket::new)) {
      socket.send(new DatagramPacket(new byte[1], 1, marker));
    }
    process.awaitLine(line -> line.contains("." + MARKER_PORT + ": UDP"), LIMIT);
    process.terminate();
    process.awaitExit(LIMIT);
    String drops = process.awaitLine(line -> line.endsWith("dropped by kernel"), LIMIT);
    assertThat(drops).isEqualTo("0 packets dropped by kernel");
  }

  @Override
  public void close() {
    if (process != null) {
      process.close();
    }
  }
}
