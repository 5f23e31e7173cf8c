/** The front door: what programs and their users see of the library. */
package org.mptcp4j;
