package org.mptcp4j.samples.lab;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Network namespaces from within the JVM. */
final class Namespace {
  private Namespace() {}

  /** Moves the calling thread, which had better be a fresh one, into a namespace for good. */
  static void enter(String namespace) throws IOException {
    LibC c = LibC.get();
    int fd = c.open("/run/netns/" + namespace, LibC.O_RDONLY | LibC.O_CLOEXEC);
    if (fd < 0) {
      throw new IOException("cannot open namespace " + namespace + ": " + LibC.lastError());
    }
    int result = c.setns(fd, LibC.CLONE_NEWNET);
    String error = result == 0 ? "" : LibC.lastError();
    c.close(fd);
    if (result != 0) {
      throw new IOException("cannot enter namespace " + namespace + ": " + error);
    }
  }

  /** Runs a task on a thread inside a namespace and waits for its result. */
  static <T> T call(String namespace, Callable<T> task) throws IOException {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread thread = new Thread(() -> complete(result, namespace, task), "in-" + namespace);
    thread.setDaemon(true);
    thread.start();
    try {
      return result.get();
    } catch (ExecutionException e) {
      throw new IOException("in " + namespace + ": " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static <T> void complete(
      CompletableFuture<T> result, String namespace, Callable<T> task) {
    try {
      enter(namespace);
      result.complete(task.call());
    } catch (Throwable e) {
      result.completeExceptionally(e);
    }
  }
}
