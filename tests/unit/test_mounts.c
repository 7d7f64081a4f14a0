// SPDX-License-Identifier: Apache-2.0
/* The parser of mountinfo, and the queries on a mount table. */
#include "unit.h"

#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "collect/mounts.h"
#include "sockprobe/mount_table.h"

static int line_of(struct arena *arena, const char *text, struct mount *mount)
{
	char *copy = heap_text(text);
	int err;

	*mount = (struct mount){ 0 };
	err = parse_mountinfo_line(arena, copy, mount, NULL);
	free(copy);
	return err;
}

/* A descriptor from which `text` is read. */
static int text_fd(const char *text, size_t len)
{
	int fd = memfd_create("table", MFD_CLOEXEC);

	assert_true(fd >= 0);
	while (len) {
		ssize_t put = write(fd, text, len);

		assert_true(put > 0);
		text += put;
		len -= (size_t)put;
	}
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static int table_of(struct arena *arena, const char *text,
		    struct mount_view *view)
{
	int fd = text_fd(text, strlen(text));
	struct mount_list scratch = { 0 };
	int err;

	*view = (struct mount_view){ 0 };
	err = read_mountinfo(arena, fd, INT64_MAX, &scratch, view);
	close(fd);
	return err;
}

/* ---- what only some questions need to know of a mount ---- */

/* The first mount's, of the whole table; -errno else. */
static int more_of(struct arena *arena, const char *text,
		   struct mount_more *more)
{
	struct mount_view view = { 0 };
	struct mount_more_list list = { 0 };
	int err = parse_mountinfo(arena, text, strlen(text), &view, &list);

	*more = (struct mount_more){ 0 };
	if (!err && list.n)
		*more = list.at[0];
	assert_true(err || list.n == view.mounts.n);
	return err;
}

static const struct {
	const char *line, *upper;
	bool slave;
} mores[] = {
	{ "1 0 0:9 / / rw - overlay o rw,lowerdir=/l:/m,upperdir=/u,workdir=/w\n",
	  "/u", false },
	{ "1 0 0:9 / / rw master:3 - overlay o rw,upperdir=/u\\040v\\134w\n",
	  "/u v\\w", true },
	{ "1 0 0:9 / / rw - overlay o rw,lowerdir=/l\n", NULL, false },
	{ "1 0 0:9 / / rw - overlay o rw,xupperdir=/u\n", NULL, false },
	{ "1 0 0:9 / / rw - overlay upperdir=/u rw\n", NULL, false },
	{ "1 0 0:9 / / rw - overlay o\n", NULL, false },
	/* no other file system's options are looked at */
	{ "1 0 0:9 / / rw - tmpfs t rw,upperdir=/u\n", NULL, false },
	/* shared tells where mounts go to, master where they come from */
	{ "1 0 0:9 / / rw shared:1 - tmpfs t rw\n", NULL, false },
	{ "1 0 0:9 / / rw shared:1 master:2 propagate_from:3 - tmpfs t rw\n",
	  NULL, true },
	{ "1 0 0:9 / / rw,master:1 - tmpfs t rw\n", NULL, false },
	{ "1 0 0:9 / / rw unbindable - tmpfs master:1 rw\n", NULL, false },
};

static void more_of_a_mount(void **state)
{
	struct mount_more more;

	for (size_t i = 0; i < ARRAY_SIZE(mores); i++) {
		print_message("%s", mores[i].line);
		assert_int_equal(more_of(*state, mores[i].line, &more), 0);
		assert_int_equal(more.slave, mores[i].slave);
		if (mores[i].upper)
			assert_string_equal(more.upper, mores[i].upper);
		else
			assert_null(more.upper);
	}
}

/* A table of a thread is taken whole or not at all. */
static void tables_that_are_not_whole(void **state)
{
	static const char *const texts[] = {
		"1 0 0:9 / / rw - tmpfs t rw",
		"1 0 0:9 / / rw - tmpfs t rw\n2 1 0:9 /",
		"1 0 0:9 / / rw - tmpfs t rw\nno line\n",
		"\n",
	};
	struct mount_more more;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(more_of(*state, texts[i], &more), -EINVAL);
	assert_int_equal(more_of(*state, "", &more), 0);
	arena_allow(*state, 0);
	assert_int_equal(more_of(*state, "1 0 0:9 / / rw - tmpfs t rw\n",
				 &more),
			 -ENOMEM);
}

/* ---- one line ---- */

static void line_with_one_optional_field(void **state)
{
	struct mount mount;

	assert_int_equal(
		line_of(*state,
			"541 520 0:25 /docker.sock /var/run/docker.sock "
			"rw,nosuid,nodev shared:7 - tmpfs tmpfs "
			"rw,size=801224k,mode=755",
			&mount),
		0);
	assert_int_equal(mount.id, 541);
	assert_int_equal(mount.parent, 520);
	assert_int_equal(major(mount.dev), 0);
	assert_int_equal(minor(mount.dev), 25);
	assert_string_equal(mount.root, "/docker.sock");
	assert_string_equal(mount.point, "/var/run/docker.sock");
	assert_string_equal(mount.fstype, "tmpfs");
	assert_false(mount.read_only);
	assert_false(mount.idmapped);
}

static void line_with_other_counts_of_optional_fields(void **state)
{
	struct mount mount;

	assert_int_equal(line_of(*state, "1 0 259:3 / / rw - ext4 /dev/x rw",
				 &mount),
			 0);
	assert_string_equal(mount.fstype, "ext4");
	assert_int_equal(major(mount.dev), 259);
	assert_int_equal(minor(mount.dev), 3);
	assert_int_equal(line_of(*state,
				 "1 0 8:1 / /a rw shared:1 master:2 - xfs d rw",
				 &mount),
			 0);
	assert_string_equal(mount.fstype, "xfs");
	assert_int_equal(
		line_of(*state,
			"1 0 8:1 / /a rw master:1 propagate_from:2 unbindable "
			"- btrfs d rw",
			&mount),
		0);
	assert_string_equal(mount.fstype, "btrfs");
}

static void line_undoes_escapes(void **state)
{
	struct mount mount;

	assert_int_equal(line_of(*state,
				 "1 0 8:1 /a\\040b\\011c /x\\012y\\134z rw "
				 "- ext4 d rw",
				 &mount),
			 0);
	assert_string_equal(mount.root, "/a b\tc");
	assert_string_equal(mount.point, "/x\ny\\z");
	/* An escaped backslash before digits is a name's own text. */
	assert_int_equal(line_of(*state, "1 0 8:1 / /x\\134040y rw - ext4 d rw",
				 &mount),
			 0);
	assert_string_equal(mount.point, "/x\\040y");
	assert_int_equal(line_of(*state, "1 0 8:1 / /q\\9\\04\\ rw - ext4 d rw",
				 &mount),
			 0);
	assert_string_equal(mount.point, "/q\\9\\04\\");
	assert_int_equal(line_of(*state, "1 0 8:1 / /\\303\\244 rw - e d rw",
				 &mount),
			 0);
	assert_string_equal(mount.point, "/\xc3\xa4");
	assert_int_equal(line_of(*state, "1 0 8:1 / /\\072\\047 rw - e d rw",
				 &mount),
			 0);
	assert_string_equal(mount.point, "/:'");
}

static void line_of_a_dash_named_point(void **state)
{
	struct mount mount;

	/* "-" ends the optional fields only where they may be. */
	assert_int_equal(line_of(*state,
				 "9 1 0:44 /- /- rw,relatime - tmpfs - rw",
				 &mount),
			 0);
	assert_string_equal(mount.root, "/-");
	assert_string_equal(mount.point, "/-");
	assert_string_equal(mount.fstype, "tmpfs");
}

static void line_keeps_deleted_roots(void **state)
{
	struct mount mount;

	assert_int_equal(line_of(*state,
				 "1 0 0:25 /docker.sock//deleted /d.sock rw "
				 "- tmpfs tmpfs rw",
				 &mount),
			 0);
	assert_string_equal(mount.root, "/docker.sock//deleted");
	assert_int_equal(line_of(*state,
				 "1 0 0:4 net:[4026531840] /run/netns/x rw "
				 "shared:9 - nsfs nsfs rw",
				 &mount),
			 0);
	assert_string_equal(mount.root, "net:[4026531840]");
}

static void line_options_are_whole_words(void **state)
{
	struct mount mount;

	assert_int_equal(line_of(*state, "1 0 8:1 / /a ro - ext4 d rw", &mount),
			 0);
	assert_true(mount.read_only);
	assert_int_equal(line_of(*state,
				 "1 0 8:1 / /a nosuid,ro,idmapped - ext4 d rw",
				 &mount),
			 0);
	assert_true(mount.read_only);
	assert_true(mount.idmapped);
	/* The super block's options, and longer words, are others. */
	assert_int_equal(
		line_of(*state,
			"1 0 8:1 / /a rw,root,pro,notidmapped - ext4 d ro,idmapped",
			&mount),
		0);
	assert_false(mount.read_only);
	assert_false(mount.idmapped);
	assert_int_equal(line_of(*state,
				 "1 0 8:1 / /a rw,idmapped2 - ext4 d ro",
				 &mount),
			 0);
	assert_false(mount.idmapped);
}

static void line_refuses_other_forms(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"1",
		"1 0 8:1 / /a",
		"1 0 8:1 / /a rw",
		"1 0 8:1 / /a rw shared:1",
		"1 0 8:1 / /a rw shared:1 ext4 d rw",
		"1 0 8:1 / /a rw -",
		"1 0 8:1 / /a rw --",
		"x 0 8:1 / /a rw - ext4 d rw",
		"1 x 8:1 / /a rw - ext4 d rw",
		"1 0 81 / /a rw - ext4 d rw",
		"1 0 8: / /a rw - ext4 d rw",
		"1 0 :1 / /a rw - ext4 d rw",
		"1 0 8:1:2 / /a rw - ext4 d rw",
		"1 0 0x8:1 / /a rw - ext4 d rw",
		"-1 0 8:1 / /a rw - ext4 d rw",
		"1 0 8:1 / a rw - ext4 d rw",
		"1 0 8:1 / \\040 rw - ext4 d rw",
	};
	struct mount mount;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(line_of(*state, bad[i], &mount), -EINVAL);
}

