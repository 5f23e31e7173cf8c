package org.mptcp4j.nio;

import java.util.AbstractSet;
import java.util.Collection;
import java.util.Iterator;
import java.util.Set;

/** A view of a set that allows removal and no addition, as {@code Selector.selectedKeys} asks. */
final class UngrowableSet<E> extends AbstractSet<E> {
  private final Set<E> set;

  UngrowableSet(Set<E> set) {
    this.set = set;
  }

  @Override
  public Iterator<E> iterator() {
    return set.iterator();
  }

  @Override
  public int size() {
    return set.size();
  }

  @Override
  public boolean contains(Object o) {
    return set.contains(o);
  }

  @Override
  public boolean remove(Object o) {
    return set.remove(o);
  }

  @Override
  public void clear() {
    set.clear();
  }

  @Override
  public boolean removeAll(Collection<?> c) {
    return set.removeAll(c);
  }

  @Override
  public boolean retainAll(Collection<?> c) {
    return set.retainAll(c);
  }
}
