/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the probe takes from itself before it looks at anything, and the state
 * read back from the kernel, which is what the evidence reports.
 */
#ifndef SOCKPROBE_CONFINE_H
#define SOCKPROBE_CONFINE_H

#include "sockprobe/error.h"
#include "sockprobe/evidence.h"

/*
 * Closes inherited descriptors but 0 to 2, forbids new privileges, keeps of the
 * capabilities only those that collecting needs (CAP_DAC_READ_SEARCH,
 * CAP_SYS_PTRACE, CAP_SYS_ADMIN for setns), and installs the seccomp filter:
 * no connect, no socket but NETLINK_SOCK_DIAG, no exec, no opening for writing,
 * nothing that changes a file system. 0, or fails with EXIT_INTERNAL.
 */
int confine(struct error *error);

/* Fills ev->probe's confinement fields from /proc/self/status. */
void confine_read_back(struct evidence *ev);

#endif
