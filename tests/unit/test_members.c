// SPDX-License-Identifier: Apache-2.0
/* Two containers and a node, whose processes moved to cgroups of others. */
#include "unit.h"

#include "correlate/members.h"

enum { NODE_NS = 1, A_NS = 2, B_NS = 3, OTHER_NS = 4 };
enum { A, B };

/* In the order of pids. */
static const struct process processes[] = {
	{ .pid = 1, .ns_mnt = NODE_NS, .container = NO_INDEX },
	/* shims, and the containers' first processes */
	{ .pid = 10, .ppid = 1, .ns_mnt = NODE_NS, .container = NO_INDEX },
	{ .pid = 11, .ppid = 10, .ns_mnt = A_NS, .container = A },
	{ .pid = 20, .ppid = 1, .ns_mnt = NODE_NS, .container = NO_INDEX },
	{ .pid = 21, .ppid = 20, .ns_mnt = B_NS, .container = B },
	/* A's, in B's cgroup: by its namespace, and by its parent */
	{ .pid = 30, .ppid = 1, .ns_mnt = A_NS, .container = B },
	{ .pid = 31, .ppid = 11, .ns_mnt = OTHER_NS, .container = B },
	/* its child, in no container's */
	{ .pid = 32, .ppid = 31, .ns_mnt = OTHER_NS, .container = NO_INDEX },
	/* A's, whose namespace is the node's */
	{ .pid = 33, .ppid = 11, .ns_mnt = NODE_NS, .container = NO_INDEX },
	/* the node's */
	{ .pid = 40, .ppid = 1, .ns_mnt = NODE_NS, .container = NO_INDEX },
	{ .pid = 41, .ppid = 1, .ns_mnt = OTHER_NS, .container = NO_INDEX },
};

static void check(size_t container, const pid_t *wanted, size_t n)
{
	struct process copies[ARRAY_SIZE(processes)];
	struct container containers[] = { { .id = ID_A }, { .id = ID_B } };
	size_t first[] = { 2, 4 };
	struct mount_view node = { .ns = NODE_NS };
	struct evidence ev = {
		.processes = { .at = copies, .n = ARRAY_SIZE(processes) },
		.containers = { .at = containers, .n = 2 },
		.views = { .at = &node, .n = 1 },
	};
	struct index_list members = { 0 };

	memcpy(copies, processes, sizeof(processes));
	arena_init(&ev.arena, 1 << 20);
	for (size_t i = 0; i < 2; i++)
		containers[i].processes =
			(struct index_list){ .at = &first[i], .n = 1 };
	assert_int_equal(members_find(&ev, container, &members), 0);
	assert_int_equal(members.n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(copies[members.at[i]].pid, wanted[i]);
	arena_free(&ev.arena);
}

static void wherever_its_cgroup_is(void **state)
{
	static const pid_t of_a[] = { 11, 30, 31, 32, 33 };
	static const pid_t of_b[] = { 21, 30, 31, 32 };

	(void)state;
	check(A, of_a, ARRAY_SIZE(of_a));
	check(B, of_b, ARRAY_SIZE(of_b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wherever_its_cgroup_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
