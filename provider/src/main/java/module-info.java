/** Multipath TCP (RFC 8684) sockets for every Java program. */
module org.mptcp4j {
  requires jdk.unsupported;
  requires jdk.net;
  requires org.jnrproject.ffi;
  requires org.jnrproject.jffi;
  requires org.jnrproject.enxio;
  requires org.jctools.core;

  exports org.mptcp4j;
  exports org.mptcp4j.spi;
}
