package org.mptcp4j.samples.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.sim.SimConfig.MILLI;
import static org.mptcp4j.sim.SimConfig.SECOND;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mptcp4j.samples.check.CheckReport.ConnectionReport;
import org.mptcp4j.samples.check.CheckReport.Kind;
import org.mptcp4j.sim.Loss;
import org.mptcp4j.sim.SimCapture;
import org.mptcp4j.sim.SimConfig;
import org.mptcp4j.sim.SimHost;
import org.mptcp4j.sim.SimNetwork;
import org.mptcp4j.sim.SimPath;
import org.mptcp4j.sim.SimRandom;
import org.mptcp4j.sim.SimSocket;
import org.mptcp4j.sim.Transfer;

/** What our own protocol writes, captured in the simulated network at both ends. */
class SimulatedCapturesTest {
  private static final int UP = 700_000;
  private static final int DOWN = 400_000;

  private final SimCapture atClient = new SimCapture();
  private final SimCapture atServer = new SimCapture();

  private void transfer(SimConfig client, SimConfig server, boolean ipv6, Consumer<SimPath> shape) {
    SimNetwork network = new SimNetwork(5);
    SimHost a = network.host("client").capture(atClient);
    SimHost b = network.host("server").capture(atServer);
    for (int i = 1; i <= 2; i++) {
      String prefix = ipv6 ? "fd00:" + i + "::" : "10.0." + i + ".";
      SimPath path = network.path(a, prefix + 1, b, prefix + 2);
      shape.accept(path.rate(50_000_000).delay(10L * i * MILLI).queue(100_000));
    }
    Transfer[] accepted = new Transfer[1];
    b.listen(80, server.toConnectionConfig(), s -> accepted[0] = Transfer.server(DOWN, UP).on(s));
    SimSocket socket = a.connect(ipv6 ? "fd00:1::2" : "10.0.1.2", 80, client.toConnectionConfig());
    Transfer.client(UP, DOWN).on(socket);
    network.runUntil(
        () -> accepted[0] != null && a.sockets().isEmpty() && b.sockets().isEmpty(), 600 * SECOND);
  }

  private static ConnectionReport check(SimCapture capture) {
    try {
      CheckReport report = CaptureChecker.check(capture.toBytes(), false);
      assertThat(report.violations()).isEmpty();
      assertThat(report.connections()).hasSize(1);
      ConnectionReport connection = report.connections().get(0);
      assertThat(connection.fromInitiator().length()).isEqualTo(UP);
      assertThat(connection.fromInitiator().ended()).isTrue();
      assertThat(connection.fromResponder().length()).isEqualTo(DOWN);
      assertThat(connection.fromResponder().ended()).isTrue();
      return connection;
    } catch (IOException e) {
      throw new AssertionError("the simulation writes pcap files", e);
    }
  }

  @ParameterizedTest
  @CsvSource({"false, false", "false, true", "true, false", "true, true"})
  void aTransferOverTwoPathsIsRightAtBothEnds(boolean checksum, boolean ipv6) {
    SimConfig config =
        checksum ? SimConfig.multipathTcp().withChecksum() : SimConfig.multipathTcp();
    transfer(config, SimConfig.multipathTcp(), ipv6, path -> {});
    for (SimCapture capture : new SimCapture[] {atClient, atServer}) {
      ConnectionReport connection = check(capture);
      assertThat(connection.kind()).isEqualTo(Kind.MPTCP);
      assertThat(connection.checksums()).isEqualTo(checksum);
      assertThat(connection.subflows()).hasSizeGreaterThanOrEqualTo(2);
      assertThat(connection.subflows())
          .allMatch(s -> s.bytesFromInitiator() + s.bytesFromResponder() > 0);
    }
    assertThat(check(atClient).fromInitiator()).isEqualTo(check(atServer).fromInitiator());
    assertThat(check(atClient).fromResponder()).isEqualTo(check(atServer).fromResponder());
  }

  @Test
  void lossReorderingAndDuplicationDoNotMakeItWrong() {
    transfer(
        SimConfig.multipathTcp().withChecksum(),
        SimConfig.multipathTcp(),
        false,
        path ->
            path.both(
                link -> link.loss(Loss.random(0.03)).reorder(0.03, 20 * MILLI).duplicate(0.03)));
    // At the client packets of its own are missing that got lost later; nothing else differs.
    assertThat(check(atServer).kind()).isEqualTo(Kind.MPTCP);
    assertThat(check(atClient).kind()).isEqualTo(Kind.MPTCP);
  }

  @Test
  void aPathThatDiesMeansReinjectionUnderTheSameNumbers() {
    transfer(
        SimConfig.multipathTcp(),
        SimConfig.multipathTcp(),
        false,
        path ->
            path.both(
                link ->
                    link.loss(
                        new Loss() {
                          private int count;

                          @Override
                          public boolean drops(SimRandom random, ByteBuffer packet) {
                            count++;
                            return count > 60 && count < 110;
                          }
                        })));
    assertThat(check(atServer).kind()).isEqualTo(Kind.MPTCP);
    assertThat(check(atClient).kind()).isEqualTo(Kind.MPTCP);
  }

  @ParameterizedTest
  @CsvSource({"true, false", "false, true", "false, false"})
  void withAPlainPeerItIsPlainTcp(boolean clientMultipath, boolean serverMultipath) {
    transfer(
        clientMultipath ? SimConfig.multipathTcp() : SimConfig.plainTcp(),
        serverMultipath ? SimConfig.multipathTcp() : SimConfig.plainTcp(),
        false,
        path -> {});
    assertThat(check(atServer).kind()).isEqualTo(Kind.PLAIN_TCP);
    assertThat(check(atClient).kind()).isEqualTo(Kind.PLAIN_TCP);
  }
}
