// SPDX-License-Identifier: Apache-2.0
/*
 * The text of /proc/PID/stat, status and cgroup. The formats are the kernel's
 * (fs/proc/array.c, kernel/cgroup); the names in them are the processes' own.
 */
#include <errno.h>
#include <string.h>

#include "collect/procs.h"

enum { PF_KTHREAD = 0x00200000, MAX_ID_RANGES = 340 };

/*
 * comm may hold blanks and ')', so the fields begin after the last ')'. Fields
 * as proc_pid_stat(5) counts them: 3 state, 4 ppid, 9 flags, 20 num_threads, 22
 * starttime.
 */
int parse_stat(const char *text, struct process *process,
	       struct stat_extra *extra)
{
	const char *open = strchr(text, '(');
	const char *close = strrchr(text, ')');
	unsigned long long start;
	unsigned int flags;
	size_t len;
	int ppid;

	if (!open || !close || close < open)
		return -EINVAL;
	if (sscanf(close + 1,
		   " %c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d "
		   "%*d %*d %*d %u %*d %llu",
		   &extra->state, &ppid, &flags, &extra->threads, &start) != 5)
		return -EINVAL;
	len = (size_t)(close - open - 1);
	if (len >= sizeof(extra->comm))
		len = sizeof(extra->comm) - 1;
	memcpy(extra->comm, open + 1, len);
	extra->comm[len] = '\0';
	process->ppid = ppid;
	process->start_ticks = start;
	process->kthread = flags & PF_KTHREAD;
	return 0;
}

static int parse_four(const char *text, uint32_t out[static 4])
{
	return sscanf(text, "%u %u %u %u", &out[0], &out[1], &out[2],
		      &out[3]) == 4
		       ? 0
		       : -EINVAL;
}

static int parse_groups(struct arena *arena, char *text,
			struct process *process)
{
	size_t room = strlen(text) / 2 + 1;
	char *save = NULL;

	process->groups = arena_alloc(arena, room * sizeof(gid_t));
	if (!process->groups)
		return -ENOMEM;
	for (char *word = strtok_r(text, " \t", &save); word;
	     word = strtok_r(NULL, " \t", &save)) {
		uint64_t gid;

		if (parse_u64(word, UINT32_MAX, &gid))
			return -EINVAL;
		process->groups[process->ngroups++] = (gid_t)gid;
	}
	return 0;
}

static int parse_mask(const char *text, uint64_t *mask)
{
	unsigned long long value;

	if (sscanf(text, "%llx", &value) != 1)
		return -EINVAL;
	*mask = value;
	return 0;
}

static int take_uid(struct arena *arena, char *value, struct process *process)
{
	(void)arena;
	return parse_four(value, process->uid);
}

static int take_gid(struct arena *arena, char *value, struct process *process)
{
	(void)arena;
	return parse_four(value, process->gid);
}

static int take_permitted(struct arena *arena, char *value,
			  struct process *process)
{
	(void)arena;
	return parse_mask(value, &process->cap_permitted);
}

static int take_effective(struct arena *arena, char *value,
			  struct process *process)
{
	(void)arena;
	return parse_mask(value, &process->cap_effective);
}

/* The fields of /proc/PID/status that are needed, each exactly once. */
static const struct {
	const char *name;
	int (*take)(struct arena *arena, char *value, struct process *process);
} status_fields[] = {
	{ "Uid:", take_uid },	       { "Gid:", take_gid },
	{ "Groups:", parse_groups },   { "CapPrm:", take_permitted },
	{ "CapEff:", take_effective },
};

static int take_status_line(struct arena *arena, char *line,
			    struct process *process, unsigned int *seen)
{
	char *value = strchr(line, '\t');

	if (!value)
		return 0;
	*value++ = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(status_fields); i++) {
		if (strcmp(line, status_fields[i].name) != 0)
			continue;
		if (*seen & (1U << i))
			return -EINVAL;
		*seen |= 1U << i;
		return status_fields[i].take(arena, value, process);
	}
	return 0;
}

int parse_status(struct arena *arena, char *text, struct process *process)
{
	unsigned int seen = 0;
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		int err = take_status_line(arena, line, process, &seen);

		if (err)
			return err;
	}
	return seen == (1U << ARRAY_SIZE(status_fields)) - 1 ? 0 : -EINVAL;
}

int parse_id_map(struct arena *arena, char *text, struct id_map *map)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct id_range range;
		struct id_range *slot;
		char end;

		if (sscanf(line, "%u %u %u %c", &range.inside, &range.outside,
			   &range.count, &end) != 3)
			return -EINVAL;
		slot = list_add(arena, map, MAX_ID_RANGES);
		if (!slot)
			return -errno;
		*slot = range;
	}
	return 0;
}

const char *parse_cgroup(struct arena *arena, char *text, int *version)
{
	const char *unified = NULL;
	const char *longest = NULL;
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *controllers = strchr(line, ':');
		char *path = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!path || path[1] != '/')
			continue;
		path++;
		if (strncmp(line, "0::", 3) == 0)
			unified = path;
		else if (!longest || strlen(path) > strlen(longest))
			longest = path;
	}
	if (!unified && !longest)
		return NULL;
	*version = longest ? 1 : 2;
	/* A hybrid node keeps its containers in the version 1 hierarchies. */
	if (!unified || (longest && strlen(longest) > strlen(unified)))
		unified = longest;
	return arena_intern(arena, unified);
}
