// SPDX-License-Identifier: Apache-2.0
/* The texts of /proc/PID/stat, status, cgroup and uid_map. */
#include "unit.h"

#include "collect/procs.h"

/* Fields 5 to 8 and 10 to 19 of a stat line, which are not used. */
#define F5_8 "1 1 0 -1"
#define F10_19 "100 200 0 0 7 8 0 0 20 0"

static int stat_of(const char *text, struct process *process,
		   struct stat_extra *extra)
{
	char *copy = heap_text(text);
	int err;

	*process = (struct process){ 0 };
	memset(extra, 0x5a, sizeof(*extra));
	err = parse_stat(copy, process, extra);
	free(copy);
	return err;
}

/* ---- stat ---- */

static void stat_recorded(void **state)
{
	struct process process = { 0 };
	struct stat_extra extra;
	char *text = fixture("proc/stat", NULL);

	(void)state;
	assert_int_equal(parse_stat(text, &process, &extra), 0);
	assert_string_equal(extra.comm, "containerd-shim");
	assert_int_equal(extra.state, 'S');
	assert_int_equal(extra.threads, 12);
	assert_int_equal(process.ppid, 1);
	assert_true(process.start_ticks == 48213);
	assert_false(process.kthread);
	free(text);
}

static void stat_comm_with_blanks_and_parentheses(void **state)
{
	struct process process;
	struct stat_extra extra;

	(void)state;
	assert_int_equal(stat_of("77 (a) S 1 (b c) R 5 " F5_8 " 0 " F10_19
				 " 3 0 900 0",
				 &process, &extra),
			 0);
	assert_string_equal(extra.comm, "a) S 1 (b c");
	assert_int_equal(extra.state, 'R');
	assert_int_equal(process.ppid, 5);
	assert_int_equal(extra.threads, 3);
	assert_true(process.start_ticks == 900);
}

static void stat_comm_with_newline(void **state)
{
	struct process process;
	struct stat_extra extra;

	(void)state;
	assert_int_equal(stat_of("77 (x\n1 (init)) S 42 " F5_8 " 0 " F10_19
				 " 1 0 901 0\n",
				 &process, &extra),
			 0);
	assert_string_equal(extra.comm, "x\n1 (init)");
	assert_int_equal(process.ppid, 42);
	assert_true(process.start_ticks == 901);
}

static void stat_empty_comm(void **state)
{
	struct process process;
	struct stat_extra extra;

	(void)state;
	assert_int_equal(stat_of("77 () S 1 " F5_8 " 0 " F10_19 " 1 0 5 0",
				 &process, &extra),
			 0);
	assert_string_equal(extra.comm, "");
}

static void stat_long_comm_is_cut(void **state)
{
	struct process process;
	struct stat_extra extra;
	char text[512];

	(void)state;
	/* Kernel workers' names are longer than 15 characters. */
	for (int len = 62; len <= 65; len++) {
		snprintf(text, sizeof(text), "9 (%0*d) I 2 %s 0 %s 1 0 5 0",
			 len, 0, F5_8, F10_19);
		assert_int_equal(stat_of(text, &process, &extra), 0);
		assert_int_equal(strlen(extra.comm), len < 63 ? len : 63);
	}
	snprintf(text, sizeof(text), "9 (%0100d) I 2 %s 2097152 %s 1 0 5 0", 0,
		 F5_8, F10_19);
	assert_int_equal(stat_of(text, &process, &extra), 0);
	assert_int_equal(strlen(extra.comm), 63);
	assert_int_equal(extra.state, 'I');
}

static void stat_knows_kernel_threads(void **state)
{
	struct process process;
	struct stat_extra extra;

	(void)state;
	/* PF_KTHREAD is 0x00200000. */
	assert_int_equal(stat_of("2 (kthreadd) S 0 0 0 0 -1 2129984 " F10_19
				 " 1 0 2 0",
				 &process, &extra),
			 0);
	assert_true(process.kthread);
	assert_int_equal(process.ppid, 0);
	assert_int_equal(stat_of("2 (fake) S 0 0 0 0 -1 1077936384 " F10_19
				 " 1 0 2 0",
				 &process, &extra),
			 0);
	assert_false(process.kthread);
}

