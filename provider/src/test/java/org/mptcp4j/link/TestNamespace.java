package org.mptcp4j.link;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import jnr.ffi.LibraryLoader;
import org.junit.jupiter.api.Assumptions;

/**
 * A network namespace with a thread of this JVM in it: what that thread opens belongs to the
 * namespace. So both ends of a path can be tested in one process.
 */
public final class TestNamespace implements AutoCloseable {
  private static final int CLONE_NEWNET = 0x4000_0000;

  /** The functions that only tests need. */
  public interface TestLibC {
    int open(String path, int flags);

    int setns(int fd, int type);

    int ioctl(int fd, long request, long argument);
  }

  static final TestLibC C = LibraryLoader.create(TestLibC.class).load("libc.so.6");

  private final String name;
  private final List<ExecutorService> threads = new ArrayList<>();
  private final ExecutorService thread;

  private TestNamespace(String name) {
    this.name = name;
    thread = newThread();
  }

  /** Makes the namespace, or skips the test where that is not allowed. */
  public static TestNamespace create(String suffix) {
    String name = "nslink-" + ProcessHandle.current().pid() + "-" + suffix;
    Assumptions.assumeTrue(
        tryRun("ip", "netns", "add", name) == 0,
        "needs root (CAP_SYS_ADMIN) and iproute2 to make network namespaces");
    TestNamespace ns = new TestNamespace(name);
    ns.ip("link set lo up");
    return ns;
  }

  public String name() {
    return name;
  }

  /** Skips the test where a tool that it needs is missing. */
  public static void requireTool(String tool) {
    Assumptions.assumeTrue(
        tryRun("sh", "-c", "PATH=$PATH:/usr/sbin:/sbin command -v " + tool) == 0,
        "needs the program " + tool);
  }

  /** One more thread in the namespace. */
  public ExecutorService newThread() {
    ExecutorService result =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread t = new Thread(task, name);
              t.setDaemon(true);
              return t;
            });
    threads.add(result);
    get(
        result,
        () -> {
          int fd = C.open("/run/netns/" + name, 0);
          Native.check(fd, "open namespace " + name);
          Native.check(C.setns(fd, CLONE_NEWNET), "enter namespace " + name);
          Native.C.close(fd);
          return null;
        });
    return result;
  }

  /** Runs on the namespace's own thread. */
  public <T> T in(Callable<T> task) {
    return get(thread, task);
  }

  public static <T> T get(ExecutorService executor, Callable<T> task) {
    try {
      return executor.submit(task).get(60, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException r) {
        throw r;
      }
      if (e.getCause() instanceof Error r) {
        throw r;
      }
      throw new IllegalStateException(e.getCause());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** {@code ip -n <this> …}. */
  public void ip(String command) {
    run("ip -n " + name + " " + command);
  }

  /** Any command within the namespace; its output. */
  public String exec(String command) {
    return run("ip netns exec " + name + " " + command);
  }

  /** A veth pair between two namespaces. */
  public static void connect(TestNamespace a, String ifA, TestNamespace b, String ifB) {
    run(
        "ip link add "
            + ifA
            + " netns "
            + a.name
            + " type veth peer name "
            + ifB
            + " netns "
            + b.name);
    a.ip("link set " + ifA + " up");
    b.ip("link set " + ifB + " up");
  }

  static String run(String command) {
    try {
      Process p = new ProcessBuilder(command.split(" ", -1)).redirectErrorStream(true).start();
      String output = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (p.waitFor() != 0) {
        throw new IllegalStateException(command + ": " + output);
      }
      return output;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static int tryRun(String... command) {
    try {
      Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
      p.getInputStream().readAllBytes();
      return p.waitFor();
    } catch (IOException missing) {
      return 127;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    threads.forEach(ExecutorService::shutdownNow);
    tryRun("ip", "netns", "del", name);
  }
}
