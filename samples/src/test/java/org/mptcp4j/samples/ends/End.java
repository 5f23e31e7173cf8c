package org.mptcp4j.samples.ends;

import java.io.IOException;

/** One end of connections, one after the other: a stack on a host. Used by one thread. */
public interface End {
  /** Waits at a port for one client; returns when it waits. */
  void listen(String address, int port, Conversation.Plan plan) throws IOException;

  /** Begins to connect from {@code local}, where that is not empty. */
  void connect(String local, String address, int port, Conversation.Plan plan) throws IOException;

  /** How far the conversation is; nothing received before there is a connection. */
  Conversation.Progress progress() throws IOException;

  /** Lets the conversation end. */
  void finish() throws IOException;

  /** Ends it with a reset, or the waiting for it. */
  void abort() throws IOException;
}
