package org.mptcp4j.samples.check;

import java.util.ArrayList;
import java.util.List;

/** Collects sentences; of a great many violations the first ones tell enough. */
final class Findings {
  private static final int LIMIT = 200;

  private final List<String> violations = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  void violation(long packet, String sentence) {
    violation("packet " + packet + ": " + sentence);
  }

  void violation(String sentence) {
    if (violations.size() < LIMIT) {
      violations.add(sentence);
    }
  }

  void note(String sentence) {
    if (notes.size() < LIMIT) {
      notes.add(sentence);
    }
  }

  List<String> violations() {
    return List.copyOf(violations);
  }

  List<String> notes() {
    return List.copyOf(notes);
  }
}
