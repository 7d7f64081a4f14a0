/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Would the kernel's discretionary checks let a process pass? POSIX ACLs and
 * security modules (SELinux, AppArmor) are not evaluated: where one may decide,
 * the answer is unknown.
 */
#ifndef SOCKPROBE_DAC_H
#define SOCKPROBE_DAC_H

#include "sockprobe/evidence.h"

struct dac_answer {
	enum tristate allowed;
	const char *why; /* owned by the arena */
};

/*
 * May any of `processes` search every directory of the look and write to the
 * object at its end, as connect(2) asks (unix_find_bsd(): MAY_WRITE)? The look
 * must have arrived somewhere. `idmapped`: the mount maps ids.
 */
struct dac_answer dac_may_connect(struct evidence *ev,
				  const struct index_list *processes,
				  const struct path_look *look, bool idmapped);

/*
 * May `reader` follow /proc/PID/root of `target` (ptrace_may_access() with
 * PTRACE_MODE_READ_FSCREDS, kernel/ptrace.c)? Both must be in one user
 * namespace, as the node's own targets and those who reach for them are. Whether
 * the target is dumpable cannot be seen, nor what a security module says.
 */
bool dac_may_read_process(const struct process *reader,
			  const struct process *target);

#endif
