/**
 * Ends of connections in a network lab, one like the other: our stack in a JVM of its own, the
 * kernel's MPTCP in this one. They talk, compare every byte, and end when and how they are told.
 */
package org.mptcp4j.samples.ends;
