package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mptcp4j.engine.BlockingCalls.accept;
import static org.mptcp4j.engine.BlockingCalls.await;
import static org.mptcp4j.engine.BlockingCalls.read;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mptcp4j.wire.IpAddress;

/** Ports that are announced for joins: they are guarded as long as the connection lives. */
@Timeout(60)
class AnnouncedPortTest {
  private static final int PORT = 8080;
  private static final int ANNOUNCED = 4711;

  private final TwoEngines engines = new TwoEngines(1);

  @AfterEach
  void noFault() throws IOException {
    engines.closeAndCheck();
  }

  /** On every address. */
  private StreamListener listen() throws IOException {
    InetSocketAddress any = new InetSocketAddress("0.0.0.0", PORT);
    return engines.server.listen(any, 10, true, PortSharing.DEFAULT);
  }

  private static InetSocketAddress announced(IpAddress address) {
    return new InetSocketAddress(address.toInetAddress(), ANNOUNCED);
  }

  @Test
  void thePeerJoinsTheAnnouncedPortWhichIsGivenBackInTheEnd() throws Exception {
    StreamListener listener = listen();
    StreamSocket socket = engines.connect(PORT);
    StreamSocket accepted = accept(listener);
    assertThat(socket.write(ByteBuffer.wrap(new byte[] {1}))).isEqualTo(1);
    read(accepted, ByteBuffer.allocate(1));
    engines.clientLink.addAddress("10.0.2.1");
    engines.serverLink.addAddress("10.0.2.2");
    IpAddress second = IpAddress.parse("10.0.2.2");

    assertThat(accepted.announce(announced(second))).isTrue();
    assertThat(accepted.announce(announced(second))).as("again").isTrue();
    assertThat(engines.serverLink.guardedPorts()).containsExactlyInAnyOrder(PORT, ANNOUNCED);
    await("it is joined", () -> socket.subflows().size() == 2);
    assertThat(socket.subflows().get(1).remote()).isEqualTo(announced(second));
    await("it can carry data", () -> socket.subflows().get(1).established());

    socket.close();
    accepted.close();
    listener.close();
    engines.client.flows().connections().forEach(this::reset);
    engines.server.flows().connections().forEach(this::reset);
    await("the ports are free", () -> engines.serverLink.guardedPorts().isEmpty());
  }

  private void reset(EngineConnection owner) {
    owner.post((now, connection) -> connection.abort(now, owner));
  }

  @Test
  void aPortThatSomebodyElseHasIsNotAnnounced() throws Exception {
    StreamListener listener = listen();
    engines.connect(PORT);
    StreamSocket accepted = accept(listener);
    engines.serverLink.guard(engines.serverLink.address(0), ANNOUNCED, true);
    assertThat(accepted.announce(announced(engines.serverLink.address(0)))).isFalse();
  }

  @Test
  void anAddressOfAnotherHostIsNotAnnounced() throws Exception {
    StreamListener listener = listen();
    engines.connect(PORT);
    StreamSocket accepted = accept(listener);
    IpAddress foreign = IpAddress.parse("10.0.7.7");
    assertThat(accepted.announce(announced(foreign))).isFalse();
    assertThat(accepted.announce(new InetSocketAddress(foreign.toInetAddress(), 0))).isFalse();
    assertThat(engines.serverLink.guardedPorts()).containsExactly(PORT);
  }

  @Test
  void nothingIsAnnouncedAfterTheSocketIsClosed() throws Exception {
    StreamListener listener = listen();
    engines.connect(PORT);
    StreamSocket accepted = accept(listener);
    accepted.close();
    assertThat(accepted.announce(announced(engines.serverLink.address(0)))).isFalse();
  }
}
