package org.mptcp4j.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class InternetChecksumTest {
  private static ByteBuffer bytes(String hex) {
    return ByteBuffer.wrap(HexFormat.of().parseHex(hex));
  }

  @Test
  void theExampleOfRfc1071SumsToDdf2() {
    // RFC 1071 §3: 00 01 f2 03 f4 f5 f6 f7.
    ByteBuffer example = bytes("0001f203f4f5f6f7");
    assertThat(InternetChecksum.foldPositive(InternetChecksum.sum(example, 0, 8)))
        .isEqualTo(0xddf2);
    assertThat(InternetChecksum.finish(InternetChecksum.sum(example, 0, 8))).isEqualTo(0x220d);
  }

  @Test
  void theHeaderOfAnIpv4PacketWithItsChecksumSumsToZero() {
    ByteBuffer header = bytes("450000730000400040 11b861c0a80001c0a800c7".replace(" ", ""));
    assertThat(InternetChecksum.finish(InternetChecksum.sum(header, 0, 20))).isZero();
    header.putShort(10, (short) 0);
    assertThat(InternetChecksum.finish(InternetChecksum.sum(header, 0, 20))).isEqualTo(0xb861);
  }

  @Test
  void anOddLastByteIsPaddedWithZero() {
    assertThat(InternetChecksum.foldPositive(InternetChecksum.sum(bytes("0102ff"), 0, 3)))
        .isEqualTo(0x0003);
  }

  @Test
  void noBytesSumToNothing() {
    assertThat(InternetChecksum.sum(bytes("ffff"), 1, 0)).isZero();
    assertThat(InternetChecksum.finish(0)).isEqualTo(0xffff);
  }

  @Test
  void theSumOfTheLargestSegmentDoesNotOverflow() {
    ByteBuffer ones = ByteBuffer.allocate(65_536);
    for (int i = 0; i < ones.capacity(); i++) {
      ones.put(i, (byte) 0xff);
    }
    assertThat(InternetChecksum.foldPositive(InternetChecksum.sum(ones, 0, 65_536)))
        .isEqualTo(0xffff);
    assertThat(InternetChecksum.foldPositive(Long.MAX_VALUE))
        .isEqualTo(reduceSlowly(Long.MAX_VALUE));
    assertThat(InternetChecksum.foldPositive(-1L)).isEqualTo(0xffff);
  }

  @Test
  void fieldsAddLikeTheirBytes() {
    ByteBuffer fields = bytes("8877665544332211" + "deadbeef" + "cafe");
    long sum = InternetChecksum.addLong(0, 0x8877665544332211L);
    sum = InternetChecksum.addInt(sum, 0xdeadbeef);
    sum = InternetChecksum.addShort(sum, 0xcafe);
    assertThat(InternetChecksum.foldPositive(sum))
        .isEqualTo(InternetChecksum.foldPositive(InternetChecksum.sum(fields, 0, 14)));
  }

  @Property
  void everyStretchSumsAsWordByWord(
      @ForAll @Size(max = 200) byte[] data,
      @ForAll @IntRange(max = 50) int from,
      @ForAll @IntRange(max = 150) int length) {
    int start = Math.min(from, data.length);
    int count = Math.min(length, data.length - start);
    assertThat(
            InternetChecksum.foldPositive(
                InternetChecksum.sum(ByteBuffer.wrap(data), start, count)))
        .isEqualTo(slowly(data, start, count));
  }

  @Property
  void aPieceAtAnOddDistanceCountsWithItsBytesSwapped(
      @ForAll @Size(min = 1, max = 100) byte[] data, @ForAll @IntRange(max = 100) int cut) {
    int first = Math.min(cut, data.length);
    ByteBuffer buffer = ByteBuffer.wrap(data);
    long head = InternetChecksum.sum(buffer, 0, first);
    long tail = InternetChecksum.sum(buffer, first, data.length - first);
    long whole = head + (first % 2 == 0 ? tail : InternetChecksum.swap(tail));
    assertThat(InternetChecksum.foldPositive(whole)).isEqualTo(slowly(data, 0, data.length));
  }

  private static int slowly(byte[] data, int start, int count) {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum += (data[start + i] & 0xffL) << (i % 2 == 0 ? 8 : 0);
    }
    return reduceSlowly(sum);
  }

  private static int reduceSlowly(long sum) {
    long rest = sum;
    while (rest > 0xffff) {
      rest = (rest >>> 16) + (rest & 0xffff);
    }
    return (int) rest;
  }

  @Test
  void aCopyIsTheSameBytesAndTheirSum() {
    ByteBuffer source = ByteBuffer.allocate(10_000);
    for (int i = 0; i < 10_000; i++) {
      source.put(i, (byte) (i * 7 + i / 256));
    }
    for (int length : new int[] {0, 1, 2, 33, 2_047, 2_048, 2_049, 4_097, 9_999}) {
      ByteBuffer target = ByteBuffer.allocate(10_010);
      long sum = InternetChecksum.copy(target, 7, source, 1, length);
      assertThat(InternetChecksum.finish(sum))
          .isEqualTo(InternetChecksum.finish(InternetChecksum.sum(source, 1, length)));
      assertThat(target.slice(7, length)).isEqualTo(source.slice(1, length));
    }
  }
}
