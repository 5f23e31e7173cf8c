/**
 * JMH benchmarks of the packet codecs: what one received and one sent segment cost before anything
 * is decided about them. {@code java -jar benchmarks/target/benchmarks.jar} runs them all, {@code
 * -prof gc} shows that nothing is allocated.
 */
package org.mptcp4j.benchmarks.wire;
