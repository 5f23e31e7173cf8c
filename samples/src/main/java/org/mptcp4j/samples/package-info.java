/**
 * Programs to run and to read: {@link org.mptcp4j.samples.lab} is the network that they run in,
 * {@link org.mptcp4j.samples.demo} the demonstration, {@link org.mptcp4j.samples.transfer} ordinary
 * programs that the interoperation tests start on kernel sockets and on ours.
 */
package org.mptcp4j.samples;
