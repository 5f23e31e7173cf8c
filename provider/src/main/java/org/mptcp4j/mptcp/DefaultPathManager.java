package org.mptcp4j.mptcp;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.mptcp4j.spi.PathManager;

/**
 * The default path manager. A client opens a subflow from each of its addresses that has a path to
 * the peer, and to each address that the peer announces: as many as the side with more addresses
 * has. Pairs that share no address with another subflow come first, and a pair of which both
 * addresses are in use already is not opened. A server announces its other addresses and leaves the
 * opening to the client. Where the peer gives an address that is in use another port, one subflow
 * to that port is opened, too (RFC 8684 §3.4.1). What ended is tried again while its addresses
 * exist (RFC 8041 §3.4): at once where it had worked, then ever more seldom, until one lasts.
 */
final class DefaultPathManager implements PathManager {
  private static final long FIRST_RETRY = 1_000_000_000L;
  private static final long LAST_RETRY = 16_000_000_000L;

  /** A connection without any subflow has little time (RFC 8684 §3.4). */
  private static final long LAST_RETRY_WITHOUT_SUBFLOW = 4_000_000_000L;

  /** What lived for so long was a success. */
  private static final long LASTING = 10_000_000_000L;

  private static final int MOST_ANNOUNCED = 8;

  /** A peer may announce and withdraw addresses without end. */
  private static final int MOST_ATTEMPTS = 256;

  private record Pair(InetAddress local, InetAddress remote) {}

  private static final class Attempt {
    int failures;
    long failedAt;
    long pause;
    boolean established;
    long establishedAt;
    boolean permanent;

    long notBefore(boolean anyEstablished) {
      return failedAt + (anyEstablished ? pause : Math.min(pause, LAST_RETRY_WITHOUT_SUBFLOW));
    }
  }

  private final Map<Pair, Attempt> attempts = new HashMap<>();

  @Override
  public long manage(long now, Connection connection) {
    if (!connection.isClient()) {
      announce(connection);
      return NEVER;
    }
    List<Existing> existing = connection.subflows();
    int count = existing.size();
    Set<Pair> pairs = new HashSet<>();
    Set<InetAddress> locals = new HashSet<>();
    Set<InetAddress> remotes = new HashSet<>();
    boolean anyEstablished = false;
    for (Existing subflow : existing) {
      Pair pair = new Pair(subflow.local(), subflow.remote());
      pairs.add(pair);
      if (subflow.established()) {
        anyEstablished = true;
        established(now, pair);
      }
      locals.add(subflow.local());
      remotes.add(subflow.remote());
    }
    long next = NEVER;
    Set<Remote> opened = new HashSet<>();
    List<InetAddress> candidates = localCandidates(connection);
    // An address that went and comes back may be another path.
    attempts.keySet().removeIf(pair -> !candidates.contains(pair.local()));
    boolean lastResort = existing.isEmpty() && isAllRefused(connection, candidates);
    // First the pairs of which neither address is in use, then those of which one is not.
    for (int inUse = 0; inUse <= 1; inUse++) {
      for (InetAddress local : candidates) {
        for (Remote remote : connection.remoteAddresses()) {
          Pair pair = new Pair(local, remote.address());
          boolean moved = inUse == 1 && hasMoved(connection, remote, opened);
          boolean localUsed = locals.contains(local);
          boolean remoteUsed = remotes.contains(remote.address());
          int used = (localUsed ? 1 : 0) + (remoteUsed ? 1 : 0);
          // Another remote address is worth a second subflow from the same local one only while
          // there are fewer subflows than remote addresses.
          boolean superfluous = localUsed && count >= connection.remoteAddresses().size();
          if (count >= connection.maxSubflows()
              || (!moved && (pairs.contains(pair) || used > inUse || superfluous))
              || local.getAddress().length != remote.address().getAddress().length) {
            continue;
          }
          Attempt attempt = attempts.get(pair);
          if (attempt != null && attempt.permanent && !lastResort) {
            continue;
          }
          if (!connection.hasPath(local, remote.address())) {
            continue;
          }
          if (attempt != null && attempt.notBefore(anyEstablished) - now > 0) {
            next = Math.min(next, attempt.notBefore(anyEstablished));
            continue;
          }
          if (connection.open(local, remote)) {
            count++;
            opened.add(remote);
            pairs.add(pair);
            locals.add(local);
            remotes.add(remote.address());
          } else {
            Attempt failed = attempt(pair);
            failed(now, failed, false);
            next = Math.min(next, failed.notBefore(anyEstablished));
          }
        }
      }
    }
    return next;
  }

