package org.mptcp4j.nio;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrerequisitesTest {
  @TempDir Path directory;

  private Path statusWith(String effective) throws IOException {
    return Files.writeString(
        directory.resolve("status"), "Name:\tjava\nCapEff:\t" + effective + "\nSeccomp:\t0\n");
  }

  @Test
  void nothingIsMissingWithTheCapability() throws IOException {
    assertThat(Prerequisites.missing("Linux", statusWith("0000000000002000"))).isEmpty();
    assertThat(Prerequisites.missing("Linux", statusWith("ffffffffffffffff"))).isEmpty();
  }

  @Test
  void withoutTheCapabilityItIsToldHowToGrantIt() throws IOException {
    assertThat(Prerequisites.missing("Linux", statusWith("ffffffffffffdfff")))
        .hasValueSatisfying(
            text ->
                assertThat(text)
                    .contains("CAP_NET_RAW")
                    .contains("setpriv")
                    .contains("--cap-add NET_RAW"));
  }

  @Test
  void anotherSystemIsNamed() throws IOException {
    assertThat(Prerequisites.missing("Windows 11", statusWith("0")))
        .hasValueSatisfying(text -> assertThat(text).contains("Windows 11"));
  }

  @Test
  void withoutProcNothingIsKnownToBeMissing() {
    assertThat(Prerequisites.missing("Linux", directory.resolve("none"))).isEmpty();
  }
}
