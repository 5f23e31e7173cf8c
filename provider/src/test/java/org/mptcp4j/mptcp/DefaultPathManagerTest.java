package org.mptcp4j.mptcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.mptcp.TwoHosts.MILLI;
import static org.mptcp4j.mptcp.TwoHosts.SECOND;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.spi.PathManager;
import org.mptcp4j.wire.IpAddress;

/** When subflows that ended are tried again: RFC 8041 §3.4. */
class DefaultPathManagerTest {
  private static InetAddress address(String text) {
    return IpAddress.parse(text).toInetAddress();
  }

  private static final InetAddress FIRST_LOCAL = address("10.0.1.1");
  private static final InetAddress SECOND_LOCAL = address("10.0.2.1");
  private static final PathManager.Remote FIRST_REMOTE =
      new PathManager.Remote(address("10.0.1.2"), 443);
  private static final PathManager.Remote ANNOUNCED =
      new PathManager.Remote(address("10.0.2.2"), 8443);

  /** A connection whose subflows do what the test says. */
  private static final class Scene implements PathManager.Connection {
    final DefaultPathManager manager = new DefaultPathManager();
    final List<InetAddress> locals = new ArrayList<>(List.of(FIRST_LOCAL, SECOND_LOCAL));
    final List<PathManager.Remote> remotes = new ArrayList<>(List.of(FIRST_REMOTE));
    final List<PathManager.Existing> existing = new ArrayList<>();
    boolean pathExists = true;
    long now = 1_000 * SECOND;
    PathManager.Remote opened;

    /** The first subflow lives, or there is none. */
    Scene(boolean first) {
      if (first) {
        existing.add(
            new PathManager.Existing(
                FIRST_LOCAL, FIRST_REMOTE.address(), FIRST_REMOTE.port(), true));
      }
    }

    /** Until the manager opens the next one from the second address: nanoseconds, or -1. */
    long waitForOpening() {
      long start = now;
      opened = null;
      long next = manager.manage(now, this);
      while (opened == null && next != PathManager.NEVER && now - start < 1_000 * SECOND) {
        assertThat(next).isGreaterThan(now);
        now = next;
        next = manager.manage(now, this);
      }
      return opened == null ? -1 : now - start;
    }

    void establish() {
      existing.remove(existing.size() - 1);
      existing.add(new PathManager.Existing(SECOND_LOCAL, opened.address(), opened.port(), true));
      manager.manage(now, this);
    }

    void end(boolean wasEstablished, boolean permanent) {
      existing.remove(existing.size() - 1);
      manager.onSubflowEnded(now, SECOND_LOCAL, opened, wasEstablished, permanent);
    }

    /** It lives for so long. */
    void liveFor(long nanos) {
      establish();
      now += nanos;
      end(true, false);
    }

    @Override
    public boolean isClient() {
      return true;
    }

    @Override
    public boolean isBoundToAddress() {
      return false;
    }

    @Override
    public PathManager.Remote initialRemote() {
      return FIRST_REMOTE;
    }

    @Override
    public InetAddress initialLocalAddress() {
      return FIRST_LOCAL;
    }

    @Override
    public int maxSubflows() {
      return 8;
    }

    @Override
    public List<InetAddress> localAddresses() {
      return locals;
    }

    @Override
    public List<PathManager.Remote> remoteAddresses() {
      return remotes;
    }

    @Override
    public List<PathManager.Existing> subflows() {
      return existing;
    }

    @Override
    public boolean hasPath(InetAddress local, InetAddress remote) {
      return pathExists && local.equals(SECOND_LOCAL);
    }

    @Override
    public boolean open(InetAddress local, PathManager.Remote remote) {
      assertThat(local).isEqualTo(SECOND_LOCAL);
      opened = remote;
      existing.add(new PathManager.Existing(local, remote.address(), remote.port(), false));
      return true;
    }

    @Override
    public boolean open(InetAddress local, PathManager.Remote remote, boolean backup) {
      throw new AssertionError("nobody asked for a backup");
    }

