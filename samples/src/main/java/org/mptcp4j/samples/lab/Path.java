package org.mptcp4j.samples.lab;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** A path between the two hosts of a {@link Lab}. */
public final class Path {
  private final int number;
  private final PathSpec spec;
  private final String middleNamespace;
  private final Optional<PathEmulator.EmulatedPath> emulated;

  Path(
      int number,
      PathSpec spec,
      String middleNamespace,
      Optional<PathEmulator.EmulatedPath> emulated) {
    this.number = number;
    this.spec = spec;
    this.middleNamespace = middleNamespace;
    this.emulated = emulated;
  }

  /** Counted from 1. */
  public int number() {
    return number;
  }

  public PathSpec spec() {
    return spec;
  }

  /** From now on nothing passes, and nobody is told. */
  public void silence() {
    emulated().forth().setSilent(true);
    emulated().back().setSilent(true);
  }

  /** Ends {@link #silence}. */
  public void restore() {
    emulated().forth().setSilent(false);
    emulated().back().setSilent(false);
  }

  /** Takes the cables out: both hosts see their link go down. */
  public void unplug() throws IOException {
    setLinks("down");
  }

  /** Ends {@link #unplug}. */
  public void plug() throws IOException {
    setLinks("up");
  }

  private void setLinks(String state) throws IOException {
    emulated();
    Shell.script(
        List.of(
            "ip -n %s link set a%d %s".formatted(middleNamespace, number, state),
            "ip -n %s link set b%d %s".formatted(middleNamespace, number, state)));
  }

  /** Changes what the path does to frames, both directions. */
  public void setImpairments(Impairments impairments) {
    emulated().forth().setImpairments(impairments);
    emulated().back().setImpairments(impairments);
  }

  /** Changes what the path does to frames from host a to host b only. */
  public void setImpairmentsFromA(Impairments impairments) {
    emulated().forth().setImpairments(impairments);
  }

  /** Changes what the path does to frames from host b to host a only. */
  public void setImpairmentsFromB(Impairments impairments) {
    emulated().back().setImpairments(impairments);
  }

  /** The direction from host a to host b, for boxes. */
  public EmulatedLine fromA() {
    return emulated().forth();
  }

  /** The direction from host b to host a, for boxes. */
  public EmulatedLine fromB() {
    return emulated().back();
  }

  /** Bytes that reached host a, as the emulator counts them. */
  public long bytesToA() {
    return emulated().back().forwardedBytes();
  }

  /** Bytes that reached host b, as the emulator counts them. */
  public long bytesToB() {
    return emulated().forth().forwardedBytes();
  }

  /** Frames that the emulator lost, both directions. */
  public long droppedFrames() {
    return emulated().forth().droppedFrames() + emulated().back().droppedFrames();
  }

  private PathEmulator.EmulatedPath emulated() {
    return emulated.orElseThrow(
        () ->
            new IllegalStateException(
                "path " + number + " is a bare cable: build it with PathSpec.withEmulator()"));
  }
}
