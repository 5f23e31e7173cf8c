package org.mptcp4j.mptcp;

import java.util.OptionalLong;
import org.mptcp4j.wire.MptcpOption;

/** Whether a subflow has to be reset, and what the RST says (RFC 8684 §3.6, §3.7). */
final class ResetRequest {
  private boolean wanted;
  private int reason = MptcpOption.RESET_UNSPECIFIED;
  private boolean isTransient;
  private OptionalLong failedDsn = OptionalLong.empty();

  void want(int reason, boolean isTransient) {
    this.wanted = true;
    this.reason = reason;
    this.isTransient = isTransient;
  }

  boolean isWanted() {
    return wanted;
  }

  int reason() {
    return reason;
  }

  /** Whether trying again may help. */
  boolean isTransient() {
    return isTransient;
  }

  /** Whether trying again is of no use; a reset without a reason says nothing about that. */
  boolean isPermanent() {
    return wanted && !isTransient && reason != MptcpOption.RESET_UNSPECIFIED;
  }

  /** Where the mapping began whose checksum was wrong: the RST carries MP_FAIL. */
  OptionalLong failedDsn() {
    return failedDsn;
  }

  void failed(long dsn) {
    failedDsn = OptionalLong.of(dsn);
  }
}