  /**
   * Whether there is no way but those that were refused for good, which are better than none (RFC
   * 8684 §3.6 has them left alone).
   */
  private boolean isAllRefused(Connection connection, List<InetAddress> locals) {
    for (InetAddress local : locals) {
      for (Remote remote : connection.remoteAddresses()) {
        Attempt attempt = attempts.get(new Pair(local, remote.address()));
        boolean refused = attempt != null && attempt.permanent;
        if (!refused
            && local.getAddress().length == remote.address().getAddress().length
            && connection.hasPath(local, remote.address())) {
          return false;
        }
      }
    }
    return true;
  }

  /**
   * Whether the peer has given an address another port than the one that subflows lead to. The
   * first subflow's stands beside what is announced.
   */
  private static boolean hasMoved(Connection connection, Remote remote, Set<Remote> opened) {
    boolean moved = false;
    if (opened.contains(remote)) {
      return false;
    }
    for (Existing subflow : connection.subflows()) {
      if (subflow.remote().equals(remote.address())) {
        Remote other = new Remote(subflow.remote(), subflow.remotePort());
        if (other.equals(remote)) {
          return false;
        }
        moved |=
            !other.equals(connection.initialRemote())
                && !connection.remoteAddresses().contains(other);
      }
    }
    return moved;
  }

  private static List<InetAddress> localCandidates(Connection connection) {
    return connection.isBoundToAddress()
        ? List.of(connection.initialLocalAddress())
        : connection.localAddresses();
  }

  private void announce(Connection connection) {
    if (connection.isBoundToAddress()) {
      return;
    }
    Set<InetAddress> used = new HashSet<>();
    used.add(connection.initialLocalAddress());
    for (Existing subflow : connection.subflows()) {
      used.add(subflow.local());
    }
    // The connection's own family first: the peer may be able to use no other.
    int family = connection.initialLocalAddress().getAddress().length;
    List<InetAddress> candidates = new ArrayList<>(connection.localAddresses());
    candidates.sort(Comparator.comparing(address -> address.getAddress().length != family));
    int announced = 0;
    for (InetAddress local : candidates) {
      if (!used.contains(local) && announced < MOST_ANNOUNCED) {
        connection.announce(local);
        announced++;
      }
    }
  }

  private Attempt attempt(Pair pair) {
    if (attempts.size() >= MOST_ATTEMPTS && !attempts.containsKey(pair)) {
      attempts.clear();
    }
    return attempts.computeIfAbsent(pair, p -> new Attempt());
  }

  private void established(long now, Pair pair) {
    Attempt attempt = attempt(pair);
    if (!attempt.established) {
      attempt.established = true;
      attempt.establishedAt = now;
    }
  }

  /** Pauses double; where a subflow had worked, there is none before the first of them. */
  private static void failed(long now, Attempt attempt, boolean hadWorked) {
    int doublings = Math.min(10, hadWorked ? attempt.failures - 1 : attempt.failures);
    attempt.pause = doublings < 0 ? 0 : Math.min(LAST_RETRY, FIRST_RETRY << doublings);
    attempt.failedAt = now;
    attempt.failures++;
  }

  @Override
  public void onSubflowEnded(
      long now, InetAddress local, Remote remote, boolean wasEstablished, boolean permanent) {
    Attempt attempt = attempt(new Pair(local, remote.address()));
    if (attempt.established && now - attempt.establishedAt >= LASTING) {
      attempt.failures = 0;
    }
    attempt.established = false;
    failed(now, attempt, wasEstablished);
    attempt.permanent = permanent;
  }
}
