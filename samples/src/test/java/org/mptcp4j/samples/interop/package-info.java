/**
 * Interoperation on real network stacks: ours with the kernel's MPTCP, the kernel's TCP and itself,
 * over the paths of a {@link org.mptcp4j.samples.lab.Lab}.
 */
package org.mptcp4j.samples.interop;
