package org.mptcp4j.sim;

import static org.mptcp4j.sim.MiddleboxSite.Outcome.CONNECTION_RESET;
import static org.mptcp4j.sim.MiddleboxSite.Outcome.FALLBACK;
import static org.mptcp4j.sim.MiddleboxSite.Outcome.MULTIPATH;
import static org.mptcp4j.sim.MiddleboxSite.Outcome.SUBFLOW_CLOSED;
import static org.mptcp4j.sim.SimConfig.MILLI;
import static org.mptcp4j.sim.SimConfig.SECOND;

import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.mptcp4j.sim.MiddleboxSite.Outcome;

/** A kind of middlebox, and what is to become of a connection through it. */
// The functions make boxes and keep nothing.
@SuppressWarnings("ImmutableEnumChecker")
public enum MiddleboxRow {
  NONE("no middlebox", MULTIPATH, MULTIPATH, MULTIPATH, s -> {}),
  NAT_ADDRESS(
      "NAT: the client's address is translated",
      MULTIPATH,
      MULTIPATH,
      MULTIPATH,
      s -> HeaderBoxes.translateAddress(s.path(), s.clientAddress(), "100.64.7.7")),
  NAT_PORT(
      "NAT: the client's port is translated",
      MULTIPATH,
      MULTIPATH,
      MULTIPATH,
      s -> HeaderBoxes.translatePorts(s.path(), 1_111)),
  SEQUENCE(
      "sequence numbers rewritten",
      MULTIPATH,
      MULTIPATH,
      MULTIPATH,
      s -> {
        s.there().middlebox(Middleboxes.shiftSequenceNumbers(0x7654_3210));
        s.back().middlebox(Middleboxes.shiftAcknowledgments(0x7654_3210));
      }),
  STRIP_SYN(
      "options removed from the SYN",
      FALLBACK,
      SUBFLOW_CLOSED,
      FALLBACK,
      s -> s.path().forward().middlebox(OptionBoxes.strip(OptionBoxes.SYN))),
  STRIP_SYN_ACK(
      "options removed from the SYN/ACK",
      FALLBACK,
      SUBFLOW_CLOSED,
      FALLBACK,
      s -> s.path().backward().middlebox(OptionBoxes.strip(OptionBoxes.SYN_ACK))),
  STRIP_THIRD_ACK(
      "options removed from the third ACK",
      FALLBACK,
      SUBFLOW_CLOSED,
      FALLBACK,
      s -> s.path().forward().middlebox(OptionBoxes.strip(OptionBoxes.THIRD_ACK))),
  STRIP_DATA(
      "options removed from every segment with data",
      FALLBACK,
      SUBFLOW_CLOSED,
      FALLBACK,
      s -> s.both(link -> link.middlebox(OptionBoxes.strip(OptionBoxes.WITH_DATA)))),
  STRIP_AFTER_SYNS(
      "options removed from everything after the SYNs",
      FALLBACK,
      SUBFLOW_CLOSED,
      FALLBACK,
      s -> s.both(link -> link.middlebox(OptionBoxes.strip(OptionBoxes.AFTER_SYNS)))),
  STRIP_ONE_WAY_UP(
      "options removed after the SYNs, towards the server only",
      FALLBACK,
      SUBFLOW_CLOSED,
      FALLBACK,
      s -> s.path().forward().middlebox(OptionBoxes.strip(OptionBoxes.AFTER_SYNS))),
  STRIP_ONE_WAY_DOWN(
      "options removed after the SYNs, towards the client only",
      FALLBACK,
      SUBFLOW_CLOSED,
      FALLBACK,
      s -> s.path().backward().middlebox(OptionBoxes.strip(OptionBoxes.AFTER_SYNS))),
  STRIP_LATER(
      "options removed after the SYNs, from some moment on",
      CONNECTION_RESET,
      SUBFLOW_CLOSED,
      SUBFLOW_CLOSED,
      212 * SECOND,
      s -> later(s, l -> l.middlebox(OptionBoxes.strip(OptionBoxes.AFTER_SYNS)), true)),
  STRIP_LATER_ONE_WAY(
      "the same, in one direction only",
      CONNECTION_RESET,
      SUBFLOW_CLOSED,
      SUBFLOW_CLOSED,
      212 * SECOND,
      s -> later(s, l -> l.middlebox(OptionBoxes.strip(OptionBoxes.AFTER_SYNS)), false)),
  NOP_SYNS(
      "options of the SYNs replaced by NOP",
      FALLBACK,
      SUBFLOW_CLOSED,
      FALLBACK,
      s -> s.both(link -> link.middlebox(Middleboxes.stripFromSyns()))),
  NOP_AFTER_SYNS(
      "options after the SYNs replaced by NOP",
      FALLBACK,
      SUBFLOW_CLOSED,
      FALLBACK,
      s -> s.both(link -> link.middlebox(Middleboxes.stripAfterSyns()))),
  EOL_SYNS(
      "options of the SYNs replaced by EOL",
      FALLBACK,
      SUBFLOW_CLOSED,
      FALLBACK,
      s -> s.both(link -> link.middlebox(OptionBoxes.endOptionsAtMptcp(TcpPacket::isSyn)))),
  EOL_AFTER_SYNS(
      "options after the SYNs replaced by EOL",
      FALLBACK,
      SUBFLOW_CLOSED,
      FALLBACK,
      s -> s.both(link -> link.middlebox(OptionBoxes.endOptionsAtMptcp(OptionBoxes.AFTER_SYNS)))),
  SPLIT_COPY(
      "segments split, options on both parts",
      MULTIPATH,
      MULTIPATH,
      MULTIPATH,
      s -> s.both(link -> SegmentBoxes.split(link, true))),
  SPLIT_FIRST(
      "segments split, options on the first part",
      MULTIPATH,
      MULTIPATH,
      MULTIPATH,
      s -> s.both(link -> SegmentBoxes.split(link, false))),
  COALESCE_FIRST(
      "segments coalesced, options of the first",
      MULTIPATH,
      MULTIPATH,
      MULTIPATH,
      s -> s.both(link -> SegmentBoxes.coalesce(link, true))),
  COALESCE_SECOND(
      "segments coalesced, options of the second",
      MULTIPATH,
      MULTIPATH,
      MULTIPATH,
      s -> s.both(link -> SegmentBoxes.coalesce(link, false))),
  PAYLOAD_CHANGED(
      "payload changed, length kept",
      FALLBACK,
      SUBFLOW_CLOSED,
      SUBFLOW_CLOSED,
      s -> edit(s, new StreamEdit(200_000, 4, words("EPRT")))),
  PAYLOAD_LONGER(
      "payload longer, sequence numbers and ACKs adjusted (FTP gateway)",
      FALLBACK,
      SUBFLOW_CLOSED,
      SUBFLOW_CLOSED,
      s -> edit(s, new StreamEdit(200_000, 0, words("PORT 10,0,0,1")))),
  PAYLOAD_SHORTER(
      "payload shorter, sequence numbers and ACKs adjusted (FTP gateway)",
      FALLBACK,
      SUBFLOW_CLOSED,
      SUBFLOW_CLOSED,
      s -> edit(s, new StreamEdit(200_000, 11, words("")))),
  PAYLOAD_CHANGED_AT_ONCE(
      "payload longer from the first byte",
      FALLBACK,
      SUBFLOW_CLOSED,
      FALLBACK,
      s -> edit(s, new StreamEdit(0, 0, words("Via: gateway\r\n")))),
  RETRANSMISSION_ALTERED(
      "payload altered in retransmissions",
      FALLBACK,
      SUBFLOW_CLOSED,
      SUBFLOW_CLOSED,
      s -> {
        s.expect(new StreamEdit(200_000, 1, words("!")));
        SegmentBoxes.alterRetransmission(s.there(), 200_000, (byte) '!');
      }),
  NORMALIZER(
      "normalizer: other bytes at the same sequence number are refused",
      MULTIPATH,
      MULTIPATH,
      MULTIPATH,
      s -> s.both(link -> SegmentBoxes.refuseOtherContent(link))),
  EARLY_ACK(
      "ACKs for data that the receiver has not seen, from the first byte (proxy)",
      FALLBACK,
      SUBFLOW_CLOSED,
      FALLBACK,
      s -> SegmentBoxes.acknowledgeEarly(s.there(), s.back(), 0)),
  EARLY_ACK_LATER(
      "ACKs for data that the receiver has not seen, later (proxy)",
      MULTIPATH,
      MULTIPATH,
      MULTIPATH,
      s -> SegmentBoxes.acknowledgeEarly(s.there(), s.back(), s.there().now() + 500 * MILLI)),
  DUPLICATE_OPTIONS(
      "options duplicated",
      MULTIPATH,
      MULTIPATH,
      MULTIPATH,
      s -> s.both(link -> link.middlebox(OptionBoxes::duplicate))),
  REORDERED_OPTIONS(
      "options reordered",
      MULTIPATH,
      MULTIPATH,
      MULTIPATH,
      s -> s.both(link -> link.middlebox(OptionBoxes::reverse))),
  SYN_DROPPED(
      "SYN dropped when it carries MPTCP options",
      FALLBACK,
      SUBFLOW_CLOSED,
      FALLBACK,
      12 * SECOND,
      s -> s.path().forward().middlebox(OptionBoxes::dropMptcpSyns)),
  SYN_ACK_DROPPED(
      "SYN/ACK dropped when it carries MPTCP options",
      FALLBACK,
      SUBFLOW_CLOSED,
      FALLBACK,
      12 * SECOND,
      s -> s.path().backward().middlebox(OptionBoxes::dropMptcpSyns)),
  WINDOW_CLAMPED(
      "window clamped",
      MULTIPATH,
      MULTIPATH,
      MULTIPATH,
      s -> s.both(link -> link.middlebox(HeaderBoxes.clampWindow(1_000)))),
  WINDOW_SCALE_STRIPPED(
      "window scale removed",
      MULTIPATH,
      MULTIPATH,
      MULTIPATH,
      s -> s.both(link -> link.middlebox(HeaderBoxes.stripWindowScale()))),
  MSS_CLAMPED(
      "MSS clamped",
      MULTIPATH,
      MULTIPATH,
      MULTIPATH,
      s -> s.both(link -> link.middlebox(HeaderBoxes.clampMss(536)))),
  FIREWALL_DROPS(
      "stateful firewall that saw no SYN, drops",
      SUBFLOW_CLOSED,
      SUBFLOW_CLOSED,
      SUBFLOW_CLOSED,
      900 * SECOND,
      s ->
          s.there()
              .after(
                  500 * MILLI,
                  () -> SegmentBoxes.requireSyn(s.path().forward(), s.path().backward(), false))),
  FIREWALL_RESETS(
      "stateful firewall that saw no SYN, answers with RST",
      SUBFLOW_CLOSED,
      SUBFLOW_CLOSED,
      SUBFLOW_CLOSED,
      20 * SECOND,
      s ->
          s.there()
              .after(
                  500 * MILLI,
                  () -> SegmentBoxes.requireSyn(s.path().forward(), s.path().backward(), true)));

