/**
 * The seam to the network of this host: packet sockets, netlink, and the kernel sockets that guard
 * our ports; all system calls of the library are here. {@link org.mptcp4j.link.PacketLink} is the
 * interface; nothing above knows what is behind it.
 *
 * <p>On Linux it is {@link org.mptcp4j.link.LinuxPacketLink}, made of these parts:
 *
 * <ul>
 *   <li>{@code RingReceiver}: two packet sockets that see all interfaces, each with a ring shared
 *       with the kernel ({@code PacketRing}): one of 4096 slots for frames up to 1900 bytes, one of
 *       360 slots for frames of 64 KB. {@code PortFilter} writes the BPF programs that let through
 *       TCP to our ports, and ICMP errors about segments from them, only; {@code GuardedPorts} says
 *       which those are, and is asked again for each packet.
 *   <li>{@code InterfaceSender}: the sockets that send by one interface. Frames go out by a packet
 *       socket with an offload header, so that device or kernel cut them and finish their
 *       checksums; {@code SendQueue} bounds what waits below TCP. The slow way is a raw IP socket,
 *       which makes the kernel resolve the next hop: for the first packet to a neighbour, and for
 *       every retransmission after a timeout.
 *   <li>{@code NetworkMonitor} and {@code NetworkTables}: devices, addresses and neighbours, from
 *       rtnetlink's dumps and notifications; {@code Routes}: which way a packet would take.
 *   <li>{@code PortGuards}: a kernel socket per port, which listens behind a filter that discards
 *       what comes from outside. The port is reserved, nothing is answered with RST, and clients of
 *       this host are served by the kernel. Ephemeral ports are taken in blocks.
 *   <li>{@code Poller}: waits for all of that at once. {@code Native} and {@code LibC}: the C
 *       library through jnr-ffi, and the numbers of Linux's ABI.
 * </ul>
 *
 * <p>Packet sockets lie below the host's firewall (INPUT, OUTPUT), NAT and IPsec policies: what is
 * sent and received here does not pass them, but for packets on the slow way.
 */
package org.mptcp4j.link;
