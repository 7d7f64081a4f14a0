// SPDX-License-Identifier: Apache-2.0
/*
 * What names are to containers: for each one its threads, its record's root and
 * mounts, the directories that could be a root, and then the rows of name_rows.h.
 * What the looks need is large and is kept for one container only.
 */
#include "commands/names.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "collect/standpoints.h"
#include "commands/name_rows.h"
#include "correlate/dac.h"
#include "correlate/means.h"
#include "correlate/members.h"
#include "correlate/sockets.h"
#include "sockprobe/mount_table.h"
#include "sockprobe/text_safe.h"

enum {
	LOOKS_MEMORY = 32 << 20, /* of one container */
	MAX_ROOTS = 64,		 /* directories that could be a root */
	MAX_NAMES_OF_ONE = 256,
	KEPT_OF_ONE = 8 << 20, /* of the evidence's memory, for one container */
	LEAST_LEFT = 1 << 20,  /* of it, for the others */
	MS_OF_ONE = 4000,
};

static const char *const usual_names[] = { "/var/run/docker.sock",
					   "/run/docker.sock" };

/* ---- the record's root ---- */

static const char *record_root_path(struct subject *subject)
{
	const struct bundle *bundle = subject->bundle;

	if (!bundle || !bundle->root)
		return NULL;
	return bundle->root[0] == '/'
		       ? bundle->root
		       : path_join(&subject->arena, bundle->dir, bundle->root);
}

/* Which of the standpoints is the root that the record says? NO_INDEX: none. */
static int find_record_root(struct subject *subject, size_t *found)
{
	const struct fetch_root node = { .proc_dirfd = -1, .bare = true };
	const struct evidence *ev = subject->ev;
	const char *path = record_root_path(subject);
	struct path_look look;
	int err;

	*found = NO_INDEX;
	if (!path)
		return 0;
	err = fetch_look(subject->fetch, &subject->arena, node, path, &look);
	subject_count_gaps(subject, subject_gap(&look), 1, 0, look.err);
	if (err || look.kind != KIND_DIRECTORY)
		return err;
	subject->facts->root_known = true;
	for (size_t i = subject->first; i < ev->standpoints.n; i++) {
		const struct standpoint *standpoint = &ev->standpoints.at[i];

		if (standpoint->root_dev == look.inode.dev &&
		    standpoint->root_ino == look.inode.ino &&
		    *found == NO_INDEX)
			*found = i;
	}
	return 0;
}

static int init_looker(struct subject *subject, size_t standpoint,
		       struct name_looker *looker)
{
	const struct standpoint *at = &subject->ev->standpoints.at[standpoint];
	const struct process *process = &subject->ev->processes.at[at->process];
	int err = name_looker_init(looker, subject->fetch, &subject->arena,
				   &subject->limits, process->dirfd, at->tid);
	enum coverage_gap gap = fetch_gap(looker->table_err);

	if (gap == GAP_CUT)
		subject_count_whole(subject, GAP_MANY);
	else if (gap != GAP_NONE && gap != GAP_ENDED && gap != GAP_SILENT &&
		 !subject_looker_has_ended(looker))
		subject_count_gaps(subject, gap, 1, process->pid,
				   -looker->table_err);
	return err;
}

/* ---- directories that could be a root ---- */

static int add_root(struct subject *subject, const char *path, size_t len)
{
	const char **slot;

	for (size_t i = 0; i < subject->roots.n; i++) {
		if (strlen(subject->roots.at[i]) == len &&
		    strncmp(subject->roots.at[i], path, len) == 0)
			return 0;
	}
	slot = list_add(&subject->arena, &subject->roots, MAX_ROOTS);
	if (!slot && errno == EOVERFLOW) {
		if (!subject->facts->roots_cut)
			subject_count_whole(subject, GAP_MANY);
		subject->facts->roots_cut = true;
		return 0;
	}
	if (!slot)
		return -ENOMEM;
	*slot = arena_strndup(&subject->arena, path, len);
	return *slot ? 0 : -ENOMEM;
}

/* Each directory that shows files of the node: where one is mounted, and above. */
static int find_roots(struct subject *subject)
{
	int err = 0;

	for (size_t i = 0; i < subject->mounts.n && !err; i++) {
		const struct mount_fact *fact = &subject->mounts.at[i];

		if (!fact->present || !fact->record->bind)
			continue;
		for (size_t len = strlen(fact->point); len > 1 && !err;) {
			/* what lies above is a directory, whatever is there */
			if (fact->directory || fact->point[len])
				err = add_root(subject, fact->point, len);
			while (len > 1 && fact->point[len - 1] != '/')
				len--;
			len -= len > 1;
		}
	}
	return err;
}

static bool subject_may_chroot(const struct subject *subject)
{
	return (subject->facts->cap_bounding & (1ULL << CAP_SYS_CHROOT)) ||
	       subject->facts->means.n;
}