static void line_numbers_have_a_range(void **state)
{
	struct mount mount;

	assert_int_equal(line_of(*state,
				 "4294967295 4294967294 8:1 / /a rw - e d rw",
				 &mount),
			 0);
	assert_int_equal(mount.id, 4294967295);
	assert_int_equal(mount.parent, 4294967294);
	assert_int_equal(line_of(*state, "4294967296 0 8:1 / /a rw - e d rw",
				 &mount),
			 -EINVAL);
	assert_int_equal(line_of(*state, "1 4294967296 8:1 / /a rw - e d rw",
				 &mount),
			 -EINVAL);
	assert_int_equal(line_of(*state, "1 0 4294967296:1 / /a rw - e d rw",
				 &mount),
			 -EINVAL);
	assert_int_equal(line_of(*state,
				 "1 0 8:99999999999999999999 / /a rw - e d rw",
				 &mount),
			 -EINVAL);
	/* The kernel's minor numbers have 20 bits. */
	assert_int_equal(line_of(*state, "1 0 4095:1048575 / /a rw - e d rw",
				 &mount),
			 0);
	assert_int_equal(major(mount.dev), 4095);
	assert_int_equal(minor(mount.dev), 1048575);
}

static void line_tells_a_full_arena(void **state)
{
	struct arena arena;
	struct mount mount;

	(void)state;
	arena_init(&arena, 4);
	assert_int_equal(line_of(&arena, "1 0 8:1 / /a rw - ext4 d rw", &mount),
			 -ENOMEM);
	arena_free(&arena);
}

