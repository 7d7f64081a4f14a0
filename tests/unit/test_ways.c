// SPDX-License-Identifier: Apache-2.0
/*
 * What dates a step of a way, on each file system, and which mounts may be on it.
 * Ways and tables are made by hand: the times and answers are literals.
 */
#include "unit.h"

#include <linux/magic.h>

#include "collect/mounts.h"
#include "correlate/ways.h"
#include "sockprobe/mount_table.h"

#define XFS 0x58465342
#define NFS 0x6969
#define FUSE 0x65735546

enum { ROOT = 1, OTHER = 2, THIRD = 3 }; /* ids of mounts */

/* A step /run below /, of which the directory changed at 200, the entry at 100. */
static struct way_step step_on(uint32_t magic)
{
	return (struct way_step){
		.at = "/run",
		.last = true,
		.parent = { .mnt_id = ROOT, .change.tv_sec = 200 },
		.parent_magic = magic,
		.entry = { .mnt_id = ROOT, .change.tv_sec = 100 },
	};
}

static struct way_date date_of(struct way_step *steps, size_t n,
			       struct way_upper *uppers)
{
	struct way way = {
		.look = { .kind = KIND_DIRECTORY,
			  .way = { .at = steps, .n = n } },
		.uppers = uppers,
		.steady = true,
	};

	return way_date(&way, ROOT);
}

static struct way_date date_of_one(struct way_step step, enum upper_fact fact,
				   uint32_t magic)
{
	struct way_upper upper = { .fact = fact, .magic = magic };

	return date_of(&step, 1, &upper);
}

/* ---- by file system ---- */

/* Seconds; 0: it is not dated. */
static const struct {
	uint32_t magic;
	long entry, absent;
} file_systems[] = {
	{ TMPFS_MAGIC, 100, 200 },
	{ EXT4_SUPER_MAGIC, 100, 200 },
	{ XFS, 200, 200 },
	{ BTRFS_SUPER_MAGIC, 200, 200 },
	{ NFS, 0, 0 },
	{ FUSE, 0, 0 },
	{ MSDOS_SUPER_MAGIC, 0, 0 },
	{ PROC_SUPER_MAGIC, 0, 0 },
	{ SQUASHFS_MAGIC, 0, 0 },
	{ 0, 0, 0 },
	{ OVERLAYFS_SUPER_MAGIC, 0, 0 },
};

static void check_date(struct way_date date, long seconds)
{
	assert_int_equal(date.dated, seconds != 0);
	assert_int_equal(date.since.tv_sec, seconds);
	assert_true(!date.why == date.dated && !date.at == date.dated);
	if (date.at)
		assert_string_equal(date.at, "/run");
}

static void each_file_system(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(file_systems); i++) {
		struct way_step step = step_on(file_systems[i].magic);

		print_message("%x\n", file_systems[i].magic);
		check_date(date_of_one(step, UPPER_NONE, 0),
			   file_systems[i].entry);
		step.absent = true;
		step.entry = (struct inode){ 0 };
		check_date(date_of_one(step, UPPER_NONE, 0),
			   file_systems[i].absent);
	}
}

/* An old directory is enough: whatever comes to it changes it. */
static void the_older_of_both_dates(void **state)
{
	struct way_step step = step_on(TMPFS_MAGIC);

	(void)state;
	step.entry.change.tv_sec = 300;
	check_date(date_of_one(step, UPPER_NONE, 0), 200);
	step.parent.change = (struct timespec){ 300, 5 };
	step.entry.change = (struct timespec){ 300, 4 };
	assert_int_equal(date_of_one(step, UPPER_NONE, 0).since.tv_nsec, 4);
}

/* ---- overlay ---- */

