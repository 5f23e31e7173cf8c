package org.mptcp4j.link;

import java.util.ArrayList;
import java.util.List;

/** The filter programs of the link. */
final class PortFilter {
  /** What a filter answers to let the whole frame through. */
  static final int ACCEPT = 0x40000;

  /** IPv6 extension headers walked before giving up. */
  private static final int MAX_EXTENSION_HEADERS = 6;

  private static final int PROTOCOL_ICMP = 1;
  private static final int PROTOCOL_TCP = 6;
  private static final int PROTOCOL_ICMPV6 = 58;
  private static final int ICMP_HEADER = 8;

  private static final int MAX_RANGES = 1_000;
  private static final int LINEAR_RANGES = 4;

  /** Ports {@code first} to {@code last}, both included. */
  record PortRange(int first, int last) {}

  private PortFilter() {}

  /**
   * Passes TCP over IPv4 or IPv6 to the given ports, and ICMP errors that quote TCP from them, in
   * frames of {@code minLength} to {@code maxLength} bytes. Of fragmented packets only the first
   * fragment, which shows its ports, passes.
   *
   * @param ranges ascending, not overlapping
   * @param exceptInterface nothing passes from this one; 0 for none
   */
  static BpfProgram receive(
      List<PortRange> ranges, int minLength, int maxLength, int exceptInterface) {
    if (ranges.isEmpty()) {
      return dropAll();
    }
    BpfProgram.Builder b = new BpfProgram.Builder();
    BpfProgram.Label drop = new BpfProgram.Label();
    BpfProgram.Label ports = new BpfProgram.Label();
    BpfProgram.Label ipv6 = new BpfProgram.Label();
    BpfProgram.Label ipv4 = new BpfProgram.Label();
    BpfProgram.Label icmp = new BpfProgram.Label();
    BpfProgram.Label icmpv6 = new BpfProgram.Label();
    b.add(BpfProgram.LD_LENGTH, 0);
    b.branch(BpfProgram.JGE, minLength, null, drop);
    b.branch(BpfProgram.JGT, maxLength, drop, null);
    b.add(BpfProgram.LD_WORD_ABS, BpfProgram.AD_IFINDEX);
    b.branch(BpfProgram.JEQ, exceptInterface, drop, null);
    b.add(BpfProgram.LD_WORD_ABS, BpfProgram.AD_PROTOCOL);
    b.branch(BpfProgram.JEQ, Native.ETH_P_IP, ipv4, null);
    b.branch(BpfProgram.JEQ, Native.ETH_P_IPV6, ipv6, drop);

    b.place(ipv4);
    b.add(BpfProgram.LD_BYTE_ABS, BpfProgram.NET + 9);
    b.branch(BpfProgram.JEQ, PROTOCOL_ICMP, icmp, null);
    b.branch(BpfProgram.JEQ, PROTOCOL_TCP, null, drop);
    b.add(BpfProgram.LD_HALF_ABS, BpfProgram.NET + 6);
    b.branch(BpfProgram.JSET, 0x1fff, drop, null);
    b.add(BpfProgram.LD_BYTE_ABS, BpfProgram.NET);
    b.add(BpfProgram.AND, 0xf);
    b.add(BpfProgram.LSH, 2);
    b.add(BpfProgram.TAX, 0);
    b.jump(ports);

    b.place(icmp);
    quotedIpv4(b, ports, drop);

    b.place(ipv6);
    b.add(BpfProgram.LDX_IMM, 40);
    b.add(BpfProgram.LD_BYTE_ABS, BpfProgram.NET + 6);
    b.branch(BpfProgram.JEQ, PROTOCOL_ICMPV6, icmpv6, null);
    for (int i = 0; i < MAX_EXTENSION_HEADERS; i++) {
      walkExtensionHeader(b, ports, drop);
    }
    b.branch(BpfProgram.JEQ, PROTOCOL_TCP, ports, drop);

    b.place(icmpv6);
    quotedIpv6(b, ports, drop);

    b.place(drop);
    b.add(BpfProgram.RET, 0);

    b.place(ports);
    b.add(BpfProgram.LD_HALF_IND, BpfProgram.NET + 2);
    matchPorts(b, coalesce(ranges));
    return b.build();
  }

  /**
   * An ICMP error: X becomes such that the quoted segment's source port is where its destination
   * port is looked for otherwise.
   */
  private static void quotedIpv4(
      BpfProgram.Builder b, BpfProgram.Label ports, BpfProgram.Label drop) {
    BpfProgram.Label error = new BpfProgram.Label();
    b.add(BpfProgram.LD_HALF_ABS, BpfProgram.NET + 6);
    b.branch(BpfProgram.JSET, 0x3fff, drop, null);
    b.add(BpfProgram.LD_BYTE_ABS, BpfProgram.NET);
    b.add(BpfProgram.AND, 0xf);
    b.add(BpfProgram.LSH, 2);
    b.add(BpfProgram.TAX, 0);
    // RFC 792: destination unreachable, time exceeded, parameter problem.
    b.add(BpfProgram.LD_BYTE_IND, BpfProgram.NET);
    b.branch(BpfProgram.JEQ, 3, error, null);
    b.branch(BpfProgram.JEQ, 11, error, null);
    b.branch(BpfProgram.JEQ, 12, error, drop);
    b.place(error);
    b.add(BpfProgram.LD_BYTE_IND, BpfProgram.NET + ICMP_HEADER + 9);
    b.branch(BpfProgram.JEQ, PROTOCOL_TCP, null, drop);
    b.add(BpfProgram.LD_HALF_IND, BpfProgram.NET + ICMP_HEADER + 6);
    b.branch(BpfProgram.JSET, 0x1fff, drop, null);
    b.add(BpfProgram.LD_BYTE_IND, BpfProgram.NET + ICMP_HEADER);
    b.add(BpfProgram.AND, 0xf);
    b.add(BpfProgram.LSH, 2);
    b.add(BpfProgram.ADD_X, 0);
    b.add(BpfProgram.ADD, ICMP_HEADER - 2);
    b.add(BpfProgram.TAX, 0);
    b.jump(ports);
  }