/* ---- a table ---- */

static void table_recorded(void **state)
{
	char *text = fixture("mounts/container", NULL);
	struct mount_view view;
	size_t idx;

	assert_int_equal(table_of(*state, text, &view), 0);
	assert_int_equal(view.mounts.n, 9);
	idx = mount_serving(&view, "/var/run/docker.sock");
	assert_int_equal(view.mounts.at[idx].id, 629);
	assert_string_equal(view.mounts.at[idx].root, "/docker.sock");
	assert_true(view.mounts.at[idx].read_only);
	idx = mount_serving(&view, "/data dir/x");
	assert_int_equal(view.mounts.at[idx].id, 630);
	idx = mount_serving(&view, "/etc/passwd");
	assert_int_equal(view.mounts.at[idx].id, 612);
	idx = mount_serving(&view, "/");
	assert_int_equal(view.mounts.at[idx].id, 612);
	assert_int_equal(mount_by_id(&view, 621), 5);
	assert_true(mount_by_id(&view, 1) == NO_INDEX);
	free(text);
}

static void table_empty(void **state)
{
	struct mount_view view;

	assert_int_equal(table_of(*state, "", &view), 0);
	assert_int_equal(view.mounts.n, 0);
	assert_true(mount_serving(&view, "/") == NO_INDEX);
	assert_true(mount_serving(&view, "/run/docker.sock") == NO_INDEX);
}

