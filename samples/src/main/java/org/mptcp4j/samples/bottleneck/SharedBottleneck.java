package org.mptcp4j.samples.bottleneck;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.mptcp4j.samples.lab.Host;
import org.mptcp4j.samples.lab.HostProcess;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.samples.lab.PathSpec;

/**
 * Measures how two flows share one bottleneck.
 *
 * @param bitsPerSecond of the bottleneck
 * @param roundTrip of the path while the queue is empty
 * @param queueBytes of the bottleneck, which drops its tail
 */
public record SharedBottleneck(long bitsPerSecond, Duration roundTrip, int queueBytes) {
  private static final Duration START_LIMIT = Duration.ofSeconds(20);
  private static final int FIRST_PORT = 5_301;

  /** Whose TCP sends; both use CUBIC. */
  public enum Sender {
    MPTCP4J,
    KERNEL
  }

  /**
   * When the flows begin and what is measured.
   *
   * @param later how long after the first flow the second begins, at which moment measuring begins
   * @param whole how long is measured
   * @param start how much of it is left out in the second figure
   */
  public record Times(Duration later, Duration whole, Duration start) {}

  /**
   * What was measured.
   *
   * @param whole from the beginning of the second flow on
   * @param withoutStart the same, without the first seconds
   */
  public record Result(Shares whole, Shares withoutStart) {}

  /** A path of a rate and a round trip, whose queue is as long as the path. */
  public static SharedBottleneck withQueueOfThePath(long bitsPerSecond, Duration roundTrip) {
    long pathBytes = bitsPerSecond / 8 * roundTrip.toMillis() / 1000;
    return new SharedBottleneck(bitsPerSecond, roundTrip, Math.toIntExact(pathBytes));
  }

  /**
   * Builds a network of its own and measures once.
   *
   * @throws IOException when the network cannot be built, or a flow ends early
   */
  public Result measure(Sender first, Sender second, Times times) throws IOException {
    PathSpec path =
        PathSpec.plain()
            .withDelay(roundTrip.dividedBy(2))
            .withBottleneck(bitsPerSecond, queueBytes);
    try (Lab lab = Lab.builder().path(path).withoutIpv6().build();
        Receiver one = new Receiver(lab, FIRST_PORT);
        Receiver other = new Receiver(lab, FIRST_PORT + 1)) {
      useCubic(lab.a());
      HostProcess a = start(lab, first, one);
      HostProcess b = start(lab, second, other);
      a.send("go");
      checkCubic(lab.a(), first, second);
      sleepUntil(System.nanoTime() + times.later().toNanos());
      b.send("go");
      Marks marks = new Marks(one, other);
      sleepUntil(marks.nanos + times.start().toNanos());
      Marks afterStart = new Marks(one, other);
      sleepUntil(marks.nanos + times.whole().toNanos());
      Marks end = new Marks(one, other);
      if (!a.isAlive() || !b.isAlive()) {
        throw new IOException("a sender ended early: " + a.output() + "; " + b.output());
      }
      return new Result(end.since(marks), end.since(afterStart));
    }
  }

  private static HostProcess start(Lab lab, Sender sender, Receiver receiver) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    if (sender == Sender.MPTCP4J) {
      command.add("-Djava.nio.channels.spi.SelectorProvider=org.mptcp4j.MptcpSelectorProvider");
      command.add("-Dmptcp4j.rules=use tcp for connect * *");
    }
    command.addAll(List.of("-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path")));
    command.add(SteadySender.class.getName());
    command.addAll(List.of(lab.b().ipv4(1), Integer.toString(receiver.port)));
    HostProcess process = lab.a().start(command);
    process.awaitLineStarting(SteadySender.CONNECTED, START_LIMIT);
    return process;
  }

  /** By the route: a namespace may not choose for itself what the system does not let all use. */
  private static void useCubic(Host host) throws IOException {
    String address = host.ipv4(1);
    String net = address.substring(0, address.lastIndexOf('.')) + ".0/24";
    String device = host.interfaceName(1);
    host.run("ip", "route", "del", net, "dev", device);
    host.run("ip", "route", "add", net, "dev", device, "src", address, "congctl", "cubic");
  }

  private static void checkCubic(Host host, Sender... senders) throws IOException {
    String sockets = host.run("ss", "-Htin", "state", "established");
    long kernels = Arrays.stream(senders).filter(sender -> sender == Sender.KERNEL).count();
    if (Pattern.compile("\\scubic\\s").matcher(sockets).results().count() != kernels) {
      throw new IOException("not all of the kernel's flows use CUBIC: " + sockets);
    }
  }

  private static void sleepUntil(long nanos) throws IOException {
    try {
      for (long left; (left = nanos - System.nanoTime()) > 0; ) {
        Thread.sleep(Duration.ofNanos(left).toMillis() + 1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** How much had come, and when that was. */
  private static final class Marks {
    final long nanos = System.nanoTime();
    final long first;
    final long second;

    Marks(Receiver one, Receiver other) {
      first = one.bytes.get();
      second = other.bytes.get();
    }

    Shares since(Marks before) {
      return new Shares(
          Duration.ofNanos(nanos - before.nanos), first - before.first, second - before.second);
    }
  }

  /** Reads one connection in this JVM, with a socket of host b: one clock for all that comes. */
  private static final class Receiver implements AutoCloseable {
    private static final int BUFFER_BYTES = 256 * 1024;

    final AtomicLong bytes = new AtomicLong();
    final int port;
    private final ServerSocketChannel server;
    private volatile SocketChannel channel;

    Receiver(Lab lab, int port) throws IOException {
      this.port = port;
      server = lab.b().call(() -> ServerSocketChannel.open().bind(new InetSocketAddress(port)));
      Thread reader = new Thread(this::read, "receiver-" + port);
      reader.setDaemon(true);
      reader.start();
    }

    private void read() {
      ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
      try {
        channel = server.accept();
        int count;
        while ((count = channel.read(buffer.clear())) >= 0) {
          bytes.addAndGet(count);
        }
      } catch (ClosedChannelException e) {
        // It is over.
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }

    @Override
    public void close() throws IOException {
      server.close();
      if (channel != null) {
        channel.close();
      }
    }
  }
}
