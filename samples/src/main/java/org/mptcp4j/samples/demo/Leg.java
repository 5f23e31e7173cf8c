package org.mptcp4j.samples.demo;

/** One way of fetching the file. */
enum Leg {
  KERNEL_TCP("(a) kernel TCP, one path"),
  MPTCP4J("(b) mptcp4j, both paths"),
  MPTCP4J_CUT("(c) mptcp4j, path 1 cut"),
  MPTCP4J_TO_KERNEL("(d) mptcp4j, kernel MPTCP server");

  private final String title;

  Leg(String title) {
    this.title = title;
  }

  String title() {
    return title;
  }

  boolean isOurs() {
    return this != KERNEL_TCP;
  }
}
