// SPDX-License-Identifier: Apache-2.0
/* Findings without the id of a container: whose pod a workload's can be. */
#include "unit.h"

#include "correlate/locate.h"

/* A node with up to two containers, each with a process. */
struct locate_scene {
	struct evidence ev;
	struct container containers[2];
	size_t process[2];
	struct finding finding;
};

static int scene_setup(void **state)
{
	static const char *const ids[] = { ID_A, ID_B };
	struct locate_scene *s = calloc(1, sizeof(*s));

	if (!s)
		return -1;
	arena_init(&s->ev.arena, 1 << 20);
	s->ev.node.hostname.value = "ip-10-0-1-2.ec2.internal";
	s->ev.containers.at = s->containers;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		s->containers[i].id = ids[i];
		s->containers[i].pod_namespace.value = "red";
		s->containers[i].processes.at = &s->process[i];
		s->containers[i].processes.n = 1;
	}
	s->finding.pid = NUMBER_UNKNOWN;
	s->finding.name_space = "red";
	s->finding.located.container.at = NO_INDEX;
	s->finding.located.path = NO_INDEX;
	*state = s;
	return 0;
}

static int scene_teardown(void **state)
{
	struct locate_scene *s = *state;

	arena_free(&s->ev.arena);
	free(s);
	return 0;
}

#define scene_test(f)                                                          \
	cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)

/* Which container a workload's finding leads to, where these pods run. */
static size_t locate(struct locate_scene *s, const char *type,
		     const char *workload, const char *pod, const char *other)
{
	s->containers[0].pod_name.value = pod;
	s->containers[1].pod_name.value = other;
	s->ev.containers.n = other ? 2 : 1;
	s->finding.workload_type = type;
	s->finding.workload_name = workload;
	s->finding.located =
		(struct finding_location){ .container.at = NO_INDEX,
					   .path = NO_INDEX };
	return locate_finding(&s->ev, &s->finding);
}

static void test_finds_the_pod_of_a_workload(void **state)
{
	struct locate_scene *s = *state;

	assert_int_equal(locate(s, "deployments", "web", "web-5d4f8c7b9-x2x4z",
				NULL),
			 0);
	assert_int_equal(s->finding.located.matched_by, MATCHED_BY_WORKLOAD);
	assert_string_equal(s->finding.located.container.id, ID_A);
	assert_int_equal(
		locate(s, "DaemonSet", "agent", "web-x7k2p", "agent-x7k2p"), 1);
	assert_int_equal(locate(s, "statefulsets", "db", "db-0", NULL), 0);
	assert_int_equal(locate(s, "Pod", "db-0", "db-0", NULL), 0);
	assert_int_equal(locate(s, NULL, "agent", "agent-x7k2p", NULL), 0);
	assert_int_equal(locate(s, NULL, "proxy",
				"proxy-ip-10-0-1-2.ec2.internal", NULL),
			 0);
}

/* Its name begins as that of the workload that the finding is of. */
static void test_passes_over_the_pod_of_another_workload(void **state)
{
	struct locate_scene *s = *state;

	assert_int_equal(locate(s, "deployments", "agent",
				"agent-x-5d4f8c7b9-x2x4z", NULL),
			 NO_INDEX);
	assert_null(s->finding.located.container.id);
	assert_non_null(s->finding.located.why);
	assert_int_equal(locate(s, NULL, "agent", "agent-x-5d4f8c7b9-x2x4z",
				NULL),
			 NO_INDEX);
	assert_int_equal(locate(s, "daemonsets", "agent",
				"agent-5d4f8c7b9-x2x4z", NULL),
			 NO_INDEX);
	assert_int_equal(locate(s, "deployments", "agent", "agent-0", NULL),
			 NO_INDEX);
	assert_int_equal(locate(s, "pods", "agent", "agent-x7k2p", NULL),
			 NO_INDEX);
	assert_int_equal(locate(s, "daemonsets", NULL, "agent-x7k2p", NULL),
			 NO_INDEX);
	/* beside it the right one is found, and is the only one */
	assert_int_equal(locate(s, "deployments", "agent",
				"agent-x-5d4f8c7b9-x2x4z",
				"agent-5d4f8c7b9-x2x4z"),
			 1);
}

static void test_takes_neither_of_two_pods(void **state)
{
	struct locate_scene *s = *state;

	assert_int_equal(locate(s, "deployments", "web", "web-5d4f8c7b9-x2x4z",
				"web-5d4f8c7b9-zzzzz"),
			 NO_INDEX);
	assert_string_equal(
		s->finding.located.why,
		"2 containers match, and its process does not tell which");
	/* of two kinds, where the finding does not tell the kind */
	assert_int_equal(locate(s, NULL, "web", "web-5d4f8c7b9-x2x4z",
				"web-x2x4z"),
			 NO_INDEX);
}

/* Its pod runs on, by another container or by the pod's own. */
static void test_tells_an_ended_container_from_none(void **state)
{
	struct locate_scene *s = *state;
	struct finding *finding = &s->finding;

	s->containers[0].pod_uid.value = s->containers[1].pod_uid.value = "u-1";
	s->containers[0].processes.n = 0;
	s->containers[1].sandbox = true;
	finding->container_id = ID_A;
	finding->workload_uid = "u-1";
	assert_int_equal(locate(s, "pods", "db-0", "db-0", "db-0"), NO_INDEX);
	assert_string_equal(finding->located.why,
			    "its pod is here, its container ended");
	s->containers[1].processes.n = 0;
	assert_int_equal(locate(s, "pods", "db-0", "db-0", "db-0"), NO_INDEX);
	assert_string_equal(
		finding->located.why,
		"its record is still there, but no process of it runs");
	finding->container_id = finding->workload_uid = "none";
	assert_int_equal(locate(s, "pods", "db-1", "db-0", "db-0"), NO_INDEX);
	assert_string_equal(
		finding->located.why,
		"no container of this node has its id, pod or workload");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(test_finds_the_pod_of_a_workload),
		scene_test(test_passes_over_the_pod_of_another_workload),
		scene_test(test_takes_neither_of_two_pods),
		scene_test(test_tells_an_ended_container_from_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
