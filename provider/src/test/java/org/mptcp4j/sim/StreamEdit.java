package org.mptcp4j.sim;

/**
 * What an application-level gateway makes of a stream: at one place bytes are overwritten, inserted
 * or taken out. Offsets count from the first byte of the stream.
 *
 * @param at where the change begins
 * @param removed how many bytes of the original it replaces
 * @param inserted the bytes that come in their place
 */
public record StreamEdit(long at, int removed, byte[] inserted) {
  /** The stream as it was written. */
  public static final StreamEdit NONE = new StreamEdit(Long.MAX_VALUE, 0, new byte[0]);

  /** How much longer the stream becomes, bytes. */
  public int growth() {
    return inserted.length - removed;
  }

  /** Where a byte of the result comes from, -1 when it is one of those inserted. */
  public long origin(long offset) {
    if (offset < at) {
      return offset;
    }
    return offset - at < inserted.length ? -1 : offset - growth();
  }
}