static void table_of_ten_thousand(void **state)
{
	enum { N = 10000, LINE = 64 };
	char *text = heap_room(N * LINE + LINE);
	struct mount_view view;
	char *at = text;

	at += sprintf(at, "10 9 8:1 / / rw - ext4 d rw\n");
	for (int i = 1; i < N; i++)
		at += sprintf(at, "%d 10 0:%d / /m/%d rw - tmpfs t rw\n",
			      i + 10, i, i);
	assert_int_equal(table_of(*state, text, &view), 0);
	assert_int_equal(view.mounts.n, 10000);
	assert_int_equal(view.mounts.at[mount_serving(&view, "/m/1")].id, 11);
	assert_int_equal(view.mounts.at[mount_serving(&view, "/m/9999/x")].id,
			 10009);
	assert_int_equal(view.mounts.at[mount_serving(&view, "/m/10000")].id,
			 10);
	free(text);
}

static void table_with_a_malformed_line_keeps_the_others(void **state)
{
	struct mount_view view;

	assert_int_equal(table_of(*state,
				  "1 0 8:1 / / rw - ext4 d rw\n"
				  "this is no mount\n"
				  "2 1 0:25 / /run rw - tmpfs t rw\n",
				  &view),
			 -EOVERFLOW);
	assert_int_equal(view.mounts.n, 2);
	assert_int_equal(view.mounts.at[mount_serving(&view, "/run/x")].id, 2);
}

/* The table was cut: it must not pass for a complete one. */
static void table_without_its_last_newline_is_not_whole(void **state)
{
	struct mount_view view;
	int err = table_of(*state,
			   "1 0 8:1 / / rw - ext4 d rw\n"
			   "2 1 0:25 / /run rw - tmpfs t rw",
			   &view);

	assert_true(err == -EOVERFLOW || (err == 0 && view.mounts.n == 2));
}

/* One root, one line of `len` bytes, one more mount. To free. */
static char *table_with_a_line_of(size_t len)
{
	static const char before[] = "1 0 8:1 / / rw - ext4 d rw\n";
	static const char head[] = "2 1 0:30 / /long rw - overlay o rw,";
	static const char after[] = "3 1 0:25 / /run rw - tmpfs t rw\n";
	char *text = heap_room(sizeof(before) + len + sizeof(after) + 1);
	char *at = text;

	at = stpcpy(at, before);
	memset(at, 'x', len);
	memcpy(at, head, strlen(head));
	at += len;
	at = stpcpy(at, "\n");
	stpcpy(at, after);
	return text;
}

static void table_takes_long_lines(void **state)
{
	/* Three paths of PATH_MAX with every byte escaped fit in this. */
	char *text = table_with_a_line_of(60000);
	struct mount_view view;

	assert_int_equal(table_of(*state, text, &view), 0);
	assert_int_equal(view.mounts.n, 3);
	assert_int_equal(view.mounts.at[mount_serving(&view, "/long/x")].id, 2);
	free(text);
}

/*
 * A container can make such a line, with an overlay of many layers. That line
 * may be lost, and the table is then incomplete; no other line may be lost.
 */
static void table_with_too_long_a_line_can_be_asked(void **state)
{
	char *text = table_with_a_line_of(200000);
	struct mount_view view;

	assert_int_equal(table_of(*state, text, &view), -EOVERFLOW);
	assert_true(view.mounts.n >= 1);
	/* Without its index the table cannot be queried. */
	assert_non_null(view.by_parent);
	assert_int_equal(view.mounts.at[mount_serving(&view, "/x")].id, 1);
	free(text);
}

static void table_with_too_long_a_line_keeps_the_others(void **state)
{
	char *text = table_with_a_line_of(200000);
	struct mount_view view;

	assert_int_equal(table_of(*state, text, &view), -EOVERFLOW);
	assert_int_equal(view.mounts.n, 2);
	assert_int_equal(view.mounts.at[1].id, 3);
	free(text);
}

/* The rest of such a line must not pass for another line. */
static void table_with_too_long_a_line_is_not_forged(void **state)
{
	static const char forged[] = "9 1 0:25 / /run rw - tmpfs forged rw";
	enum { BOUND = 64 * 1024 };
	struct mount_view view;

	for (size_t times = 1; times <= 3; times++) {
		size_t len = times * BOUND + strlen(forged);
		char *text = table_with_a_line_of(len);
		char *line = strchr(text, '\n') + 1;

		memcpy(line + times * BOUND, forged, strlen(forged));
		assert_int_equal(table_of(*state, text, &view), -EOVERFLOW);
		assert_int_equal(view.mounts.n, 2);
		assert_int_equal(view.mounts.at[0].id, 1);
		assert_int_equal(view.mounts.at[1].id, 3);
		free(text);
	}
}

