package org.mptcp4j.samples.lab;

import java.util.ArrayList;
import java.util.List;

/** Writes the commands that build a lab. */
final class LabScript {
  // tbf: what may pass at once. Timers on a busy machine are a millisecond late; 32 kB is 2.6 ms at
  // 100 Mbit/s, so that no turn is lost.
  private static final int MIN_BURST_BYTES = 32 << 10;
  private static final int MIN_QUEUE_BYTES = 128 << 10;
  private static final int QUEUE_MILLIS = 25;

  private final Lab.Builder lab;
  private final Host a;
  private final Host b;
  private final String middle;
  private final List<String> lines = new ArrayList<>();

  LabScript(Lab.Builder lab, Host a, Host b, String middle) {
    this.lab = lab;
    this.a = a;
    this.b = b;
    this.middle = middle;
  }

  List<String> lines() {
    lines.clear();
    lines.add("PATH=$PATH:/usr/sbin:/sbin");
    host(a);
    host(b);
    if (lab.paths.stream().anyMatch(PathSpec::emulated)) {
      namespace(middle);
      // Nothing but the emulator is to send here.
      sysctl(middle, "net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1");
    }
    for (int i = 0; i < lab.paths.size(); i++) {
      path(i + 1, lab.paths.get(i));
    }
    extras(Lab.Side.A, a);
    extras(Lab.Side.B, b);
    return List.copyOf(lines);
  }

  private void namespace(String name) {
    lines.add("ip netns add " + name);
    lines.add("ip -n " + name + " link set lo up");
  }

  private void host(Host host) {
    namespace(host.namespace());
    // An unplugged interface keeps its IPv6 addresses; Linux drops them by default.
    sysctl(
        host.namespace(),
        "net.ipv6.conf.all.keep_addr_on_down=1 net.ipv6.conf.default.keep_addr_on_down=1"
            + " net.ipv6.conf.default.accept_ra=0"
            + " net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0");
    // Absent where the kernel has no MPTCP: the parts that need it say so themselves.
    lines.add(
        "ip -n %s mptcp limits set subflow 8 add_addr_accepted 8 || true"
            .formatted(host.namespace()));
  }

  private void sysctl(String namespace, String settings) {
    // Written by hand: the program sysctl is not part of iproute2.
    for (String setting : settings.split(" ", -1)) {
      String[] parts = setting.split("=", -1);
      lines.add(
          "ip netns exec %s sh -c 'echo %s > /proc/sys/%s'"
              .formatted(namespace, parts[1], parts[0].replace('.', '/')));
    }
  }

  private void path(int number, PathSpec spec) {
    String device = a.interfaceName(number);
    String veth = "ip link add %s netns %s mtu %d type veth peer name %s netns %s mtu %d";
    if (spec.emulated()) {
      cable(veth, device, a.namespace(), "a" + number, middle, spec.mtu());
      cable(veth, device, b.namespace(), "b" + number, middle, spec.mtu());
      // The emulator is a wire: it is to see packets, not what will be cut into packets later.
      for (Host host : List.of(a, b)) {
        lines.add(
            "ip -n %s link set %s gso_max_size 1500 gso_max_segs 1"
                .formatted(host.namespace(), device));
      }
      for (String end : List.of("a" + number, "b" + number)) {
        lines.add("ip -n %s link set %s up".formatted(middle, end));
        keepOrder(number, middle, end);
        if (spec.routerQueueBytes() > 0) {
          shape(middle, end, spec.rateBitsPerSecond(), spec.routerQueueBytes());
        }
      }
    } else {
      cable(veth, device, a.namespace(), device, b.namespace(), spec.mtu());
    }
    end(number, spec, Lab.Side.A, a);
    end(number, spec, Lab.Side.B, b);
  }

  /**
   * A wire keeps the order of packets; a veth pair does only while all come from one processor.
   * Receive packet steering to one processor keeps it always. Where that may not be set, as in a
   * user namespace, some packets overtake others.
   */
  private void keepOrder(int number, String namespace, String device) {
    int processor = (number - 1) % Math.min(32, Runtime.getRuntime().availableProcessors());
    lines.add(
        "ip netns exec %s sh -c 'for q in /sys/class/net/%s/queues/rx-*; do echo %x > $q/rps_cpus; done' || true"
            .formatted(namespace, device, 1 << processor));
  }

  private void cable(
      String format, String device, String near, String otherDevice, String far, int mtu) {
    lines.add(format.formatted(device, near, mtu, otherDevice, far, mtu));
  }

  private void end(int number, PathSpec spec, Lab.Side side, Host host) {
    String ip = "ip -n " + host.namespace() + " ";
    String device = host.interfaceName(number);
    offloads(host, device);
    if (spec.rateBitsPerSecond() > 0 && spec.routerQueueBytes() == 0) {
      long queue = spec.rateBitsPerSecond() / 8 * QUEUE_MILLIS / 1000;
      shape(host.namespace(), device, spec.rateBitsPerSecond(), Math.max(MIN_QUEUE_BYTES, queue));
    }
    lines.add(ip + "link set " + device + " up");
    if (spec.emulated() || spec.rateBitsPerSecond() > 0) {
      keepOrder(number, host.namespace(), device);
    }
    String addressed = device;
    if (number == 1 && lab.bridged.contains(side)) {
      addressed = "bridge1";
      lines.add(ip + "link add bridge1 mtu " + spec.mtu() + " type bridge forward_delay 0");
      lines.add(ip + "link set " + device + " master bridge1");
      offloads(host, addressed);
      lines.add(ip + "link set bridge1 up");
    }
    lines.add(ip + "addr add " + host.ipv4(number) + "/24 dev " + addressed);
    if (lab.ipv6) {
      lines.add(ip + "addr add " + host.ipv6(number) + "/64 dev " + addressed + " nodad");
    }
  }

  private void shape(String namespace, String device, long bitsPerSecond, long queueBytes) {
    long burst = Math.max(MIN_BURST_BYTES, bitsPerSecond / 8 / 500);
    lines.add(
        "tc -n %s qdisc add dev %s root tbf rate %dbit burst %d limit %d"
            .formatted(namespace, device, bitsPerSecond, burst, queueBytes));
  }

  private void offloads(Host host, String device) {
    if (!lab.offloads) {
      String checksum = lab.checksumOffload ? "" : "tx off ";
      lines.add(
          "ip netns exec %s ethtool -K %s %stso off gso off gro off"
              .formatted(host.namespace(), device, checksum));
    }
  }

  private void extras(Lab.Side side, Host host) {
    String ip = "ip -n " + host.namespace() + " ";
    if (lab.unrelatedBridge.contains(side)) {
      lines.add(ip + "link add docker0 type bridge forward_delay 0");
      lines.add(ip + "link add container0 type veth peer name inside0");
      lines.add(ip + "link set container0 master docker0");
      lines.add(ip + "addr add 172.17.0.1/16 dev docker0");
      lines.add(ip + "link set docker0 up");
      lines.add(ip + "link set container0 up");
      lines.add(ip + "link set inside0 up");
    }
    if (lab.firewall.contains(side)) {
      lines.add(
          "ip netns exec "
              + host.namespace()
              + " nft 'table inet lab {"
              + " chain input { type filter hook input priority 0; policy accept;"
              + " meta l4proto tcp drop; };"
              + " chain output { type filter hook output priority 0; policy accept;"
              + " ct state invalid drop; };"
              + " }'");
    }
  }
}
