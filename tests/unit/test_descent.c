// SPDX-License-Identifier: Apache-2.0
/* Which processes are a container's: by cgroup, mount namespace and descent. */
#include "unit.h"

#include "correlate/members.h"

enum { NODES = 100, OWN = 200, SECOND = 300, FOREIGN = 400 }; /* namespaces */
enum { A, INSIDE_A, C };				      /* containers */

/* pid, parent, container, mount namespace */
struct row {
	pid_t pid, ppid;
	size_t container;
	uint64_t ns_mnt;
	bool kthread;
};

static int evidence_setup(void **state)
{
	static const char *const ids[] = { ID_A, ID_B, ID_C };
	struct evidence *ev = malloc(sizeof(*ev));

	if (!ev)
		return -1;
	evidence_init(ev, (size_t)16 << 20);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct container *container =
			list_add(&ev->arena, &ev->containers, 3);

		*container = (struct container){ .id = ids[i] };
		*list_add(&ev->arena, &ev->containers_by_id, 3) = i;
	}
	ev->containers.at[INSIDE_A].parent = ID_A;
	*list_add(&ev->arena, &ev->views, 1) =
		(struct mount_view){ .ns = NODES };
	ev->node_view = 0;
	*state = ev;
	return 0;
}

static int evidence_teardown(void **state)
{
	evidence_free(*state);
	free(*state);
	return 0;
}

static void add(struct evidence *ev, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		*list_add(&ev->arena, &ev->processes, 65536) = (struct process){
			.pid = rows[i].pid,
			.ppid = rows[i].ppid,
			.container = rows[i].container,
			.ns_mnt = rows[i].ns_mnt,
			.kthread = rows[i].kthread,
			.dirfd = -1,
		};
		if (rows[i].container != NO_INDEX)
			*list_add(
				&ev->arena,
				&ev->containers.at[rows[i].container].processes,
				65536) = ev->processes.n - 1;
	}
}

/* The pids of container A's members, with a blank between. */
static const char *members_of_a(struct evidence *ev)
{
	static char text[512];
	struct index_list members = { 0 };
	size_t len = 0;

	assert_int_equal(members_find(ev, A, &members), 0);
	text[0] = '\0';
	for (size_t i = 0; i < members.n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%d",
					i ? " " : "",
					ev->processes.at[members.at[i]].pid);
	return text;
}

static void by_cgroup_namespace_and_descent(void **state)
{
	static const struct row rows[] = {
		{ 1, 0, NO_INDEX, NODES, false },
		{ 2, 0, NO_INDEX, 0, true },
		{ 50, 1, NO_INDEX, NODES, false }, /* the runtime's shim */
		{ 60, 50, A, OWN, false },
		{ 61, 60, A, SECOND, false },
		/* moved to a cgroup that names no container */
		{ 62, 1, NO_INDEX, OWN, false },
		{ 63, 1, NO_INDEX, SECOND, false },
		/* with a namespace of its own too: its parent tells */
		{ 64, 62, NO_INDEX, FOREIGN, false },
		{ 65, 64, NO_INDEX, NODES, false },
		/* a container that lies in this one */
		{ 70, 61, INSIDE_A, FOREIGN, false },
		/* in another container's cgroup, which a process may move to */
		{ 80, 50, C, OWN, false },
		{ 81, 60, C, FOREIGN, false },
		{ 82, 80, NO_INDEX, FOREIGN, false },
		/* of nobody */
		{ 90, 1, NO_INDEX, FOREIGN, false },
		{ 91, 50, NO_INDEX, NODES, false },
	};

	add(*state, rows, ARRAY_SIZE(rows));
	assert_string_equal(members_of_a(*state),
			    "60 61 62 63 64 65 70 80 81 82");
}

/* Who is in the node's mount namespace brings in nobody by it. */
static void in_the_nodes_namespace(void **state)
{
	static const struct row rows[] = {
		{ 1, 0, NO_INDEX, NODES, false },
		{ 60, 1, A, NODES, false },
		{ 61, 1, NO_INDEX, NODES, false },
		{ 62, 60, NO_INDEX, NODES, false },
	};

	add(*state, rows, ARRAY_SIZE(rows));
	assert_string_equal(members_of_a(*state), "60 62");
}

/* A kernel thread and the node's first process are never in a container. */
static void pid_1_and_kernel_threads(void **state)
{
	static const struct row rows[] = {
		{ 60, 1, A, OWN, false },
		{ 1, 60, NO_INDEX, OWN, false },
		{ 2, 60, NO_INDEX, OWN, true },
	};

	add(*state, rows, ARRAY_SIZE(rows));
	assert_string_equal(members_of_a(*state), "60");
}

/* A parent may have ended, its pid be used again, and the list be hostile. */
static void parents_in_a_circle(void **state)
{
	static const struct row rows[] = {
		{ 60, 1, A, OWN, false },
		{ 70, 71, NO_INDEX, FOREIGN, false },
		{ 71, 72, NO_INDEX, FOREIGN, false },
		{ 72, 70, NO_INDEX, FOREIGN, false },
		{ 73, 73, NO_INDEX, FOREIGN, false },
		{ 74, 4242, NO_INDEX, FOREIGN, false },
	};

	add(*state, rows, ARRAY_SIZE(rows));
	assert_string_equal(members_of_a(*state), "60");
}

static void containers_in_a_circle(void **state)
{
	static const struct row rows[] = { { 60, 1, A, OWN, false },
					   { 61, 1, C, FOREIGN, false } };
	struct evidence *ev = *state;

	ev->containers.at[C].parent = ID_B;
	ev->containers.at[INSIDE_A].parent = ID_C;
	add(ev, rows, ARRAY_SIZE(rows));
	assert_string_equal(members_of_a(ev), "60");
}

/* A chain of 20,000 generations costs no more than as many processes. */
static void a_long_line_of_descent(void **state)
{
	enum { GENERATIONS = 20000 };
	struct evidence *ev = *state;
	struct index_list members = { 0 };

	for (int i = 0; i < GENERATIONS; i++) {
		struct row row = { 1000 + i, 1001 + i, NO_INDEX, FOREIGN,
				   false };

		add(ev, &row, 1);
	}
	ev->processes.at[GENERATIONS - 1].container = A;
	*list_add(&ev->arena, &ev->containers.at[A].processes, 1) =
		GENERATIONS - 1;
	assert_int_equal(members_find(ev, A, &members), 0);
	assert_int_equal(members.n, GENERATIONS);
}

static void without_memory(void **state)
{
	static const struct row rows[] = { { 60, 1, A, OWN, false } };
	struct evidence *ev = *state;
	struct index_list members = { 0 };

	add(ev, rows, ARRAY_SIZE(rows));
	arena_allow(&ev->arena, 0);
	assert_int_equal(members_find(ev, A, &members), -ENOMEM);
}

#define evidence_test(f)                                                       \
	cmocka_unit_test_setup_teardown(f, evidence_setup, evidence_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		evidence_test(by_cgroup_namespace_and_descent),
		evidence_test(in_the_nodes_namespace),
		evidence_test(pid_1_and_kernel_threads),
		evidence_test(parents_in_a_circle),
		evidence_test(containers_in_a_circle),
		evidence_test(a_long_line_of_descent),
		evidence_test(without_memory),
	};

	return cmocka_run_group_tests_name("descent", tests, NULL, NULL);
}