static const struct {
	enum upper_fact fact;
	uint32_t magic; /* of the upper directory */
	bool dated, absent_dated;
	long entry, absent; /* 0 and dated: the image's, older than all */
} overlays[] = {
	{ UPPER_NONE, TMPFS_MAGIC, false, false, 0, 0 },
	{ UPPER_UNKNOWN, TMPFS_MAGIC, false, false, 0, 0 },
	{ UPPER_LACKS_PARENT, XFS, true, true, 0, 0 },
	{ UPPER_LACKS_PARENT, NFS, true, true, 0, 0 },
	{ UPPER_LACKS_ENTRY, XFS, true, true, 0, 200 },
	{ UPPER_LACKS_ENTRY, NFS, true, false, 0, 0 },
	{ UPPER_HAS_ENTRY, TMPFS_MAGIC, true, true, 100, 200 },
	{ UPPER_HAS_ENTRY, EXT4_SUPER_MAGIC, true, true, 100, 200 },
	{ UPPER_HAS_ENTRY, XFS, true, true, 200, 200 },
	{ UPPER_HAS_ENTRY, BTRFS_SUPER_MAGIC, true, true, 200, 200 },
	{ UPPER_HAS_ENTRY, NFS, false, false, 0, 0 },
	{ UPPER_HAS_ENTRY, OVERLAYFS_SUPER_MAGIC, false, false, 0, 0 },
};

static void overlay_goes_by_its_upper_directory(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(overlays); i++) {
		struct way_step step = step_on(OVERLAYFS_SUPER_MAGIC);
		struct way_date date =
			date_of_one(step, overlays[i].fact, overlays[i].magic);

		print_message("%zu\n", i);
		assert_int_equal(date.dated, overlays[i].dated);
		assert_int_equal(date.since.tv_sec, overlays[i].entry);
		step.absent = true;
		step.entry = (struct inode){ 0 };
		date = date_of_one(step, overlays[i].fact, overlays[i].magic);
		assert_int_equal(date.dated, overlays[i].absent_dated);
		assert_int_equal(date.since.tv_sec, overlays[i].absent);
	}
}

/* ---- what nothing dates ---- */

static void names_of_an_encrypted_directory(void **state)
{
	struct way_step step = step_on(EXT4_SUPER_MAGIC);
	struct way_date date;

	(void)state;
	step.parent.encrypted = true;
	date = date_of_one(step, UPPER_NONE, 0);
	assert_false(date.dated);
	assert_memory_equal(date.why, "its directory is encrypted", 26);
}

/* In the container's own root nobody else moves it; elsewhere its place may. */
static void mount_points(void **state)
{
	struct way_step step = step_on(TMPFS_MAGIC);

	(void)state;
	step.entry.mnt_id = OTHER;
	assert_true(date_of_one(step, UPPER_NONE, 0).dated);
	assert_int_equal(date_of_one(step, UPPER_NONE, 0).since.tv_sec, 0);
	/* not even by a file system that dates nothing */
	step.parent_magic = NFS;
	assert_true(date_of_one(step, UPPER_NONE, 0).dated);
	/* in a volume: by its directory alone, on tmpfs too */
	step = step_on(TMPFS_MAGIC);
	step.parent.mnt_id = OTHER;
	step.entry.mnt_id = THIRD;
	check_date(date_of_one(step, UPPER_NONE, 0), 200);
	step.parent_magic = NFS;
	check_date(date_of_one(step, UPPER_NONE, 0), 0);
}

static void mounts_that_the_kernel_does_not_tell(void **state)
{
	struct way_step step = step_on(TMPFS_MAGIC);

	(void)state;
	step.parent.mnt_id = 0;
	check_date(date_of_one(step, UPPER_NONE, 0), 0);
	step = step_on(TMPFS_MAGIC);
	step.entry.mnt_id = 0;
	check_date(date_of_one(step, UPPER_NONE, 0), 0);
}

/* ---- a whole way ---- */

static void the_youngest_step_dates_the_way(void **state)
{
	struct way_step steps[] = { step_on(XFS), step_on(TMPFS_MAGIC),
				    step_on(XFS) };
	struct way_upper uppers[3] = { 0 };
	struct way_date date;

	(void)state;
	steps[0].parent.change.tv_sec = 50;
	steps[1].entry.change.tv_sec = 70;
	steps[2].parent.change.tv_sec = 60;
	assert_int_equal(date_of(steps, 3, uppers).since.tv_sec, 70);
	steps[1].parent_magic = NFS;
	steps[1].at = "/run/x";
	date = date_of(steps, 3, uppers);
	assert_false(date.dated);
	assert_string_equal(date.at, "/run/x");
}

