package org.mptcp4j.nio;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectionKey;

/**
 * A channel's registration with a {@link MptcpSelector}. Readiness comes from the engine, or, for
 * what the kernel serves, from a key of the inner selector. Thread-safe.
 */
final class MptcpSelectionKey extends AbstractSelectionKey {
  private static final VarHandle QUEUED;

  static {
    try {
      QUEUED =
          MethodHandles.lookup().findVarHandle(MptcpSelectionKey.class, "queued", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final MptcpSelector selector;
  private final SelectableChannel channel;
  private final StreamSelectable stream;
  private volatile int interestOps;
  private volatile int readyOps;
  private volatile SelectionKey kernelKey;

  /** Whether the key waits in the selector's {@link ChangedKeys}. */
  @SuppressWarnings("unused") // by QUEUED
  private volatile boolean queued;

  /** The next key in {@link ChangedKeys}. */
  MptcpSelectionKey nextChanged;

  /** What the running select found; only the selecting thread uses it. */
  int foundOps;

  /** Whether the selector looks at this key in each select; only the selecting thread uses it. */
  boolean watched;

  /**
   * @param stream the channel, when it is one of ours; null for one of the JDK's
   */
  MptcpSelectionKey(MptcpSelector selector, SelectableChannel channel, StreamSelectable stream) {
    this.selector = selector;
    this.channel = channel;
    this.stream = stream;
  }

  @Override
  public SelectableChannel channel() {
    return channel;
  }

  @Override
  public Selector selector() {
    return selector;
  }

  @Override
  public int interestOps() {
    ensureValid();
    return interestOps;
  }

  @Override
  public SelectionKey interestOps(int ops) {
    ensureValid();
    setInterest(ops);
    return this;
  }

  void setInterest(int ops) {
    if ((ops & ~channel.validOps()) != 0) {
      throw new IllegalArgumentException(
          "operations " + ops + " are not among those of the channel: " + channel.validOps());
    }
    interestOps = ops;
    SelectionKey inner = kernelKey;
    if (inner != null) {
      setKernelInterest(inner, ops);
    } else {
      recheck();
    }
  }

  @Override
  public int readyOps() {
    ensureValid();
    return readyOps;
  }

  void setReadyOps(int ops) {
    readyOps = ops;
  }

  int lastReadyOps() {
    return readyOps;
  }

  /** The operations of interest that the engine has ready now. */
  int pollStream() {
    return stream == null || !isValid() ? 0 : stream.readyOps() & interestOps;
  }

  /** The operations of interest that the inner selector has just found. */
  int pollKernel() {
    SelectionKey inner = kernelKey;
    try {
      return inner == null || !isValid() ? 0 : inner.readyOps() & interestOps;
    } catch (CancelledKeyException e) {
      return 0; // closed in this moment: no longer ready for anything
    }
  }

  boolean isKernelKey() {
    return kernelKey != null;
  }

  /** Registers the JDK channel that serves ours with the inner selector. */
  void bindTo(SelectableChannel kernel) {
    if (!isValid()) {
      return;
    }
    try {
      bindTo(kernel.register(selector.inner(), interestOps, this));
    } catch (ClosedChannelException | ClosedSelectorException | CancelledKeyException e) {
      // Closed by another thread in this moment, which cancels this key too.
      cancel();
    }
  }

  /** Takes what {@code inner} finds ready for this key's own readiness. */
  void bindTo(SelectionKey inner) {
    kernelKey = inner;
    selector.kernelKeyAdded();
    int ops = interestOps;
    if (inner.isValid() && inner.interestOps() != ops) {
      setKernelInterest(inner, ops);
    }
  }

  void servedByEngine() {
    selector.engineKeyAdded();
  }

  void cancelKernelKey() {
    SelectionKey inner = kernelKey;
    if (inner != null) {
      inner.cancel();
    }
  }

  /** The selector looks at this key in its next select. */
  void recheck() {
    if (stream != null && QUEUED.compareAndSet(this, false, true)) {
      selector.changedKeys().push(this);
    }
  }

  /** Like {@link #recheck}, and a select that waits does so now. */
  void signal() {
    recheck();
    selector.wakeupIfWaiting();
  }

  /** Called when taken from {@link ChangedKeys}, before readiness is looked at. */
  void dequeued() {
    QUEUED.setVolatile(this, false);
  }

  /** Forgets the channel, after the key was cancelled. */
  void detach() {
    if (stream != null) {
      stream.keyRing().remove(this);
    }
  }

  private static void setKernelInterest(SelectionKey inner, int ops) {
    try {
      inner.interestOps(ops);
    } catch (CancelledKeyException e) {
      // The channel was closed in this moment: nothing will be ready any more.
      return;
    }
  }

  private void ensureValid() {
    if (!isValid()) {
      throw new CancelledKeyException();
    }
  }
}
