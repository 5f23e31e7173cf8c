package org.mptcp4j.benchmarks.wire;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.mptcp4j.wire.InternetChecksum;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Data on its way into a buffer, with the sum of its DSS checksum: in one pass, or in two of which
 * the second follows at once (what a receiver would do), or when other data came between (what a
 * sender would do). The memory is larger than the caches of one core.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CopyBenchmark {
  private static final int AREA = 16 << 20;
  private static final int BETWEEN = 1 << 20;

  /** A segment, and a mapping that segmentation offload sends in one piece. */
  @Param({"1408", "65536"})
  private int length;

  private final ByteBuffer source = ByteBuffer.allocateDirect(AREA);
  private final ByteBuffer target = ByteBuffer.allocateDirect(AREA);
  private int at;

  private int next() {
    at = at + 2 * length <= AREA ? at + length : 0;
    return at;
  }

  @Benchmark
  public int copyOnly() {
    int offset = next();
    target.put(offset, source, offset, length);
    return offset;
  }

  @Benchmark
  public long copySumming() {
    int offset = next();
    return InternetChecksum.copy(target, offset, source, offset, length);
  }

  @Benchmark
  public long copyThenSum() {
    int offset = next();
    target.put(offset, source, offset, length);
    return InternetChecksum.sum(target, offset, length);
  }

  @Benchmark
  public long copyAndSumLater() {
    int offset = next();
    target.put(offset, source, offset, length);
    return InternetChecksum.sum(target, Math.max(0, offset - BETWEEN), length);
  }
}