static void table_tells_a_full_arena(void **state)
{
	struct mount_view view;
	struct arena arena;

	(void)state;
	arena_init(&arena, 8);
	assert_int_equal(table_of(&arena, "1 0 8:1 / / rw - ext4 d rw\n",
				  &view),
			 -ENOMEM);
	arena_free(&arena);
}

static void table_in_small_pieces(void **state)
{
	static const char text[] = "1 0 8:1 / / rw - ext4 d rw\n"
				   "2 1 0:25 / /run rw - tmpfs t rw\n";
	struct mount_view view = { 0 };
	struct mount_list scratch = { 0 };
	int ends[2];
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		for (size_t i = 0; i < strlen(text); i++) {
			if (write(ends[1], text + i, 1) != 1)
				_exit(1);
			usleep(200);
		}
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(
		read_mountinfo(*state, ends[0], INT64_MAX, &scratch, &view), 0);
	close(ends[0]);
	assert_int_equal(view.mounts.n, 2);
	assert_string_equal(view.mounts.at[1].point, "/run");
}

static void table_that_cannot_be_read(void **state)
{
	struct mount_view view = { 0 };
	struct mount_list scratch = { 0 };

	assert_int_equal(read_mountinfo(*state, -1, INT64_MAX, &scratch, &view),
			 -EBADF);
}

/* ---- which mount serves a path ---- */

static uint32_t serving(struct arena *arena, const char *table,
			const char *path)
{
	struct mount_view view;
	size_t idx;

	assert_int_equal(table_of(arena, table, &view), 0);
	idx = mount_serving(&view, path);
	return idx == NO_INDEX ? 0 : view.mounts.at[idx].id;
}

static void serving_goes_by_whole_components(void **state)
{
	static const char table[] = "1 0 8:1 / / rw - ext4 d rw\n"
				    "2 1 0:25 / /run rw - tmpfs t rw\n";

	assert_int_equal(serving(*state, table, "/run/docker.sock"), 2);
	assert_int_equal(serving(*state, table, "/run"), 2);
	assert_int_equal(serving(*state, table, "/runner/docker.sock"), 1);
	assert_int_equal(serving(*state, table, "/ru"), 1);
	assert_int_equal(serving(*state, table, "/var/run/docker.sock"), 1);
	assert_int_equal(serving(*state, table, "/"), 1);
}

static void serving_takes_the_top_of_a_pile(void **state)
{
	/* As the kernel stacks mounts: each on the root of the one below. */
	static const char table[] = "1 0 8:1 / / rw - ext4 d rw\n"
				    "2 1 0:25 / /run rw - tmpfs a rw\n"
				    "3 2 0:26 / /run rw - tmpfs b rw\n"
				    "4 3 0:27 / /run rw - tmpfs c rw\n";

	assert_int_equal(serving(*state, table, "/run/x"), 4);
	assert_int_equal(serving(*state, table, "/run"), 4);
}

static void serving_takes_the_later_of_two_with_one_parent(void **state)
{
	static const char table[] = "1 0 8:1 / / rw - ext4 d rw\n"
				    "7 1 0:25 / /run rw - tmpfs a rw\n"
				    "5 1 0:26 / /run rw - tmpfs b rw\n";

	assert_int_equal(serving(*state, table, "/run/x"), 5);
}

static void serving_sees_no_child_that_is_covered(void **state)
{
	/* /run/docker.sock was mounted first, then all of /run over it. */
	static const char covered[] =
		"1 0 8:1 / / rw - ext4 d rw\n"
		"2 1 0:25 /docker.sock /run/docker.sock rw - tmpfs a rw\n"
		"3 1 0:26 / /run rw - tmpfs b rw\n";
	/* The same points, but the child is on the new /run. */
	static const char on_top[] =
		"1 0 8:1 / / rw - ext4 d rw\n"
		"3 1 0:26 / /run rw - tmpfs b rw\n"
		"2 3 0:25 /docker.sock /run/docker.sock rw - tmpfs a rw\n";
	/* A child of a mount that another one covers. */
	static const char below_pile[] =
		"1 0 8:1 / / rw - ext4 d rw\n"
		"2 1 0:25 / /run rw - tmpfs a rw\n"
		"3 2 0:26 /docker.sock /run/docker.sock rw - tmpfs b rw\n"
		"4 2 0:27 / /run rw - tmpfs c rw\n";

	assert_int_equal(serving(*state, covered, "/run/docker.sock"), 3);
	assert_int_equal(serving(*state, on_top, "/run/docker.sock"), 2);
	assert_int_equal(serving(*state, below_pile, "/run/docker.sock"), 4);
}