static void stat_states(void **state)
{
	struct process process;
	struct stat_extra extra;

	(void)state;
	assert_int_equal(stat_of("8 (gone) Z 1 " F5_8 " 4228108 " F10_19
				 " 1 0 18446744073709551615 0",
				 &process, &extra),
			 0);
	assert_int_equal(extra.state, 'Z');
	assert_true(process.start_ticks == 18446744073709551615ULL);
	/* The first thread has ended, others run. */
	assert_int_equal(stat_of("8 (gone) Z 1 " F5_8 " 0 " F10_19 " 4 0 6 0",
				 &process, &extra),
			 0);
	assert_int_equal(extra.state, 'Z');
	assert_int_equal(extra.threads, 4);
}

static void stat_refuses_other_texts(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"77",
		"77 (",
		"77 (x",
		"77 )x( S 1",
		"77 (x)",
		"77 (x) ",
		"77 (x) S",
		"77 (x) S one " F5_8 " 0 " F10_19 " 1 0 5 0",
		"77 (x) S 1 1 1 0 -1 0",
		"77 (x) S 1 " F5_8 " 0 " F10_19,
		"77 (x) S 1 " F5_8 " 0 " F10_19 " 1 0",
		"77 (x) S 1 " F5_8 " 0 " F10_19 " 1 0 x 0",
		"77 (x) S 1 " F5_8 " zero " F10_19 " 1 0 5 0",
		"\xff\xfe\x01\x02(\x80)\x90",
	};
	struct process process;
	struct stat_extra extra;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(stat_of(bad[i], &process, &extra), -EINVAL);
}

/* Cut anywhere before the end of field 22, it is refused. */
static void stat_refuses_every_truncation(void **state)
{
	static const char whole[] = "77 (x) S 1 " F5_8 " 0 " F10_19 " 1 0 5";
	struct process process;
	struct stat_extra extra;
	char text[sizeof(whole)];

	(void)state;
	assert_int_equal(stat_of(whole, &process, &extra), 0);
	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		memcpy(text, whole, len);
		text[len] = '\0';
		assert_int_equal(stat_of(text, &process, &extra), -EINVAL);
	}
}

/* ---- status ---- */

static void status_recorded(void **state)
{
	struct process process = { 0 };
	char *text = fixture("proc/status", NULL);

	assert_int_equal(parse_status(*state, text, &process), 0);
	assert_int_equal(process.uid[0], 1000);
	assert_int_equal(process.uid[1], 1001);
	assert_int_equal(process.uid[2], 1002);
	assert_int_equal(process.uid[3], 1003);
	assert_int_equal(process.gid[0], 2000);
	assert_int_equal(process.gid[1], 2001);
	assert_int_equal(process.gid[2], 2002);
	assert_int_equal(process.gid[3], 2003);
	assert_int_equal(process.ngroups, 3);
	assert_int_equal(process.groups[0], 4);
	assert_int_equal(process.groups[1], 998);
	assert_int_equal(process.groups[2], 4294967294);
	assert_true(process.cap_permitted == 0x1ffffffffffULL);
	assert_true(process.cap_effective == 0xa80425fbULL);
	free(text);
}

static int status_of(struct arena *arena, const char *text,
		     struct process *process)
{
	char *copy = heap_text(text);
	int err;

	*process = (struct process){ 0 };
	err = parse_status(arena, copy, process);
	free(copy);
	return err;
}

#define IDS "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n"
#define CAPS "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"

static void status_without_groups(void **state)
{
	struct process process;

	assert_int_equal(status_of(*state, IDS "Groups:\t \n" CAPS, &process),
			 0);
	assert_int_equal(process.ngroups, 0);
	assert_int_equal(status_of(*state, IDS "Groups:\t\n" CAPS, &process),
			 0);
	assert_int_equal(process.ngroups, 0);
	assert_true(process.cap_permitted == 0);
}

static void status_with_many_groups(void **state)
{
	/* The kernel's most, NGROUPS_MAX. */
	enum { MANY = 65536 };
	char *text = heap_room(MANY * 8 + 512);
	struct process process = { 0 };
	char *at = text;

	at += sprintf(at, IDS "Groups:\t");
	for (int i = 0; i < MANY; i++)
		at += sprintf(at, "%d ", i);
	sprintf(at, "\n" CAPS);
	assert_int_equal(parse_status(*state, text, &process), 0);
	assert_int_equal(process.ngroups, 65536);
	assert_int_equal(process.groups[0], 0);
	assert_int_equal(process.groups[65535], 65535);
	free(text);
}

