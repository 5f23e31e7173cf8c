package org.mptcp4j;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rooms of the house and who may go into which; so that they stay as package-infos say. */
class ArchitectureTest {
  private static final String ROOT = "org.mptcp4j";
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(ROOT);

  /** The values of the front door that every room may use. */
  private static final DescribedPredicate<JavaClass> SHARED_VALUES =
      new DescribedPredicate<>("values of the public API") {
        @Override
        public boolean test(JavaClass type) {
          String name = type.getName();
          return name.startsWith(ROOT + ".Setting")
              || name.startsWith(ROOT + ".TcpInfo")
              || name.equals(ROOT + ".Subflow");
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
                    new DescribedPredicate<>("what neither blocks nor orders") {
                      @Override
                      public boolean test(JavaClass type) {
                        return type.isAssignableTo(Throwable.class)
                            || type.getName().equals("java.io.Serializable")
                            || type.getName().equals("java.util.concurrent.TimeUnit")
                            || type.getName().equals("java.util.concurrent.atomic.LongAdder");
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

  private static void check(ArchRule rule) {
    rule.check(CLASSES);
  }

  @Test
  void wireUsesNothing() {
    check(onlyUses("wire"));
  }

  @Test
  void theSpiUsesNothing() {
    check(onlyUses("spi"));
  }

  @Test
  void observeUsesWire() {
    check(onlyUses("observe", "wire"));
  }

  @Test
  void linkUsesWire() {
    check(onlyUses("link", "wire", "observe"));
  }

  @Test
  void tcpUsesWireAndTheSpi() {
    check(onlyUses("tcp", "wire", "spi"));
  }

  @Test
  void mptcpUsesTcp() {
    check(onlyUses("mptcp", "tcp", "wire", "spi"));
  }

  @Test
  void theEngineUsesWhatIsBelow() {
    check(onlyUses("engine", "mptcp", "tcp", "link", "wire", "spi", "observe"));
  }

  @Test
  void nioUsesTheEngine() {
    check(onlyUses("nio", "engine", "link", "wire", "observe"));
  }

  @Test
  void nobodyInsideUsesMoreOfTheFrontDoorThanItsValues() {
    check(
        noClasses()
            .that()
            .resideInAPackage(ROOT + ".*..")
            .should()
            .dependOnClassesThat(FRONT_DOOR));
  }

  @ParameterizedTest
  @ValueSource(strings = {"wire", "tcp", "mptcp"})
  void theProtocolHasNoThreadLockSocketOrClock(String name) {
    check(isSansIo(name));
  }

  /** RFC 8684 §3.1 and RFC 6528: keys, nonces and sequence numbers are hard to guess. */
  @Test
  void nothingIsRandomThatCouldBeGuessed() {
    check(
        noClasses()
            .should()
            .dependOnClassesThat()
            .belongToAnyOf(Random.class, ThreadLocalRandom.class, SplittableRandom.class)
            .orShould()
            .callMethod(Math.class, "random"));
  }

  @Test
  void nobodyPrints() {
    check(
        noClasses()
            .should()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err")
            .orShould()
            .callMethod(Throwable.class, "printStackTrace"));
  }
}
