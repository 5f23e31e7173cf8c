package org.mptcp4j.nio;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** Ours, over the engine itself on the loopback interface. */
@Tag("lab")
class RealEngineSelectorTest extends SelectorContract {
  private static Face.EngineProof proof;

  RealEngineSelectorTest() {
    super(Face.servedByRealEngine());
  }

  @BeforeAll
  static void count() {
    proof = Face.EngineProof.begin();
  }

  @AfterAll
  static void theEngineDidIt() {
    proof.check();
  }
}
