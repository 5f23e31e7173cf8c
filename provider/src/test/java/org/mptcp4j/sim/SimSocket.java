package org.mptcp4j.sim;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.mptcp4j.mptcp.MptcpConnection;
import org.mptcp4j.mptcp.Subflow;

/** An application's end of a connection on a {@link SimHost}. */
public final class SimSocket {
  private final SimHost host;
  private final MptcpConnection connection;
  private Consumer<SimSocket> onEstablished;
  private Consumer<SimSocket> onReady;
  private long timerAt = Long.MAX_VALUE;
  private boolean inCallback;
  private boolean again;

  SimSocket(SimHost host, MptcpConnection connection) {
    this.host = host;
    this.connection = connection;
  }

  public SimHost host() {
    return host;
  }

  public MptcpConnection connection() {
    return connection;
  }

  private long now() {
    return host.network().now();
  }

  /** Called once, when the handshake is over and has not failed. */
  public SimSocket onEstablished(Consumer<SimSocket> action) {
    onEstablished = action;
    afterCall();
    return this;
  }

  /** Called after everything that happens to the connection. */
  public SimSocket onReady(Consumer<SimSocket> action) {
    onReady = action;
    afterCall();
    return this;
  }

  public int write(ByteBuffer source) {
    int count = connection.write(now(), source, host);
    afterCall(count != 0);
    return count;
  }

  public int read(ByteBuffer target) {
    int count = connection.read(now(), target, host);
    afterCall(count != 0);
    return count;
  }

  public void shutdownOutput() {
    connection.shutdownOutput(now(), host);
    afterCall();
  }

  public void shutdownInput() {
    connection.shutdownInput(now());
    afterCall();
  }

  public void close() {
    connection.close(now(), host);
    afterCall();
  }

  public void abort() {
    connection.abort(now(), host);
    afterCall();
  }

  public boolean isReadable() {
    return (connection.readiness() & MptcpConnection.READABLE) != 0;
  }

  public boolean isWritable() {
    return (connection.readiness() & MptcpConnection.WRITABLE) != 0;
  }

  public boolean isEstablished() {
    return connection.isEstablished();
  }

  public boolean isClosed() {
    return connection.isClosed();
  }

  /** After every call into the connection: its deadline may have moved, the application may act. */
  public void afterCall() {
    afterCall(true);
  }

  private void afterCall(boolean something) {
    planTimer();
    if (inCallback) {
      again |= something;
      return;
    }
    inCallback = true;
    do {
      again = false;
      callApplication();
      // Reading and writing in the callback comes back here: it is called until it does nothing.
    } while (again);
    inCallback = false;
    planTimer();
    if (connection.isClosed()) {
      host.forget(this);
    }
  }

  private void callApplication() {
    if (onEstablished != null && connection.isEstablished()) {
      Consumer<SimSocket> action = onEstablished;
      onEstablished = null;
      action.accept(this);
    }
    if (onReady != null) {
      onReady.accept(this);
    }
  }

  /** Lazy timers: a deadline that moves back leaves a stray wake-up behind, which is harmless. */
  private void planTimer() {
    long deadline = connection.nextDeadline();
    if (deadline < timerAt) {
      timerAt = deadline;
      host.network().at(deadline, () -> timerFires(deadline));
    }
  }

  private void timerFires(long planned) {
    if (timerAt != planned) {
      return;
    }
    timerAt = Long.MAX_VALUE;
    if (connection.nextDeadline() <= now()) {
      connection.onDeadline(now(), host);
    }
    afterCall();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(connection.isEstablished() ? "established" : "not established");
    text.append(connection.isFallback() ? ", plain TCP" : "");
    text.append(connection.isClosed() ? ", closed" : "");
    connection.failure().ifPresent(failure -> text.append(", failed: ").append(failure));
    text.append(", ").append(connection.unacknowledgedBytes()).append(" bytes unacknowledged");
    text.append(", deadline in ").append((connection.nextDeadline() - now()) / 1_000).append(" us");
    for (Subflow subflow : connection.subflows()) {
      text.append("\n    ").append(subflow.flow()).append(' ').append(subflow.endpoint().state());
      text.append(" cwnd ").append(subflow.endpoint().congestionWindow());
      text.append(" in flight ").append(subflow.endpoint().bytesInFlight());
      text.append(" rtt ").append(subflow.endpoint().smoothedRttNanos() / 1_000).append(" us");
      text.append(" rto ").append(subflow.endpoint().retransmissionTimeoutNanos() / 1_000_000);
      text.append(" ms retransmissions ").append(subflow.endpoint().retransmissions());
    }
    return text.toString();
  }
}
