/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Would the kernel's discretionary checks let a process pass? POSIX ACLs and
 * security modules (SELinux, AppArmor) are not evaluated: if one of them may
 * decide, the answer is unknown.
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
 * object at its end, as connect(2) requires (unix_find_bsd(): MAY_WRITE)? The
 * look must have found an object. `idmapped`: the mount maps ids.
 */
struct dac_answer dac_may_connect(struct evidence *ev,
				  const struct index_list *processes,
				  const struct path_look *look, bool idmapped);

/*
 * The same of the user, groups and capabilities that the record starts the
 * container with: TRI_NO only where the object itself says so, not a directory
 * above it. `mapped`: its processes are in a user namespace of their own.
 */
enum tristate dac_may_connect_at_start(const struct bundle *bundle,
				       const struct path_look *look,
				       bool mapped);

/*
 * May `reader` follow /proc/PID/root of `target` (ptrace_may_access() with
 * PTRACE_MODE_READ_FSCREDS, kernel/ptrace.c)? Both must be in one user
 * namespace. Whether the target is dumpable, and what a security module
 * decides, cannot be seen.
 */
bool dac_may_read_process(const struct process *reader,
			  const struct process *target);

#endif
