package org.mptcp4j.samples.middlebox;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.mptcp4j.samples.ends.Conversation;
import org.mptcp4j.samples.ends.End;
import org.mptcp4j.samples.ends.KernelEnd;
import org.mptcp4j.samples.ends.OurEnd;
import org.mptcp4j.samples.lab.Host;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.samples.lab.PathSpec;
import org.mptcp4j.sim.MiddleboxRow;
import org.mptcp4j.sim.MiddleboxSite.Outcome;
import org.mptcp4j.sim.MiddleboxSite.Place;
import org.mptcp4j.sim.StreamEdit;

/**
 * A lab with our stack on one host and the kernel's MPTCP on the other, in which one connection
 * after the other goes through boxes.
 */
final class Lane implements AutoCloseable {
  /** What fits into a packet. The wires take more: boxes may make packets longer. */
  static final String MTU = "1500";

  private static final PathSpec PATH =
      PathSpec.plain().withMtu(9_000).withRate(6_000_000).withDelay(Duration.ofMillis(5));

  /** From each end. Both paths carry it in a second, one in two. */
  private static final long BYTES = 1_200_000;

  private static final Duration LIMIT = Duration.ofSeconds(20);

  /** Where nothing else is expected than that it takes longer. */
  private static final Duration STALL_LIMIT = Duration.ofSeconds(6);

  /** Until the end of a subflow shows when all is transferred. */
  private static final Duration LOSS_LIMIT = Duration.ofSeconds(7);

  private static final Duration END_LIMIT = Duration.ofSeconds(10);
  private static final int PORT = 5_000;

  /** Which end is ours. */
  enum Role {
    CLIENT,
    SERVER
  }

  /**
   * What was found.
   *
   * @param outcome in words, those of {@link Outcome} or what went wrong
   * @param details for people
   */
  record Finding(String outcome, String details) {}

  private final Role role;
  private final Lab lab;
  private final Host kernelHost;
  private final OurEnd ours;
  private final KernelEnd kernel;
  private Map<String, Long> counters;
  private int cells;
  private boolean endpoint;

  Lane(Role role) throws IOException {
    this.role = role;
    lab = Lab.builder().paths(2, PATH).forCaptures().withoutIpv6().build();
    boolean done = false;
    try {
      Host ourHost = role == Role.CLIENT ? lab.a() : lab.b();
      kernelHost = role == Role.CLIENT ? lab.b() : lab.a();
      limitPackets(lab.a());
      limitPackets(lab.b());
      // What takes the kernel minutes is to take it seconds.
      set("ipv4/tcp_retries2", 4);
      set("ipv4/tcp_syn_retries", 3);
      set("mptcp/syn_retrans_before_tcp_fallback", 1);
      // It would not try MPTCP for an hour after one connection that lost its SYNs.
      set("mptcp/blackhole_timeout", 0);
      // Each connection is to find out for itself what passes.
      ours = new OurEnd(ourHost, List.of("-Dmptcp4j.syn.memory=0s", "-Dmptcp4j.syn.offers=2"));
      kernel = new KernelEnd(kernelHost);
      // It is there.
      ours.progress();
      counters = kernelHost.kernelCounters();
      done = true;
    } finally {
      if (!done) {
        lab.close();
      }
    }
  }

  private static void limitPackets(Host host) throws IOException {
    for (int path = 1; path <= 2; path++) {
      String address = host.ipv4(path);
      String net = address.substring(0, address.lastIndexOf('.')) + ".0/24";
      String device = host.interfaceName(path);
      host.run("ip", "route", "del", net, "dev", device);
      host.run("ip", "route", "add", net, "dev", device, "src", address, "mtu", MTU);
    }
  }

  private void set(String name, int value) throws IOException {
    kernelHost.run("sh", "-c", "echo " + value + " > /proc/sys/net/" + name);
  }

  /** Whether the kernel is to use its second address. */
  private void endpoint(boolean wanted) throws IOException {
    if (endpoint == wanted) {
      return;
    }
    endpoint = wanted;
    if (wanted) {
      kernelHost.addKernelEndpoint(2, role == Role.CLIENT ? "signal" : "subflow");
    } else {
      kernelHost.deleteKernelEndpoint(2);
    }
  }

  /** Runs one connection through a box. */
  Finding run(MiddleboxRow row, Place place) throws IOException {
    endpoint(place != Place.ONLY_SUBFLOW);
    LabSite site = new LabSite(lab, place == Place.JOINED_SUBFLOW ? 2 : 1);
    row.install(site);
    Finding finding;
    try {
      finding = converse(row, site, place);
    } finally {
      ours.abort();
      kernel.abort();
    }
    Optional<Throwable> failure = site.clear();
    String details = finding.details() + " kernel: " + change();
    return failure.isPresent()
        ? new Finding("the box failed: " + failure.get(), details)
        : new Finding(finding.outcome(), details);
  }

