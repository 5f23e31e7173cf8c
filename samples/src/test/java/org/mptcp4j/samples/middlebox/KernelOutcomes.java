package org.mptcp4j.samples.middlebox;

import static org.mptcp4j.samples.middlebox.Lane.Role.CLIENT;
import static org.mptcp4j.samples.middlebox.Lane.Role.SERVER;
import static org.mptcp4j.sim.MiddleboxRow.COALESCE_FIRST;
import static org.mptcp4j.sim.MiddleboxRow.COALESCE_SECOND;
import static org.mptcp4j.sim.MiddleboxRow.EARLY_ACK;
import static org.mptcp4j.sim.MiddleboxRow.FIREWALL_DROPS;
import static org.mptcp4j.sim.MiddleboxRow.FIREWALL_RESETS;
import static org.mptcp4j.sim.MiddleboxRow.PAYLOAD_CHANGED;
import static org.mptcp4j.sim.MiddleboxRow.PAYLOAD_CHANGED_AT_ONCE;
import static org.mptcp4j.sim.MiddleboxRow.PAYLOAD_LONGER;
import static org.mptcp4j.sim.MiddleboxRow.PAYLOAD_SHORTER;
import static org.mptcp4j.sim.MiddleboxRow.RETRANSMISSION_ALTERED;
import static org.mptcp4j.sim.MiddleboxRow.STRIP_DATA;
import static org.mptcp4j.sim.MiddleboxRow.STRIP_LATER;
import static org.mptcp4j.sim.MiddleboxRow.STRIP_LATER_ONE_WAY;
import static org.mptcp4j.sim.MiddleboxRow.SYN_ACK_DROPPED;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.mptcp4j.samples.middlebox.Lane.Role;
import org.mptcp4j.sim.MiddleboxRow;
import org.mptcp4j.sim.MiddleboxSite.Outcome;
import org.mptcp4j.sim.MiddleboxSite.Place;

/**
 * What is to become of a connection with the kernel's MPTCP through a box: what becomes of one of
 * our stack with itself, but for the deviations here.
 */
final class KernelOutcomes {
  /** Why something else becomes of a connection with the kernel. */
  private enum Reason {
    UNTOLD(
        "The kernel goes on with plain TCP in the middle of its only subflow where a segment has no"
            + " mapping, which RFC 8684 §3.7 has it reset, and says nothing. What it would take for"
            + " new data, were it to come again, we do not send again: some seconds after the last"
            + " DATA_ACK we reset the subflow, as we do with our stack at the other end, and wait"
            + " for another, longer than this test."),
    SILENCE(
        "The kernel retransmits what it gets no DATA_ACK for, and says nothing, longer than this"
            + " test waits. Of our stack with itself this connection is reset."),
    ONE_MAPPING(
        "The kernel takes a segment that has data beyond its mapping for corrupt: it falls back on"
            + " the only subflow, without a word while no checksum was right before, and resets one"
            + " of several. Where DATA_ACKs had come before, we may not learn of that, and reset the"
            + " subflow after some seconds (as in note 2). As the kernel has told its program that"
            + " all is there, it may tell it at the end of a reset, of its own MP_JOIN that came too"
            + " late (as in note 1)."),
    LATE_JOIN(
        "The kernel falls back while its MP_JOIN is under way; the answer to that, a RST, it tells"
            + " its program as an error of the connection. No byte is wrong."),
    SENT_TWICE(
        "The kernel falls back while its MP_JOIN is under way; the answer to that, a RST, it tells"
            + " its program as an error of the connection. And before our first data comes to it"
            + " without a mapping, it may take the missing DATA_ACKs for a loss and send its stream"
            + " once more from the beginning, on its only subflow, where the box takes the mappings"
            + " away (captured, once in fifty times): nobody can tell that from new data. What the"
            + " test takes for this is just that: a stream that begins anew."),
    PLAIN_UNTOLD(
        "The kernel as a client falls back when its first flight is acknowledged without DATA_ACK,"
            + " as it should, but sends no infinite mapping, as RFC 8684 §3.7 asks: what follows"
            + " has no place. It is held for five seconds and then reset; but where the kernel's"
            + " first ACK of our own data says nothing of MPTCP any more, we fall back as well."),
    EARLY_ACK_BORNE(
        "An ACK without DATA_ACK on a subflow that is not the only one is no reason to close it, as"
            + " long as DATA_ACKs come as well."),
    ELSEWHERE(
        "The kernel sends what is late again on the other subflow, often before the damage shows:"
            + " data that came twice is not looked at."),
    REMEMBERED_OFFER(
        "The kernel's listener answers the SYN without options, too, as it answered the first: with"
            + " the options that the box does not let pass."),
    TOO_LARGE(
        "The kernel falls back when it gets our infinite mapping. Where that comes before it has"
            + " made its own, which our MP_FAIL asks for, it writes its mapping onto a segment that"
            + " it had measured without: larger than its path takes, the segment does not leave"
            + " its host (IpFragFails counts it), nor does what follows, not even an ACK of its"
            + " own accord. It tells its program that the connection timed out. What the test takes"
            + " for this is just that: data that is missing here, and that counter."),
    NOT_REOPENED("The kernel as a client opens no new first subflow, and waits."),
    MINUTES("Subflows are given up after minutes of retransmissions; all is transferred before.");

