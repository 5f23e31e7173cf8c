package org.mptcp4j.samples.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.mptcp4j.samples.lab.Host.InterfaceCounters;
import org.mptcp4j.samples.lab.HostProcess;
import org.mptcp4j.samples.lab.Lab;

/** One transfer both ways between a client on host a and a server on host b, and all checks. */
final class TransferRun {
  private static final String PORT = "5000";
  private static final double LEAST_SHARE = 0.20;

  private final Lab lab;
  private final Stack clientStack;
  private final Stack serverStack;
  private final boolean ipv6;
  private final long bytes;
  private final List<String> ourOptions = new ArrayList<>();
  private Step beforehand;
  private final List<Step> serving = new ArrayList<>();
  private Step atHalf;
  private boolean bothPathsShare = true;
  private Duration limit = Duration.ofSeconds(60);

  /** Something to be done in the lab. */
  @FunctionalInterface
  interface Step {
    void run() throws IOException;
  }

  TransferRun(Lab lab, Stack clientStack, Stack serverStack, boolean ipv6, long bytes) {
    this.lab = lab;
    this.clientStack = clientStack;
    this.serverStack = serverStack;
    this.ipv6 = ipv6;
    this.bytes = bytes;
  }

  /** Another preparation of the kernel's side than the announcement of its second address. */
  TransferRun beforehand(Step step) {
    beforehand = step;
    return this;
  }

  /** Done when the server is ready, before there is a client, after what was given before. */
  TransferRun onceServing(Step step) {
    serving.add(step);
    return this;
  }

  /** Done when the client has received half of what it expects. */
  TransferRun atHalf(Step step) {
    atHalf = step;
    return this;
  }

  /** An option for the JVM of those programs that run on our stack. */
  TransferRun ourOption(String option) {
    ourOptions.add(option);
    return this;
  }

  /** How long each half of the transfer may take; a minute if it is not said. */
  TransferRun within(Duration longest) {
    limit = longest;
    return this;
  }

  /** It is not asked what each path carried. */
  TransferRun pathsMayDiffer() {
    bothPathsShare = false;
    return this;
  }

  private List<String> command(Stack stack, Peer peer, String... arguments) {
    List<String> command = new ArrayList<>(stack.transfer(peer.countersFile(), arguments));
    if (stack == Stack.OURS) {
      command.addAll(1, ourOptions);
    }
    return command;
  }

  /** Returns what the client printed of its streams: {@code sent=… received=…}. */
  String runAndCheck() throws IOException {
    if (beforehand != null) {
      beforehand.run();
    } else if (serverStack == Stack.KERNEL_MPTCP) {
      lab.b().announceKernelAddress(2, ipv6);
    }
    String size = Long.toString(bytes);
    String address = ipv6 ? lab.b().ipv6(1) : lab.b().ipv4(1);
    String clientResult;
    try (Peer a = new Peer(lab, lab.a(), clientStack);
        Peer b = new Peer(lab, lab.b(), serverStack);
        HostProcess server = lab.b().start(command(serverStack, b, "server", PORT, size))) {
      server.awaitLineStarting("ready", limit);
      for (Step step : serving) {
        step.run();
      }
      try (HostProcess client =
          lab.a().start(command(clientStack, a, "client", address, PORT, size))) {
        client.awaitLineStarting("half", limit);
        if (atHalf != null) {
          atHalf.run();
        }
        a.assertKernelHoldsNoConnection();
        b.assertKernelHoldsNoConnection();
        clientResult = client.awaitLineStarting("sent=", limit);
        String serverResult = server.awaitLineStarting("sent=", limit);
        assertThat(client.awaitExit(limit)).as(client::output).isZero();
        assertThat(server.awaitExit(limit)).as(server::output).isZero();
        assertThat(sent(clientResult)).isEqualTo(received(serverResult)).startsWith(size + ":");
        assertThat(sent(serverResult)).isEqualTo(received(clientResult)).startsWith(size + ":");
      }
      a.assertCountersAreClean(serverStack);
      b.assertCountersAreClean(clientStack);
      if (bothPathsShare && clientStack.isMultipath() && serverStack.isMultipath()) {
        assertEachPathCarriesItsShare();
      }
    }
    return clientResult;
  }

  private void assertEachPathCarriesItsShare() throws IOException {
    for (int path = 1; path <= lab.paths().size(); path++) {
      InterfaceCounters counters = lab.a().counters(path);
      assertThat((double) (counters.rxBytes() + counters.txBytes()))
          .as("bytes on path " + path)
          .isGreaterThanOrEqualTo(LEAST_SHARE * 2 * bytes);
    }
  }

  static String sent(String result) {
    return result.substring("sent=".length(), result.indexOf(' '));
  }

  static String received(String result) {
    return result.substring(result.indexOf("received=") + "received=".length());
  }
}
