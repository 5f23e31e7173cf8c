package org.mptcp4j;

import java.util.Optional;
import java.util.function.Function;

/**
 * One line of the table of {@link Settings}: a system property that the library knows. Immutable.
 *
 * @param name the system property, {@code mptcp4j.…}
 * @param defaultText the value that counts when the property is not set, written as a user would
 * @param allowed which values are allowed, for people
 * @param parser reads a value; empty when it is not allowed
 */
public record Setting<T>(
    String name, String defaultText, String allowed, Function<String, Optional<T>> parser) {
  /**
   * The value that {@code text} stands for.
   *
   * @throws IllegalArgumentException naming setting, value and what is allowed
   */
  public T parse(String text) {
    return parser
        .apply(text.strip())
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "setting " + name + " cannot be '" + text + "': allowed is " + allowed));
  }
}