  private final String words;
  private final Outcome only;
  private final Outcome joined;
  private final Outcome firstOfTwo;
  private final long nanos;
  private final Consumer<BoxSite> install;

  MiddleboxRow(
      String words, Outcome only, Outcome joined, Outcome firstOfTwo, Consumer<BoxSite> install) {
    this(words, only, joined, firstOfTwo, 3 * SECOND, install);
  }

  MiddleboxRow(
      String words,
      Outcome only,
      Outcome joined,
      Outcome firstOfTwo,
      long nanos,
      Consumer<BoxSite> install) {
    this.words = words;
    this.only = only;
    this.joined = joined;
    this.firstOfTwo = firstOfTwo;
    this.nanos = nanos;
    this.install = install;
  }

  private static byte[] words(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static void edit(BoxSite site, StreamEdit edit) {
    site.expect(edit);
    SegmentBoxes.edit(site.there(), site.back(), edit);
  }

  private static void later(BoxSite site, Consumer<BoxedLink> box, boolean both) {
    site.there()
        .after(
            500 * MILLI,
            () -> {
              box.accept(site.there());
              if (both) {
                box.accept(site.back());
              }
            });
  }

  /** Whether the box cannot be noticed without checksums. */
  public boolean needsChecksum() {
    return this == PAYLOAD_CHANGED
        || this == PAYLOAD_LONGER
        || this == PAYLOAD_SHORTER
        || this == PAYLOAD_CHANGED_AT_ONCE
        || this == RETRANSMISSION_ALTERED;
  }

  /** Puts the box up. */
  public void install(BoxSite site) {
    install.accept(site);
  }

  /** How many seeds it runs with; more than four bring loss, too. */
  int seeds() {
    return this == FIREWALL_DROPS ? 2 : 6;
  }

  /** What is to become of a connection of our stack with itself. */
  public Outcome expected(MiddleboxSite.Place place) {
    return switch (place) {
      case ONLY_SUBFLOW -> only;
      case JOINED_SUBFLOW -> joined;
      case FIRST_OF_TWO -> firstOfTwo;
    };
  }

  /** Runs a connection through the box. */
  Outcome run(MiddleboxSite.Place place, int seed) {
    // What takes minutes to be noticed is waited for on slow paths.
    boolean slow = this == FIREWALL_DROPS;
    MiddleboxSite site = new MiddleboxSite(place, seed, slow ? 500_000 : 5_000_000);
    install(site);
    return site.run(needsChecksum() || seed % 4 == 0 || seed % 4 == 3, nanos);
  }

  @Override
  public String toString() {
    return words;
  }
}
