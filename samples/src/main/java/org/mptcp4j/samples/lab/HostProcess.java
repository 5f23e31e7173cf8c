package org.mptcp4j.samples.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * A program that runs in a host; its output, errors included, is kept line by line. Thread-safe,
 * but for {@link #send}, which one thread at a time may use.
 */
public final class HostProcess implements AutoCloseable {
  private static final int TAIL_LINES = 20;

  private final String title;
  private final Process process;
  private final List<String> lines = new ArrayList<>();
  private final Object change = new Object();
  private boolean outputEnded;

  HostProcess(String title, ProcessBuilder builder) throws IOException {
    this.title = title;
    this.process = builder.redirectErrorStream(true).start();
    Thread reader = new Thread(this::readOutput, "output of " + title);
    reader.setDaemon(true);
    reader.start();
  }

  private void readOutput() {
    try (BufferedReader output = process.inputReader()) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        synchronized (change) {
          lines.add(line);
          change.notifyAll();
        }
      }
    } catch (IOException e) {
      synchronized (change) {
        lines.add("(output lost: " + e.getMessage() + ")");
      }
    } finally {
      synchronized (change) {
        outputEnded = true;
        change.notifyAll();
      }
    }
  }

  /** The process id, the same inside and outside the host. */
  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** Gives the program a line to read. */
  public void send(String line) throws IOException {
    Writer input = process.outputWriter();
    input.write(line + "\n");
    input.flush();
  }

  /** All lines so far. */
  public List<String> lines() {
    synchronized (change) {
      return List.copyOf(lines);
    }
  }

  /** All output so far, for messages. */
  public String output() {
    return String.join("\n", lines());
  }

  /**
   * The first line, past or to come, that fits.
   *
   * @throws IllegalStateException when the program ends or {@code limit} passes without it; the
   *     message has the output
   */
  public String awaitLine(Predicate<String> fits, Duration limit) {
    return new Follower().next(fits, limit);
  }

  /** The first line, past or to come, that starts with {@code start}. */
  public String awaitLineStarting(String start, Duration limit) {
    return awaitLine(line -> line.startsWith(start), limit);
  }

  /** A reader of the output from its beginning. */
  public Follower follow() {
    return new Follower();
  }

  /** Goes through the output line by line. Used by one thread. */
  public final class Follower {
    private int seen;

    private Follower() {}

    /**
     * The next line, past or to come, that fits.
     *
     * @throws IllegalStateException when the program ends or {@code limit} passes without it; the
     *     message has the output
     */
    public String next(Predicate<String> fits, Duration limit) {
      try {
        return await(fits, limit);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while waiting for " + title, e);
      }
    }

    private String await(Predicate<String> fits, Duration limit) throws InterruptedException {
      long deadline = System.nanoTime() + limit.toNanos();
      synchronized (change) {
        while (true) {
          while (seen < lines.size()) {
            String line = lines.get(seen++);
            if (fits.test(line)) {
              return line;
            }
          }
          long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
          if (outputEnded || leftMillis <= 0) {
            throw new IllegalStateException(
                "%s %s the awaited line; its output:%n%s"
                    .formatted(
                        title,
                        outputEnded ? "ended without" : "did not print within " + limit,
                        tail()));
          }
          change.wait(leftMillis);
        }
      }
    }
  }

  private String tail() {
    synchronized (change) {
      return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
    }
  }

  /**
   * Waits for the end and returns the exit status.
   *
   * @throws IllegalStateException when the program still runs after {@code limit}
   */
  public int awaitExit(Duration limit) {
    try {
      if (!process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new IllegalStateException(
            title + " still runs after " + limit + "; its output:\n" + tail());
      }
      synchronized (change) {
        // The reader is at most a moment behind, unless a child of the program holds its output.
        long grace = System.nanoTime() + Duration.ofSeconds(5).toNanos();
        for (long left = 5_000; !outputEnded && left > 0; ) {
          change.wait(left);
          left = (grace - System.nanoTime()) / 1_000_000;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for " + title, e);
    }
    return process.exitValue();
  }

  /** Asks the program to end (SIGTERM). */
  public void terminate() {
    // Not Process.destroy(), which would close the output before it is read.
    process.toHandle().destroy();
  }

  /** Ends the program at once if it still runs (SIGKILL). */
  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
