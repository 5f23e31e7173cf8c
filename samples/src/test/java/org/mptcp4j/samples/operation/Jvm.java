package org.mptcp4j.samples.operation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Command lines of child JVMs with this JVM's class path. */
final class Jvm {
  private static final String PROVIDER =
      "-Djava.nio.channels.spi.SelectorProvider=org.mptcp4j.MptcpSelectorProvider";

  private Jvm() {}

  /** A program over the JDK's own provider. */
  static List<String> plain(Class<?> program, String... arguments) {
    return line(List.of(), program, arguments);
  }

  /** A program over mptcp4j. */
  static List<String> withMptcp4j(Class<?> program, String... arguments) {
    return withMptcp4j(List.of(), program, arguments);
  }

  /**
   * A program over mptcp4j with settings, as {@code name=value} without the leading {@code
   * mptcp4j.}.
   */
  static List<String> withMptcp4j(List<String> settings, Class<?> program, String... arguments) {
    List<String> flags = new ArrayList<>(List.of(PROVIDER));
    settings.forEach(setting -> flags.add("-Dmptcp4j." + setting));
    return line(flags, program, arguments);
  }

  private static List<String> line(List<String> flags, Class<?> program, String... arguments) {
    List<String> line = new ArrayList<>();
    line.add(ProcessHandle.current().info().command().orElse("java"));
    line.addAll(flags);
    line.add("-cp");
    line.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    line.add(program.getName());
    line.addAll(Arrays.asList(arguments));
    return line;
  }
}
