/**
 * A network in a box: hosts with our protocol on them, joined by paths with rate, queue, delay,
 * jitter, loss, duplication, outages and middleboxes, in virtual time. Packets are really encoded
 * and really parsed; everything random comes from one seed, so that a run can be had again exactly.
 *
 * <p>A test makes a {@link org.mptcp4j.sim.SimNetwork}, {@link org.mptcp4j.sim.SimHost}s and {@link
 * org.mptcp4j.sim.SimPath}s, starts applications on {@link org.mptcp4j.sim.SimSocket}s (often a
 * {@link org.mptcp4j.sim.Transfer}), and runs the network until something holds. {@link
 * org.mptcp4j.sim.SimCapture} writes what passed a host as a pcap file.
 */
package org.mptcp4j.sim;
