/**
 * The seam to the network of this host: packet sockets, netlink, and the kernel sockets that guard
 * our ports; all system calls of the library are here. {@link org.mptcp4j.link.PacketLink} is the
 * interface; nothing above knows what is behind it.
 */
package org.mptcp4j.link;
