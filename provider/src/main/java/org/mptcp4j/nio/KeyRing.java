package org.mptcp4j.nio;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.util.Arrays;

/**
 * The selection keys of one channel of ours. A channel may be registered before it is known who
 * serves it: the ring then binds the keys when that is decided. Thread-safe.
 */
final class KeyRing {
  // Replaced as a whole, with binding held; gone through for every packet.
  private volatile MptcpSelectionKey[] keys = {};
  // Guards the order of "add" and "served by the kernel": one of the two binds the key.
  private final Object binding = new Object();
  private SelectableChannel kernel;
  private boolean engine;

  void add(MptcpSelectionKey key) {
    synchronized (binding) {
      MptcpSelectionKey[] more = Arrays.copyOf(keys, keys.length + 1);
      more[keys.length] = key;
      keys = more;
      if (kernel != null) {
        key.bindTo(kernel);
      } else if (engine) {
        key.servedByEngine();
      }
    }
    key.recheck();
  }

  void remove(MptcpSelectionKey key) {
    synchronized (binding) {
      keys = Arrays.stream(keys).filter(k -> k != key).toArray(MptcpSelectionKey[]::new);
    }
  }

  /** From now on the engine tells what is ready, by {@link #signal}. */
  void servedByEngine() {
    synchronized (binding) {
      engine = true;
      for (MptcpSelectionKey key : keys) {
        key.servedByEngine();
      }
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
        for (MptcpSelectionKey key : keys) {
          key.cancelKernelKey();
        }
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
