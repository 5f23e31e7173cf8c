package org.mptcp4j.sim;

import java.nio.ByteBuffer;
import org.mptcp4j.wire.IcmpErrors;
import org.mptcp4j.wire.IpAddress;

/**
 * One direction of a path: a queue with tail drop, or with random early detection, before a
 * transmitter of a given rate, then a line with delay. Times are nanoseconds, sizes bytes of the IP
 * packet.
 */
public final class SimLink implements BoxedLink {
  private final SimNetwork network;
  private final SimHost destination;
  private final SimRandom random;

  private double nanosPerByte;
  private long queueLimitBytes = Long.MAX_VALUE;
  private long delayNanos;
  private long jitterNanos;
  private double reorderProbability;
  private long reorderNanos;
  private double duplicateProbability;
  private double corruptProbability;
  private int mtu = 1500;
  private int hopMtu = Integer.MAX_VALUE;
  private boolean hopReports;
  private SimLink reverse;
  private Loss loss = Loss.none();
  private RedQueue red;
  private Middlebox middlebox;
  private boolean up = true;

  private long busyUntil;
  private long lastArrival;
  private long carriedPackets;
  private long carriedBytes;
  private long queueDrops;
  private long lostPackets;
  private long corruptedPackets;
  private long tooBig;

  SimLink(SimNetwork network, SimHost destination, SimRandom random) {
    this.network = network;
    this.destination = destination;
    this.random = random;
  }

  /** Bits a second; without it the link is as fast as can be. */
  public SimLink rate(long bitsPerSecond) {
    nanosPerByte = 8e9 / bitsPerSecond;
    return this;
  }

  /** Bytes that may wait before the transmitter. */
  public SimLink queue(long bytes) {
    queueLimitBytes = bytes;
    return this;
  }

  /** Drops early, by the average length of the queue (see {@link RedQueue}); its tail too. */
  public SimLink red(long leastBytes, long mostBytes, double mostProbability) {
    red = new RedQueue(leastBytes, mostBytes, mostProbability);
    return this;
  }

  /** Propagation delay of one direction. */
  public SimLink delay(long nanos) {
    delayNanos = nanos;
    return this;
  }

  /** Up to this much is added to the delay of each packet; packets stay in order. */
  public SimLink jitter(long nanos) {
    jitterNanos = nanos;
    return this;
  }

  /** A packet is held back by up to {@code nanos}, so that others overtake it. */
  public SimLink reorder(double probability, long nanos) {
    reorderProbability = probability;
    reorderNanos = nanos;
    return this;
  }

  /** A packet arrives twice. */
  public SimLink duplicate(double probability) {
    duplicateProbability = probability;
    return this;
  }

  /** One bit of a packet, anywhere in it, arrives changed, and no checksum is made right. */
  public SimLink corrupt(double probability) {
    corruptProbability = probability;
    return this;
  }

  public SimLink loss(Loss value) {
    loss = value;
    return this;
  }

  /** Largest IP packet; larger ones vanish without a word. */
  public SimLink mtu(int bytes) {
    mtu = bytes;
    return this;
  }

  /**
   * A router half way whose next link takes packets of {@code bytes} at most, which the sender
   * cannot know.
   *
   * @param reports whether it says so by ICMP when a larger one comes
   */
  public SimLink hop(int bytes, boolean reports) {
    hopMtu = bytes;
    hopReports = reports;
    return this;
  }

  /** The link of the other direction, by which a router answers. */
  void reverse(SimLink link) {
    reverse = link;
  }

  @Override
  public SimLink middlebox(Middlebox box) {
    middlebox = box;
    return this;
  }

  /** Takes the link away or brings it back; what is under way while it goes away still arrives. */
  public void setUp(boolean value) {
    up = value;
  }

  /** Takes the link away between two moments of virtual time. */
  public SimLink outage(long fromNanos, long toNanos) {
    network.at(fromNanos, () -> setUp(false));
    network.at(toNanos, () -> setUp(true));
    return this;
  }

  int mtu() {
    return mtu;
  }

  /** Packets that arrived, duplicates counted. */
  public long carriedPackets() {
    return carriedPackets;
  }

