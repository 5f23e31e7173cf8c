package org.mptcp4j.samples.interop;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.mptcp4j.samples.transfer.KernelMptcpTransfer;
import org.mptcp4j.samples.transfer.Transfer;

/** Whose protocol a program runs on. */
enum Stack {
  OURS,
  KERNEL_MPTCP,
  KERNEL_TCP;

  boolean isMultipath() {
    return this != KERNEL_TCP;
  }

  /** The command line of the transfer program on this stack. */
  List<String> transfer(Path countersFile, String... arguments) {
    Class<?> main = this == KERNEL_MPTCP ? KernelMptcpTransfer.class : Transfer.class;
    return program(main, countersFile, arguments);
  }

  /** The command line of any program that is written for the JDK's sockets. */
  List<String> program(Class<?> main, Path countersFile, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    if (this == OURS) {
      command.add("-Djava.nio.channels.spi.SelectorProvider=org.mptcp4j.MptcpSelectorProvider");
      command.add("-Dmptcp4j.counters.file=" + countersFile);
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    return command;
  }
}
