package org.mptcp4j.link;

import com.kenai.jffi.MemoryIO;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;
import java.util.Map;
import jnr.ffi.LastError;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * Access to the C library and to native memory, and the numbers of Linux's ABI that the link uses.
 * All of those are the same on x86-64 and aarch64, the two architectures supported.
 */
final class Native {
  static final LibC C;
  static final Runtime RUNTIME;
  private static final MemoryIO MEMORY = MemoryIO.getInstance();

  // errno
  static final int EPERM = 1;
  static final int EINTR = 4;
  static final int EAGAIN = 11;
  static final int ENOMEM = 12;
  static final int EACCES = 13;
  static final int EINVAL = 22;
  static final int EPROTONOSUPPORT = 93;
  static final int EMSGSIZE = 90;
  static final int EAFNOSUPPORT = 97;
  static final int EADDRINUSE = 98;
  static final int EADDRNOTAVAIL = 99;
  static final int ENOBUFS = 105;

  private static final Map<Integer, String> ERRNO_TEXT =
      Map.ofEntries(
          Map.entry(EPERM, "Operation not permitted"),
          Map.entry(EINTR, "Interrupted system call"),
          Map.entry(EAGAIN, "Resource temporarily unavailable"),
          Map.entry(ENOMEM, "Cannot allocate memory"),
          Map.entry(EACCES, "Permission denied"),
          Map.entry(EINVAL, "Invalid argument"),
          Map.entry(24, "Too many open files"),
          Map.entry(EPROTONOSUPPORT, "Protocol not supported"),
          Map.entry(EMSGSIZE, "Message too long"),
          Map.entry(EAFNOSUPPORT, "Address family not supported by protocol"),
          Map.entry(EADDRINUSE, "Address already in use"),
          Map.entry(EADDRNOTAVAIL, "Cannot assign requested address"),
          Map.entry(ENOBUFS, "No buffer space available"));

  // sockets
  static final int AF_INET = 2;
  static final int AF_INET6 = 10;
  static final int AF_NETLINK = 16;
  static final int AF_PACKET = 17;
  static final int SOCK_STREAM = 1;
  static final int SOCK_RAW = 3;
  static final int SOCK_NONBLOCK = 0x800;
  static final int SOCK_CLOEXEC = 0x80000;
  static final int IPPROTO_IPV6 = 41;
  static final int IPPROTO_RAW = 255;
  static final int IPV6_V6ONLY = 26;
  static final int SOL_SOCKET = 1;
  static final int SO_REUSEADDR = 2;
  static final int SO_SNDBUF = 7;
  static final int SO_MEMINFO = 55;
  static final int SO_RCVBUF = 8;
  static final int SO_BINDTODEVICE = 25;
  static final int SO_ATTACH_FILTER = 26;
  static final int SO_RCVBUFFORCE = 33;
  static final int SOL_PACKET = 263;
  static final int PACKET_RX_RING = 5;
  static final int PACKET_STATISTICS = 6;
  static final int PACKET_VERSION = 10;
  static final int PACKET_VNET_HDR = 15;
  static final int PACKET_IGNORE_OUTGOING = 23;
  static final int TPACKET_V2 = 1;
  static final int MSG_DONTWAIT = 0x40;
  static final int MSG_TRUNC = 0x20;
  static final int ETH_P_ALL = 3;
  static final int ETH_P_IP = 0x0800;
  static final int ETH_P_IPV6 = 0x86dd;

  // memory, waiting, clocks
  static final int PROT_READ_WRITE = 3;
  static final int MAP_SHARED = 1;
  static final int EFD_NONBLOCK_CLOEXEC = SOCK_NONBLOCK | SOCK_CLOEXEC;
  static final short POLLIN = 1;
  static final short POLLOUT = 4;
  static final int CLOCK_REALTIME = 0;

