// SPDX-License-Identifier: Apache-2.0
/*
 * The rows of names_seen: each look of collect/names.h, dated and held against the
 * container's record by correlate/ways.h, with what connect(2) would say.
 */
#include "commands/name_rows.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "correlate/means.h"
#include "correlate/sockets.h"
#include "correlate/ways.h"
#include "sockprobe/mount_table.h"
#include "sockprobe/text_safe.h"

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
void subject_count_gaps(struct subject *subject, enum coverage_gap gap,
			size_t n, pid_t pid, int err)
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
void subject_count_whole(struct subject *subject, enum coverage_gap gap)
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
enum coverage_gap subject_gap(const struct path_look *look)
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
bool subject_looker_has_ended(const struct name_looker *looker)
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
	enum coverage_gap gap = subject_gap(&way->look);

	if ((gap == GAP_DENIED || gap == GAP_FAILED) &&
	    subject_looker_has_ended(looker))
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

/* The way to a directory that would be the root is part of the name's own. */
static void add_date(struct name_seen *seen, struct way_date date)
{
	if (!seen->dated)
		return;
	seen->dated = date.dated;
	seen->date_why = date.why;
	if (date.dated && time_is_before(seen->since, date.since))
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

int subject_see_name(struct subject *subject, struct name_looker *looker,
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
	       time_is_before(container->pid_file.written, date.since);
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

int subject_see_names_below(struct subject *subject, const char *below)
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
int subject_see_on_node(struct subject *subject, const char *name)
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
