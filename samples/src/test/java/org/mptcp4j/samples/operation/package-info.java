/**
 * Tests of programs in operation: early exit, missing rights, wrong settings, pauses, sudden death.
 */
package org.mptcp4j.samples.operation;
