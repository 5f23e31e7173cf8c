package org.mptcp4j.samples.ends;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.mptcp4j.samples.lab.Host;
import org.mptcp4j.samples.transfer.KernelMptcpSocket;

/** The kernel's MPTCP, by threads of this JVM in the host's namespace. */
public final class KernelEnd implements End {
  private static final Duration LOOK_UP = Duration.ofMillis(200);

  private final Host host;
  private volatile Attempt attempt = new Attempt();

  public KernelEnd(Host host) {
    this.host = host;
  }

  /** What becomes of one connection. */
  private static final class Attempt {
    private volatile boolean aborted;
    private volatile String failure = "";
    private volatile Optional<KernelMptcpSocket> socket = Optional.empty();
    private volatile Optional<Conversation> conversation = Optional.empty();

    void awaitEnd() throws InterruptedException {
      if (conversation.isPresent()) {
        conversation.get().awaitEnd();
      }
    }

    void begin(KernelMptcpSocket connected, Conversation.Plan plan, boolean client) {
      connected.setTimeout(LOOK_UP);
      Conversation begun = new Conversation(new KernelLine(connected), plan, client);
      socket = Optional.of(connected);
      conversation = Optional.of(begun);
      begun.start();
      if (aborted) {
        begun.abort();
      }
    }
  }

  @Override
  public void listen(String address, int port, Conversation.Plan plan) throws IOException {
    Attempt now = new Attempt();
    attempt = now;
    KernelMptcpSocket server = host.call(() -> KernelMptcpSocket.listen(port));
    server.setTimeout(LOOK_UP);
    inBackground(now, () -> accept(server, now, plan));
  }

  private static Void accept(KernelMptcpSocket server, Attempt now, Conversation.Plan plan)
      throws IOException, InterruptedException {
    try (server) {
      while (now.conversation.isEmpty() && !now.aborted) {
        try {
          now.begin(server.accept(), plan, false);
        } catch (SocketTimeoutException e) {
          // Nobody yet.
        }
      }
      // The kernel takes further subflows only while something listens at their port.
      now.awaitEnd();
    }
    return null;
  }

  @Override
  public void connect(String local, String address, int port, Conversation.Plan plan) {
    Attempt now = new Attempt();
    attempt = now;
    InetSocketAddress server = new InetSocketAddress(address, port);
    inBackground(
        now,
        () -> {
          now.begin(host.call(() -> KernelMptcpSocket.connect(server)), plan, true);
          return null;
        });
  }

  private static void inBackground(Attempt now, Callable<Void> task) {
    Thread thread =
        new Thread(
            () -> {
              try {
                task.call();
              } catch (Exception e) {
                now.failure = e.toString();
              }
            },
            "kernel-end");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public Conversation.Progress progress() {
    Attempt now = attempt;
    return now.conversation
        .map(Conversation::progress)
        .orElseGet(
            () ->
                new Conversation.Progress(
                    0, false, -1, false, !now.failure.isEmpty(), now.failure));
  }

  /** Whether the kernel says that the connection is plain TCP. */
  public boolean isFallback() {
    return attempt.socket.map(KernelMptcpSocket::isFallback).orElse(false);
  }

  @Override
  public void finish() {
    attempt.conversation.ifPresent(Conversation::finish);
  }

  @Override
  public void abort() {
    attempt.aborted = true;
    attempt.conversation.ifPresent(Conversation::abort);
  }

  /** A socket as a line. */
  private record KernelLine(KernelMptcpSocket socket) implements Conversation.Line {
    @Override
    public int read(ByteBuffer target) throws IOException {
      return socket.read(target);
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      return socket.write(source);
    }

    @Override
    public void shutdownOutput() throws IOException {
      socket.shutdownOutput();
    }

    @Override
    public void resetOnClose() {
      socket.resetOnClose();
    }

    @Override
    public boolean isOpen() {
      return socket.isOpen();
    }

    @Override
    public void close() {
      socket.close();
    }
  }
}
