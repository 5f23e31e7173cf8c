/**
 * An independent reader of captures. Written from RFC 8684 and RFC 9293 alone, it shares no code
 * with the engine: what the engine misunderstands, this must not misunderstand in the same way.
 *
 * <p>{@link org.mptcp4j.samples.check.CaptureChecker} reads a pcap file of whole connections and
 * says, in sentences, what is wrong with them: keys, tokens, HMACs, mappings, checksums,
 * acknowledgments; and what the data streams were. {@link org.mptcp4j.samples.check.CheckCommand}
 * is the same as a command: {@code check FILE.pcap}.
 *
 * <p>How it is built: {@code CaptureFile} gives packets, {@code TcpPacket} and {@code MptcpOption}
 * read them, {@code Flow} follows one TCP connection with its two {@code FlowDirection}s, {@code
 * MptcpSession} puts flows together, {@code DataStream} is one direction's data.
 */
package org.mptcp4j.samples.check;
