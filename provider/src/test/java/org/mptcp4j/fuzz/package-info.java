/**
 * Fuzzing guided by coverage: {@link org.mptcp4j.fuzz.FuzzTest} runs Jazzer on the targets, classes
 * named {@code …Fuzz} beside what they try. A target needs nothing of Jazzer: what once failed is
 * kept as bytes, and run by {@link org.mptcp4j.fuzz.FuzzTest} as any other test.
 */
package org.mptcp4j.fuzz;
