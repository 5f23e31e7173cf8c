package org.mptcp4j.link;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.nio.channels.Channel;
import java.nio.channels.SelectionKey;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;

/**
 * The JDK's own provider, whose channels the kernel serves. {@link SelectorProvider#provider} is no
 * way to it when ours is installed, and {@code sun.nio.ch} is not exported, so it is reached with
 * the trusted lookup, which {@code sun.misc.Unsafe} (module jdk.unsupported) can read. Works
 * without any JVM flag on Java 17 to 25; from 24 on the JVM prints one warning, unless {@code
 * --sun-misc-unsafe-memory-access=allow} is given, or {@code --add-opens
 * java.base/sun.nio.ch=ALL-UNNAMED}, with which Unsafe is not needed here. Thread-safe.
 */
public final class JdkProvider {
  private static final SelectorProvider INSTANCE;
  private static final MethodHandle REGISTER;
  private static final MethodHandle DESCRIPTOR;

  static {
    try {
      Class<?> selector = Class.forName("sun.nio.ch.SelectorImpl");
      Class<?> holder = Class.forName("sun.nio.ch.DefaultSelectorProvider");
      Class<?> type = Class.forName("sun.nio.ch.SelectorProviderImpl");
      MethodHandles.Lookup lookup = lookupIn(selector);
      INSTANCE =
          (SelectorProvider) lookup.findStatic(holder, "get", MethodType.methodType(type)).invoke();
      REGISTER =
          lookup
              .findVirtual(
                  selector,
                  "register",
                  MethodType.methodType(
                      SelectionKey.class, AbstractSelectableChannel.class, int.class, Object.class))
              .asType(
                  MethodType.methodType(
                      SelectionKey.class,
                      AbstractSelector.class,
                      AbstractSelectableChannel.class,
                      int.class,
                      Object.class));
      DESCRIPTOR =
          lookup
              .findVirtual(
                  Class.forName("sun.nio.ch.SelChImpl"),
                  "getFDVal",
                  MethodType.methodType(int.class))
              .asType(MethodType.methodType(int.class, Channel.class));
    } catch (Throwable e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private JdkProvider() {}

  /** The provider that the JDK would use if no other were installed. */
  public static SelectorProvider get() {
    return INSTANCE;
  }

  /**
   * Registers a channel of the JDK with one of its selectors, without making the key known to the
   * channel: the channel sees only the key of the selector that stands in front.
   *
   * @throws java.nio.channels.IllegalSelectorException when the channel is not one of the JDK's
   * @throws java.nio.channels.ClosedSelectorException when the selector is closed
   */
  public static SelectionKey register(
      AbstractSelector selector, AbstractSelectableChannel channel, int ops, Object attachment) {
    try {
      return (SelectionKey) REGISTER.invokeExact(selector, channel, ops, attachment);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("SelectorImpl.register declares no checked exception", e);
    }
  }

  /** The file descriptor of one of the JDK's selectable channels. */
  static int descriptorOf(Channel channel) {
    try {
      return (int) DESCRIPTOR.invokeExact(channel);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("SelChImpl.getFDVal declares no checked exception", e);
    }
  }

  /** A lookup for {@code type}: the ordinary one where its package is open, else the trusted. */
  private static MethodHandles.Lookup lookupIn(Class<?> type) throws ReflectiveOperationException {
    try {
      return MethodHandles.privateLookupIn(type, MethodHandles.lookup());
    } catch (IllegalAccessException e) {
      return trustedLookup();
    }
  }

  private static MethodHandles.Lookup trustedLookup() throws ReflectiveOperationException {
    Class<?> unsafeClass = Class.forName("sun.misc.Unsafe");
    Field theUnsafe = unsafeClass.getDeclaredField("theUnsafe");
    theUnsafe.setAccessible(true);
    Object unsafe = theUnsafe.get(null);
    Field lookup = MethodHandles.Lookup.class.getDeclaredField("IMPL_LOOKUP");
    // By reflection: the compiler warns of a direct use of Unsafe, and that warning has no name.
    Object base = unsafeClass.getMethod("staticFieldBase", Field.class).invoke(unsafe, lookup);
    Object offset = unsafeClass.getMethod("staticFieldOffset", Field.class).invoke(unsafe, lookup);
    return (MethodHandles.Lookup)
        unsafeClass.getMethod("getObject", Object.class, long.class).invoke(unsafe, base, offset);
  }
}