static void status_one_digit_groups(void **state)
{
	struct process process;

	assert_int_equal(status_of(*state, IDS "Groups:\t1 2 3 4 5 6 7\n" CAPS,
				   &process),
			 0);
	assert_int_equal(process.ngroups, 7);
	assert_int_equal(process.groups[6], 7);
}

static void status_wants_every_field(void **state)
{
	static const char *const bad[] = {
		"",
		"Uid:\t0\t0\t0\t0\nGroups:\t\n" CAPS,
		"Gid:\t0\t0\t0\t0\nGroups:\t\n" CAPS,
		IDS CAPS,
		IDS "Groups:\t\nCapPrm:\t0\n",
		IDS "Groups:\t\nCapEff:\t0\n",
		"Name:\tUid:\n" IDS "Groups:\t\nCapEff:\t0\n",
		/* without the tab they are other lines */
		"Uid: 0 0 0 0\nGid:\t0\t0\t0\t0\nGroups:\t\n" CAPS,
	};
	struct process process;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(status_of(*state, bad[i], &process), -EINVAL);
}

/* One field twice is not two fields. */
static void status_counts_fields_not_lines(void **state)
{
	struct process process;

	assert_int_equal(status_of(*state,
				   "Uid:\t0\t0\t0\t0\nUid:\t0\t0\t0\t0\n"
				   "Groups:\t\n" CAPS,
				   &process),
			 -EINVAL);
	assert_int_equal(status_of(*state,
				   IDS "Groups:\t\n" CAPS "Uid:\t7\t7\t7\t7\n",
				   &process),
			 -EINVAL);
}

/*
 * A second list of groups must not be written into the smaller buffer of the
 * first.
 */
static void status_groups_twice_stay_in_their_room(void **state)
{
	struct process process;
	const unsigned char *next;

	(void)status_of(*state,
			IDS "Groups:\t1 2 3 4 5 6 7 8\nGroups:\t9\n" CAPS,
			&process);
	/*
	 * The arena's next block is zeroed, unless something was written past
	 * the end.
	 */
	next = arena_alloc(*state, 4096);
	assert_non_null(next);
	for (size_t i = 0; i < 4096; i++)
		assert_int_equal(next[i], 0);
}

static void status_refuses_malformed_fields(void **state)
{
	static const char *const bad[] = {
		"Uid:\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t\n" CAPS,
		"Uid:\tx\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t\n" CAPS,
		IDS "Groups:\t1 two 3\n" CAPS,
		IDS "Groups:\t-1\n" CAPS,
		IDS "Groups:\t4294967296\n" CAPS,
		IDS "Groups:\t\nCapPrm:\tzz\nCapEff:\t0\n",
	};
	struct process process;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(status_of(*state, bad[i], &process), -EINVAL);
}

/* ---- cgroup ---- */

static void check_cgroup(struct arena *arena, const char *text,
			 const char *expected, int expected_version)
{
	char *copy = heap_text(text);
	int version = 0;
	const char *path = parse_cgroup(arena, copy, &version);

	free(copy); /* the answer is the arena's */
	if (!expected) {
		assert_null(path);
		return;
	}
	assert_non_null(path);
	assert_string_equal(path, expected);
	assert_int_equal(version, expected_version);
}

static void cgroup_version_2(void **state)
{
	check_cgroup(*state, "0::/system.slice/docker.service\n",
		     "/system.slice/docker.service", 2);
	check_cgroup(*state, "0::/\n", "/", 2);
	check_cgroup(*state, "0::/../../kubepods.slice/x.scope\n",
		     "/../../kubepods.slice/x.scope", 2);
	check_cgroup(*state, "0::/a:b:c\n", "/a:b:c", 2);
}

static void cgroup_version_1(void **state)
{
	char *text = fixture("proc/cgroup-v1", NULL);

	check_cgroup(*state, text,
		     "/kubepods/burstable/"
		     "pod12345678-1234-1234-1234-123456789abc/" ID_A,
		     1);
	free(text);
	check_cgroup(*state, "4:pids:/short\n3:memory:/longer/one\n",
		     "/longer/one", 1);
}

static void cgroup_hybrid(void **state)
{
	/* systemd's own tree is unified, the container's is version 1. */
	char *text = fixture("proc/cgroup-hybrid", NULL);

	check_cgroup(*state, text, "/docker/" ID_B, 1);
	free(text);
}