  /** Four bytes in the byte order of this machine; direct buffers only where order matters. */
  static final VarHandle INT =
      MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());

  static {
    RUNTIME = Runtime.getSystemRuntime();
    LibC loaded;
    try {
      loaded = LibraryLoader.create(LibC.class).failImmediately().load("libc.so.6");
    } catch (UnsatisfiedLinkError notGlibc) {
      loaded = LibraryLoader.create(LibC.class).failImmediately().load("c");
    }
    C = loaded;
  }

  private Native() {}

  /**
   * Finds out whether this machine is one that the numbers above are for.
   *
   * @throws LinkUnavailableException when it is not
   */
  static void requireSupportedPlatform() throws LinkUnavailableException {
    String os = System.getProperty("os.name", "");
    String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    if (!os.equals("Linux")) {
      throw new LinkUnavailableException(
          "packet sockets exist on Linux only; this system is " + os);
    }
    if (!arch.equals("amd64") && !arch.equals("x86_64") && !arch.equals("aarch64")) {
      throw new LinkUnavailableException(
          "the packet link knows x86-64 and aarch64; this machine is " + arch);
    }
  }

  /** The error of this thread's last call. */
  static int errno() {
    return LastError.getLastError(RUNTIME);
  }

  static String describe(int errno) {
    return ERRNO_TEXT.getOrDefault(errno, "error " + errno);
  }

  /** The failed call as an exception: what was tried, and the kernel's answer. */
  static IOException failure(String what) {
    return new IOException(what + ": " + describe(errno()));
  }

  static int check(int result, String what) throws IOException {
    if (result < 0) {
      throw failure(what);
    }
    return result;
  }

  /** Zeroed memory outside the heap in this machine's byte order, 16-aligned; freed by the GC. */
  static ByteBuffer allocate(int size) {
    return ByteBuffer.allocateDirect(size + 16).alignedSlice(16).order(ByteOrder.nativeOrder());
  }

  /** The address of a direct buffer's index 0, which for a slice is where the slice starts. */
  static long address(ByteBuffer direct) {
    return MEMORY.getDirectBufferAddress(direct);
  }

  /** A view of mapped memory; unlike an allocated buffer it frees nothing. */
  static ByteBuffer wrap(long address, int size) {
    return MEMORY.newDirectByteBuffer(address, size);
  }

  /** Stands after a call that was given the address of {@code memory}: until here it must live. */
  @SuppressWarnings("ReachabilityFenceUsage") // a bound function returns, it does not throw
  static void keep(Object memory) {
    Reference.reachabilityFence(memory);
  }

  static long mapShared(int fd, long length) throws IOException {
    Pointer address = C.mmap(Pointer.wrap(RUNTIME, 0L), length, PROT_READ_WRITE, MAP_SHARED, fd, 0);
    if (address == null || address.address() == -1) {
      throw failure("cannot map a ring of " + length + " bytes");
    }
    return address.address();
  }

  static void setOption(int fd, int level, int option, int value, String what) throws IOException {
    ByteBuffer memory = allocate(4);
    memory.putInt(0, value);
    check(C.setsockopt(fd, level, option, address(memory), 4), what);
  }

  static int socket(int family, int type, int protocol, String what) throws IOException {
    int fd = C.socket(family, type | SOCK_CLOEXEC, protocol);
    if (fd < 0) {
      int errno = errno();
      if (errno == EPERM || errno == EACCES) {
        throw new LinkUnavailableException(
            "cannot open "
                + what
                + ": needs CAP_NET_RAW (run as root, or grant it: `setpriv --ambient-caps"
                + " +net_raw --inh-caps +net_raw java ...`, AmbientCapabilities=CAP_NET_RAW in a"
                + " systemd unit, or --cap-add NET_RAW for a container)");
      }
      throw failure("cannot open " + what);
    }
    return fd;
  }

  /** Attaches a classic filter program, replacing any before in one step. */
  static void attachFilter(int fd, BpfProgram program) throws IOException {
    ByteBuffer code = program.toNative();
    // struct sock_fprog: length, then the address of the instructions.
    ByteBuffer header = allocate(16);
    header.putShort(0, (short) program.length());
    header.putLong(8, address(code));
    check(
        C.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, address(header), 16),
        "cannot attach a filter of " + program.length() + " instructions");
    Native.keep(code);
  }
}