static const struct {
	enum path_kind kind;
	int err;
	bool cut, unsteady;
	bool dated;
} looks[] = {
	{ KIND_MISSING, 0, false, false, true },
	{ KIND_SOCKET, 0, false, false, true },
	{ KIND_DANGLING_SYMLINK, 0, false, false, true },
	{ KIND_ERROR, ENOTDIR, false, false, true },
	{ KIND_ERROR, EIO, false, false, false },
	{ KIND_DENIED, EACCES, false, false, false },
	{ KIND_TIMED_OUT, 0, false, false, false },
	{ KIND_OUTSIDE_VIEW, 0, false, false, false },
	{ KIND_DIRECTORY, 0, true, false, false },
	{ KIND_DIRECTORY, 0, false, true, false },
};

/* Neither dated nor of known mounts where the look did not end. */
static void ways_that_are_not_whole(void **state)
{
	struct way_step step = step_on(TMPFS_MAGIC);
	struct way_upper upper = { 0 };
	struct mount_view view = { 0 };
	struct mount_fact_list facts = { 0 };
	struct way_context context = { .table = &view, .facts = &facts };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(looks); i++) {
		struct way way = {
			.look = { .kind = looks[i].kind,
				  .err = looks[i].err,
				  .way_cut = looks[i].cut,
				  .way = { .at = &step, .n = 1 } },
			.uppers = &upper,
			.steady = !looks[i].unsteady,
		};

		print_message("%zu\n", i);
		assert_int_equal(way_date(&way, ROOT).dated, looks[i].dated);
		way.look.way.n = 0;
		assert_int_equal(way_mounts(&context, &way, &view, NULL).fit,
				 looks[i].dated ? TRI_YES : TRI_UNKNOWN);
	}
}

/* ---- mounts ---- */

/*
 * The container: its root, a volume of the node's /srv with what the node has
 * mounted below it, and a tmpfs that slides under /etc/x.
 */
static const char table_text[] =
	"10 1 0:30 / / rw - overlay overlay rw\n"
	"11 10 0:5 /srv /data rw master:3 - tmpfs t rw\n"
	"12 11 0:6 / /data/sub rw - tmpfs t rw\n"
	"13 10 0:7 / /etc rw - tmpfs t rw\n"
	"14 13 0:8 / /etc/x rw - tmpfs t rw\n";

static const char nodes_text[] = "1 0 0:5 / / rw - tmpfs t rw\n"
				 "3 1 0:6 / /srv/sub rw - tmpfs t rw\n";

struct scene {
	struct arena arena;
	struct mount_view table, nodes;
	struct mount_more_list more, nodes_more;
	struct record_mount records[2];
	struct mount_fact facts[2];
	struct mount_fact_list list;
	struct way_context context;
	struct way_step steps[2];
	struct way way;
};

static int scene_setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	if (!s)
		return -1;
	arena_init(&s->arena, (size_t)1 << 20);
	assert_int_equal(parse_mountinfo(&s->arena, table_text,
					 strlen(table_text), &s->table,
					 &s->more),
			 0);
	assert_int_equal(parse_mountinfo(&s->arena, nodes_text,
					 strlen(nodes_text), &s->nodes,
					 &s->nodes_more),
			 0);
	s->records[0] = (struct record_mount){ .destination = "/data",
					       .source = "/srv",
					       .bind = true,
					       .recursive = true };
	s->records[1] = (struct record_mount){ .destination = "/etc" };
	s->facts[0] = (struct mount_fact){ .record = &s->records[0],
					   .mnt_id = 11,
					   .point = "/data",
					   .source = "/srv",
					   .present = true,
					   .fits = TRI_YES };
	s->facts[1] = (struct mount_fact){ .record = &s->records[1],
					   .mnt_id = 13,
					   .point = "/etc",
					   .present = true,
					   .fits = TRI_YES };
	s->list = (struct mount_fact_list){ .at = s->facts, .n = 2 };
	s->context = (struct way_context){ .root_mnt = 10,
					   .table = &s->table,
					   .more = &s->more,
					   .facts = &s->list,
					   .nodes = &s->nodes };
	s->steps[0] = (struct way_step){ .at = "/data",
					 .parent.mnt_id = 10,
					 .entry.mnt_id = 11 };
	s->steps[1] = (struct way_step){ .at = "/data/f",
					 .absent = true,
					 .parent.mnt_id = 11 };
	s->way = (struct way){ .look = { .kind = KIND_MISSING,
					 .way = { .at = s->steps, .n = 2 } },
			       .steady = true };
	*state = s;
	return 0;
}