static void cgroup_version_2_beside_empty_version_1(void **state)
{
	/* A named hierarchy is mounted, the containers are in the unified. */
	check_cgroup(*state,
		     "1:name=other:/\n0::/system.slice/docker-" ID_A ".scope\n",
		     "/system.slice/docker-" ID_A ".scope", 1);
}

static void cgroup_refuses_other_lines(void **state)
{
	check_cgroup(*state, "", NULL, 0);
	check_cgroup(*state, "\n\n", NULL, 0);
	check_cgroup(*state, "0", NULL, 0);
	check_cgroup(*state, "0:", NULL, 0);
	check_cgroup(*state, "0::", NULL, 0);
	check_cgroup(*state, "0::relative\n", NULL, 0);
	check_cgroup(*state, "garbage /with/slashes\n", NULL, 0);
	/* one malformed line does not hide a good one */
	check_cgroup(*state, "garbage\n0::/x", "/x", 2);
}

/* ---- uid_map ---- */

static int map_of(struct arena *arena, const char *text, struct id_map *map)
{
	char *copy = heap_text(text);
	int err;

	*map = (struct id_map){ 0 };
	err = parse_id_map(arena, copy, map);
	free(copy);
	return err;
}

static void id_map_recorded(void **state)
{
	struct id_map map;
	char *text = fixture("proc/uid_map", NULL);

	assert_int_equal(map_of(*state, text, &map), 0);
	assert_int_equal(map.n, 2);
	assert_int_equal(map.at[0].inside, 0);
	assert_int_equal(map.at[0].outside, 1000);
	assert_int_equal(map.at[0].count, 1);
	assert_int_equal(map.at[1].inside, 1);
	assert_int_equal(map.at[1].outside, 100000);
	assert_int_equal(map.at[1].count, 65536);
	free(text);
}

static void id_map_of_the_first_namespace(void **state)
{
	struct id_map map;

	assert_int_equal(
		map_of(*state, "         0          0 4294967295\n", &map), 0);
	assert_int_equal(map.n, 1);
	assert_int_equal(map.at[0].count, 4294967295);
}

static void id_map_empty(void **state)
{
	struct id_map map;

	assert_int_equal(map_of(*state, "", &map), 0);
	assert_int_equal(map.n, 0);
}

static void id_map_takes_as_many_lines_as_the_kernel(void **state)
{
	struct id_map map = { 0 };
	char *text = heap_room(341 * 16);
	char *at = text;

	for (int i = 0; i < 340; i++)
		at += sprintf(at, "%d %d 1\n", i, i + 5000);
	assert_int_equal(map_of(*state, text, &map), 0);
	assert_int_equal(map.n, 340);
	assert_int_equal(map.at[339].outside, 5339);
	free(text);
}

static void id_map_refuses_other_lines(void **state)
{
	static const char *const bad[] = { "x\n",	"0 0\n",
					   "0 0 1 1\n", "0 0 one\n",
					   "0 0 1x\n",	"0 0 1\njunk\n" };
	struct id_map map;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(map_of(*state, bad[i], &map), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_recorded),
		cmocka_unit_test(stat_comm_with_blanks_and_parentheses),
		cmocka_unit_test(stat_comm_with_newline),
		cmocka_unit_test(stat_empty_comm),
		cmocka_unit_test(stat_long_comm_is_cut),
		cmocka_unit_test(stat_knows_kernel_threads),
		cmocka_unit_test(stat_states),
		cmocka_unit_test(stat_refuses_other_texts),
		cmocka_unit_test(stat_refuses_every_truncation),
		arena_test(status_recorded),
		arena_test(status_without_groups),
		arena_test(status_with_many_groups),
		arena_test(status_one_digit_groups),
		arena_test(status_wants_every_field),
		arena_test(status_counts_fields_not_lines),
		arena_test(status_groups_twice_stay_in_their_room),
		arena_test(status_refuses_malformed_fields),
		arena_test(cgroup_version_2),
		arena_test(cgroup_version_1),
		arena_test(cgroup_hybrid),
		arena_test(cgroup_version_2_beside_empty_version_1),
		arena_test(cgroup_refuses_other_lines),
		arena_test(id_map_recorded),
		arena_test(id_map_of_the_first_namespace),
		arena_test(id_map_empty),
		arena_test(id_map_takes_as_many_lines_as_the_kernel),
		arena_test(id_map_refuses_other_lines),
	};

	return cmocka_run_group_tests_name("procs_parse", tests, NULL, NULL);
}
