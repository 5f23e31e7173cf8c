package org.mptcp4j.mptcp;

/**
 * How an active open deals with paths that leave SYNs unanswered; immutable.
 *
 * @param offers how many SYNs of a path offer MPTCP before one goes without: something on the path
 *     may drop what it does not know (RFC 8684 §3.1)
 * @param alone how many SYNs stay unanswered on the first path before another interface is tried as
 *     well (RFC 8041 §3.10); 0 for no other ever
 */
public record OpeningConfig(int offers, int alone) {
  /** One path only, and the third SYN is the last that offers MPTCP. */
  public static final OpeningConfig ONE_PATH = new OpeningConfig(3, 0);
}
