package org.mptcp4j.nio;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** Ours, over the engine itself on the loopback interface. */
@Tag("lab")
class RealEngineSocketOptionsTest extends SocketOptionsContract {
  private static Face.EngineProof proof;

  RealEngineSocketOptionsTest() {
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
