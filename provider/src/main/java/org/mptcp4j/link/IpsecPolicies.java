package org.mptcp4j.link;

import java.io.IOException;
import java.lang.System.Logger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.mptcp4j.wire.IpAddress;

/**
 * The host's IPsec policies for what leaves it. Packet sockets are below them: what we sent to a
 * destination under such a policy would leave in the clear, so the kernel's sockets serve it. The
 * kernel lists its policies only to those who have CAP_NET_ADMIN; for others there seem to be none.
 * Thread-safe.
 */
final class IpsecPolicies implements AutoCloseable {
  private static final Logger LOG = System.getLogger("org.mptcp4j");

  private static final int XFRM_MSG_GETPOLICY = 0x15;
  private static final int XFRMA_TMPL = 5;
  private static final int PROTOCOL_TCP = 6;

  // struct xfrm_userpolicy_info, which begins with struct xfrm_selector.
  private static final int SOURCE = 16;
  private static final int FAMILY = 40;
  private static final int PREFIX_D = 42;
  private static final int PREFIX_S = 43;
  private static final int PROTOCOL = 44;
  private static final int PRIORITY = 152;
  private static final int DIRECTION = 160;
  private static final int ACTION = 161;
  private static final int INFO_BYTES = 168;
  private static final int DIRECTION_OUT = 1;
  private static final int ACTION_ALLOW = 0;

  private static final long FRESH_NANOS = 1_000_000_000;

  /** A policy; of those that match, the one with the least priority number counts. */
  record Policy(
      IpAddress destination,
      int destinationBits,
      IpAddress source,
      int sourceBits,
      int priority,
      boolean protects) {
    boolean matches(IpAddress from, IpAddress to) {
      return to.sameFamily(destination)
          && isIn(to, destination, destinationBits)
          && (from.isAny() || isIn(from, source, sourceBits));
    }

    private static boolean isIn(IpAddress address, IpAddress prefix, int bits) {
      byte[] a = address.toBytes();
      byte[] b = prefix.toBytes();
      for (int i = 0; i < bits; i++) {
        if (((a[i >> 3] ^ b[i >> 3]) >> (7 - (i & 7)) & 1) != 0) {
          return false;
        }
      }
      return true;
    }
  }

  private final NetlinkQuestions questions;
  private boolean mayNotKnow;
  private boolean read;
  private long readAt;
  private List<Policy> policies = List.of();

  IpsecPolicies() throws IOException {
    questions = new NetlinkQuestions(NetlinkQuestions.XFRM);
  }

  /**
   * Whether a policy protects, or forbids, what goes from {@code source} to {@code destination}.
   *
   * @param source any address of the family where it is not known yet
   */
  synchronized boolean cover(IpAddress source, IpAddress destination) {
    if (mayNotKnow) {
      return false;
    }
    long now = System.nanoTime();
    if (!read || now - readAt > FRESH_NANOS) {
      refresh();
      read = true;
      readAt = now;
    }
    for (Policy policy : policies) {
      if (policy.matches(source, destination)) {
        return policy.protects();
      }
    }
    return false;
  }

  private void refresh() {
    List<Policy> found = new ArrayList<>();
    try {
      questions.dump(
          (buffer, sequence) ->
              NetlinkMessage.Request.dump(buffer, XFRM_MSG_GETPOLICY, sequence, 0),
          m -> read(m, found));
      found.sort(Comparator.comparingInt(Policy::priority));
      policies = List.copyOf(found);
    } catch (NetlinkQuestions.RefusedException e) {
      // EPERM without CAP_NET_ADMIN, ECONNREFUSED from a kernel without IPsec.
      mayNotKnow = true;
      LOG.log(Logger.Level.DEBUG, "IPsec policies are not known: " + e.getMessage());
    } catch (IOException e) {
      mayNotKnow = true;
      LOG.log(Logger.Level.DEBUG, "IPsec policies are not known", e);
    }
  }

  static void read(NetlinkMessage m, List<Policy> found) {
    int protocol = m.fixedByte(PROTOCOL);
    if (m.fixedByte(DIRECTION) != DIRECTION_OUT || (protocol != 0 && protocol != PROTOCOL_TCP)) {
      return;
    }
    boolean ipv4 = m.fixedShort(FAMILY) == Native.AF_INET;
    boolean bypass =
        m.fixedByte(ACTION) == ACTION_ALLOW && !m.attributes(INFO_BYTES).contains(XFRMA_TMPL);
    found.add(
        new Policy(
            m.fixedAddress(0, ipv4),
            m.fixedByte(PREFIX_D),
            m.fixedAddress(SOURCE, ipv4),
            m.fixedByte(PREFIX_S),
            m.fixedInt(PRIORITY),
            !bypass));
  }

  @Override
  public void close() throws IOException {
    questions.close();
  }
}