/* ---- one container ---- */

/* Programs that serve a container's calls themselves, instead of the kernel. */
static bool is_sandboxed(const struct evidence *ev,
			 const struct index_list *members)
{
	static const char *const programs[] = { "runsc", "firecracker",
						"cloud-hypervisor" };
	static const char qemu[] = "qemu-system-";

	for (size_t i = 0; i < members->n; i++) {
		const char *exe = ev->processes.at[members->at[i]].exe;
		const char *name = exe ? path_basename(exe) : "";

		if (has_prefix(name, qemu))
			return true;
		for (size_t k = 0; k < ARRAY_SIZE(programs); k++) {
			if (strcmp(name, programs[k]) == 0)
				return true;
		}
	}
	return false;
}

static int find_threads(struct subject *subject)
{
	struct evidence *ev = subject->ev;
	struct index_list members = { 0 };
	struct standpoint_gaps gaps = { 0 };
	int err = members_find(ev, subject->container, &members);

	subject->first = ev->standpoints.n;
	if (!err)
		err = standpoints_find(ev, subject->fetch, subject->container,
				       &members, &gaps);
	subject_count_gaps(subject, GAP_DENIED, gaps.denied, gaps.pid, EACCES);
	subject_count_gaps(subject, GAP_SILENT, gaps.timed_out, gaps.pid, 0);
	if (gaps.cut)
		subject_count_whole(subject, GAP_MANY);
	subject->limits.silent |= gaps.timed_out != 0;
	*subject->facts = (struct name_facts){
		.container = subject->container,
		.members = members.n,
		.ended = gaps.ended,
		.unseen = gaps.denied + gaps.timed_out + gaps.cut,
		.unseen_pid = gaps.pid,
		.cap_bounding = gaps.cap_bounding,
		.sandboxed = is_sandboxed(ev, &members),
	};
	if (subject->bundle)
		subject->facts->cap_bounding |= subject->bundle->cap_bounding;
	return err;
}

static int subject_add_name(struct subject *subject, const char *name)
{
	const char **slot;

	for (size_t i = 0; i < subject->names.n; i++) {
		if (strcmp(subject->names.at[i], name) == 0)
			return 0;
	}
	slot = list_add(&subject->arena, &subject->names, MAX_NAMES_OF_ONE);
	if (!slot)
		return errno == EOVERFLOW ? 0 : -ENOMEM;
	*slot = name;
	return 0;
}

static int find_names(struct subject *subject,
		      const struct name_wanted_list *extra)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(usual_names) && !err; i++)
		err = subject_add_name(subject, usual_names[i]);
	for (size_t i = 0; i < extra->n && !err; i++) {
		if (extra->at[i].container == subject->container)
			err = subject_add_name(subject, extra->at[i].name);
	}
	return err;
}

static int prepare_base(struct subject *subject)
{
	int err = find_record_root(subject, &subject->record_root);

	if (err || subject->record_root == NO_INDEX)
		return err;
	err = init_looker(subject, subject->record_root, &subject->base);
	if (err || !subject->base.table_known)
		return err;
	subject->root_mnt =
		subject->ev->standpoints.at[subject->record_root].root_mnt_id;
	if (subject->bundle->mounts_cut)
		subject_count_whole(subject, GAP_MANY);
	err = name_look_at_mounts(&subject->base, subject->run->cache,
				  subject->bundle, &subject->mounts);
	return err ? err : find_roots(subject);
}

/* From the roots that a process of the container could have taken. */
static int see_from_other_roots(struct subject *subject)
{
	const struct container *container =
		&subject->ev->containers.at[subject->container];
	int err = 0;

	for (size_t i = 0; i < subject->roots.n && !err; i++)
		err = subject_see_names_below(subject, subject->roots.at[i]);
	for (size_t k = 0;
	     container->host_pid != TRI_NO && k < subject->names.n && !err; k++)
		err = subject_see_on_node(subject, subject->names.at[k]);
	return err;
}

static int see_all_names(struct subject *subject)
{
	size_t end = subject->ev->standpoints.n;
	int err = 0;

	for (size_t i = subject->first; i < end && !err; i++) {
		struct name_looker looker;

		err = init_looker(subject, i, &looker);
		for (size_t k = 0; k < subject->names.n && !err; k++)
			err = subject_see_name(subject, &looker, i,
					       subject->names.at[k],
					       i == subject->record_root);
	}
	if (err || !subject->root_mnt || !subject_may_chroot(subject))
		return err;
	return see_from_other_roots(subject);
}

/*
 * A socket that was mounted and that nothing listens on any more, of which the
 * node may have no name left: whose it was is not known.
 */
