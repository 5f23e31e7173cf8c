package org.mptcp4j.wire;

/**
 * Numbers of MPTCP options: kind 30, then the subtypes of RFC 8684 §8 (table 2) and the reasons of
 * §3.6.
 */
public final class MptcpOption {
  public static final int KIND = 30;

  public static final int MP_CAPABLE = 0;
  public static final int MP_JOIN = 1;
  public static final int DSS = 2;
  public static final int ADD_ADDR = 3;
  public static final int REMOVE_ADDR = 4;
  public static final int MP_PRIO = 5;
  public static final int MP_FAIL = 6;
  public static final int MP_FASTCLOSE = 7;
  public static final int MP_TCPRST = 8;

  /** MP_CAPABLE flag A: checksum required. */
  public static final int CAPABLE_CHECKSUM_REQUIRED = 0x80;

  /** MP_CAPABLE flag B: extensibility. */
  public static final int CAPABLE_EXTENSION = 0x40;

  /** MP_CAPABLE flag C: no further subflows to the address and port of this one. */
  public static final int CAPABLE_NO_JOIN_TO_INITIAL = 0x20;

  /** MP_CAPABLE flags D to H: algorithms. */
  public static final int CAPABLE_ALGORITHMS = 0x1f;

  /** MP_CAPABLE flag H: HMAC-SHA256. */
  public static final int CAPABLE_HMAC_SHA256 = 0x01;

  public static final int RESET_UNSPECIFIED = 0;
  public static final int RESET_MPTCP_ERROR = 1;
  public static final int RESET_LACK_OF_RESOURCES = 2;
  public static final int RESET_ADMINISTRATIVELY_PROHIBITED = 3;
  public static final int RESET_TOO_MUCH_OUTSTANDING_DATA = 4;
  public static final int RESET_UNACCEPTABLE_PERFORMANCE = 5;
  public static final int RESET_MIDDLEBOX_INTERFERENCE = 6;

  private MptcpOption() {}
}
