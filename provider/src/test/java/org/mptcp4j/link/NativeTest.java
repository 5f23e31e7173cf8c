package org.mptcp4j.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.ffi.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class NativeTest {
  /** What only this test calls. */
  public interface Files2 {
    int open(String path, int flags);
  }

  @Test
  void sixthArgumentOfMmapArrives(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("pages");
    byte[] pages = new byte[8192];
    pages[4096] = 42;
    Files.write(file, pages);
    Files2 c = jnr.ffi.LibraryLoader.create(Files2.class).load("libc.so.6");
    int fd = Native.check(c.open(file.toString(), 2), "open");
    Pointer mapped =
        Native.C.mmap(Pointer.wrap(Native.RUNTIME, 0L), 4096, 3, Native.MAP_SHARED, fd, 4096);
    Native.C.close(fd);
    assertThat(Native.wrap(mapped.address(), 4096).get(0)).isEqualTo((byte) 42);
    assertThat(Native.C.munmap(mapped.address(), 4096)).isZero();
  }

  @Test
  void failureTellsWhatWasTriedAndTheKernelsAnswer() {
    assertThatThrownBy(() -> Native.check(Native.C.bind(-1, 0, 0), "cannot bind nothing"))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("cannot bind nothing: error 9");
  }

  @Test
  void memoryIsZeroedAlignedAndInMachineOrder() {
    ByteBuffer memory = Native.allocate(40);
    assertThat(Native.address(memory) % 16).isZero();
    assertThat(memory.capacity()).isGreaterThanOrEqualTo(40);
    memory.putInt(0, 0x01020304);
    assertThat((int) Native.INT.getAcquire(memory, 0)).isEqualTo(0x01020304);
  }

  @Test
  void addressOfASliceIsWhereItStarts() {
    ByteBuffer whole = ByteBuffer.allocateDirect(100);
    assertThat(Native.address(whole.slice(30, 10)) - Native.address(whole)).isEqualTo(30);
  }
}