    private final String words;

    Reason(String words) {
      this.words = words;
    }
  }

  private record Deviation(
      MiddleboxRow row,
      Optional<Role> role,
      List<Place> places,
      Reason reason,
      List<String> outcomes) {}

  /** The kernel's stack gave its program bytes that nobody sent. */
  static final String KERNEL_CORRUPTS = "wrong bytes at the kernel";

  /** The kernel sent its stream once more from the beginning, and the box took the mapping away. */
  static final String KERNEL_REPEATS = "the kernel's data twice";

  /** Nothing has come of it when the time is over. */
  static final String STALLS = "stalls";

  /** The kernel made a segment that its own host does not let out. */
  static final String KERNEL_TOO_LARGE = "the kernel's segment too large to be sent";

  private static final String MULTIPATH = Outcome.MULTIPATH.toString();
  private static final String CLOSED = Outcome.SUBFLOW_CLOSED.toString();
  private static final String FALLBACK = Outcome.FALLBACK.toString();
  private static final String RESET = Outcome.CONNECTION_RESET.toString();
  private static final List<Place> ONLY = List.of(Place.ONLY_SUBFLOW);
  private static final List<Place> JOINED = List.of(Place.JOINED_SUBFLOW);
  private static final List<Place> FIRST = List.of(Place.FIRST_OF_TWO);
  private static final List<Place> TWO = List.of(Place.JOINED_SUBFLOW, Place.FIRST_OF_TWO);

