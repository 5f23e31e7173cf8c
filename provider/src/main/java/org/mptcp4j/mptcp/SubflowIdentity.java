package org.mptcp4j.mptcp;

/** Who takes part in a subflow: address identifiers, and what MP_JOIN proves them with. */
final class SubflowIdentity {
  private int localAddressId;
  private int remoteAddressId;
  private int localNonce;
  private int remoteNonce;
  private byte[] ownHmac = new byte[0];

  int localAddressId() {
    return localAddressId;
  }

  int remoteAddressId() {
    return remoteAddressId;
  }

  void addressIds(int local, int remote) {
    localAddressId = local;
    remoteAddressId = remote;
  }

  int localNonce() {
    return localNonce;
  }

  int remoteNonce() {
    return remoteNonce;
  }

  void nonces(int local, int remote) {
    localNonce = local;
    remoteNonce = remote;
  }

  /** The HMAC by which this side proves itself; empty before it is known. */
  byte[] ownHmac() {
    return ownHmac;
  }

  void ownHmac(byte[] hmac) {
    ownHmac = hmac;
  }
}
