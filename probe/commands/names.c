// SPDX-License-Identifier: Apache-2.0
/*
 * What names are to containers: the looks of collect/names.h for each container,
 * dated and held against its record by correlate/ways.h. What the looks need is
 * large and is kept for one container only.
 */
#include "commands/names.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "collect/names.h"
#include "collect/standpoints.h"
#include "correlate/dac.h"
#include "correlate/means.h"
#include "correlate/members.h"
#include "correlate/sockets.h"
#include "correlate/ways.h"
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

/* What all containers share. */
struct names_run {
	struct evidence *ev;
	struct fetch *fetch;
	const struct record_index *records;
	const struct name_wanted_list *extra;
	struct source_cache *cache;
	struct coverage_tally tally;
};

/* One container being looked at. */
struct subject {
	struct names_run *run;
	struct evidence *ev;
	struct fetch *fetch;
	struct name_limits limits;
	struct arena arena; /* of the looks */
	size_t container;
	const struct bundle *bundle; /* NULL: no record */
	struct name_facts *facts;
	size_t first; /* its standpoints: from here to the list's end */
	struct string_list names;
	struct name_looker base; /* as the record's root shows it */
	size_t record_root;	 /* of the standpoints; NO_INDEX none */
	uint64_t root_mnt;	 /* 0: no thread stands at the record's root */
	struct mount_fact_list mounts;
	struct string_list roots; /* resolved, in the record's root */
	bool lost_root;		  /* such a means was noted */
	bool told[COVERAGE_GAPS]; /* that this is missing of it */
};

/* ---- what is stored ---- */

static const char *keep(struct evidence *ev, const char *text, int *err)
{
	const char *kept = text ? arena_intern(&ev->arena, text) : NULL;

	if (text && !kept)
		*err = -ENOMEM;
	return kept;
}

static size_t same_path(const struct evidence *ev, const struct inode *inode)
{
	for (size_t i = 0; i < ev->paths.n; i++) {
		const struct path_look *look = &ev->paths.at[i].look;

		if (look->resolved && look->inode.dev == inode->dev &&
		    look->inode.ino == inode->ino)
			return i;
	}
	return NO_INDEX;
}

/* What connect(2) would say to it, by the socket tables. */
static int ask_sockets(struct evidence *ev, const struct mount_view *table,
		       struct path_look *look, struct name_seen *seen)
{
	size_t idx = mount_by_id(table, look->inode.mnt_id);
	struct socket_answer answer;
	int err = 0;

	if (idx != NO_INDEX)
		look->inode.sb_dev = table->mounts.at[idx].dev;
	answer = socket_answer_for(ev, look);
	seen->state = answer.state;
	seen->connect_result = answer.connect_result;
	if (answer.socket != NO_INDEX)
		err = socket_holders(ev, ev->sockets.at[answer.socket].ino,
				     &seen->holders);
	if (look->resolved)
		seen->path = same_path(ev, &look->inode);
	return err;
}

/* ---- gaps ---- */

/* So many of one kind, of which the first is of this process. */
static void count_gaps(struct subject *subject, enum coverage_gap gap, size_t n,
		       pid_t pid, int err)
{
	struct coverage_tally tally = { 0 };

	if (!n || gap == GAP_NONE)
		return;
	tally.gaps[gap] = (struct gap_count){ n, err, pid, NULL };
	coverage_sum(&subject->run->tally, &tally);
}

/*
 * More than is kept of one container, or took more than its part of the time:
 * one container more in that line, however often it was met with.
 */
static void count_whole(struct subject *subject, enum coverage_gap gap)
{
	if (subject->told[gap])
		return;
	subject->told[gap] = true;
	coverage_count_name(&subject->run->tally, gap,
			    subject->ev->containers.at[subject->container].id,
			    0);
}

/*
 * Of a thread that has ended nothing is missing, and an error that the name
 * itself leads to is an answer.
 */