  private static final List<Deviation> DEVIATIONS =
      List.of(
          both(STRIP_LATER, ONLY, Reason.UNTOLD, STALLS, RESET),
          at(STRIP_LATER_ONE_WAY, CLIENT, ONLY, Reason.UNTOLD, STALLS, RESET),
          at(STRIP_LATER_ONE_WAY, SERVER, ONLY, Reason.SILENCE, STALLS, RESET),
          both(STRIP_LATER, TWO, Reason.ELSEWHERE, CLOSED, MULTIPATH),
          both(STRIP_LATER_ONE_WAY, TWO, Reason.ELSEWHERE, CLOSED, MULTIPATH),
          both(COALESCE_FIRST, ONLY, Reason.ONE_MAPPING, FALLBACK, STALLS, RESET),
          both(COALESCE_FIRST, JOINED, Reason.ONE_MAPPING, CLOSED),
          both(COALESCE_FIRST, FIRST, Reason.ONE_MAPPING, FALLBACK, CLOSED, RESET, STALLS),
          both(COALESCE_SECOND, ONLY, Reason.ONE_MAPPING, FALLBACK, STALLS, RESET),
          both(COALESCE_SECOND, JOINED, Reason.ONE_MAPPING, CLOSED),
          both(COALESCE_SECOND, FIRST, Reason.ONE_MAPPING, FALLBACK, CLOSED, RESET, STALLS),
          at(PAYLOAD_CHANGED, SERVER, ONLY, Reason.TOO_LARGE, FALLBACK, KERNEL_TOO_LARGE),
          at(PAYLOAD_LONGER, SERVER, ONLY, Reason.TOO_LARGE, FALLBACK, KERNEL_TOO_LARGE),
          at(PAYLOAD_SHORTER, SERVER, ONLY, Reason.TOO_LARGE, FALLBACK, KERNEL_TOO_LARGE),
          at(RETRANSMISSION_ALTERED, SERVER, ONLY, Reason.TOO_LARGE, FALLBACK, KERNEL_TOO_LARGE),
          at(STRIP_DATA, SERVER, FIRST, Reason.SENT_TWICE, FALLBACK, RESET, KERNEL_REPEATS),
          at(PAYLOAD_CHANGED_AT_ONCE, SERVER, FIRST, Reason.LATE_JOIN, FALLBACK, RESET),
          both(RETRANSMISSION_ALTERED, TWO, Reason.ELSEWHERE, CLOSED, MULTIPATH),
          at(EARLY_ACK, SERVER, ONLY, Reason.PLAIN_UNTOLD, STALLS, RESET, FALLBACK),
          at(EARLY_ACK, SERVER, FIRST, Reason.PLAIN_UNTOLD, STALLS, RESET, FALLBACK),
          both(EARLY_ACK, JOINED, Reason.EARLY_ACK_BORNE, MULTIPATH, CLOSED),
          at(SYN_ACK_DROPPED, CLIENT, ONLY, Reason.REMEMBERED_OFFER, STALLS, RESET),
          at(SYN_ACK_DROPPED, CLIENT, FIRST, Reason.REMEMBERED_OFFER, STALLS, RESET),
          at(FIREWALL_RESETS, SERVER, ONLY, Reason.NOT_REOPENED, STALLS),
          at(FIREWALL_DROPS, SERVER, ONLY, Reason.NOT_REOPENED, STALLS),
          both(FIREWALL_DROPS, TWO, Reason.MINUTES, MULTIPATH, CLOSED));

  private static Deviation both(
      MiddleboxRow row, List<Place> places, Reason reason, String... outcomes) {
    return new Deviation(row, Optional.empty(), places, reason, List.of(outcomes));
  }

  private static Deviation at(
      MiddleboxRow row, Role role, List<Place> places, Reason reason, String... outcomes) {
    return new Deviation(row, Optional.of(role), places, reason, List.of(outcomes));
  }

  private KernelOutcomes() {}

  private static Optional<Deviation> deviation(MiddleboxRow row, Role role, Place place) {
    return DEVIATIONS.stream()
        .filter(d -> d.row() == row && d.role().orElse(role) == role && d.places().contains(place))
        .findFirst();
  }

  /** The outcomes that are as they should be. */
  static List<String> expected(MiddleboxRow row, Role role, Place place) {
    return deviation(row, role, place)
        .map(Deviation::outcomes)
        .orElseGet(() -> List.of(row.expected(place).toString()));
  }

  /** The lines of the table of the documentation, and its notes. */
  static List<String> document() {
    List<String> lines = new ArrayList<>();
    lines.add(
        "| middlebox | our client: only path | joined path | first of two"
            + " | our server: only path | joined path | first of two |");
    lines.add("|---|---|---|---|---|---|---|");
    List<Reason> notes = new ArrayList<>();
    for (MiddleboxRow row : MiddleboxRow.values()) {
      List<String> cells = new ArrayList<>();
      for (Role role : Role.values()) {
        Arrays.stream(Place.values())
            .map(place -> cell(row, role, place, notes))
            .forEach(cells::add);
      }
      lines.add("| " + row + " | " + String.join(" | ", cells) + " |");
    }
    lines.add("");
    for (Reason reason : notes) {
      lines.add((notes.indexOf(reason) + 1) + ". " + reason.words);
    }
    return lines;
  }

  private static String cell(MiddleboxRow row, Role role, Place place, List<Reason> notes) {
    String outcomes = String.join(" or ", expected(row, role, place));
    Optional<Reason> reason = deviation(row, role, place).map(Deviation::reason);
    if (reason.isEmpty()) {
      return outcomes;
    }
    if (!notes.contains(reason.get())) {
      notes.add(reason.get());
    }
    return outcomes + " (" + (notes.indexOf(reason.get()) + 1) + ")";
  }
}