    @Override
    public void announce(InetAddress local) {
      throw new AssertionError("a client announces nothing");
    }

    @Override
    public boolean announce(InetAddress local, int port) {
      throw new AssertionError("a client leaves that to the server");
    }
  }

  private static Scene scene(boolean announced) {
    Scene scene = new Scene(true);
    if (announced) {
      // Neither address of this pair is in use: it comes first.
      scene.remotes.add(ANNOUNCED);
    }
    assertThat(scene.waitForOpening()).isZero();
    assertThat(scene.opened).isEqualTo(announced ? ANNOUNCED : FIRST_REMOTE);
    return scene;
  }

  @Test
  void whatFailsIsTriedAgainAfterPausesThatDoubleUpToSixteenSeconds() {
    Scene scene = scene(false);
    List<Long> pauses = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      scene.end(false, false);
      pauses.add(scene.waitForOpening() / SECOND);
    }
    assertThat(pauses).containsExactly(1L, 2L, 4L, 8L, 16L, 16L, 16L);
  }

  @ParameterizedTest(name = "an announced address is the target: {0}")
  @ValueSource(booleans = {true, false})
  void whatHadWorkedIsTriedAtOnceAndThenEverMoreSeldom(boolean announced) {
    Scene scene = scene(announced);
    scene.remotes.remove(announced ? FIRST_REMOTE : ANNOUNCED);
    List<Long> pauses = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      scene.liveFor(SECOND);
      pauses.add(scene.waitForOpening() / SECOND);
    }
    assertThat(pauses).containsExactly(0L, 1L, 2L, 4L, 8L, 16L, 16L);
  }

  @Test
  void onlyASubflowThatLastsEndsThePauses() {
    Scene scene = scene(false);
    for (int i = 0; i < 4; i++) {
      scene.end(false, false);
      scene.waitForOpening();
    }
    scene.liveFor(9 * SECOND);
    assertThat(scene.waitForOpening()).isEqualTo(8 * SECOND);
    scene.liveFor(10 * SECOND);
    assertThat(scene.waitForOpening()).isZero();
    scene.liveFor(MILLI);
    assertThat(scene.waitForOpening()).isEqualTo(SECOND);
  }

  @ParameterizedTest(name = "an announced address is the target: {0}")
  @ValueSource(booleans = {true, false})
  void aPermanentRefusalHoldsForThatPairUntilTheAddressComesAnew(boolean announced) {
    Scene scene = scene(announced);
    scene.remotes.remove(announced ? FIRST_REMOTE : ANNOUNCED);
    scene.end(false, true);
    assertThat(scene.waitForOpening()).isEqualTo(-1);
    scene.now += 1_000 * SECOND;
    assertThat(scene.waitForOpening()).isEqualTo(-1);

    scene.remotes.add(new PathManager.Remote(address("10.0.3.2"), 443));
    assertThat(scene.waitForOpening()).as("another address").isZero();
    scene.existing.remove(scene.existing.size() - 1);
    scene.remotes.remove(scene.remotes.size() - 1);

    scene.locals.remove(SECOND_LOCAL);
    assertThat(scene.waitForOpening()).isEqualTo(-1);
    scene.locals.add(SECOND_LOCAL);
    assertThat(scene.waitForOpening()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"local", "remote", "path"})
  void whatIsGoneIsNotTried(String what) {
    Scene scene = scene(false);
    scene.end(true, false);
    switch (what) {
      case "local" -> scene.locals.remove(SECOND_LOCAL);
      case "remote" -> scene.remotes.clear();
      default -> scene.pathExists = false;
    }
    assertThat(scene.waitForOpening()).isEqualTo(-1);
  }

  @Test
  void aConnectionWithoutAnySubflowWaitsFourSecondsAtMost() {
    Scene scene = new Scene(false);
    assertThat(scene.waitForOpening()).isZero();
    List<Long> pauses = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      scene.end(false, false);
      pauses.add(scene.waitForOpening() / SECOND);
    }
    assertThat(pauses).containsExactly(1L, 2L, 4L, 4L, 4L, 4L);
  }
}