static enum coverage_gap name_gap(const struct path_look *look)
{
	switch (look->kind) {
	case KIND_DENIED:
		return GAP_DENIED;
	case KIND_TIMED_OUT:
		return GAP_SILENT;
	case KIND_ERROR:
		break;
	default:
		return GAP_NONE;
	}
	switch (look->err) {
	case ENOTDIR:
	case ENAMETOOLONG:
	case E2BIG:
	case EXDEV:
	case ESRCH:
	case ENOENT:
	case ESTALE:
		return GAP_NONE;
	case ETIME:
		return GAP_TIMED_OUT;
	default:
		return GAP_FAILED;
	}
}

/* procfs refuses what is of an ended process as if rights were missing. */
static bool looker_has_ended(const struct name_looker *looker)
{
	const struct task *tasks;
	bool cut;
	size_t n;

	return looker->root.proc_dirfd >= 0 && !looker->limits->silent &&
	       fetch_tasks(looker->fetch, looker->root.proc_dirfd,
			   looker->root.tid, &tasks, &n, &cut) == -ESRCH;
}

static int look_counted(struct subject *subject, struct name_looker *looker,
			const char *below, const char *name,
			enum name_depth depth, struct way *way)
{
	int err = name_look(looker, below, name, depth, way);
	enum coverage_gap gap = name_gap(&way->look);

	if ((gap == GAP_DENIED || gap == GAP_FAILED) &&
	    looker_has_ended(looker))
		gap = GAP_NONE;
	subject->run->tally.read += gap == GAP_NONE;
	/* That it had no more time, or did not answer, is told once. */
	if (gap != GAP_SILENT)
		coverage_count_name(
			&subject->run->tally, gap,
			subject->ev->containers.at[subject->container].id,
			way->look.err);
	return err;
}

/* ---- dates and mounts ---- */

