/** The windows: counters that people and tests can read while the engine runs. */
package org.mptcp4j.observe;
