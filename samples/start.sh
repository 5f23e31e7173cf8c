#!/bin/sh
# What samples/demo and samples/lab have in common: builds what is not built, gets the rights that a
# lab needs, and starts a program of org.mptcp4j.samples. Arguments: main class, then its own.
root=$(cd "$(dirname "$0")/.." && pwd) || exit 2

all_jar=$root/provider/target/mptcp4j-all.jar
samples_jar=$root/samples/target/mptcp4j-samples.jar
libraries=$root/samples/target/lib

newer() {
  jar=$1
  shift
  find "$@" -newer "$jar" -type f | grep -q .
}

if [ ! -f "$all_jar" ] || [ ! -f "$samples_jar" ] || [ ! -d "$libraries" ] ||
  newer "$all_jar" "$root/pom.xml" "$root/provider/pom.xml" "$root/provider/src/main" ||
  newer "$samples_jar" "$root/samples/pom.xml" "$root/samples/src/main"; then
  echo "Building (the first time Maven fetches what it needs) ..."
  # Formatting and the compiler's extra checks are the tests' business.
  (cd "$root" && mvn -q -Pquick -pl samples -am package -DskipTests) || exit 2
fi

if [ -n "$JAVA_HOME" ]; then java=$JAVA_HOME/bin/java; else java=java; fi
set -- "$java" "-Dsamples.root=$root" -cp "$samples_jar:$libraries/*" "$@"

if [ "$(id -u)" = 0 ]; then
  exec "$@"
fi
# Not root: a world of our own, in which we are. Its /run is fresh, for "ip netns" writes there.
exec unshare -Urnm --kill-child sh -c 'mount -t tmpfs tmpfs /run && exec "$@"' sh "$@"
