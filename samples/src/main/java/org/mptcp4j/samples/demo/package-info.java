/**
 * The demonstration: a file fetched over two paths by programs that know nothing of them. {@link
 * org.mptcp4j.samples.demo.FileServer} and {@link org.mptcp4j.samples.demo.FileClient} are the
 * JDK's HTTP server and client and no more; {@link org.mptcp4j.samples.demo.Demo} builds the
 * network, runs them four ways and judges what came out.
 */
package org.mptcp4j.samples.demo;