static int scene_teardown(void **state)
{
	struct scene *s = *state;

	arena_free(&s->arena);
	free(s);
	return 0;
}

static struct way_mounts mounts_of(const struct scene *s)
{
	return way_mounts(&s->context, &s->way, &s->table, NULL);
}

static void refuses(const struct scene *s, const char *why, const char *at)
{
	struct way_mounts result = mounts_of(s);

	assert_int_equal(result.fit, TRI_UNKNOWN);
	assert_memory_equal(result.why, why, strlen(why));
	assert_string_equal(result.at, at);
}

/* One step, to the mount with this id. */
static void goes_to(struct scene *s, const char *at, uint64_t id)
{
	s->steps[0] = (struct way_step){ .at = at,
					 .parent.mnt_id = 10,
					 .entry.mnt_id = id };
	s->way.look.way.n = 1;
}

static void mounts_of_the_record(void **state)
{
	struct scene *s = *state;
	struct way_mounts result = mounts_of(s);

	assert_int_equal(result.fit, TRI_YES);
	assert_null(result.why);
	assert_null(result.at);
	assert_true(result.slave);
	goes_to(s, "/var", 10);
	result = mounts_of(s);
	assert_int_equal(result.fit, TRI_YES);
	assert_false(result.slave);
}

static void a_mount_that_nobody_recorded(void **state)
{
	struct scene *s = *state;

	goes_to(s, "/etc/x", 14);
	refuses(s, "a mount that the record does not have", "/etc/x");
}

static void a_mount_of_another_namespace(void **state)
{
	struct scene *s = *state;

	goes_to(s, "/data", 99);
	refuses(s, "a mount of another namespace", "/data");
}

static void a_recorded_mount_that_shows_something_else(void **state)
{
	struct scene *s = *state;

	s->facts[0].fits = TRI_NO;
	refuses(s, "what is mounted there is not what the record says",
		"/data");
	s->facts[0].fits = TRI_UNKNOWN;
	refuses(s, "what the record mounts there could not be looked at",
		"/data");
}

static void a_recorded_mount_that_is_gone(void **state)
{
	struct scene *s = *state;

	/* anywhere: the way may have led through it */
	s->facts[1].present = false;
	refuses(s, "a mount that the record has is not there", "/etc");
}

static void a_mount_that_is_covered(void **state)
{
	struct scene *s = *state;

	/* the way saw the root's directory, where a mount lies */
	goes_to(s, "/etc", 10);
	refuses(s, "a mount is covered there by another", "/etc");
	/* the same from a root of its own, whose names begin elsewhere */
	goes_to(s, "/x", 13);
	assert_int_equal(mounts_of(s).fit, TRI_YES);
	assert_int_equal(
		way_mounts(&s->context, &s->way, &s->table, "/etc").fit,
		TRI_UNKNOWN);
}

/* An absent name where something is mounted: it was covered as well. */
static void an_absent_name_that_is_a_mount_point(void **state)
{
	struct scene *s = *state;

	goes_to(s, "/etc/x", 0);
	s->steps[0].absent = true;
	s->steps[0].parent.mnt_id = 13;
	refuses(s, "a mount is covered there by another", "/etc/x");
}

