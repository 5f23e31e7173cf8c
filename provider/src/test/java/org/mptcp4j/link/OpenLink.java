package org.mptcp4j.link;

import java.io.IOException;

/** Opens a link in a process of its own and says how that went. */
final class OpenLink {
  private OpenLink() {}

  public static void main(String[] arguments) {
    try (LinuxPacketLink link = LinuxPacketLink.open(LinkConfig.defaults())) {
      System.out.println("opened: " + link.isLocal(org.mptcp4j.wire.IpAddress.parse("127.0.0.1")));
    } catch (IOException e) {
      System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
    }
  }
}
