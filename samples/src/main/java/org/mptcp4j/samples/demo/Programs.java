package org.mptcp4j.samples.demo;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The command lines of the programs.
 *
 * @param libraries the directory of the jars that the samples' own use of the kernel needs
 * @param kernelSockets whether also the programs that are to run on mptcp4j run without it
 * @param jvmOptions for those that run on mptcp4j
 */
record Programs(
    String applicationJar,
    String libraries,
    String mptcp4jJar,
    boolean kernelSockets,
    List<String> jvmOptions) {
  private static final String THE_FLAG =
      "-Djava.nio.channels.spi.SelectorProvider=org.mptcp4j.MptcpSelectorProvider";

  /** A program as it is. */
  List<String> plain(Class<?> main, String... arguments) {
    return java(List.of(), applicationJar + ":" + libraries + "/*", main, arguments);
  }

  /** The same program with the one flag. */
  List<String> withMptcp4j(Class<?> main, String... arguments) {
    if (kernelSockets) {
      return plain(main, arguments);
    }
    List<String> options = new ArrayList<>(List.of(THE_FLAG));
    options.addAll(jvmOptions);
    return java(options, applicationJar + ":" + mptcp4jJar, main, arguments);
  }

  private static List<String> java(
      List<String> options, String classPath, Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", classPath, main.getName()));
    command.addAll(List.of(arguments));
    return command;
  }
}
