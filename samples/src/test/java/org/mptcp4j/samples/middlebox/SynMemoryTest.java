package org.mptcp4j.samples.middlebox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.mptcp4j.samples.ends.Conversation;
import org.mptcp4j.samples.ends.KernelEnd;
import org.mptcp4j.samples.ends.OurEnd;
import org.mptcp4j.samples.lab.Lab;
import org.mptcp4j.samples.lab.PathSpec;
import org.mptcp4j.sim.MiddleboxRow;
import org.mptcp4j.sim.StreamEdit;

/** A box that drops SYNs with MPTCP options costs one connection its time, not every one. */
@Tag("lab")
class SynMemoryTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final int PORT = 5_000;

  @BeforeAll
  static void needsNamespaces() {
    String missing = Lab.missing().orElse("");
    assumeTrue(missing.isEmpty(), missing);
  }

  private static Duration converse(Lab lab, OurEnd ours, KernelEnd kernel, int port)
      throws IOException {
    Conversation.Plan plan = new Conversation.Plan(10_000, StreamEdit.NONE);
    kernel.listen("", port, plan);
    ours.connect("", lab.b().ipv4(1), port, plan);
    Duration taken =
        Lane.until(LIMIT, () -> ours.progress().complete() && kernel.progress().complete());
    assertThat(ours.progress().failure()).isEmpty();
    assertThat(kernel.progress().received()).isEqualTo(plan.bytes());
    assertThat(kernel.isFallback()).isTrue();
    ours.finish();
    kernel.finish();
    Lane.until(LIMIT, () -> ours.progress().over() && kernel.progress().over());
    return taken;
  }

  @Test
  void theKernelsPeerOffersNoMoreWhereOffersGetLost() throws IOException {
    try (Lab lab =
        Lab.builder().path(PathSpec.plain().withEmulator()).forCaptures().withoutIpv6().build()) {
      OurEnd ours = new OurEnd(lab.a(), List.of("-Dmptcp4j.syn.offers=2"));
      KernelEnd kernel = new KernelEnd(lab.b());
      ours.watch(List.of(lab.a().ipv4(1)));
      LabSite site = new LabSite(lab, 1);
      MiddleboxRow.SYN_DROPPED.install(site);
      // Two offers, a second apart, and then two more seconds.
      assertThat(converse(lab, ours, kernel, PORT)).isGreaterThan(Duration.ofMillis(2_900));
      long lost = lab.path(1).droppedFrames();
      assertThat(lost).isEqualTo(2);
      converse(lab, ours, kernel, PORT + 1);
      assertThat(lab.path(1).droppedFrames()).as("offers that the box took").isEqualTo(lost);
      assertThat(site.clear()).isEmpty();
    }
  }
}