  public long carriedBytes() {
    return carriedBytes;
  }

  public long queueDrops() {
    return queueDrops;
  }

  public long lostPackets() {
    return lostPackets;
  }

  public long corruptedPackets() {
    return corruptedPackets;
  }

  /** How long what waits before the transmitter will take. */
  long backlogNanos() {
    return Math.max(0, busyUntil - network.now());
  }

  /** Puts a packet on the link. The buffer belongs to the network from here on. */
  void send(ByteBuffer packet) {
    long now = network.now();
    boolean lost = loss.drops(random, packet);
    boolean twice = random.chance(duplicateProbability);
    boolean late = random.chance(reorderProbability);
    long jitter = random.below(jitterNanos);
    long lateBy = random.below(reorderNanos);
    if (packet.limit() > mtu) {
      tooBig++;
      network.recycle(packet);
      return;
    }
    if (nanosPerByte > 0
        && ((busyUntil - now) / nanosPerByte > queueLimitBytes || dropsEarly(now))) {
      queueDrops++;
      network.recycle(packet);
      return;
    }
    busyUntil = Math.max(now, busyUntil) + (long) (packet.limit() * nanosPerByte);
    if (lost || !up) {
      lostPackets++;
      network.recycle(packet);
      return;
    }
    if (packet.limit() > hopMtu) {
      tooBig++;
      if (hopReports) {
        report(packet);
      }
      network.recycle(packet);
      return;
    }
    ByteBuffer changed = middlebox == null ? packet : middlebox.process(now, packet);
    if (changed == null) {
      lostPackets++;
      network.recycle(packet);
      return;
    }
    long arrival = busyUntil + delayNanos + jitter;
    if (late) {
      arrival += lateBy;
    } else {
      arrival = Math.max(arrival, lastArrival);
      lastArrival = arrival;
    }
    // No draw where nothing is corrupted: what other links do stays the same.
    if (corruptProbability > 0 && random.chance(corruptProbability)) {
      corruptedPackets += twice ? 2 : 1;
      corrupt(changed);
    }
    if (twice) {
      deliver(arrival + lateBy / 2, network.copy(changed));
    }
    deliver(arrival, changed);
  }

  private void corrupt(ByteBuffer packet) {
    int at = (int) random.below(packet.limit());
    packet.put(at, (byte) (packet.get(at) ^ 1 << (int) random.below(8)));
  }

  private boolean dropsEarly(long now) {
    double queuedBytes = (busyUntil - now) / nanosPerByte;
    return red != null
        && red.drops(random, Math.max(0, queuedBytes), Math.max(0, -queuedBytes) / mtu);
  }

  /** The router tells the sender of {@code packet} what it would have taken. */
  private void report(ByteBuffer packet) {
    byte[] original = new byte[packet.limit()];
    packet.get(0, original);
    IpAddress router = IpAddress.parse(original[0] >>> 4 == 4 ? "10.9.9.9" : "fd99::9");
    byte[] error = IcmpErrors.packetTooBig(original, router, hopMtu);
    ByteBuffer answer = network.buffer(error.length).put(0, error);
    long arrival = busyUntil + delayNanos / 2 + reverse.delayNanos / 2;
    network.deliver(arrival, reverse.destination, answer);
  }

  @Override
  public void emit(ByteBuffer packet) {
    long arrival = Math.max(Math.max(busyUntil, network.now()) + delayNanos, lastArrival);
    lastArrival = arrival;
    deliver(arrival, packet);
  }

  @Override
  public long now() {
    return network.now();
  }

  @Override
  public void after(long nanos, Runnable task) {
    network.after(nanos, task);
  }

  private void deliver(long arrival, ByteBuffer packet) {
    carriedPackets++;
    carriedBytes += packet.limit();
    network.deliver(arrival, destination, packet);
  }

  @Override
  public String toString() {
    return carriedPackets
        + " packets carried, "
        + lostPackets
        + " lost, "
        + queueDrops
        + " dropped from the queue, "
        + tooBig
        + " too big"
        + (up ? "" : ", down");
  }
}
