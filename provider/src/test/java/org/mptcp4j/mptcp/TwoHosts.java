package org.mptcp4j.mptcp;

import org.mptcp4j.sim.SimHost;
import org.mptcp4j.sim.SimNetwork;
import org.mptcp4j.sim.SimPath;
import org.mptcp4j.sim.SimSocket;
import org.mptcp4j.sim.Transfer;
import org.mptcp4j.tcp.TcpConfig;

/** A client and a server with two paths between them, for stories of packets. */
final class TwoHosts {
  static final int PORT = 10000;
  static final long MILLI = 1_000_000L;
  static final long SECOND = 1_000_000_000L;

  final SimNetwork network;
  final SimHost client;
  final SimHost server;
  final SimPath first;
  SimPath second;
  SimSocket clientSocket;
  SimSocket serverSocket;
  Transfer clientTransfer;
  Transfer serverTransfer;

  private TwoHosts(long seed) {
    network = new SimNetwork(seed);
    client = network.host("client");
    server = network.host("server");
    first = network.path(client, "10.0.1.1", server, "10.0.1.2");
    first.rate(100_000_000).delay(5 * MILLI).queue(200_000);
  }

  static TwoHosts onePath(long seed) {
    return new TwoHosts(seed);
  }

  static TwoHosts twoPaths(long seed) {
    TwoHosts hosts = new TwoHosts(seed);
    hosts.addSecondPath();
    return hosts;
  }

  void addSecondPath() {
    second = network.path(client, "10.0.2.1", server, "10.0.2.2");
    second.rate(100_000_000).delay(10 * MILLI).queue(200_000);
  }

  static ConnectionConfig multipath() {
    return config(true, false);
  }

  static ConnectionConfig multipathWithChecksum() {
    return config(true, true);
  }

  static ConnectionConfig plain() {
    return config(false, false);
  }

  private static ConnectionConfig config(boolean multipath, boolean checksum) {
    int buffer = 2 << 20;
    return ConnectionConfig.builder(TcpConfig.builder(1460, buffer).timeWait(SECOND).build())
        .multipath(multipath)
        .checksum(checksum)
        .buffers(buffer, buffer)
        .build();
  }

  void connect(ConnectionConfig clientConfig, ConnectionConfig serverConfig) {
    server.listen(PORT, serverConfig, socket -> serverSocket = socket);
    clientSocket = client.connect("10.0.1.2", PORT, clientConfig);
    network.runUntil(
        () -> clientSocket.isEstablished() && serverSocket != null && serverSocket.isEstablished(),
        20 * SECOND);
  }

  void transfer(long up, long down) {
    clientTransfer = Transfer.client(up, down).on(clientSocket);
    serverTransfer = Transfer.server(down, up).on(serverSocket);
  }

  void runToEnd(long limitNanos) {
    network.runUntil(() -> clientTransfer.isComplete() && serverTransfer.isComplete(), limitNanos);
  }

  void runUntilForgotten() {
    network.runUntil(
        () ->
            client.sockets().isEmpty()
                && server.sockets().isEmpty()
                && client.flowCount() + server.flowCount() == 0
                && client.tokenCount() + server.tokenCount() == 0,
        120 * SECOND);
  }

  MptcpConnection clientConnection() {
    return clientSocket.connection();
  }

  MptcpConnection serverConnection() {
    return serverSocket.connection();
  }
}
