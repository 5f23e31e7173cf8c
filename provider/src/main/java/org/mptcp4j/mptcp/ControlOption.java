package org.mptcp4j.mptcp;

import org.mptcp4j.wire.IpAddress;
import org.mptcp4j.wire.TcpOptionWriter;

/** An option that waits for the next ACK of a subflow. */
sealed interface ControlOption {
  /** Bytes with padding. */
  int length();

  boolean writeTo(TcpOptionWriter options);

  /** ADD_ADDR (RFC 8684 §3.4.1); port 0 for none; an echo has no HMAC. */
  record AddAddr(boolean echo, int addressId, IpAddress address, int port, long hmac)
      implements ControlOption {
    @Override
    public int length() {
      int bytes = 4 + (address.isIpv4() ? 4 : 16) + (port == 0 ? 0 : 2) + (echo ? 0 : 8);
      return bytes + 3 & ~3;
    }

    @Override
    public boolean writeTo(TcpOptionWriter options) {
      return options.addAddr(echo, addressId, address, port, hmac);
    }
  }

  /** REMOVE_ADDR (RFC 8684 §3.4.2). */
  record RemoveAddr(int addressId) implements ControlOption {
    @Override
    public int length() {
      return 4;
    }

    @Override
    public boolean writeTo(TcpOptionWriter options) {
      return options.removeAddr(new int[] {addressId}, 1);
    }
  }

  /** MP_PRIO (RFC 8684 §3.3.8). */
  record Prio(boolean backup) implements ControlOption {
    @Override
    public int length() {
      return 4;
    }

    @Override
    public boolean writeTo(TcpOptionWriter options) {
      return options.mpPrio(backup);
    }
  }

  /** MP_FAIL (RFC 8684 §3.7). */
  record Fail(long dsn) implements ControlOption {
    @Override
    public int length() {
      return 12;
    }

    @Override
    public boolean writeTo(TcpOptionWriter options) {
      return options.mpFail(dsn);
    }
  }
}
