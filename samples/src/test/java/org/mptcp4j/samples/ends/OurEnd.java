package org.mptcp4j.samples.ends;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.mptcp4j.samples.lab.Host;
import org.mptcp4j.samples.lab.HostProcess;

/** Our stack, in a JVM of its own in the host's namespace ({@link OurEndProgram}). */
public final class OurEnd implements End {
  /** How the lines begin that answer orders. */
  static final String ANSWER = "answer ";

  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final HostProcess process;
  private final HostProcess.Follower answers;
  private String watched = "";
  private int lived;
  private boolean died;

  /**
   * Starts the JVM, which ends with the lab.
   *
   * @param options for it
   */
  public OurEnd(Host host, List<String> options) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Djava.nio.channels.spi.SelectorProvider=org.mptcp4j.MptcpSelectorProvider");
    command.addAll(options);
    // Many of these run at a time, each for little.
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(OurEndProgram.class.getName());
    process = host.start(command);
    answers = process.follow();
  }

  /** From which of the client's addresses subflows are watched, in the conversations to come. */
  public void watch(List<String> clientAddresses) {
    watched = String.join(",", clientAddresses);
  }

  private String order(String... words) throws IOException {
    process.send(String.join(" ", words));
    return answers.next(line -> line.startsWith(ANSWER), LIMIT).substring(ANSWER.length());
  }

  private void begin(String how, String local, String address, int port, Conversation.Plan plan)
      throws IOException {
    order(
        how,
        local,
        address,
        Integer.toString(port),
        Long.toString(plan.bytes()),
        Long.toString(plan.edit().at()),
        Integer.toString(plan.edit().removed()),
        HexFormat.of().formatHex(plan.edit().inserted()),
        watched);
  }

  @Override
  public void listen(String address, int port, Conversation.Plan plan) throws IOException {
    begin("listen", "", address, port, plan);
  }

  @Override
  public void connect(String local, String address, int port, Conversation.Plan plan)
      throws IOException {
    begin("connect", local, address, port, plan);
  }

  @Override
  public Conversation.Progress progress() throws IOException {
    String[] words = order("progress").split(" ", 8);
    lived = Integer.parseInt(words[4]);
    died = Boolean.parseBoolean(words[5]);
    return new Conversation.Progress(
        Long.parseLong(words[0]),
        Boolean.parseBoolean(words[1]),
        Long.parseLong(words[2]),
        Boolean.parseBoolean(words[6]),
        Boolean.parseBoolean(words[3]),
        words[7]);
  }

  /** As of the last {@link #progress}: whether a watched subflow ended, or there never was one. */
  public boolean lostSubflow() {
    return died || lived == 0;
  }

  @Override
  public void finish() throws IOException {
    order("finish");
  }

  @Override
  public void abort() throws IOException {
    order("abort");
  }

  /** Makes the subflow that begins at our {@code address} a backup, or none again. */
  public void backup(String address, boolean backup) throws IOException {
    order("backup", address, Boolean.toString(backup));
  }

  /** Announces an address and port of our host to the kernel. */
  public void announce(String address, int port) throws IOException {
    order("announce", address, Integer.toString(port));
  }

  /** All that the program said, for messages. */
  public String output() {
    return process.lines().stream().filter(line -> !line.startsWith(ANSWER)).toList().toString();
  }
}
