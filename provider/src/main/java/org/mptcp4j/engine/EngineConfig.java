package org.mptcp4j.engine;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.mptcp4j.Settings;
import org.mptcp4j.mptcp.AddressFilter;
import org.mptcp4j.mptcp.OpeningConfig;
import org.mptcp4j.spi.CongestionControl;
import org.mptcp4j.tcp.Bbr;
import org.mptcp4j.tcp.Cubic;
import org.mptcp4j.tcp.EcnMode;
import org.mptcp4j.tcp.NewReno;

/**
 * What an {@link Engine} is made with; immutable.
 *
 * @param checksum whether connections require DSS checksums
 * @param maxSubflows most subflows of a connection at a time
 * @param maxAnnouncedAddresses most addresses of a peer that a connection remembers
 * @param sendBufferBytes default of SO_SNDBUF: how far send buffers may grow
 * @param receiveBufferBytes default of SO_RCVBUF: how far receive buffers may grow
 * @param congestionControl makes the algorithm of one subflow
 * @param userTimeout how long what was sent may stay unacknowledged; zero for no bound of its own
 * @param userTimeoutOption whether peers are told the user timeout and may advise one
 * @param ecn whether subflows use explicit congestion notification
 * @param fastOpenClient whether connections that begin here use TCP Fast Open
 * @param fastOpenServer whether listeners do
 * @param opening what connections do about paths that leave SYNs unanswered
 * @param blackHoleMemory how long the first finding counts that SYNs pass only without MPTCP; zero:
 *     nothing is remembered
 * @param addressFilter which addresses subflows beside the first may use
 * @param exitLinger how long the end of the program waits for connections to deliver
 * @param countersFile gets the counters when the program ends
 * @param localOnEngine whether loopback and the host's own addresses are the engine's too
 * @param maxHalfOpenJoins most MP_JOIN handshakes that may be under way on this host
 * @param resetsPerSecond most resets sent for packets that belong to no flow
 * @param shareEstimates whether new subflows begin with what earlier ones learned of their path
 * @param minRto least retransmission timeout
 * @param timeWait how long TIME-WAIT lasts
 * @param closeTimeout how long a closed connection may take for the rest, and one without subflows
 *     waits for another
 * @param fastcloseByAck whether MP_FASTCLOSE goes out on an ACK, until it is answered
 * @param ownThread whether the engine has a thread of its own; tests that turn it by hand say no
 */
public record EngineConfig(
    boolean checksum,
    int maxSubflows,
    int maxAnnouncedAddresses,
    int sendBufferBytes,
    int receiveBufferBytes,
    Supplier<CongestionControl> congestionControl,
    Duration userTimeout,
    boolean userTimeoutOption,
    EcnMode ecn,
    boolean fastOpenClient,
    boolean fastOpenServer,
    OpeningConfig opening,
    Duration blackHoleMemory,
    AddressFilter addressFilter,
    Duration exitLinger,
    Optional<Path> countersFile,
    boolean localOnEngine,
    int maxHalfOpenJoins,
    int resetsPerSecond,
    boolean shareEstimates,
    Duration minRto,
    Duration timeWait,
    Duration closeTimeout,
    boolean fastcloseByAck,
    boolean ownThread) {

  /** About what Linux takes: milliseconds in 31 bits. */
  private static final Duration LONGEST_USER_TIMEOUT = Duration.ofDays(24);

  /** As the user's settings say, the rest by default. */
  public static EngineConfig of(Settings settings) {
    String file = settings.get(Settings.COUNTERS_FILE);
    return new EngineConfig(
        settings.get(Settings.CHECKSUM),
        settings.get(Settings.MAX_SUBFLOWS),
        16,
        settings.get(Settings.SEND_BUFFER),
        settings.get(Settings.RECEIVE_BUFFER),
        congestionControl(settings.get(Settings.CONGESTION)),
        atMost(LONGEST_USER_TIMEOUT, settings.get(Settings.USER_TIMEOUT)),
        settings.get(Settings.USER_TIMEOUT_OPTION),
        ecn(settings.get(Settings.ECN)),
        isFastOpen(settings, "client"),
        isFastOpen(settings, "server"),
        new OpeningConfig(settings.get(Settings.SYN_OFFERS), settings.get(Settings.SYN_ALONE)),
        settings.get(Settings.SYN_MEMORY),
        new AddressFilter(settings.get(Settings.EXCLUDED_ADDRESSES)),
        settings.get(Settings.EXIT_LINGER),
        file.isEmpty() ? Optional.empty() : Optional.of(Path.of(file)),
        settings.get(Settings.LOOPBACK).equals("engine"),
        1024,
        1000,
        settings.get(Settings.SHARE_ESTIMATES),
        settings.get(Settings.MIN_RTO),
        Duration.ofSeconds(60),
        settings.get(Settings.CLOSE_TIMEOUT),
        settings.get(Settings.FASTCLOSE).equals("ack"),
        true);
  }

  /** The same without a thread of its own: the caller turns the engine with {@link Engine#poll}. */
  public EngineConfig turnedByHand() {
    return new EngineConfig(
        checksum,
        maxSubflows,
        maxAnnouncedAddresses,
        sendBufferBytes,
        receiveBufferBytes,
        congestionControl,
        userTimeout,
        userTimeoutOption,
        ecn,
        fastOpenClient,
        fastOpenServer,
        opening,
        blackHoleMemory,
        addressFilter,
        exitLinger,
        countersFile,
        localOnEngine,
        maxHalfOpenJoins,
        resetsPerSecond,
        shareEstimates,
        minRto,
        timeWait,
        closeTimeout,
        fastcloseByAck,
        false);
  }

  private static Duration atMost(Duration most, Duration wanted) {
    return wanted.compareTo(most) < 0 ? wanted : most;
  }

  private static boolean isFastOpen(Settings settings, String role) {
    String roles = settings.get(Settings.FAST_OPEN);
    return roles.equals(role) || roles.equals("both");
  }

  private static EcnMode ecn(String name) {
    return EcnMode.valueOf(name.toUpperCase(Locale.ROOT));
  }

  private static Supplier<CongestionControl> congestionControl(String name) {
    return switch (name) {
      case "reno" -> NewReno::new;
      case "bbr" -> Bbr::new;
      default -> Cubic::new;
    };
  }
}
