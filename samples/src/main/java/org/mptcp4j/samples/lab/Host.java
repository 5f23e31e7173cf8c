package org.mptcp4j.samples.lab;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One of the two hosts of a {@link Lab}. */
public final class Host {
  private static final Pattern STATISTICS =
      Pattern.compile("\"(rx|tx)\":\\s*\\{\\s*\"bytes\":\\s*(\\d+),\\s*\"packets\":\\s*(\\d+)");

  private static final Pattern COUNTER = Pattern.compile("(?m)^(\\w+)\\s+(\\d+)");

  /**
   * What the kernel counted at an interface.
   *
   * @param rxBytes bytes received, Ethernet headers included
   * @param txBytes bytes sent, Ethernet headers included
   */
  public record InterfaceCounters(long rxBytes, long rxPackets, long txBytes, long txPackets) {}

  private final String name;
  private final String namespace;
  private final int hostNumber;
  private final List<HostProcess> processes = new CopyOnWriteArrayList<>();

  Host(String name, String namespace, int hostNumber) {
    this.name = name;
    this.namespace = namespace;
    this.hostNumber = hostNumber;
  }

  public String name() {
    return name;
  }

  /** The network namespace, as {@code ip netns} knows it. */
  public String namespace() {
    return namespace;
  }

  /**
   * This host's IPv4 address on a path.
   *
   * @param path counted from 1
   */
  public String ipv4(int path) {
    return "10.4." + path + "." + hostNumber;
  }

  /**
   * This host's IPv6 address on a path.
   *
   * @param path counted from 1
   */
  public String ipv6(int path) {
    return "fd00:4:" + path + "::" + hostNumber;
  }

  /** This host's interface on a path. */
  public String interfaceName(int path) {
    return "path" + path;
  }

  /** The command line that runs {@code command} in this host. */
  public List<String> commandLine(List<String> command) {
    List<String> line = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    line.addAll(command);
    return line;
  }

  /** Starts a program in this host; the lab ends it at the latest when it closes. */
  public HostProcess start(List<String> command) throws IOException {
    HostProcess process =
        new HostProcess(
            name + ": " + String.join(" ", command), new ProcessBuilder(commandLine(command)));
    processes.add(process);
    return process;
  }

  /**
   * Runs a program in this host to its end and returns its output.
   *
   * @throws IOException when it fails; the message has the output
   */
  public String run(String... command) throws IOException {
    return Shell.run(commandLine(List.of(command)));
  }

  /**
   * Runs a task of this JVM in this host: sockets that it opens are the host's.
   *
   * @throws IOException when the task fails, with its exception as the cause
   */
  public <T> T call(Callable<T> task) throws IOException {
    return Namespace.call(namespace, task);
  }

  /** The interface's own counters on a path. */
  public InterfaceCounters counters(int path) throws IOException {
    String json =
        Shell.run(List.of("ip", "-n", namespace, "-s", "-j", "link", "show", interfaceName(path)));
    long[] rx = null;
    long[] tx = null;
    for (Matcher m = STATISTICS.matcher(json); m.find(); ) {
      long[] values = {Long.parseLong(m.group(2)), Long.parseLong(m.group(3))};
      if (m.group(1).equals("rx")) {
        rx = values;
      } else {
        tx = values;
      }
    }
    if (rx == null || tx == null) {
      throw new IOException("no statistics of " + interfaceName(path) + " in " + json);
    }
    return new InterfaceCounters(rx[0], rx[1], tx[0], tx[1]);
  }

  /** The kernel's protocol counters in this host, zeros included ({@code nstat}). */
  public Map<String, Long> kernelCounters() throws IOException {
    Map<String, Long> counters = new TreeMap<>();
    // A line is "name value rate".
    Matcher m = COUNTER.matcher(run("nstat", "-asz"));
    while (m.find()) {
      counters.put(m.group(1), Long.valueOf(m.group(2)));
    }
    return counters;
  }

  /** The kernel's TCP sockets in this host that are not listening ({@code ss}), one a line. */
  public List<String> kernelTcpConnections() throws IOException {
    return run("ss", "-Htan")
        .lines()
        .filter(line -> !line.isBlank() && !line.startsWith("LISTEN"))
        .toList();
  }

  /** The kernel's MPTCP sockets in this host, with their details ({@code ss -M -i}). */
  public String kernelMptcpSockets() throws IOException {
    return run("ss", "-HMni");
  }

  /** Has the kernel's MPTCP announce this host's address on a path to its peers. */
  public void announceKernelAddress(int path, boolean ipv6) throws IOException {
    run(
        "ip",
        "mptcp",
        "endpoint",
        "add",
        ipv6 ? ipv6(path) : ipv4(path),
        "dev",
        interfaceName(path),
        "signal");
  }

  /**
   * Gives the kernel's MPTCP this host's IPv4 address on a path for an endpoint. The kernel chooses
   * the identifier: where a peer has joined an address of no endpoint, it made one itself, which it
   * lets be replaced only so.
   *
   * @param flags what {@code ip mptcp endpoint add} knows: {@code signal}, {@code subflow} …
   */
  public void addKernelEndpoint(int path, String... flags) throws IOException {
    List<String> command = new ArrayList<>(List.of("ip", "mptcp", "endpoint", "add", ipv4(path)));
    command.addAll(List.of("dev", interfaceName(path)));
    command.addAll(List.of(flags));
    run(command.toArray(String[]::new));
  }

  /**
   * Takes this host's IPv4 address on a path away from the kernel's MPTCP.
   *
   * @throws IOException also when it is no endpoint
   */
  public void deleteKernelEndpoint(int path) throws IOException {
    String endpoints = run("ip", "mptcp", "endpoint", "show");
    Matcher m =
        Pattern.compile("(?m)^" + Pattern.quote(ipv4(path)) + " id (\\d+)").matcher(endpoints);
    if (!m.find()) {
      throw new IOException("no endpoint " + ipv4(path) + " among " + endpoints);
    }
    run("ip", "mptcp", "endpoint", "delete", "id", m.group(1));
  }

  void endProcesses() {
    processes.forEach(HostProcess::close);
  }
}
