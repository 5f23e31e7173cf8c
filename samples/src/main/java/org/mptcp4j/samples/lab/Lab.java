package org.mptcp4j.samples.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Two hosts and the paths between them; see the package for a picture. Built by {@link #builder},
 * gone after {@link #close}. Needs root (or a user namespace, see {@code samples/lab}) and
 * iproute2.
 *
 * <pre>{@code
 * try (Lab lab = Lab.builder().path(PathSpec.plain().withRate(100_000_000)).build()) {
 *   lab.a().run("ping", "-c", "1", lab.b().ipv4(1));
 * }
 * }</pre>
 */
public final class Lab implements AutoCloseable {
  private static final AtomicInteger SERIAL = new AtomicInteger();

  /** One of the hosts. */
  public enum Side {
    A,
    B
  }

  private final String prefix;
  private final java.nio.file.Path directory;
  private final Watchdog watchdog;
  private final Host a;
  private final Host b;
  private final List<Path> paths = new ArrayList<>();
  private Optional<PathEmulator> emulator = Optional.empty();
  private boolean closed;

  private Lab(Builder builder) throws IOException {
    prefix = "m4j-" + ProcessHandle.current().pid() + "-" + SERIAL.incrementAndGet() + "-";
    a = new Host("a", prefix + "a", 1);
    b = new Host("b", prefix + "b", 2);
    String middle = prefix + "m";
    directory = Files.createTempDirectory("mptcp4j-lab");
    watchdog = new Watchdog(prefix, directory);
    boolean built = false;
    try {
      Shell.script(new LabScript(builder, a, b, middle).lines());
      List<PathEmulator.Join> joins = new ArrayList<>();
      for (int i = 0; i < builder.paths.size(); i++) {
        PathSpec spec = builder.paths.get(i);
        if (spec.emulated()) {
          joins.add(new PathEmulator.Join("a" + (i + 1), "b" + (i + 1), spec.impairments()));
        }
      }
      if (!joins.isEmpty()) {
        emulator = Optional.of(new PathEmulator(middle, joins));
      }
      int emulated = 0;
      for (int i = 0; i < builder.paths.size(); i++) {
        PathSpec spec = builder.paths.get(i);
        Optional<PathEmulator.EmulatedPath> ends = Optional.empty();
        if (spec.emulated()) {
          ends = Optional.of(emulator.orElseThrow().path(emulated++));
        }
        paths.add(new Path(i + 1, spec, middle, ends));
      }
      built = true;
    } finally {
      if (!built) {
        close();
      }
    }
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Why no lab can be built here, as a sentence; empty when one can. */
  public static Optional<String> missing() {
    for (String tool : List.of("ip", "tc", "ss", "nstat")) {
      if (!Shell.has(tool)) {
        return Optional.of("the network lab needs the program '" + tool + "' (package iproute2)");
      }
    }
    if (!Files.isDirectory(java.nio.file.Path.of("/proc/sys/net"))) {
      return Optional.of("the network lab needs Linux with /proc mounted");
    }
    String probe = "m4j-probe-" + ProcessHandle.current().pid();
    try {
      Shell.run(List.of("ip", "netns", "add", probe));
      Shell.run(List.of("ip", "netns", "del", probe));
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(
          "the network lab cannot make network namespaces (it needs root, or to run under"
              + " samples/lab, which makes a user namespace): "
              + e.getMessage());
    }
  }

  /** The host that tests take for the client. */
  public Host a() {
    return a;
  }

  /** The host that tests take for the server. */
  public Host b() {
    return b;
  }

  /**
   * A path.
   *
   * @param number counted from 1
   */
  public Path path(int number) {
    return paths.get(number - 1);
  }

  public List<Path> paths() {
    return List.copyOf(paths);
  }

  /** The start of the names of this lab's namespaces. */
  public String prefix() {
    return prefix;
  }

  /** For temporary files; goes with the lab. */
  public java.nio.file.Path directory() {
    return directory;
  }

  /** Ends all that runs in the hosts and removes them. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    a.endProcesses();
    b.endProcesses();
    emulator.ifPresent(PathEmulator::close);
    watchdog.close();
  }

  /** Collects what a lab is to be like. */
  public static final class Builder {
    final List<PathSpec> paths = new ArrayList<>();
    final Set<Side> bridged = EnumSet.noneOf(Side.class);
    final Set<Side> unrelatedBridge = EnumSet.noneOf(Side.class);
    final Set<Side> firewall = EnumSet.noneOf(Side.class);
    boolean offloads = true;
    boolean checksumOffload = true;
    boolean ipv6 = true;

    private Builder() {}

    /** Adds a path. */
    public Builder path(PathSpec spec) {
      paths.add(spec);
      return this;
    }

    /** Adds paths that are all alike. */
    public Builder paths(int count, PathSpec spec) {
      for (int i = 0; i < count; i++) {
        path(spec);
      }
      return this;
    }

    /** Turns TSO, GSO and GRO off at all interfaces (needs {@code ethtool}). */
    public Builder withoutOffloads() {
      offloads = false;
      return this;
    }

    /** Gives the paths IPv4 addresses only, so that there is one subflow to a path. */
    public Builder withoutIpv6() {
      ipv6 = false;
      return this;
    }

    /**
     * Has every checksum finished before a packet is seen by a capture, and no packet larger than
     * the MTU (needs {@code ethtool}).
     */
    public Builder forCaptures() {
      checksumOffload = false;
      return withoutOffloads();
    }

    /** Puts the addresses of path 1 at this host on a bridge with the path's interface in it. */
    public Builder bridge(Side side) {
      bridged.add(side);
      return this;
    }

    /** Gives this host a bridge of its own that leads nowhere, as Docker leaves one. */
    public Builder unrelatedBridge(Side side) {
      unrelatedBridge.add(side);
      return this;
    }

    /**
     * Has this host's firewall drop all TCP in INPUT, and in OUTPUT what connection tracking calls
     * invalid (needs {@code nft}).
     */
    public Builder firewall(Side side) {
      firewall.add(side);
      return this;
    }

    /**
     * Builds the lab.
     *
     * @throws IOException when a command fails; the message has the command and its output
     */
    public Lab build() throws IOException {
      if (paths.isEmpty()) {
        throw new IllegalStateException("a lab needs at least one path");
      }
      return new Lab(this);
    }
  }
}
