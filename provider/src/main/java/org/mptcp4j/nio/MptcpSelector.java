package org.mptcp4j.nio;

import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.mptcp4j.engine.Doorbell;
import org.mptcp4j.link.JdkProvider;

/**
 * A selector for channels of the engine and of the kernel alike. Channels of the engine tell of
 * themselves when something changes, with no system call; those of the kernel are registered with a
 * selector of the JDK inside, in which the selecting thread also waits.
 *
 * <p>No wake-up is lost: a changed key is first put into {@link #changedKeys}, then {@link
 * #waiting} is read; the selecting thread first sets {@code waiting}, then looks whether there are
 * changed keys. One of the two sees the other, and a wake-up of the inner selector stays until its
 * next select. A wake-up too many only makes the loop go round once more.
 *
 * <p>Locks, in this order: the selector, its selected-key set, then those of channels and of the
 * inner selector.
 */
final class MptcpSelector extends AbstractSelector {
  private static final long FOREVER = -1;

  private final StreamTransport transport;
  private final AbstractSelector inner;
  private final Set<SelectionKey> keys = ConcurrentHashMap.newKeySet();
  private final Set<SelectionKey> publicKeys = Collections.unmodifiableSet(keys);
  private final Set<SelectionKey> selectedKeys = new HashSet<>();
  private final Set<SelectionKey> publicSelectedKeys = new UngrowableSet<>(selectedKeys);

  private final ChangedKeys changedKeys = new ChangedKeys();
  // The keys of the engine that were ready when last looked at, or changed since.
  private final List<MptcpSelectionKey> watched = new ArrayList<>();
  private final List<MptcpSelectionKey> found = new ArrayList<>();
  private final Consumer<SelectionKey> kernelFinds = this::onKernelKey;
  private volatile boolean waiting;
  // Where the selecting thread waits; null for the inner selector. Set before waiting.
  private volatile Doorbell waitingAt;
  private volatile boolean wakeupPending;
  private final AtomicInteger kernelKeys = new AtomicInteger();
  // Once there was a channel of the engine: before, waiting must not start one.
  private volatile boolean usesEngine;
  private Optional<Doorbell> doorbell = Optional.empty();
  private boolean selecting;

  MptcpSelector(SelectorProvider provider, StreamTransport transport) throws IOException {
    super(provider);
    this.transport = transport;
    inner = JdkProvider.get().openSelector();
  }

  AbstractSelector inner() {
    return inner;
  }

  /** A channel of this selector is served by the engine. */
  void engineKeyAdded() {
    usesEngine = true;
  }

  ChangedKeys changedKeys() {
    return changedKeys;
  }

  @Override
  public Set<SelectionKey> keys() {
    ensureOpen();
    return publicKeys;
  }

  @Override
  public Set<SelectionKey> selectedKeys() {
    ensureOpen();
    return publicSelectedKeys;
  }

  @Override
  public int select() throws IOException {
    return runSelect(null, FOREVER);
  }

  @Override
  public int select(long timeoutMillis) throws IOException {
    return runSelect(null, checkedTimeout(timeoutMillis));
  }

  @Override
  public int selectNow() throws IOException {
    return runSelect(null, 0);
  }

  @Override
  public int select(Consumer<SelectionKey> action) throws IOException {
    return runSelect(checkedAction(action), FOREVER);
  }

  @Override
  public int select(Consumer<SelectionKey> action, long timeoutMillis) throws IOException {
    return runSelect(checkedAction(action), checkedTimeout(timeoutMillis));
  }

  @Override
  public int selectNow(Consumer<SelectionKey> action) throws IOException {
    return runSelect(checkedAction(action), 0);
  }

  @Override
  public Selector wakeup() {
    wakeupPending = true;
    wakeupIfWaiting();
    return this;
  }

  void wakeupIfWaiting() {
    if (waiting) {
      Doorbell bell = waitingAt;
      if (bell != null) {
        bell.ring();
      } else {
        inner.wakeup();
      }
    }
  }

