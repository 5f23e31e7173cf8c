package org.mptcp4j.samples.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A directory for temporary files that goes with this program, however it goes. */
public final class ScratchDirectory implements AutoCloseable {
  private final Path path;
  private final Watchdog watchdog;

  /** Makes the directory where temporary files belong. */
  public ScratchDirectory() throws IOException {
    path = Files.createTempDirectory("mptcp4j");
    watchdog = new Watchdog("", path);
  }

  public Path path() {
    return path;
  }

  /** Deletes the directory and all that is in it. */
  @Override
  public void close() {
    watchdog.close();
  }
}
