/**
 * Ordinary programs that send much data and check it. {@link org.mptcp4j.samples.transfer.Transfer}
 * and {@link org.mptcp4j.samples.transfer.Churn} know the JDK alone, so that they run on whatever
 * sockets the JDK hands out; {@link org.mptcp4j.samples.transfer.KernelMptcpTransfer} does the same
 * over the Linux kernel's own MPTCP.
 */
package org.mptcp4j.samples.transfer;
