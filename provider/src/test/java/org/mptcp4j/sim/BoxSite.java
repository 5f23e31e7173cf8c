package org.mptcp4j.sim;

import java.util.function.Consumer;

/** Where a middlebox is put up. */
public interface BoxSite {
  /** The path with the box. */
  BoxedPath path();

  /** The client's address on it. */
  String clientAddress();

  /** The direction that a box with one direction works on. */
  BoxedLink there();

  /** The other one. */
  BoxedLink back();

  /** The box changes the stream of the direction {@link #there} in a way that nobody can notice. */
  void expect(StreamEdit change);

  /** Does something to both directions. */
  default void both(Consumer<BoxedLink> change) {
    change.accept(path().forward());
    change.accept(path().backward());
  }
}
