package org.mptcp4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SettingsTest {
  @Test
  void whatIsNotSetHasItsDefault() {
    Settings settings = Settings.of(Map.of());
    assertThat(settings.get(Settings.CHECKSUM)).isTrue();
    assertThat(settings.get(Settings.SEND_BUFFER)).isEqualTo(6 << 20);
    assertThat(settings.get(Settings.EXIT_LINGER)).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void everyDefaultIsAnAllowedValue() {
    assertThat(Settings.all()).allSatisfy(s -> assertThat(s.parse(s.defaultText())).isNotNull());
  }

  @Test
  void sizesMayHaveBinaryMultiples() {
    assertThat(Settings.of(Map.of("mptcp4j.buffer.send", "64k")).get(Settings.SEND_BUFFER))
        .isEqualTo(65536);
    assertThat(Settings.of(Map.of("mptcp4j.buffer.send", "2M")).get(Settings.SEND_BUFFER))
        .isEqualTo(2 << 20);
  }

  @Test
  void aWrongNameIsAnErrorThatNamesTheNearest() {
    assertThatThrownBy(() -> Settings.of(Map.of("mptcp4j.cheksum", "true")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("mptcp4j.cheksum")
        .hasMessageContaining("mptcp4j.checksum");
  }

  @Test
  void aWrongValueIsAnErrorThatNamesItAndWhatIsAllowed() {
    assertThatThrownBy(() -> Settings.of(Map.of("mptcp4j.subflows.max", "33")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "setting mptcp4j.subflows.max cannot be '33': allowed is a number from 1 to 32");
    assertThatThrownBy(() -> Settings.of(Map.of("mptcp4j.congestion", "vegas")))
        .hasMessageContaining("'vegas'")
        .hasMessageContaining("cubic or reno or bbr");
    assertThatThrownBy(() -> Settings.of(Map.of("mptcp4j.linger.exit", "10")))
        .hasMessageContaining("'10'");
    assertThatThrownBy(() -> Settings.of(Map.of("mptcp4j.tcp.rto.min", "0ms")))
        .hasMessageContaining("from 1 to 60000 ms");
    assertThatThrownBy(() -> Settings.of(Map.of("mptcp4j.buffer.receive", "1")))
        .hasMessageContaining("16k");
    assertThatThrownBy(() -> Settings.of(Map.of("mptcp4j.syn.offers", "0")))
        .hasMessageContaining("from 1 to 7");
    assertThatThrownBy(() -> Settings.of(Map.of("mptcp4j.syn.memory", "1441m")))
        .hasMessageContaining("from 0 to 86400000 ms");
    assertThatThrownBy(() -> Settings.of(Map.of("mptcp4j.syn.alone", "7")))
        .hasMessageContaining("from 0 to 6");
  }
}