/* A mount that was made over a process's root later is not on its walks. */
static void serving_begins_at_the_root(void **state)
{
	static const char stacked[] = "1 1 0:1 / / rw - rootfs r rw\n"
				      "2 1 8:1 / / rw - ext4 d rw\n"
				      "5 2 8:1 / / rw - ext4 d rw\n"
				      "3 2 0:25 / /run rw - tmpfs t rw\n"
				      "4 1 0:26 / /run rw - tmpfs u rw\n";
	/* pivot_root leaves a parent that is not in the table. */
	static const char pivoted[] = "612 401 0:60 / / rw - overlay o rw\n"
				      "613 612 0:61 / /run rw - tmpfs t rw\n";

	static const char alone[] = "1 1 0:1 / / rw - rootfs r rw\n";

	assert_int_equal(serving(*state, alone, "/etc"), 1);
	assert_int_equal(serving(*state, stacked, "/"), 1);
	assert_int_equal(serving(*state, stacked, "/etc"), 1);
	assert_int_equal(serving(*state, stacked, "/run/x"), 4);
	assert_int_equal(serving(*state, pivoted, "/run/x"), 613);
}

static void serving_a_table_without_root(void **state)
{
	static const char table[] = "3 2 0:25 / /run rw - tmpfs t rw\n";
	struct mount_view view;

	assert_int_equal(table_of(*state, table, &view), 0);
	assert_true(mount_serving(&view, "/run/x") == NO_INDEX);
}

/* A hostile table must not make the walk endless. */
static void serving_ends_on_a_circle(void **state)
{
	static const char table[] = "1 0 8:1 / / rw - ext4 d rw\n"
				    "2 1 0:25 / /run rw - tmpfs a rw\n"
				    "2 2 0:25 / /run rw - tmpfs a rw\n";

	assert_int_equal(serving(*state, table, "/run/x"), 2);
}

static void serving_too_long_a_path(void **state)
{
	struct mount_view view;
	char path[PATH_MAX + 2];

	assert_int_equal(
		table_of(*state, "1 0 8:1 / / rw - ext4 d rw\n", &view), 0);
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_true(mount_serving(&view, path) == NO_INDEX);
	path[PATH_MAX - 1] = '\0';
	assert_int_equal(mount_serving(&view, path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(more_of_a_mount),
		arena_test(tables_that_are_not_whole),
		arena_test(line_with_one_optional_field),
		arena_test(line_with_other_counts_of_optional_fields),
		arena_test(line_undoes_escapes),
		arena_test(line_of_a_dash_named_point),
		arena_test(line_keeps_deleted_roots),
		arena_test(line_options_are_whole_words),
		arena_test(line_refuses_other_forms),
		arena_test(line_numbers_have_a_range),
		cmocka_unit_test(line_tells_a_full_arena),
		arena_test(table_recorded),
		arena_test(table_empty),
		arena_test(table_of_ten_thousand),
		arena_test(table_with_a_malformed_line_keeps_the_others),
		arena_test(table_without_its_last_newline_is_not_whole),
		arena_test(table_takes_long_lines),
		arena_test(table_with_too_long_a_line_can_be_asked),
		arena_test(table_with_too_long_a_line_keeps_the_others),
		arena_test(table_with_too_long_a_line_is_not_forged),
		cmocka_unit_test(table_tells_a_full_arena),
		arena_test(table_in_small_pieces),
		arena_test(table_that_cannot_be_read),
		arena_test(serving_goes_by_whole_components),
		arena_test(serving_takes_the_top_of_a_pile),
		arena_test(serving_takes_the_later_of_two_with_one_parent),
		arena_test(serving_sees_no_child_that_is_covered),
		arena_test(serving_begins_at_the_root),
		arena_test(serving_a_table_without_root),
		arena_test(serving_ends_on_a_circle),
		arena_test(serving_too_long_a_path),
	};

	return cmocka_run_group_tests_name("mounts", tests, NULL, NULL);
}
