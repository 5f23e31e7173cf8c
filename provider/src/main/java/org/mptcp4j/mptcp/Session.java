package org.mptcp4j.mptcp;

import org.mptcp4j.wire.SequenceNumber;

/**
 * What the two hosts have agreed on: MPTCP or plain TCP, keys, checksums. A connection that is not
 * multipath has an implicit mapping: data sequence number = base + relative subflow sequence
 * number.
 */
final class Session {
  enum Mode {
    /** MP_CAPABLE was offered; what comes of it is open. */
    NEGOTIATING,
    MULTIPATH,
    /** Plain TCP, from the start or by fallback. For good. */
    PLAIN
  }

  private Mode mode;
  private final KeyMaterial local;
  private KeyMaterial remote;
  private boolean checksum;
  private boolean confirmed;
  private boolean initialAddressClosed;
  private boolean optionsAfterFallback;
  private long sendBase;
  private long receiveBase;

  Session(boolean multipath, KeyMaterial local, boolean checksum) {
    this.mode = multipath ? Mode.NEGOTIATING : Mode.PLAIN;
    this.local = local;
    this.checksum = checksum;
    this.sendBase = local.initialDataSequenceNumber();
  }

  Mode mode() {
    return mode;
  }

  boolean isMultipath() {
    return mode == Mode.MULTIPATH;
  }

  boolean isPlain() {
    return mode == Mode.PLAIN;
  }

  boolean isNegotiating() {
    return mode == Mode.NEGOTIATING;
  }

  KeyMaterial local() {
    return local;
  }

  /** The peer's key; null before it is known. */
  KeyMaterial remote() {
    return remote;
  }

  /** Whether DSS checksums are in use: either side asked for them (RFC 8684 §3.1). */
  boolean usesChecksum() {
    return checksum;
  }

  void requireChecksum() {
    checksum = true;
  }

  /** The peer's key arrived: the connection is an MPTCP connection. */
  void begin(long remoteKey) {
    remote = KeyMaterial.of(remoteKey);
    receiveBase = remote.initialDataSequenceNumber();
    mode = Mode.MULTIPATH;
  }

  /** Whether a DATA_ACK arrived: MPTCP options pass in both directions (RFC 8684 §3.7). */
  boolean isConfirmed() {
    return confirmed;
  }

  void confirm() {
    confirmed = true;
  }

  /** Whether the peer takes no further subflows at its initial address (flag C). */
  boolean isInitialAddressClosed() {
    return initialAddressClosed;
  }

  void closeInitialAddress() {
    initialAddressClosed = true;
  }

  /**
   * Plain TCP from now on, the mapping being what it was on the only subflow.
   *
   * @param mapped whether data went with mappings before
   */
  void becomePlain(boolean mapped) {
    optionsAfterFallback = mapped;
    mode = Mode.PLAIN;
  }

  /**
   * Whether segments of a plain connection keep room for a DSS option: the last mapping that tells
   * of the fallback.
   */
  boolean keepsOptionRoom() {
    return optionsAfterFallback;
  }

  /** The data sequence number of a byte sent, by its relative subflow sequence number. */
  long sentDsn(int relativeSequence, long reference) {
    return sendBase + SequenceNumber.expand(relativeSequence, reference - sendBase);
  }

  /** The data sequence number of a byte received, by its relative subflow sequence number. */
  long receivedDsn(int relativeSequence, long reference) {
    return receiveBase + SequenceNumber.expand(relativeSequence, reference - receiveBase);
  }

  /** The data sequence number of the peer's first byte, less one. */
  long receiveBase() {
    return receiveBase;
  }

  void sendBase(long base) {
    sendBase = base;
  }

  void receiveBase(long base) {
    receiveBase = base;
  }
}
