/**
 * Benchmarks over a real network of two namespaces, always against the kernel's own TCP and MPTCP
 * in the same run: rounds are interleaved, medians are reported, and the ratio is what counts, for
 * absolute figures drift with the machine.
 */
package org.mptcp4j.benchmarks.network;
