/**
 * The face of java.nio: channels, selector, keys and socket adaptors as programs expect them of the
 * JDK, in front of the engine or of the kernel.
 *
 * <p>A channel is opened before its destination is known. {@link
 * org.mptcp4j.nio.MptcpSocketChannel} and {@link org.mptcp4j.nio.MptcpServerSocketChannel}
 * therefore decide at connect, or at bind, who serves them ({@link org.mptcp4j.nio.Route}), by the
 * user's rules ({@link org.mptcp4j.nio.ConnectionPolicy}) and by what the engine can reach; from
 * then on they speak to a socket of the engine or hand everything to a channel of the JDK that they
 * hold. {@link org.mptcp4j.nio.MptcpSelector} takes both kinds, and the JDK's datagram, pipe and
 * Unix-domain channels as they are.
 *
 * <p>This package blocks its callers, and only those: it starts no thread.
 */
package org.mptcp4j.nio;
