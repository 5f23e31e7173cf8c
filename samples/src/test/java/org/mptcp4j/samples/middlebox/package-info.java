/**
 * The simulator's middleboxes on the paths of a network lab, between our stack and the kernel's
 * MPTCP.
 */
package org.mptcp4j.samples.middlebox;