  /** A key was bound to the inner selector; a select that waits there takes it in at once. */
  void kernelKeyAdded() {
    kernelKeys.incrementAndGet();
    wakeupIfWaiting();
  }

  @Override
  protected SelectionKey register(AbstractSelectableChannel channel, int ops, Object attachment) {
    ensureOpen();
    StreamSelectable stream = channel instanceof StreamSelectable ours ? ours : null;
    MptcpSelectionKey key = new MptcpSelectionKey(this, channel, stream);
    key.attach(attachment);
    key.setInterest(ops);
    if (stream == null) {
      // A channel of the JDK: it knows our key only, and gives up its descriptor when that goes.
      key.bindTo(JdkProvider.register(inner, channel, ops, key));
    }
    keys.add(key);
    if (!isOpen()) {
      keys.remove(key);
      key.cancelKernelKey();
      throw new ClosedSelectorException();
    }
    if (stream != null) {
      stream.keyRing().add(key);
    }
    return key;
  }

  @Override
  protected void implCloseSelector() throws IOException {
    wakeup();
    synchronized (this) {
      synchronized (publicSelectedKeys) {
        for (SelectionKey key : keys) {
          forget((MptcpSelectionKey) key);
        }
        takeCancelled();
        keys.clear();
        selectedKeys.clear();
        watched.clear();
        // After our keys are gone: a closed JDK channel gives up its descriptor with its last key.
        inner.close();
      }
    }
  }

  private int runSelect(Consumer<SelectionKey> action, long timeoutMillis) throws IOException {
    synchronized (this) {
      ensureOpen();
      if (selecting) {
        throw new IllegalStateException("select in progress");
      }
      selecting = true;
      try {
        synchronized (publicSelectedKeys) {
          removeCancelled();
          waitForReadiness(timeoutMillis);
          removeCancelled();
          return publish(action);
        }
      } finally {
        found.clear();
        selecting = false;
      }
    }
  }

