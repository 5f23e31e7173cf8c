package org.mptcp4j.samples.lab;

import java.nio.ByteBuffer;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * The few functions of the C library that the samples need and the JDK has not: packet sockets,
 * entering a namespace, and sockets of the kernel's own MPTCP. Addresses are passed as {@code
 * long}.
 */
public interface LibC {
  int AF_INET = 2;
  int AF_INET6 = 10;
  int AF_PACKET = 17;
  int SOCK_STREAM = 1;
  int SOCK_RAW = 3;
  int SOCK_NONBLOCK = 0x800;
  int SOCK_CLOEXEC = 0x80000;
  int IPPROTO_TCP = 6;
  int IPPROTO_MPTCP = 262;
  int TCP_FASTOPEN_CONNECT = 30;
  int SOL_SOCKET = 1;
  int SO_REUSEADDR = 2;
  int SO_LINGER = 13;
  int SO_RCVTIMEO = 20;
  int SO_SNDTIMEO = 21;
  int SO_SNDBUFFORCE = 32;
  int SO_RCVBUFFORCE = 33;
  int SOL_MPTCP = 284;
  int MPTCP_INFO = 1;
  int SOL_PACKET = 263;
  int PACKET_VNET_HDR = 15;
  int PACKET_IGNORE_OUTGOING = 23;
  int ETH_P_ALL = 3;
  int MSG_DONTWAIT = 0x40;
  int MSG_NOSIGNAL = 0x4000;
  int CLONE_NEWNET = 0x40000000;
  int O_RDONLY = 0;
  int O_CLOEXEC = 0x80000;
  int POLLIN = 1;
  int PRIO_PROCESS = 0;
  int SHUT_WR = 1;
  int EAGAIN = 11;

  /** The library, loaded at first use. */
  static LibC get() {
    return Holder.LIBRARY;
  }

  int socket(int domain, int type, int protocol);

  int bind(int fd, long address, int addressLength);

  int listen(int fd, int backlog);

  int accept4(int fd, long address, long addressLength, int flags);

  int connect(int fd, long address, int addressLength);

  int shutdown(int fd, int how);

  int setsockopt(int fd, int level, int name, long value, int valueLength);

  int getsockopt(int fd, int level, int name, long value, long valueLength);

  long recv(int fd, long memory, long length, int flags);

  long send(int fd, long memory, long length, int flags);

  int ppoll(long pollFds, long count, long timeout, long signalMask);

  int open(String path, int flags);

  int close(int fd);

  int setns(int fd, int kind);

  int setpriority(int which, int who, int priority);

  int if_nametoindex(String name);

  String strerror(int number);

  /** The native address of a direct buffer's first byte. */
  static long address(ByteBuffer direct) {
    // jnr-ffi counts from the buffer's position.
    return Pointer.wrap(Holder.RUNTIME, direct).address() - direct.position();
  }

  /** The number of the last error of this thread. */
  static int lastErrorNumber() {
    return Holder.RUNTIME.getLastError();
  }

  /** The last error of this thread, as a sentence. */
  static String lastError() {
    return get().strerror(Holder.RUNTIME.getLastError());
  }

  /** Sets an int-valued socket option; returns false where the kernel refuses. */
  static boolean setOption(int fd, int level, int name, int value) {
    ByteBuffer memory = ByteBuffer.allocateDirect(4).order(java.nio.ByteOrder.nativeOrder());
    memory.putInt(0, value);
    return get().setsockopt(fd, level, name, address(memory), 4) == 0;
  }

  /** Loads the library once. */
  final class Holder {
    private static final LibC LIBRARY = LibraryLoader.create(LibC.class).load("c");
    private static final Runtime RUNTIME = Runtime.getRuntime(LIBRARY);

    private Holder() {}
  }
}
