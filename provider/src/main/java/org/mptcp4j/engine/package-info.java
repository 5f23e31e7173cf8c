/**
 * What runs the protocol: event loop, timers, the table of connections, listeners and ports. The
 * only package that starts threads and reads the clock.
 */
package org.mptcp4j.engine;
