package org.mptcp4j.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Figures that a test expects, in a file under {@code src/test/resources/sim}. With {@code
 * -Dsim.golden=write} the file is written instead of read.
 */
final class Golden {
  private Golden() {}

  /** Compares the lines with those of the file, or writes the file. */
  static void check(String name, String meaning, List<String> lines) throws IOException {
    String resource = "sim/" + name + ".golden";
    if ("write".equals(System.getProperty("sim.golden"))) {
      Path target = Path.of("src/test/resources", resource);
      Files.createDirectories(target.getParent());
      Files.write(target, lines);
      return;
    }
    assertThat(differences(read(resource), lines))
        .as(
            "%s that are not those of %s; if the change is meant, run this test with"
                + " -Dsim.golden=write",
            meaning, resource)
        .isEmpty();
  }

  private static List<String> read(String resource) throws IOException {
    try (InputStream in = Golden.class.getResourceAsStream("/" + resource)) {
      assertThat(in).as("the golden file %s", resource).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  private static List<String> differences(List<String> expected, List<String> actual) {
    List<String> differences = new ArrayList<>();
    if (expected.size() != actual.size()) {
      differences.add(expected.size() + " lines in the file, " + actual.size() + " conditions");
    }
    for (int i = 0; i < Math.min(expected.size(), actual.size()); i++) {
      if (!expected.get(i).equals(actual.get(i))) {
        differences.add("\n  expected " + expected.get(i) + "\n  but was  " + actual.get(i));
      }
    }
    return differences;
  }
}
