package org.mptcp4j.wire;

/** The control bits of the TCP header (RFC 9293 §3.1). */
public final class TcpFlags {
  public static final int FIN = 0x01;
  public static final int SYN = 0x02;
  public static final int RST = 0x04;
  public static final int PSH = 0x08;
  public static final int ACK = 0x10;
  public static final int URG = 0x20;
  public static final int ECE = 0x40;
  public static final int CWR = 0x80;

  private TcpFlags() {}

  /** For people: {@code SYN|ACK}. */
  public static String describe(int flags) {
    String[] names = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < names.length; i++) {
      if ((flags & 1 << i) != 0) {
        text.append(text.isEmpty() ? "" : "|").append(names[i]);
      }
    }
    return text.toString();
  }
}
