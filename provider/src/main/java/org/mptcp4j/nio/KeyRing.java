package org.mptcp4j.nio;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The selection keys of one channel of ours. A channel may be registered before it is known who
 * serves it: the ring then binds the keys when that is decided. Thread-safe.
 */
final class KeyRing {
  private final List<MptcpSelectionKey> keys = new CopyOnWriteArrayList<>();
  // Guards the order of "add" and "served by the kernel": one of the two binds the key.
  private final Object binding = new Object();
  private SelectableChannel kernel;
  private boolean engine;

  void add(MptcpSelectionKey key) {
    synchronized (binding) {
      keys.add(key);
      if (kernel != null) {
        key.bindTo(kernel);
      } else if (engine) {
        key.servedByEngine();
      }
    }
    key.recheck();
  }

  void remove(MptcpSelectionKey key) {
    keys.remove(key);
  }

  boolean isEmpty() {
    return keys.isEmpty();
  }

  /** From now on the engine tells what is ready, by {@link #signal}. */
  void servedByEngine() {
    synchronized (binding) {
      engine = true;
      keys.forEach(MptcpSelectionKey::servedByEngine);
    }
  }

  /** From now on the kernel tells what is ready: every key moves to the inner selectors. */
  void servedBy(SelectableChannel channel, boolean blocking) throws IOException {
    channel.configureBlocking(blocking);
    synchronized (binding) {
      engine = false;
      kernel = channel;
      for (MptcpSelectionKey key : keys) {
        key.bindTo(channel);
      }
    }
  }

  /**
   * Follows the channel's blocking mode. All keys are cancelled when it turns to blocking, but
   * their selectors may not have noticed yet, and a JDK channel refuses to block while it has valid
   * keys.
   */
  void configureBlocking(SelectableChannel channel, boolean block) throws IOException {
    synchronized (binding) {
      if (block) {
        keys.forEach(MptcpSelectionKey::cancelKernelKey);
      }
      channel.configureBlocking(block);
    }
  }

  /** Something may be ready: the selectors look at the channel again. */
  void signal() {
    for (MptcpSelectionKey key : keys) {
      key.signal();
    }
  }
}