/* What the node has mounted below the source came along, if it is the same. */
static void mounts_below_a_recorded_one(void **state)
{
	struct scene *s = *state;
	static const char other_device[] =
		"1 0 0:5 / / rw - tmpfs t rw\n"
		"3 1 0:66 / /srv/sub rw - tmpfs t rw\n";
	static const char other_root[] =
		"1 0 0:5 / / rw - tmpfs t rw\n"
		"3 1 0:6 /deeper /srv/sub rw - tmpfs t rw\n";
	static const char elsewhere[] =
		"1 0 0:5 / / rw - tmpfs t rw\n"
		"3 1 0:6 / /srv/other rw - tmpfs t rw\n";
	static const char *const tables[] = { other_device, other_root,
					      elsewhere };

	goes_to(s, "/data/sub", 12);
	assert_int_equal(mounts_of(s).fit, TRI_YES);
	s->records[0].recursive = false;
	refuses(s, "a mount that the record does not have", "/data/sub");
	s->records[0].recursive = true;
	s->facts[0].fits = TRI_NO;
	refuses(s, "a mount that the record does not have", "/data/sub");
	s->facts[0].fits = TRI_YES;
	s->facts[0].source = NULL;
	refuses(s, "a mount that the record does not have", "/data/sub");
	s->facts[0].source = "/srv";
	s->context.nodes = NULL;
	refuses(s, "a mount that the record does not have", "/data/sub");
	s->context.nodes = &s->nodes;
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		s->nodes = (struct mount_view){ 0 };
		assert_int_equal(parse_mountinfo(&s->arena, tables[i],
						 strlen(tables[i]), &s->nodes,
						 &s->nodes_more),
				 0);
		refuses(s, "a mount that the record does not have",
			"/data/sub");
	}
}

/* A pile of two that came along from the node, where the same two lie. */
static void a_pile_that_the_node_has(void **state)
{
	struct scene *s = *state;
	static const char own[] = "10 1 0:9 / / rw - overlay o rw\n"
				  "11 10 0:5 /srv /data rw - tmpfs t rw\n"
				  "12 11 0:6 / /data/sub rw - tmpfs t rw\n"
				  "14 12 0:7 / /data/sub rw - tmpfs t rw\n"
				  "13 10 0:8 / /etc rw - tmpfs t rw\n";
	static const char alike[] = "1 0 0:5 / / rw - tmpfs t rw\n"
				    "3 1 0:6 / /srv/sub rw - tmpfs t rw\n"
				    "4 3 0:7 / /srv/sub rw - tmpfs t rw\n";
	static const char without[] = "1 0 0:5 / / rw - tmpfs t rw\n"
				      "4 1 0:7 / /srv/sub rw - tmpfs t rw\n";

	s->table = s->nodes = (struct mount_view){ 0 };
	s->more = s->nodes_more = (struct mount_more_list){ 0 };
	assert_int_equal(parse_mountinfo(&s->arena, own, strlen(own), &s->table,
					 &s->more),
			 0);
	assert_int_equal(parse_mountinfo(&s->arena, alike, strlen(alike),
					 &s->nodes, &s->nodes_more),
			 0);
	goes_to(s, "/data/sub", 14);
	assert_int_equal(mounts_of(s).fit, TRI_YES);
	s->nodes = (struct mount_view){ 0 };
	s->nodes_more = (struct mount_more_list){ 0 };
	assert_int_equal(parse_mountinfo(&s->arena, without, strlen(without),
					 &s->nodes, &s->nodes_more),
			 0);
	refuses(s, "a mount is covered there by another", "/data/sub");
}

#define scene_test(f)                                                          \
	cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_file_system),
		cmocka_unit_test(the_older_of_both_dates),
		cmocka_unit_test(overlay_goes_by_its_upper_directory),
		cmocka_unit_test(names_of_an_encrypted_directory),
		cmocka_unit_test(mount_points),
		cmocka_unit_test(mounts_that_the_kernel_does_not_tell),
		cmocka_unit_test(the_youngest_step_dates_the_way),
		cmocka_unit_test(ways_that_are_not_whole),
		scene_test(mounts_of_the_record),
		scene_test(a_mount_that_nobody_recorded),
		scene_test(a_mount_of_another_namespace),
		scene_test(a_recorded_mount_that_shows_something_else),
		scene_test(a_recorded_mount_that_is_gone),
		scene_test(a_mount_that_is_covered),
		scene_test(an_absent_name_that_is_a_mount_point),
		scene_test(mounts_below_a_recorded_one),
		scene_test(a_pile_that_the_node_has),
	};

	return cmocka_run_group_tests_name("ways", tests, NULL, NULL);
}
