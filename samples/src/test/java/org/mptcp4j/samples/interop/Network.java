package org.mptcp4j.samples.interop;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Set;
import java.util.function.BiConsumer;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.samples.lab.Lab.Side;
import org.mptcp4j.samples.lab.PathSpec;

/** What two paths, and the hosts at their ends, have about them. */
// The functions add to a builder and keep nothing.
@SuppressWarnings("ImmutableEnumChecker")
enum Network {
  PLAIN((builder, ours) -> {}),
  SMALLER_MTU((builder, ours) -> {}),
  /** The address of our host's first path sits on a bridge. */
  BRIDGE((builder, ours) -> ours.forEach(builder::bridge)),
  /** Both hosts have a bridge that leads nowhere. */
  UNRELATED_BRIDGE((builder, ours) -> builder.unrelatedBridge(Side.A).unrelatedBridge(Side.B)),
  /** Our host's firewall drops all TCP. */
  FIREWALL((builder, ours) -> ours.forEach(builder::firewall));

  private final BiConsumer<Lab.Builder, Set<Side>> addition;

  Network(BiConsumer<Lab.Builder, Set<Side>> addition) {
    this.addition = addition;
  }

  /** Skips the test where something is missing. */
  void needsTools() {
    if (this == FIREWALL) {
      assumeTrue(Tools.has("nft"), "a firewall needs the program 'nft'");
    }
  }

  /** A lab of two paths; our host is where our stack is. */
  Lab.Builder lab(PathSpec path, Stack client, Stack server) {
    Lab.Builder builder =
        Lab.builder().path(path).path(this == SMALLER_MTU ? path.withMtu(1_400) : path);
    addition.accept(builder, sides(client, server));
    return builder;
  }

  private static Set<Side> sides(Stack client, Stack server) {
    if (client == Stack.OURS) {
      return server == Stack.OURS ? Set.of(Side.A, Side.B) : Set.of(Side.A);
    }
    return server == Stack.OURS ? Set.of(Side.B) : Set.of();
  }
}