  /** The same for ICMPv6, X being the offset of its header. Our packets have no extensions. */
  private static void quotedIpv6(
      BpfProgram.Builder b, BpfProgram.Label ports, BpfProgram.Label drop) {
    // RFC 4443 §2.1: errors are 1 to 4, and those to come.
    b.add(BpfProgram.LD_BYTE_IND, BpfProgram.NET);
    b.branch(BpfProgram.JGT, 4, drop, null);
    b.add(BpfProgram.LD_BYTE_IND, BpfProgram.NET + ICMP_HEADER + 6);
    b.branch(BpfProgram.JEQ, PROTOCOL_TCP, null, drop);
    b.add(BpfProgram.LD_IMM, ICMP_HEADER + 40 - 2);
    b.add(BpfProgram.ADD_X, 0);
    b.add(BpfProgram.TAX, 0);
    b.jump(ports);
  }

  /** A: the next header's number; X: its offset. Leaves both for the header after it. */
  private static void walkExtensionHeader(
      BpfProgram.Builder b, BpfProgram.Label tcp, BpfProgram.Label drop) {
    BpfProgram.Label extension = new BpfProgram.Label();
    BpfProgram.Label fragment = new BpfProgram.Label();
    b.branch(BpfProgram.JEQ, 6, tcp, null);
    b.branch(BpfProgram.JEQ, 0, extension, null);
    b.branch(BpfProgram.JEQ, 43, extension, null);
    b.branch(BpfProgram.JEQ, 60, extension, null);
    b.branch(BpfProgram.JEQ, 44, fragment, drop);
    b.place(fragment);
    b.add(BpfProgram.LD_HALF_IND, BpfProgram.NET + 2);
    b.branch(BpfProgram.JSET, 0xfff8, drop, null);
    b.place(extension);
    b.add(BpfProgram.LD_BYTE_IND, BpfProgram.NET);
    b.add(BpfProgram.ST, 0);
    // A fragment header's second byte is reserved and 0, so that its length comes out as 8 too.
    b.add(BpfProgram.LD_BYTE_IND, BpfProgram.NET + 1);
    b.add(BpfProgram.ADD, 1);
    b.add(BpfProgram.LSH, 3);
    b.add(BpfProgram.ADD_X, 0);
    b.add(BpfProgram.TAX, 0);
    b.add(BpfProgram.LD_MEM, 0);
  }

  /** A binary search: A holds the port. */
  private static void matchPorts(BpfProgram.Builder b, List<PortRange> ranges) {
    if (ranges.size() <= LINEAR_RANGES) {
      BpfProgram.Label accept = new BpfProgram.Label();
      BpfProgram.Label drop = new BpfProgram.Label();
      for (PortRange range : ranges) {
        BpfProgram.Label next = new BpfProgram.Label();
        b.branch(BpfProgram.JGE, range.first, null, drop);
        b.branch(BpfProgram.JGT, range.last, next, accept);
        b.place(next);
      }
      b.place(drop);
      b.add(BpfProgram.RET, 0);
      b.place(accept);
      b.add(BpfProgram.RET, ACCEPT);
      return;
    }
    int middle = ranges.size() / 2;
    BpfProgram.Label left = new BpfProgram.Label();
    BpfProgram.Label right = new BpfProgram.Label();
    b.branch(BpfProgram.JGE, ranges.get(middle).first, null, left);
    b.jump(right);
    b.place(left);
    matchPorts(b, ranges.subList(0, middle));
    b.place(right);
    matchPorts(b, ranges.subList(middle, ranges.size()));
  }

  /**
   * Joins neighbouring ranges until they fit a program. It then passes ports that are not ours too;
   * the link looks at each packet's port again.
   */
  private static List<PortRange> coalesce(List<PortRange> ranges) {
    List<PortRange> result = ranges;
    while (result.size() > MAX_RANGES) {
      List<PortRange> joined = new ArrayList<>();
      for (int i = 0; i < result.size(); i += 2) {
        PortRange last = result.get(Math.min(i + 1, result.size() - 1));
        joined.add(new PortRange(result.get(i).first, last.last));
      }
      result = joined;
    }
    return result;
  }

  static BpfProgram dropAll() {
    return new BpfProgram.Builder().add(BpfProgram.RET, 0).build();
  }

  /**
   * For a guard that serves local clients: takes only what arrived by the loopback interface. What
   * a socket's filter drops is discarded and never answered with RST.
   */
  static BpfProgram loopbackOnly(int loopbackIndex) {
    BpfProgram.Builder b = new BpfProgram.Builder();
    BpfProgram.Label drop = new BpfProgram.Label();
    b.add(BpfProgram.LD_WORD_ABS, BpfProgram.AD_IFINDEX);
    b.branch(BpfProgram.JEQ, loopbackIndex, null, drop);
    b.add(BpfProgram.RET, ACCEPT);
    b.place(drop);
    b.add(BpfProgram.RET, 0);
    return b.build();
  }
}
