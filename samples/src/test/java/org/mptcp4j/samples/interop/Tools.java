package org.mptcp4j.samples.interop;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Programs that some tests need and some machines have not. */
final class Tools {
  private Tools() {}

  static boolean has(String program) {
    String path = System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin";
    return Arrays.stream(path.split(":", -1))
        .filter(directory -> !directory.isEmpty())
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }
}
