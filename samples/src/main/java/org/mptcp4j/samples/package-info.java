/**
 * Programs to run and to read: {@link org.mptcp4j.samples.lab} is the network that they run in,
 * {@link org.mptcp4j.samples.demo} the demonstration, {@link org.mptcp4j.samples.transfer} ordinary
 * programs that the interoperation tests start on kernel sockets and on ours, {@link
 * org.mptcp4j.samples.bottleneck} has two flows share a router, {@link org.mptcp4j.samples.check}
 * reads captures of what programs did, independently of the engine.
 */
package org.mptcp4j.samples;
