// SPDX-License-Identifier: Apache-2.0
/*
 * The permission checks of dac.h, on ids as the probe's user namespace shows
 * them.
 */
#include "correlate/dac.h"

#include <linux/capability.h>
#include <sys/stat.h>

enum { FILE_SYSTEM = 3 }; /* of the four ids of /proc/PID/status */
enum { MAY_SEARCH = 1, MAY_WRITE = 2 };
enum { MAX_GROUPS_ASKED = 256 };

static bool has_cap(const struct process *process, int cap)
{
	return process->cap_effective & (1ULL << cap);
}

static bool maps_id(const struct id_map *map, uint32_t outside)
{
	for (size_t i = 0; i < map->n; i++) {
		if (outside >= map->at[i].outside &&
		    outside - map->at[i].outside < map->at[i].count)
			return true;
	}
	return false;
}

/*
 * capable_wrt_inode_uidgid(): in a user namespace a capability counts only for
 * mapped ids.
 */
static bool rules_over(const struct process *process,
		       const struct path_step *step)
{
	return !process->mapped || (maps_id(&process->uid_map, step->uid) &&
				    maps_id(&process->gid_map, step->gid));
}

static bool in_group(const struct process *process, gid_t gid)
{
	if (process->gid[FILE_SYSTEM] == gid)
		return true;
	for (size_t i = 0; i < process->ngroups; i++) {
		if (process->groups[i] == gid)
			return true;
	}
	return false;
}

static enum tristate may_pass(const struct process *process,
			      const struct path_step *step, unsigned int want)
{
	unsigned int bits = step->mode & 7;

	if (rules_over(process, step)) {
		if (has_cap(process, CAP_DAC_OVERRIDE))
			return TRI_YES;
		if (want == MAY_SEARCH && has_cap(process, CAP_DAC_READ_SEARCH))
			return TRI_YES;
	}
	if (process->uid[FILE_SYSTEM] == step->uid)
		bits = (step->mode >> 6) & 7;
	else if (step->acl)
		return TRI_UNKNOWN;
	else if (in_group(process, step->gid))
		bits = (step->mode >> 3) & 7;
	return (bits & want) ? TRI_YES : TRI_NO;
}

/* The answer for one process, and the step that decided it. */
static enum tristate may_walk(const struct process *process,
			      const struct path_look *look, size_t *decided)
{
	size_t last = look->steps.n - 1;

	for (size_t i = 0; i <= last; i++) {
		enum tristate passes =
			may_pass(process, &look->steps.at[i],
				 i == last ? MAY_WRITE : MAY_SEARCH);

		*decided = i;
		if (passes != TRI_YES)
			return passes;
	}
	return TRI_YES;
}

static const char *dac_explain(struct evidence *ev,
			       const struct process *process,
			       const struct path_look *look, size_t decided,
			       enum tristate allowed)
{
	const struct path_step *step = &look->steps.at[decided];
	const char *what = decided == look->steps.n - 1
				   ? "write to it"
				   : "search a directory above it";

	if (allowed == TRI_UNKNOWN)
		return arena_printf(&ev->arena,
				    "a POSIX ACL decides whether uid %u may %s",
				    process->uid[FILE_SYSTEM], what);
	if (allowed == TRI_YES && rules_over(process, step) &&
	    has_cap(process, CAP_DAC_OVERRIDE))
		return arena_printf(&ev->arena,
				    "uid %u has CAP_DAC_OVERRIDE (pid %d)",
				    process->uid[FILE_SYSTEM], process->pid);
	return arena_printf(&ev->arena,
			    "uid %u gid %u %s %s (mode %04o, owner %u:%u)",
			    process->uid[FILE_SYSTEM],
			    process->gid[FILE_SYSTEM],
			    allowed == TRI_YES ? "may" : "may not", what,
			    step->mode & 07777, step->uid, step->gid);
}

struct dac_answer dac_may_connect(struct evidence *ev,
				  const struct index_list *processes,
				  const struct path_look *look, bool idmapped)
{
	struct dac_answer answer = { .allowed = TRI_UNKNOWN };

	if (idmapped) {
		answer.why = "the mount maps ids, which is not evaluated";
		return answer;
	}
	if (look->steps_cut || !look->steps.n || !processes->n) {
		answer.why = "not every directory on the way was seen";
		return answer;
	}
	for (size_t i = 0; i < processes->n; i++) {
		const struct process *process =
			&ev->processes.at[processes->at[i]];
		enum tristate allowed;
		size_t decided = 0;

		allowed = may_walk(process, look, &decided);
		/*
		 * If one process may, the answer is yes; else unknown goes
		 * before no.
		 */
		if (answer.why && allowed != TRI_YES &&
		    !(allowed == TRI_UNKNOWN && answer.allowed == TRI_NO))
			continue;
		answer.allowed = allowed;
		answer.why = dac_explain(ev, process, look, decided, allowed);
		if (allowed == TRI_YES)
			break;
	}
	return answer;
}

enum tristate dac_may_connect_at_start(const struct bundle *bundle,
				       const struct path_look *look,
				       bool mapped)
{
	/* To whom is not root, execve(2) leaves the ambient capabilities only. */
	struct process user = { .cap_effective =
					bundle->uid ? bundle->cap_ambient
						    : bundle->cap_effective };
	gid_t groups[MAX_GROUPS_ASKED];
	enum tristate allowed;
	size_t decided = 0;

	if (mapped || !bundle->user_known || bundle->groups_cut ||
	    bundle->groups.n > ARRAY_SIZE(groups) || look->steps_cut ||
	    !look->steps.n)
		return TRI_UNKNOWN;
	for (size_t i = 0; i < bundle->groups.n; i++)
		groups[i] = (gid_t)bundle->groups.at[i];
	user.uid[FILE_SYSTEM] = bundle->uid;
	user.gid[FILE_SYSTEM] = bundle->gid;
	user.groups = groups;
	user.ngroups = bundle->groups.n;
	allowed = may_walk(&user, look, &decided);
	return allowed == TRI_NO && decided != look->steps.n - 1 ? TRI_UNKNOWN
								 : allowed;
}

bool dac_may_read_process(const struct process *reader,
			  const struct process *target)
{
	if (!reader->ns_user || reader->ns_user != target->ns_user)
		return false;
	if (has_cap(reader, CAP_SYS_PTRACE))
		return true;
	for (size_t i = 0; i < FILE_SYSTEM; i++) {
		if (reader->uid[FILE_SYSTEM] != target->uid[i] ||
		    reader->gid[FILE_SYSTEM] != target->gid[i])
			return false;
	}
	return (target->cap_permitted & ~reader->cap_effective) == 0;
}
