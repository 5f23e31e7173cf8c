/**
 * What runs the protocol: event loop, timers, the table of connections, listeners and ports. The
 * only package that starts threads and reads the clock.
 *
 * <p>Who does what: {@link org.mptcp4j.engine.Engine} is turned by one thread at a time, the
 * leader: it takes packets from the link, hands each to the connection it belongs to, and runs the
 * timers. A thread of the application that waits leads meanwhile ({@link
 * org.mptcp4j.engine.Doorbell}), so that what it waits for costs no switch to another thread; else
 * the engine's own thread does ({@code Turner}). Threads of the application read, and write and
 * send, in place.
 *
 * <p>Locks, in the order in which they may be taken:
 *
 * <ol>
 *   <li>the right to turn the engine ({@code Turner.turning}); never waited for by a thread of the
 *       application;
 *   <li>a socket's monitor ({@code EngineSocket}): bind, connect, close;
 *   <li>a connection's lock ({@code EngineConnection}): everything that touches its protocol state.
 *       A thread holds one at a time. Who turns the engine never waits for one that another thread
 *       holds: it leaves its work with the holder;
 *   <li>leaves, under which no other lock is taken: {@code PortBook}, {@code EngineListener},
 *       {@code DeadlineQueue}, {@code BusyConnections}, {@code PacketPool}, {@code
 *       SharedBlackHoles}, and those of the link.
 * </ol>
 *
 * <p>Listeners (readiness, acceptance) are called with none of them held, but for the right to turn
 * the engine.
 */
package org.mptcp4j.engine;
