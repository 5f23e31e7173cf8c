package org.mptcp4j.samples.middlebox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.mptcp4j.samples.lab.EmulatedLine;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.sim.BoxSite;
import org.mptcp4j.sim.BoxedLink;
import org.mptcp4j.sim.BoxedPath;
import org.mptcp4j.sim.Middlebox;
import org.mptcp4j.sim.StreamEdit;

/** A path of a lab as the simulator's boxes know a site. The client is host a. */
final class LabSite implements BoxSite, BoxedPath {
  private final Lab lab;
  private final int path;
  private final BoxedLink forward;
  private final BoxedLink backward;
  private final List<String> clientAddresses = new ArrayList<>();
  private StreamEdit edit = StreamEdit.NONE;

  LabSite(Lab lab, int path) {
    this.lab = lab;
    this.path = path;
    forward = new LabLink(lab.path(path).fromA());
    backward = new LabLink(lab.path(path).fromB());
    clientAddresses.add(lab.a().ipv4(path));
  }

  /** One direction of a lab's path as the simulator's boxes know it. */
  private record LabLink(EmulatedLine line) implements BoxedLink {
    @Override
    public BoxedLink middlebox(Middlebox box) {
      line.setBox(box::process);
      return this;
    }

    @Override
    public void emit(ByteBuffer packet) {
      line.emit(packet);
    }

    @Override
    public long now() {
      return System.nanoTime();
    }

    @Override
    public void after(long nanos, Runnable task) {
      line.after(nanos, task);
    }
  }

  @Override
  public BoxedPath path() {
    return this;
  }

  @Override
  public BoxedLink forward() {
    return forward;
  }

  @Override
  public BoxedLink backward() {
    return backward;
  }

  @Override
  public String clientAddress() {
    return lab.a().ipv4(path);
  }

  /** Towards the server. */
  @Override
  public BoxedLink there() {
    return forward;
  }

  @Override
  public BoxedLink back() {
    return backward;
  }

  @Override
  public void expect(StreamEdit change) {
    edit = change;
  }

  /** How the stream changes that the server receives on the path with the box. */
  StreamEdit edit() {
    return edit;
  }

  /** The client's addresses on this path, as itself and as the server know them. */
  List<String> clientAddresses() {
    return List.copyOf(clientAddresses);
  }

  @Override
  public BoxedPath outsideAddress(String address) {
    clientAddresses.add(address);
    String device = lab.b().interfaceName(path);
    try {
      String link =
          lab.a().run("cat", "/sys/class/net/" + lab.a().interfaceName(path) + "/address");
      lab.b().run("ip", "route", "replace", address, "dev", device, "mtu", Lane.MTU);
      lab.b()
          .run(
              "ip",
              "neigh",
              "replace",
              address,
              "lladdr",
              link.strip(),
              "dev",
              device,
              "nud",
              "permanent");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  /** Takes the box down; returns what went wrong in it. */
  Optional<Throwable> clear() {
    EmulatedLine there = lab.path(path).fromA();
    EmulatedLine back = lab.path(path).fromB();
    Optional<Throwable> failure =
        Stream.of(there.failure(), back.failure()).flatMap(Optional::stream).findFirst();
    there.removeBox();
    back.removeBox();
    return failure;
  }
}
