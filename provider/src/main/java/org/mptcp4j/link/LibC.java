package org.mptcp4j.link;

import jnr.ffi.Pointer;

/**
 * The C library's functions that the link uses. Addresses are {@code long}. A function of six
 * integer arguments needs a {@link Pointer} among them: without one, jnr-ffi on x86-64 passes the
 * sixth wrong.
 */
public interface LibC {
  int socket(int domain, int type, int protocol);

  int bind(int fd, long address, int length);

  int listen(int fd, int backlog);

  int close(int fd);

  int setsockopt(int fd, int level, int option, long value, int length);

  int getsockopt(int fd, int level, int option, long value, long length);

  int getsockname(int fd, long address, long length);

  long sendmsg(int fd, long message, int flags);

  long recv(int fd, long buffer, long length, int flags);

  long read(int fd, long buffer, long length);

  long write(int fd, long buffer, long length);

  Pointer mmap(Pointer address, long length, int protection, int flags, int fd, long offset);

  int munmap(long address, long length);

  int ppoll(long descriptors, long count, long timeout, long signalMask);

  int eventfd(int initial, int flags);

  int clock_gettime(int clock, long timespec);
}
