/** What users can plug in: congestion control, packet schedulers and path managers. */
package org.mptcp4j.spi;
