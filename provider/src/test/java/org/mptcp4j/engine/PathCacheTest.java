package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mptcp4j.Settings;
import org.mptcp4j.tcp.PathEstimate;
import org.mptcp4j.wire.IpAddress;

/** RFC 9040: what one connection learns of a path is there for the next. */
class PathCacheTest {
  private static final long SECOND = 1_000_000_000L;
  private static final IpAddress HERE = IpAddress.parse("10.0.0.1");
  private static final IpAddress ALSO_HERE = IpAddress.parse("10.1.0.1");
  private static final IpAddress THERE = IpAddress.parse("192.168.0.1");
  private static final PathEstimate ESTIMATE = new PathEstimate(40_000, 8_000, 60_000);

  private final PathCache cache = new PathCache(3, Duration.ofMinutes(10));

  @Test
  void whatIsLearnedIsThereForTheSamePairOfAddresses() {
    cache.learn(0, HERE, THERE, ESTIMATE);
    assertThat(cache.find(SECOND, HERE, THERE)).contains(ESTIMATE);
    assertThat(cache.find(SECOND, ALSO_HERE, THERE)).isEmpty();
    assertThat(cache.find(SECOND, THERE, HERE)).isEmpty();
  }

  @Test
  void whatIsOldIsForgottenAndNotMixedWithTheNew() {
    cache.learn(0, HERE, THERE, ESTIMATE);
    assertThat(cache.find(600 * SECOND, HERE, THERE)).isPresent();
    assertThat(cache.find(601 * SECOND, HERE, THERE)).isEmpty();
    assertThat(cache.size()).isZero();

    cache.learn(0, HERE, THERE, ESTIMATE);
    PathEstimate fresh = new PathEstimate(80_000, 1_000, 10_000);
    cache.learn(601 * SECOND, HERE, THERE, fresh);
    assertThat(cache.find(601 * SECOND, HERE, THERE)).contains(fresh);
  }

  @Test
  void newFiguresAreMergedWithThoseThatAreThere() {
    cache.learn(0, HERE, THERE, ESTIMATE);
    cache.learn(SECOND, HERE, THERE, new PathEstimate(60_000, 10_000, Long.MAX_VALUE));
    assertThat(cache.find(SECOND, HERE, THERE)).contains(new PathEstimate(50_000, 9_000, 60_000));
    cache.learn(SECOND, HERE, THERE, new PathEstimate(50_000, 9_000, 20_000));
    assertThat(cache.find(SECOND, HERE, THERE)).contains(new PathEstimate(50_000, 9_000, 40_000));
  }

  @Test
  void theOneAskedForLongestAgoMakesRoom() {
    IpAddress[] peers =
        IntStream.range(0, 4)
            .mapToObj(i -> IpAddress.parse("192.168.0." + (i + 1)))
            .toArray(IpAddress[]::new);
    for (int i = 0; i < 3; i++) {
      cache.learn(i, HERE, peers[i], ESTIMATE);
    }
    assertThat(cache.find(3, HERE, peers[0])).isPresent();
    cache.learn(4, HERE, peers[3], ESTIMATE);
    assertThat(cache.size()).isEqualTo(3);
    assertThat(cache.find(5, HERE, peers[1])).isEmpty();
    assertThat(cache.find(5, HERE, peers[0])).isPresent();
  }

  @Test
  void figuresThatMakeNoSenseAreLeftOut() {
    cache.learn(0, HERE, THERE, new PathEstimate(0, 0, 60_000));
    cache.learn(0, HERE, THERE, new PathEstimate(100 * SECOND, 0, 60_000));
    cache.learn(0, HERE, THERE, new PathEstimate(40_000, -1, 60_000));
    cache.learn(0, HERE, THERE, new PathEstimate(40_000, 0, 0));
    assertThat(cache.size()).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anEngineLearnsFromConnectionsWhereTheSettingSaysSo(boolean on) throws Exception {
    MemoryLink[] links = MemoryLink.pair(1);
    EngineConfig config =
        EngineConfig.of(Settings.of(Map.of("mptcp4j.tcp.cache", String.valueOf(on))));
    try (Engine client = new Engine(links[0], config);
        Engine server = new Engine(links[1], config)) {
      InetSocketAddress address = new InetSocketAddress(links[1].address(0).toInetAddress(), 8080);
      StreamListener listener = server.listen(address, 10, true);
      StreamSocket socket = BlockingCalls.connect(client, address, true);
      StreamSocket accepted = BlockingCalls.accept(listener);
      // A round trip for each byte.
      for (int i = 0; i < 20; i++) {
        echo(socket, accepted);
        echo(accepted, socket);
      }
      socket.close();
      accepted.close();
      if (on) {
        BlockingCalls.await("it has learned", () -> client.pathCache().orElseThrow().size() > 0);
        PathEstimate learned =
            client
                .pathCache()
                .orElseThrow()
                .find(client.now(), links[0].address(0), links[1].address(0))
                .orElseThrow();
        assertThat(learned.smoothedRttNanos()).isPositive();
      } else {
        assertThat(client.pathCache()).isEmpty();
      }
      listener.close();
    }
  }

  private static void echo(StreamSocket from, StreamSocket to) throws Exception {
    assertThat(from.write(ByteBuffer.allocate(1))).isEqualTo(1);
    BlockingCalls.readFully(to, 1);
  }
}