static bool is_later(struct timespec a, struct timespec b)
{
	return a.tv_sec > b.tv_sec ||
	       (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

/* The way to a directory that would be the root is part of the name's own. */
static void add_date(struct name_seen *seen, struct way_date date)
{
	if (!seen->dated)
		return;
	seen->dated = date.dated;
	seen->date_why = date.why;
	if (date.dated && is_later(date.since, seen->since))
		seen->since = date.since;
}

static void add_mounts(struct name_seen *seen, struct way_mounts mounts)
{
	seen->slave |= mounts.slave;
	if (seen->mounts_fit != TRI_YES)
		return;
	seen->mounts_fit = mounts.fit;
	seen->mounts_why = mounts.why;
}

static void judge_way(const struct subject *subject, const struct way *way,
		      const struct mount_view *own, const char *below,
		      struct name_seen *seen)
{
	const struct evidence *ev = subject->ev;
	const struct way_context context = {
		.root_mnt = subject->root_mnt,
		.table = &subject->base.table,
		.more = &subject->base.more,
		.facts = &subject->mounts,
		.nodes = ev->node_view == NO_INDEX
				 ? NULL
				 : &ev->views.at[ev->node_view],
	};

	add_date(seen, way_date(way, subject->root_mnt));
	if (!subject->bundle || !subject->root_mnt) {
		seen->mounts_fit = TRI_UNKNOWN;
		seen->mounts_why =
			subject->bundle
				? "none of its threads stands at the root of its record"
				: "there is no record to hold its mounts against";
	} else if (subject->bundle->mounts_cut) {
		seen->mounts_fit = TRI_UNKNOWN;
		seen->mounts_why = "its record has more mounts than are kept";
	} else {
		add_mounts(seen, way_mounts(&context, way, own, below));
	}
}

static struct name_seen *add_seen(struct subject *subject, const char *name)
{
	struct evidence *ev = subject->ev;
	struct name_seen *seen =
		list_add(&ev->arena, &ev->names_seen, MAX_NAMES_SEEN);

	if (seen) {
		*seen = (struct name_seen){
			.container = subject->container,
			.name = name,
			.standpoint = NO_INDEX,
			.state = STATE_UNKNOWN,
			.path = NO_INDEX,
			.dated = true,
			.mounts_fit = TRI_YES,
		};
	}
	return seen;
}

/* The outcome of a look, kept past the arena of the looks. */
static int take_look(struct subject *subject, const struct mount_view *own,
		     struct path_look *look, struct name_seen *seen)
{
	int err = ask_sockets(subject->ev, own, look, seen);

	seen->kind = look->kind;
	seen->err = look->err;
	seen->inode = look->inode;
	seen->inode.selinux = NULL;
	seen->resolved = keep(subject->ev, look->resolved, &err);
	return err;
}

/* ---- a name from one standpoint ---- */

static int see_name(struct subject *subject, struct name_looker *looker,
		    size_t standpoint, const char *name, bool record_root)
{
	struct name_seen *seen = add_seen(subject, name);
	struct way way;
	int err;

	if (!seen)
		return -errno;
	seen->standpoint = standpoint;
	seen->record_root = record_root;
	err = look_counted(subject, looker, NULL, name, LOOK_WHOLE, &way);
	if (!err)
		err = take_look(subject, &looker->table, &way.look, seen);
	if (!err)
		judge_way(subject, &way, &looker->table, NULL, seen);
	return err;
}

/* Does the node have, or had it, sockets of runtimes below this directory? */
static bool has_sockets_below(const struct evidence *ev, const char *directory)
{
	for (size_t i = 0; i < ev->paths.n; i++) {
		const struct path_object *path = &ev->paths.at[i];

		for (size_t k = 0;
		     path->container == NO_INDEX && k < path->names.n; k++) {
			const char *rest =
				path_below(path->names.at[k], directory);

			if (rest && *rest)
				return true;
		}
	}
	return false;
}

/* Does the container have directories of the node with such at or below `root`? */
static bool shows_sockets(const struct subject *subject, const char *root)
{
	for (size_t i = 0; i < subject->mounts.n; i++) {
		const struct mount_fact *fact = &subject->mounts.at[i];

		if (fact->present && fact->record->bind && fact->source &&
		    path_below(fact->point, root) &&
		    has_sockets_below(subject->ev, fact->source))
			return true;
	}
	return false;
}

/*
 * May a process have made the name's directory, and removed it again, where it
 * is missing now?
 */
static bool may_have_been(const struct subject *subject, const struct way *way)
{
	const struct container *container =
		&subject->ev->containers.at[subject->container];
	const struct mount_view *table = &subject->base.table;
	struct way_date date = way_date(way, subject->root_mnt);
	size_t idx = NO_INDEX;

	if (way->look.way.n)
		idx = mount_by_id(
			table,
			way->look.way.at[way->look.way.n - 1].parent.mnt_id);
	if (idx != NO_INDEX && table->mounts.at[idx].read_only)
		return false;
	return !date.dated || !container->pid_file.path ||
	       is_later(date.since, container->pid_file.written);
}

/*
 * A root below which the name has no directory now leads nowhere. In one that
 * the container could write to, the directory, with a link to a socket that the
 * node has removed since, may have been.
 */
static int note_lost_root(struct subject *subject, const char *below,
			  const char *name)
{
	struct evidence *ev = subject->ev;
	struct way way;
	int err;

	if (subject->lost_root ||
	    !(subject->facts->cap_bounding & (1ULL << CAP_SYS_CHROOT)) ||
	    !shows_sockets(subject, below))
		return 0;
	err = look_counted(subject, &subject->base, below, name, LOOK_WHOLE,
			   &way);
	if (err || !may_have_been(subject, &way))
		return err;
	subject->lost_root = true;
	return means_add(
		ev, &subject->facts->means,
		arena_printf(
			&ev->arena,
			"CAP_SYS_CHROOT, and directories with the node's sockets below %s, where others may have been",
			quote_text(&ev->arena, below)));
}

/*
 * The name as it would be for who takes the directory `below` for its root. The
 * way to that is looked at for the first name that needs it.
 */
static int see_below(struct subject *subject, const char *below,
		     struct way *root, const char *name)
{
	struct name_looker *base = &subject->base;
	struct name_seen *seen;
	struct way way;
	int err = look_counted(subject, base, below, name, LOOK_IN_DIRECTORY,
			       &way);

	if (err)
		return err;
	/* Only where the name's own directory exists could it be meant. */
	if (!name_has_directory(&way.look))
		return note_lost_root(subject, below, name);
	if (!root->uppers)
		err = look_counted(subject, base, NULL, below, LOOK_WHOLE,
				   root);
	seen = err ? NULL : add_seen(subject, name);
	if (!seen)
		return err ? err : -errno;
	seen->standpoint = subject->record_root;
	seen->below = keep(subject->ev, below, &err);
	if (!err)
		err = take_look(subject, &base->table, &way.look, seen);
	if (err)
		return err;
	judge_way(subject, root, &base->table, NULL, seen);
	judge_way(subject, &way, &base->table, below, seen);
	return 0;
}

static int see_names_below(struct subject *subject, const char *below)
{
	struct way root = { 0 };
	int err = 0;

	for (size_t k = 0; k < subject->names.n && !err; k++)
		err = see_below(subject, below, &root, subject->names.at[k]);
	return err;
}

/*
 * The name with the node's own root as root, which a process of the node's lends
 * through /proc to who sees it. Its mounts are the node's: no record has them.
 */
static int see_on_node(struct subject *subject, const char *name)
{
	const struct evidence *ev = subject->ev;
	struct name_looker looker = {
		.fetch = subject->fetch,
		.arena = &subject->arena,
		.limits = &subject->limits,
		.root = { .proc_dirfd = -1, .bare = true },
	};
	struct name_seen *seen = add_seen(subject, name);
	struct way way;
	int err;

	if (!seen)
		return -errno;
	if (ev->node_view != NO_INDEX)
		looker.table = ev->views.at[ev->node_view];
	err = look_counted(subject, &looker, NULL, name, LOOK_WHOLE, &way);
	if (!err)
		err = take_look(subject, &looker.table, &way.look, seen);
	if (!err && name_has_directory(&way.look))
		add_date(seen, way_date(&way, 0));
	return err;
}

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
	count_gaps(subject, name_gap(&look), 1, 0, look.err);
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
		count_whole(subject, GAP_MANY);
	else if (gap != GAP_NONE && gap != GAP_ENDED && gap != GAP_SILENT &&
		 !looker_has_ended(looker))
		count_gaps(subject, gap, 1, process->pid, -looker->table_err);
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
			count_whole(subject, GAP_MANY);
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
	count_gaps(subject, GAP_DENIED, gaps.denied, gaps.pid, EACCES);
	count_gaps(subject, GAP_SILENT, gaps.timed_out, gaps.pid, 0);
	if (gaps.cut)
		count_whole(subject, GAP_MANY);
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
		count_whole(subject, GAP_MANY);
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
		err = see_names_below(subject, subject->roots.at[i]);
	for (size_t k = 0;
	     container->host_pid != TRI_NO && k < subject->names.n && !err; k++)
		err = see_on_node(subject, subject->names.at[k]);
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
			err = see_name(subject, &looker, i,
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
		count_whole(subject, GAP_SILENT);
	else if (now_ms() >= subject->limits.until)
		count_whole(subject, GAP_SLOW);
	if (err && subject->facts)
		subject->facts->cut = true;
	if (!subject->facts ||
	    (err != -EOVERFLOW && (err != -ENOMEM || left <= LEAST_LEFT)))
		return err;
	count_whole(subject, err == -EOVERFLOW ? GAP_CUT : GAP_MANY);
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
