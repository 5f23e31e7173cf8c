/**
 * Two flows share a bottleneck: how much each of them gets. The senders are one unmodified program,
 * on mptcp4j or on the kernel's TCP; both send from one host, through one router, to receivers on
 * the kernel's TCP of the other host.
 */
package org.mptcp4j.samples.bottleneck;
