package org.mptcp4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import org.mptcp4j.Settings;

/** A client's and a server's engine, each with its own thread, joined in memory. */
final class TwoEngines {
  final MemoryLink clientLink;
  final MemoryLink serverLink;
  final Engine client;
  final Engine server;

  TwoEngines(int paths) {
    this(paths, Map.of());
  }

  TwoEngines(int paths, Map<String, String> settings) {
    MemoryLink[] links = MemoryLink.pair(paths);
    clientLink = links[0];
    serverLink = links[1];
    EngineConfig config = EngineConfig.of(Settings.of(settings));
    client = new Engine(clientLink, config);
    server = new Engine(serverLink, config);
  }

  InetSocketAddress serverAddress(int port) {
    return new InetSocketAddress(serverLink.address(0).toInetAddress(), port);
  }

  StreamListener listen(int port, PortSharing sharing) throws IOException {
    return server.listen(serverAddress(port), 100, true, sharing);
  }

  StreamSocket connect(int port) throws IOException {
    return BlockingCalls.connect(client, serverAddress(port), true);
  }

  void closeAndCheck() throws IOException {
    client.close();
    server.close();
    assertThat(client.counters().faults.sum()).isZero();
    assertThat(server.counters().faults.sum()).isZero();
  }
}
