package org.mptcp4j.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an endpoint does not take is counted, each kind of it once and as nothing else. */
class DroppedInputTest {
  /** The counters that are not 0, with their values. */
  private static List<String> counted(StateBench bench) throws IllegalAccessException {
    List<String> counted = new ArrayList<>();
    for (Field field : TcpCounters.class.getFields()) {
      long value = ((LongAdder) field.get(bench.counters())).sum();
      if (value != 0) {
        counted.add(field.getName() + " " + value);
      }
    }
    return counted;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SYN-SENT     | <SEQ=IRS><ACK=ISS><CTL=SYN,ACK>                            | badAcks",
        "SYN-SENT     | <SEQ=0><ACK=SND.NXT+1><CTL=RST,ACK>                        | badAcks",
        "SYN-SENT     | <SEQ=0><CTL=RST>                                           | badResets",
        "SYN-SENT     | <SEQ=5><ACK=SND.NXT><CTL=ACK><LEN=10>                      | flagless",
        "SYN-RECEIVED (passive) | <SEQ=RCV.NXT+1><CTL=RST>                         | badResets",
        "SYN-RECEIVED (passive) | <SEQ=RCV.NXT-1><CTL=RST>                         | badResets",
        "SYN-RECEIVED (passive) | <SEQ=RCV.NXT+70000><ACK=SND.NXT><CTL=ACK>        | outOfWindow",
        "SYN-RECEIVED (passive) | <SEQ=RCV.NXT+5><CTL=SYN>                         | badSyns",
        "SYN-RECEIVED (passive) | <SEQ=RCV.NXT><CTL=PSH><LEN=5>                    | flagless",
        "SYN-RECEIVED (passive) | <SEQ=RCV.NXT><ACK=ISS><CTL=ACK>                  | badAcks",
        "SYN-RECEIVED (passive) | <SEQ=RCV.NXT><ACK=SND.NXT><CTL=ACK><LEN=1><TSVAL=TS.Recent-1>"
            + " | oldTimestamps",
        "ESTABLISHED  | <SEQ=RCV.NXT-10><ACK=SND.NXT><CTL=ACK><LEN=10>             | outOfWindow",
        "ESTABLISHED  | <SEQ=RCV.NXT+70000><ACK=SND.NXT><CTL=ACK>                  | outOfWindow",
        "ESTABLISHED  | <SEQ=RCV.NXT><ACK=SND.NXT><CTL=ACK><LEN=9><TSVAL=TS.Recent-1>"
            + " | oldTimestamps",
        "ESTABLISHED  | <SEQ=RCV.NXT+1><CTL=RST>                                   | badResets",
        "ESTABLISHED  | <SEQ=RCV.NXT-1><CTL=RST>                                   | badResets",
        "ESTABLISHED  | <SEQ=RCV.NXT><ACK=SND.NXT><CTL=SYN,ACK>                    | badSyns",
        "ESTABLISHED  | <SEQ=RCV.NXT><CTL=PSH><LEN=5>                              | flagless",
        "ESTABLISHED  | <SEQ=RCV.NXT><ACK=SND.NXT+1><CTL=ACK><LEN=5>               | badAcks",
        "ESTABLISHED  | <SEQ=RCV.NXT><ACK=SND.UNA-70000><CTL=ACK><LEN=5>           | badAcks",
        "ESTABLISHED  | <SEQ=RCV.NXT><ACK=SND.NXT><CTL=ACK><SACK=SND.NXT+1:SND.NXT+9>"
            + " | badSackBlocks",
        "ESTABLISHED  | <SEQ=RCV.NXT><ACK=SND.NXT><CTL=ACK><SACK=SND.UNA-9:SND.UNA-9>"
            + " | badSackBlocks"
      })
  void eachKindIsCountedAndNothingElse(String state, String event, String counter)
      throws IllegalAccessException {
    StateBench bench =
        new StateBench(
            state, event.contains("TSVAL"), event.contains("SACK"), StateBench.Origin.USUAL);
    assertThat(counted(bench)).isEmpty();

    bench.happen(event);

    assertThat(counted(bench)).containsExactly(counter + " 1");
    assertThat(bench.told()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"SYN-RECEIVED (passive)", "ESTABLISHED", "TIME-WAIT"})
  void challengesThatAreNotSentAreCounted(String state) {
    StateBench bench = new StateBench(state, false);
    for (int i = 0; i < 250; i++) {
      bench.happen("<SEQ=RCV.NXT+1><CTL=RST>");
    }
    assertThat(bench.counters().badResets.sum()).isEqualTo(250);
    assertThat(bench.counters().challengesSuppressed.sum()).isEqualTo(150);
  }
}
