package org.mptcp4j.samples.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** Files of every kind that capture programs write, and the command. */
class CaptureFileTest {
  @TempDir private Path folder;

  /** The same packets under another link header, byte order and clock. */
  private static byte[] rewritten(int linkType, String header, ByteOrder order, int magic) {
    EditedCapture capture = EditedCapture.of("two-subflows");
    byte[] link = HexFormat.of().parseHex(header);
    ByteBuffer out = ByteBuffer.allocate(1 << 20).order(order);
    out.putInt(magic).putShort((short) 2).putShort((short) 4).putLong(0);
    out.putInt(262_144).putInt(linkType);
    for (byte[] frame : capture.frames()) {
      int length = link.length + frame.length - EditedCapture.SLL2_HEADER;
      out.putLong(0).putInt(length).putInt(length).put(link);
      out.put(frame, EditedCapture.SLL2_HEADER, frame.length - EditedCapture.SLL2_HEADER);
    }
    return Arrays.copyOf(out.array(), out.position());
  }

  @ParameterizedTest
  @CsvSource({
    "101, ''",
    "228, ''",
    "1, 0202020202020404040404040800",
    "1, 0202020202020404040404048100000508 00",
    "113, 00000001000602020202020200000800",
    "276, 0800000000000002000104060202020202020000"
  })
  void everyLinkTypeIsRead(int linkType, String header) throws IOException {
    byte[] file = rewritten(linkType, header.replace(" ", ""), ByteOrder.LITTLE_ENDIAN, 0xa1b2c3d4);
    CheckReport report = CaptureChecker.check(file, false);
    assertThat(report.violations()).isEmpty();
    assertThat(report.connections().get(0).fromInitiator().length()).isEqualTo(60_000);
  }

  @Test
  void bothByteOrdersAndBothClocksAreRead() throws IOException {
    for (int magic : new int[] {0xa1b2c3d4, 0xa1b23c4d}) {
      CheckReport report =
          CaptureChecker.check(rewritten(101, "", ByteOrder.BIG_ENDIAN, magic), false);
      assertThat(report.isClean()).isTrue();
      assertThat(report.connections()).hasSize(1);
    }
  }

  @Test
  void whatIsNoPcapFileIsRefusedWithAReason() {
    assertThatThrownBy(() -> CaptureChecker.check(new byte[10], false))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("only 10 bytes");
    assertThatThrownBy(() -> CaptureChecker.check(new byte[100], false))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no pcap file");
    byte[] pcapng = new byte[100];
    ByteBuffer.wrap(pcapng).putInt(0x0a0d0d0a);
    assertThatThrownBy(() -> CaptureChecker.check(pcapng, false))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("editcap");
    assertThatThrownBy(
            () -> CaptureChecker.check(rewritten(7, "", ByteOrder.BIG_ENDIAN, 0xa1b2c3d4), false))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("link type 7");
  }

  @Test
  void aPacketThatWasNotCapturedWholeIsReported() throws IOException {
    ByteBuffer file = ByteBuffer.wrap(EditedCapture.of("two-subflows").toBytes());
    file.order(ByteOrder.LITTLE_ENDIAN).putInt(24 + 12, 100_000);
    assertThat(CaptureChecker.check(file.array(), false).violations())
        .anyMatch(v -> v.contains("packet 1") && v.contains("cut off"));
  }

  @Test
  void theCommandExitsWithTheVerdict() throws IOException {
    Path good = folder.resolve("good.pcap");
    Files.write(good, EditedCapture.of("two-subflows").toBytes());
    Path bad = folder.resolve("bad.pcap");
    Files.write(bad, EditedCapture.of("two-subflows").flipPayload(20, 3).toBytes());
    assertThat(run(good)).startsWith("0 ").contains("all is right");
    assertThat(run(good, bad)).startsWith("1 ").contains("WRONG: packet 20");
    assertThat(run(folder.resolve("none.pcap"))).startsWith("2 ").contains("cannot read it");
  }

  private static String run(Path... files) {
    StringWriter out = new StringWriter();
    CommandLine command = CheckCommand.commandLine().setOut(new PrintWriter(out));
    int status = command.execute(Arrays.stream(files).map(Path::toString).toArray(String[]::new));
    return status + " " + out;
  }
}