  private Finding converse(MiddleboxRow row, LabSite site, Place place) throws IOException {
    List<String> expected = KernelOutcomes.expected(row, role, place);
    Duration limit = expected.contains(KernelOutcomes.STALLS) ? STALL_LIMIT : LIMIT;
    StreamEdit none = StreamEdit.NONE;
    boolean firstBytes = place == Place.FIRST_OF_TWO && site.edit().at() == 0;
    boolean changed = place == Place.ONLY_SUBFLOW || firstBytes;
    Conversation.Plan atServer = new Conversation.Plan(BYTES, changed ? site.edit() : none);
    Conversation.Plan atClient = new Conversation.Plan(BYTES, none);
    String local = place == Place.ONLY_SUBFLOW ? lab.a().ipv4(1) : "";
    String listening = place == Place.ONLY_SUBFLOW ? lab.b().ipv4(1) : "";
    int port = PORT + ++cells;
    ours.watch(site.clientAddresses());
    End server = role == Role.CLIENT ? kernel : ours;
    End client = role == Role.CLIENT ? ours : kernel;
    server.listen(listening, port, atServer);
    client.connect(local, lab.b().ipv4(1), port, atClient);
    Duration passed = until(STALL_LIMIT, () -> isDecided(ours.progress(), kernel.progress()));
    boolean tooLarge = expected.contains(KernelOutcomes.KERNEL_TOO_LARGE) && isSegmentTooLarge();
    if (!tooLarge) {
      Duration rest = limit.minus(STALL_LIMIT);
      passed = passed.plus(until(rest, () -> isDecided(ours.progress(), kernel.progress())));
    }
    Conversation.Progress our = ours.progress();
    Conversation.Progress their = kernel.progress();
    boolean fallback = kernel.isFallback();
    String details =
        "%s %s after %d ms: ours %s, kernel %s, fallback %s, lost subflow %s"
            .formatted(role, place, passed.toMillis(), our, their, fallback, ours.lostSubflow());
    if (our.anew()) {
      return new Finding(KernelOutcomes.KERNEL_REPEATS, details);
    }
    if (our.wrongAt() >= 0 || their.wrongAt() >= 0) {
      return new Finding(
          our.wrongAt() >= 0 ? "wrong bytes here" : KernelOutcomes.KERNEL_CORRUPTS, details);
    }
    if (!our.complete() || !their.complete()) {
      if (tooLarge && our.failure().isEmpty()) {
        return new Finding(KernelOutcomes.KERNEL_TOO_LARGE, details);
      }
      boolean ended = !our.failure().isEmpty() && !their.failure().isEmpty();
      return new Finding(
          ended ? Outcome.CONNECTION_RESET.toString() : KernelOutcomes.STALLS, details);
    }
    if (expected.equals(List.of(Outcome.SUBFLOW_CLOSED.toString())) && !fallback) {
      until(LOSS_LIMIT, () -> ours.progress().over() || ours.lostSubflow());
    }
    Outcome outcome = Outcome.MULTIPATH;
    if (fallback) {
      outcome = Outcome.FALLBACK;
    } else if (ours.lostSubflow()) {
      outcome = Outcome.SUBFLOW_CLOSED;
    }
    ours.finish();
    kernel.finish();
    until(END_LIMIT, () -> ours.progress().over() && kernel.progress().over());
    our = ours.progress();
    their = kernel.progress();
    details += ", end: " + our + ", " + their;
    if (our.failure().isEmpty() && their.failure().isEmpty()) {
      return new Finding(
          our.over() && their.over() ? outcome.toString() : KernelOutcomes.STALLS, details);
    }
    return new Finding(Outcome.CONNECTION_RESET.toString(), details);
  }

  private static boolean isDecided(Conversation.Progress a, Conversation.Progress b) {
    return a.complete() && b.complete()
        || !a.failure().isEmpty() && !b.failure().isEmpty()
        || a.wrongAt() >= 0
        || b.wrongAt() >= 0;
  }

  interface Condition {
    boolean holds() throws IOException;
  }

  static Duration until(Duration limit, Condition condition) throws IOException {
    long start = System.nanoTime();
    while (!condition.holds() && System.nanoTime() - start < limit.toNanos()) {
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
    return Duration.ofNanos(System.nanoTime() - start);
  }

  /** Whether the kernel's host had, in this cell, something to send that fits into no packet. */
  private boolean isSegmentTooLarge() throws IOException {
    return kernelHost.kernelCounters().getOrDefault("IpFragFails", 0L)
        > counters.getOrDefault("IpFragFails", 0L);
  }

  /** What the kernel's MPTCP counted since the last time. */
  private Map<String, Long> change() throws IOException {
    Map<String, Long> now = kernelHost.kernelCounters();
    Map<String, Long> change = new TreeMap<>();
    now.forEach(
        (name, value) -> {
          long more = value - counters.getOrDefault(name, 0L);
          if (more != 0 && name.startsWith("MPTcpExt")) {
            change.put(name.substring("MPTcpExt".length()), more);
          }
        });
    counters = now;
    return change;
  }

  @Override
  public void close() {
    lab.close();
  }
}
