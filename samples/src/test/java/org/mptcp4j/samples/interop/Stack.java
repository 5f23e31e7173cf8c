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
    return this == KERNEL_MPTCP
        ? java(KernelMptcpTransfer.class, countersFile, arguments)
        : java(Transfer.class, countersFile, arguments);
  }

  /**
   * The command line of any program that is written for the JDK's sockets; on the kernel's MPTCP it
   * needs the program {@code mptcpize}.
   */
  List<String> program(Class<?> main, Path countersFile, String... arguments) {
    List<String> command = java(main, countersFile, arguments);
    if (this == KERNEL_MPTCP) {
      command.addAll(0, List.of("mptcpize", "run"));
    }
    return command;
  }

  private List<String> java(Class<?> main, Path countersFile, String... arguments) {
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
