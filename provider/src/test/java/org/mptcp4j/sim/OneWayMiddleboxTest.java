package org.mptcp4j.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.sim.SimConfig.MILLI;
import static org.mptcp4j.sim.SimConfig.SECOND;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Boxes that take options away in one direction only: one end knows, the other must find out. */
class OneWayMiddleboxTest {
  private final SimNetwork network = new SimNetwork(11);
  private final SimHost client = network.host("client");
  private final SimHost server = network.host("server");
  private final SimPath path = network.path(client, "10.0.1.1", server, "10.0.1.2");
  private Transfer atClient;
  private Transfer atServer;

  private void transfer(SimConfig config, int up, int down) {
    path.rate(100_000_000).delay(10 * MILLI).queue(200_000);
    server.listen(80, config.toConnectionConfig(), s -> atServer = Transfer.server(down, up).on(s));
    SimSocket socket = client.connect("10.0.1.2", 80, config.toConnectionConfig());
    atClient = Transfer.client(up, down).on(socket);
    network.runUntil(
        () -> atClient.isComplete() && atServer != null && atServer.isComplete(), 60 * SECOND);
    network.runUntil(() -> client.sockets().isEmpty() && server.sockets().isEmpty(), 300 * SECOND);
    assertThat(client.flowCount() + server.flowCount()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "3, 7", "0, 7", "7, 0", "5000, 100000", "100000, 5000", "1000000, 1000000"})
  void optionsStrippedOnTheWayToTheClientAfterTheHandshake(int up, int down) {
    path.backward().middlebox(Middleboxes.stripAfterSyns());
    transfer(SimConfig.multipathTcp(), up, down);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "3, 7", "0, 7", "7, 0", "5000, 100000", "100000, 5000", "1000000, 1000000"})
  void optionsStrippedOnTheWayToTheServerAfterTheHandshake(int up, int down) {
    path.forward().middlebox(Middleboxes.stripAfterSyns());
    transfer(SimConfig.multipathTcp(), up, down);
  }

  @Test
  void aDataFinThatCameBeforeTheFallbackIsNoByteOfTheStream() {
    // The client's data and DATA_FIN arrive with their options, but for a hole; then the server
    // learns from the client's bare FIN that its own options do not pass.
    path.backward().middlebox(Middleboxes.stripAfterSyns());
    int[] count = new int[1];
    path.forward()
        .loss(
            Loss.matching(packet -> Middleboxes.payloadLength(packet) > 1_000 && ++count[0] == 2));
    transfer(SimConfig.multipathTcp(), 4_212, 7);
  }

  @Test
  void changedPayloadWithChecksumsOnTheOnlySubflowFallsBackAndGoesOn() {
    path.forward().middlebox(Middleboxes.changePayload(50));
    SimConfig config = SimConfig.multipathTcp().withChecksum();
    path.rate(100_000_000).delay(10 * MILLI).queue(200_000);
    SimSocket[] accepted = new SimSocket[1];
    server.listen(80, config.toConnectionConfig(), s -> accepted[0] = s);
    SimSocket socket = client.connect("10.0.1.2", 80, config.toConnectionConfig());
    Transfer.client(200_000, 0).mayFail().on(socket);
    network.runFor(10 * SECOND);
    assertThat(accepted[0].connection().isFallback() || accepted[0].isClosed()).isTrue();
  }

  @Test
  void changedPayloadWithChecksumsOnOneOfTwoSubflowsCostsOnlyThatSubflow() {
    SimPath second = network.path(client, "10.0.2.1", server, "10.0.2.2");
    second.rate(100_000_000).delay(15 * MILLI).queue(200_000);
    second.forward().middlebox(Middleboxes.changePayload(10));
    second.backward().middlebox(Middleboxes.changePayload(10));
    transfer(SimConfig.multipathTcp().withChecksum(), 2_000_000, 2_000_000);
  }

  @Test
  void aBoxThatShiftsSequenceNumbersDisturbsNothing() {
    path.forward().middlebox(Middleboxes.shiftSequenceNumbers(0x12345678));
    path.backward().middlebox(Middleboxes.shiftAcknowledgments(0x12345678));
    transfer(SimConfig.multipathTcp().withChecksum(), 1_000_000, 1_000_000);
  }
}