static int note_dead_sockets(struct subject *subject)
{
	struct evidence *ev = subject->ev;
	int err = 0;

	for (size_t i = 0; i < subject->mounts.n && !err; i++) {
		const struct mount_fact *fact = &subject->mounts.at[i];
		const struct path_look look = {
			.kind = fact->kind,
			.inode = fact->inode,
			.resolved = fact->point,
		};

		if (!fact->present || fact->kind != KIND_SOCKET ||
		    socket_answer_for(ev, &look).state == STATE_LISTENING)
			continue;
		err = means_add(
			ev, &subject->facts->means,
			arena_printf(
				&ev->arena,
				"a socket of the node's, which may have been a live runtime's, mounted at %s",
				quote_text(&ev->arena, fact->point)));
	}
	return err;
}

static bool is_mapped(const struct evidence *ev,
		      const struct container *container)
{
	for (size_t i = 0; i < container->processes.n; i++) {
		if (ev->processes.at[container->processes.at[i]].mapped)
			return true;
	}
	return false;
}

/* What the record's user may, of each way of the container to a socket. */
static void ask_permissions(struct subject *subject)
{
	struct evidence *ev = subject->ev;
	bool mapped = is_mapped(ev, &ev->containers.at[subject->container]);

	for (size_t i = 0; i < ev->access.n && subject->bundle; i++) {
		struct access *access = &ev->access.at[i];

		if (access->container == subject->container &&
		    access->look.resolved)
			access->dac_at_start = dac_may_connect_at_start(
				subject->bundle, &access->look, mapped);
	}
}

static int look_at_container(struct subject *subject)
{
	struct names_run *run = subject->run;
	struct evidence *ev = subject->ev;
	int err;

	subject->bundle = ev->containers.at[subject->container].bundle;
	subject->facts = list_add(&ev->arena, &ev->name_facts, MAX_CONTAINERS);
	if (!subject->facts)
		return -errno;
	err = find_threads(subject);
	if (!err)
		err = records_find_pid_file(ev, subject->fetch, run->records,
					    subject->container);
	if (!err)
		err = find_names(subject, run->extra);
	if (!err)
		err = prepare_base(subject);
	ask_permissions(subject);
	if (!err)
		err = means_find(ev, subject->container,
				 subject->facts->cap_bounding,
				 &subject->base.table, &subject->facts->means);
	if (!err)
		err = note_dead_sockets(subject);
	return err ? err : see_all_names(subject);
}

/*
 * One that makes its names too large, or takes too long, is not seen whole; the
 * others are.
 */
static int look_or_note(struct subject *subject)
{
	struct arena *arena = &subject->ev->arena;
	size_t limit = arena->limit;
	size_t left = limit - arena->used;
	int err;

	if (left > KEPT_OF_ONE)
		arena->limit = arena->used + KEPT_OF_ONE;
	err = look_at_container(subject);
	arena->limit = limit;
	if (subject->limits.silent)
		subject_count_whole(subject, GAP_SILENT);
	else if (now_ms() >= subject->limits.until)
		subject_count_whole(subject, GAP_SLOW);
	if (err && subject->facts)
		subject->facts->cut = true;
	if (!subject->facts ||
	    (err != -EOVERFLOW && (err != -ENOMEM || left <= LEAST_LEFT)))
		return err;
	subject_count_whole(subject, err == -EOVERFLOW ? GAP_CUT : GAP_MANY);
	return 0;
}

static int look_at_each(struct names_run *run)
{
	struct evidence *ev = run->ev;
	int err = 0;

	for (size_t i = 0; i < ev->containers.n && !err; i++) {
		struct subject subject = {
			.run = run,
			.ev = ev,
			.fetch = run->fetch,
			.limits = { now_ms() + MS_OF_ONE,
				    ev->containers.at[i].silent },
			.container = i,
		};

		if (!ev->containers.at[i].touches ||
		    !ev->containers.at[i].processes.n)
			continue;
		arena_init(&subject.arena, LOOKS_MEMORY);
		err = look_or_note(&subject);
		arena_free(&subject.arena);
	}
	return err;
}

/* The looks into views have told already what is complete. */
static void report_gaps(struct names_run *run)
{
	for (enum coverage_gap gap = GAP_NONE + 1; gap < COVERAGE_GAPS; gap++) {
		if (run->tally.gaps[gap].n)
			coverage_report_gap(run->ev, SOURCE_CONTAINER_VIEWS,
					    processes_extent(run->ev),
					    &run->tally, gap);
	}
}

int names_look(struct evidence *ev, struct fetch *fetch,
	       const struct record_index *records,
	       const struct name_wanted_list *extra)
{
	struct names_run run = {
		.ev = ev,
		.fetch = fetch,
		.records = records,
		.extra = extra,
		.cache = source_cache_new(),
	};
	int err = run.cache ? look_at_each(&run) : -ENOMEM;

	source_cache_free(run.cache);
	report_gaps(&run);
	return err;
}
