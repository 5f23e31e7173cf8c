package org.mptcp4j;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The rooms of the house and who may go into which; so that they stay as package-infos say. */
@AnalyzeClasses(
    packages = "org.mptcp4j",
    importOptions = {ImportOption.DoNotIncludeTests.class})
class ArchitectureTest {
  private static final String ROOT = "org.mptcp4j";

  /** The values of the front door that every room may use. */
  private static final DescribedPredicate<JavaClass> SHARED_VALUES =
      new DescribedPredicate<>("values of the public API") {
        @Override
        public boolean test(JavaClass type) {
          String name = type.getName();
          return name.startsWith(ROOT + ".Setting");
        }
      };

  private static String room(String name) {
    return ROOT + "." + name;
  }

  private static final DescribedPredicate<JavaClass> FRONT_DOOR =
      resideInAPackage(ROOT).and(DescribedPredicate.not(SHARED_VALUES));

  /** The room {@code name} uses, of this house, only the rooms {@code others} and itself. */
  private static ArchRule onlyUses(String name, String... others) {
    List<String> allowed = new ArrayList<>(Arrays.stream(others).map(o -> room(o) + "..").toList());
    allowed.add(room(name) + "..");
    DescribedPredicate<JavaClass> elsewhere =
        resideInAPackage(ROOT + "..")
            .and(DescribedPredicate.not(resideInAnyPackage(allowed.toArray(String[]::new))))
            .and(DescribedPredicate.not(SHARED_VALUES));
    return noClasses()
        .that()
        .resideInAPackage(room(name) + "..")
        .should()
        .dependOnClassesThat(elsewhere)
        .as("the room " + name + " uses only " + Arrays.toString(others) + " of this house")
        .allowEmptyShould(true);
  }

  /** No thread, lock, socket or clock: all that comes from outside is passed in. */
  private static ArchRule isSansIo(String name) {
    DescribedPredicate<JavaClass> outside =
        resideInAnyPackage(
                "java.util.concurrent..", "java.nio.channels..", "java.net.http..", "java.io..")
            .and(
                DescribedPredicate.not(
                    new DescribedPredicate<>("harmless values of these packages") {
                      @Override
                      public boolean test(JavaClass type) {
                        return type.isAssignableTo(Throwable.class)
                            || type.getName().equals("java.io.Serializable")
                            || type.getName().equals("java.util.concurrent.TimeUnit");
                      }
                    }));
    return noClasses()
        .that()
        .resideInAPackage(room(name) + "..")
        .should()
        .dependOnClassesThat(outside)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(Thread.class)
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(Object.class, "wait")
        .orShould()
        .callMethod(Object.class, "notifyAll")
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(java.time.Clock.class)
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.net.Socket")
        .as("the room " + name + " has no thread, lock, socket or clock");
  }

  @ArchTest static final ArchRule WIRE_USES_NOTHING = onlyUses("wire");

  @ArchTest static final ArchRule OBSERVE_USES_WIRE = onlyUses("observe", "wire");

  @ArchTest static final ArchRule LINK_USES_WIRE = onlyUses("link", "wire", "observe");

  @ArchTest static final ArchRule SPI_USES_NOTHING = onlyUses("spi");

  @ArchTest static final ArchRule TCP_USES_WIRE = onlyUses("tcp", "wire", "spi");

  @ArchTest static final ArchRule MPTCP_USES_TCP = onlyUses("mptcp", "tcp", "wire", "spi");

  @ArchTest
  static final ArchRule ENGINE_USES_WHAT_IS_BELOW =
      onlyUses("engine", "mptcp", "tcp", "link", "wire", "spi", "observe");

  @ArchTest
  static final ArchRule NIO_USES_THE_ENGINE = onlyUses("nio", "engine", "link", "wire", "observe");

  @ArchTest
  static final ArchRule NOBODY_USES_THE_FRONT_DOOR =
      noClasses()
          .that()
          .resideInAPackage(ROOT + ".*..")
          .should()
          .dependOnClassesThat(FRONT_DOOR)
          .as("only values of the front door are used inside");

  @ArchTest static final ArchRule WIRE_IS_SANS_IO = isSansIo("wire");

  @ArchTest static final ArchRule TCP_IS_SANS_IO = isSansIo("tcp");

  @ArchTest static final ArchRule MPTCP_IS_SANS_IO = isSansIo("mptcp");

  @ArchTest
  static final ArchRule NOBODY_PRINTS =
      noClasses()
          .should()
          .accessField(System.class, "out")
          .orShould()
          .accessField(System.class, "err")
          .orShould()
          .callMethod(Throwable.class, "printStackTrace")
          .as("nobody prints: what a person must know is logged");
}
