package org.mptcp4j.mptcp;

import java.security.SecureRandom;
import java.util.function.IntPredicate;
import org.mptcp4j.tcp.NetworkPath;
import org.mptcp4j.tcp.SipHash;
import org.mptcp4j.tcp.SynCookies;
import org.mptcp4j.wire.IncomingSegment;
import org.mptcp4j.wire.MptcpOption;
import org.mptcp4j.wire.MptcpOptionSet;
import org.mptcp4j.wire.OutgoingSegment;

/**
 * Answers SYNs without keeping anything of them (RFC 8684 §3.1): the sequence number is a cookie
 * ({@link SynCookies}), and our key is a keyed hash, so that both can be known again when the peer
 * sends them back in its ACK. Not thread-safe.
 */
public final class StatelessHandshake {
  private final SynCookies cookies;
  private final SipHash keySecret;
  private final OutgoingSegment answer = new OutgoingSegment();

  /** With secrets of its own. */
  public StatelessHandshake(SecureRandom random) {
    this(new SipHash(random), new SipHash(random));
  }

  /** With these secrets, one for sequence numbers and one for keys. */
  public StatelessHandshake(SipHash cookieSecret, SipHash keySecret) {
    cookies = new SynCookies(cookieSecret);
    this.keySecret = keySecret;
  }

  /**
   * The SYN/ACK for a SYN without MP_JOIN; valid until the next call.
   *
   * @param timestampOffset as {@link MptcpHost#timestampOffset} gives it
   * @param isTokenFree whether no connection has this token
   */
  public OutgoingSegment answer(
      long now,
      IncomingSegment syn,
      ConnectionConfig config,
      NetworkPath path,
      int timestampOffset,
      IntPredicate isTokenFree) {
    cookies.answer(
        now,
        syn,
        config.tcp().withMssAtMost(Subflow.mostPayload(path, syn.isIpv4())),
        config.firstReceiveBufferBytes(),
        timestampOffset,
        answer);
    if (config.multipath() && Handshake.isOffer(syn)) {
      long key = key(syn, syn.sequenceNumber(), answer.sequenceNumber());
      // RFC 8684 §3.1: no other key could be verified later, so a taken token means plain TCP.
      if (isTokenFree.test(KeyMaterial.of(key).token())) {
        boolean checksum =
            config.checksum()
                || (syn.mptcp().capableFlags() & MptcpOption.CAPABLE_CHECKSUM_REQUIRED) != 0;
        answer
            .options()
            .mpCapableSynAck(SubflowOptions.VERSION, SubflowOptions.capableFlags(checksum), key);
      }
    }
    return answer;
  }

  private long key(IncomingSegment segment, int peersIsn, int cookie) {
    return SynCookies.hash(keySecret, segment, peersIsn, cookie);
  }

  /** Whether {@code ack}, of a flow that nobody knows, answers one of our answers. */
  public boolean isValid(long now, IncomingSegment ack) {
    return cookies.isValid(now, ack);
  }

  /**
   * The connection that a valid {@code ack} belongs to, in SYN-RECEIVED; the caller gives it that
   * segment next.
   *
   * @throws IllegalStateException when the flow is registered already
   */
  public MptcpConnection accept(
      long now, MptcpHost host, ConnectionConfig config, IncomingSegment ack, NetworkPath path) {
    int cookie = ack.acknowledgmentNumber() - 1;
    long key = key(ack, ack.sequenceNumber() - 1, cookie);
    MptcpOptionSet options = ack.mptcp();
    IncomingSegment syn =
        cookies.rebuildSyn(
            ack,
            writer -> {
              if (options.has(MptcpOption.MP_CAPABLE)) {
                writer.mpCapableSyn(SubflowOptions.VERSION, options.capableFlags());
              }
            });
    return ConnectionOpener.acceptAnswered(
        now, host, config, syn, path, KeyMaterial.of(key), cookie);
  }
}
