/**
 * A network in a box: two hosts, {@code a} and {@code b}, joined by any number of paths, each with
 * its own rate, delay, loss, MTU and outages. Hosts are network namespaces; a path is a veth pair,
 * or two with the {@link org.mptcp4j.samples.lab.PathEmulator} between them when it has to do more
 * than shape.
 *
 * <pre>
 *   namespace a             namespace m (only with emulated paths)           namespace b
 *   path1 10.4.1.1 --veth-- a1 -- PathEmulator -- b1 ------------------veth-- path1 10.4.1.2
 *   path2 10.4.2.1 --veth-------------------------------------------------- path2 10.4.2.2
 * </pre>
 *
 * {@link org.mptcp4j.samples.lab.Lab} is the entry, for tests; {@code samples/lab} opens one from a
 * shell. Whatever ends the program, SIGKILL included, the {@link org.mptcp4j.samples.lab.Watchdog}
 * takes everything down.
 */
package org.mptcp4j.samples.lab;