  /** Fills {@link #found}; returns when it is not empty, or there is another reason to. */
  private void waitForReadiness(long timeoutMillis) throws IOException {
    long deadline =
        timeoutMillis > 0 ? System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis) : 0;
    boolean timeIsOver = timeoutMillis == 0;
    while (true) {
      pollStreams();
      if (!found.isEmpty() || timeIsOver || mustReturn()) {
        if (kernelKeys.get() > 0) {
          inner.selectNow(kernelFinds);
        }
        break;
      }
      waitOnce(timeoutMillis > 0 ? Math.max(1, deadline - System.nanoTime()) : 0);
      timeIsOver = timeoutMillis > 0 && deadline - System.nanoTime() <= 0;
      if (!found.isEmpty()) {
        pollStreams();
        break;
      }
    }
    wakeupPending = false;
  }

  /**
   * Waits until something may have changed.
   *
   * @param timeoutNanos 0: as long as it takes
   */
  private void waitOnce(long timeoutNanos) throws IOException {
    Optional<Doorbell> bell = usesEngine && kernelKeys.get() == 0 ? doorbell() : Optional.empty();
    if (bell.isPresent()) {
      bell.get().reset();
    }
    waitingAt = bell.orElse(null);
    waiting = true;
    try {
      if (!changedKeys.isEmpty() || wakeupPending) {
        return;
      }
      if (bell.isPresent()) {
        waitAt(bell.get(), timeoutNanos);
      } else {
        // Rounded up: to wait for less than asked would be a loop without a pause.
        inner.select(kernelFinds, (timeoutNanos + 999_999) / 1_000_000);
      }
    } finally {
      waiting = false;
    }
  }

  private void waitAt(Doorbell bell, long timeoutNanos) {
    begin(); // an interrupt wakes this selector up
    try {
      // A key that the inner selector got since we looked has rung, or is seen here.
      if (kernelKeys.get() == 0) {
        bell.await(timeoutNanos);
      }
    } finally {
      end();
    }
  }

  private Optional<Doorbell> doorbell() {
    if (doorbell.isEmpty()) {
      doorbell = transport.newDoorbell();
    }
    return doorbell;
  }

  private boolean mustReturn() {
    return wakeupPending || Thread.currentThread().isInterrupted() || !isOpen();
  }

  private void pollStreams() {
    for (MptcpSelectionKey key = changedKeys.takeAll(); key != null; ) {
      MptcpSelectionKey next = key.nextChanged;
      key.nextChanged = null;
      key.dequeued();
      if (!key.watched) {
        key.watched = true;
        watched.add(key);
      }
      key = next;
    }
    int kept = 0;
    for (int i = 0; i < watched.size(); i++) {
      MptcpSelectionKey key = watched.get(i);
      int ops = key.pollStream();
      if (ops == 0) {
        key.watched = false;
      } else {
        watched.set(kept++, key);
        key.foundOps = ops;
        found.add(key);
      }
    }
    while (watched.size() > kept) {
      watched.remove(watched.size() - 1);
    }
  }

  private void onKernelKey(SelectionKey innerKey) {
    MptcpSelectionKey key = (MptcpSelectionKey) innerKey.attachment();
    int ops = key.pollKernel();
    if (ops != 0) {
      key.foundOps = ops;
      found.add(key);
    }
  }

  /** Makes known what was found: the number of keys whose ready set changed. */
  private int publish(Consumer<SelectionKey> action) {
    int updated = 0;
    for (int i = 0; i < found.size(); i++) {
      MptcpSelectionKey key = found.get(i);
      if (!key.isValid()) {
        continue;
      }
      if (action != null) {
        key.setReadyOps(key.foundOps);
        action.accept(key);
        ensureOpen();
        updated++;
      } else if (selectedKeys.add(key)) {
        key.setReadyOps(key.foundOps);
        updated++;
      } else if ((key.foundOps & ~key.lastReadyOps()) != 0) {
        key.setReadyOps(key.lastReadyOps() | key.foundOps);
        updated++;
      }
    }
    return updated;
  }

  private void removeCancelled() throws IOException {
    boolean inside = false;
    for (MptcpSelectionKey key : takeCancelled()) {
      keys.remove(key);
      selectedKeys.remove(key);
      inside |= key.isKernelKey();
      forget(key);
    }
    if (inside) {
      inner.selectNow(key -> {}); // only to let go of them; what is ready stays so
    }
  }

  /** Taken first and worked on after, so that no lock of a channel is asked for under theirs. */
  private List<MptcpSelectionKey> takeCancelled() {
    Set<SelectionKey> cancelled = cancelledKeys();
    synchronized (cancelled) {
      if (cancelled.isEmpty()) {
        return List.of();
      }
      List<MptcpSelectionKey> taken = new ArrayList<>(cancelled.size());
      for (SelectionKey key : cancelled) {
        taken.add((MptcpSelectionKey) key);
      }
      cancelled.clear();
      return taken;
    }
  }

  private void forget(MptcpSelectionKey key) {
    // First ours: the inner selector lets a closed channel's descriptor go when no key is left.
    deregister(key);
    key.detach();
    if (key.isKernelKey()) {
      key.cancelKernelKey();
      kernelKeys.decrementAndGet();
    }
  }

  private void ensureOpen() {
    if (!isOpen()) {
      throw new ClosedSelectorException();
    }
  }

  private static long checkedTimeout(long timeoutMillis) {
    if (timeoutMillis < 0) {
      throw new IllegalArgumentException("Negative timeout");
    }
    return timeoutMillis == 0 ? FOREVER : timeoutMillis;
  }

  private static Consumer<SelectionKey> checkedAction(Consumer<SelectionKey> action) {
    if (action == null) {
      throw new NullPointerException("action");
    }
    return action;
  }
}
