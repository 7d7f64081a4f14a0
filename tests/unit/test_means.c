// SPDX-License-Identifier: Apache-2.0
/* By which means a container could see a name otherwise and leave no trace. */
#include "unit.h"

#include <linux/capability.h>

#include "collect/mounts.h"
#include "correlate/means.h"

static const char nodes_table[] = "1 0 0:1 / / rw - xfs /dev/r rw\n"
				  "2 1 0:2 / /run rw - tmpfs t rw\n";

struct scene {
	struct evidence ev;
	struct mount_view table;
	struct mount_more_list more;
	struct bundle bundle;
	struct path_object *path;
	struct access *access;
};

static void take_table(struct scene *s, const char *text,
		       struct mount_view *view)
{
	*view = (struct mount_view){ 0 };
	assert_int_equal(parse_mountinfo(&s->ev.arena, text, strlen(text), view,
					 &s->more),
			 0);
}

/* A container without any means: its own root, a profile, no rights. */
static int scene_setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct evidence *ev = &s->ev;

	evidence_init(ev, (size_t)16 << 20);
	s->bundle.seccomp_closes_namespaces = true;
	*list_add(&ev->arena, &ev->containers, 2) = (struct container){
		.id = ID_A,
		.bundle = &s->bundle,
		.host_pid = TRI_NO,
		.runtime.value = "containerd",
		.pod_uid.value = "u",
	};
	*list_add(&ev->arena, &ev->containers, 2) =
		(struct container){ .id = ID_B };
	*list_add(&ev->arena, &ev->processes, 4) =
		(struct process){ .pid = 7, .container = 0, .ns_pid = 70 };
	*list_add(&ev->arena, &ev->processes, 4) =
		(struct process){ .pid = 8, .container = 1, .ns_pid = 80 };
	*list_add(&ev->arena, &ev->containers.at[0].processes, 4) = 0;
	take_table(s, nodes_table, list_add(&ev->arena, &ev->views, 1));
	ev->node_view = 0;
	ev->node.user_namespaces = true;
	take_table(s, "9 0 0:9 / / rw - overlay o rw\n", &s->table);
	s->path = list_add(&ev->arena, &ev->paths, 1);
	*s->path = (struct path_object){ .container = NO_INDEX,
					 .look.kind = KIND_SOCKET };
	*list_add(&ev->arena, &s->path->names, 1) =
		"/run/containerd/containerd.sock";
	s->access = list_add(&ev->arena, &ev->access, 1);
	*s->access = (struct access){ .container = 1, .connect_result = "OK" };
	*state = s;
	return 0;
}

static int scene_teardown(void **state)
{
	struct scene *s = *state;

	evidence_free(&s->ev);
	free(s);
	return 0;
}

/* The means, with "|" between. */
static const char *means_of(struct scene *s, uint64_t capabilities)
{
	static char text[4096];
	struct string_list means = { 0 };

	assert_int_equal(means_find(&s->ev, 0, capabilities, &s->table, &means),
			 0);
	text[0] = '\0';
	for (size_t i = 0; i < means.n; i++) {
		strcat(text, i ? "|" : "");
		strcat(text, means.at[i]);
	}
	return text;
}

static void none(void **state)
{
	/* the capabilities of a default pod are none of them */
	assert_string_equal(means_of(*state, 0xa80425fb), "");
	assert_string_equal(means_of(*state, 1ULL << CAP_SYS_PTRACE), "");
}

static const struct {
	int capability;
	const char *text;
} rights[] = {
	{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN: mounts and namespaces" },
	{ CAP_SYS_MODULE, "CAP_SYS_MODULE: the kernel itself" },
	{ CAP_SYS_RAWIO, "CAP_SYS_RAWIO: memory and disks" },
	{ CAP_SYS_TIME, "CAP_SYS_TIME: the clock that dates changes" },
	{ CAP_DAC_READ_SEARCH,
	  "CAP_DAC_READ_SEARCH: files of the node by handle" },
};

static void capabilities(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		assert_string_equal(means_of(*state,
					     1ULL << rights[i].capability),
				    rights[i].text);
}

static void processes_of_the_node(void **state)
{
	struct scene *s = *state;

	s->ev.containers.at[0].host_pid = TRI_YES;
	assert_string_equal(
		means_of(s, 1ULL << CAP_SYS_PTRACE),
		"CAP_SYS_PTRACE and the node's processes|processes of others in its pid namespace, whose roots it may take");
	/* what is not known may be */
	s->ev.containers.at[0].host_pid = TRI_UNKNOWN;
	assert_non_null(
		strstr(means_of(s, 1ULL << CAP_SYS_PTRACE), "CAP_SYS_PTRACE"));
}

/* shareProcessNamespace: another container's process in the same namespace. */
static void processes_of_other_containers(void **state)
{
	struct scene *s = *state;

	s->ev.processes.at[1].ns_pid = 70;
	assert_string_equal(
		means_of(s, 0),
		"processes of others in its pid namespace, whose roots it may take");
	s->ev.processes.at[1].ns_pid = 80;
	s->ev.processes.at[0].ns_pid = 0;
	assert_non_null(strstr(means_of(s, 0), "processes of others"));
}

static void user_namespaces(void **state)
{
	struct scene *s = *state;

	s->bundle.seccomp_closes_namespaces = false;
	assert_string_equal(
		means_of(s, 0),
		"user namespaces: the seccomp profile of its record does not deny them");
	s->ev.containers.at[0].bundle = NULL;
	assert_string_equal(
		means_of(s, 0),
		"user namespaces: there is no record whose seccomp profile denies them");
	s->ev.node.user_namespaces = false;
	assert_string_equal(means_of(s, 0), "");
}

static const struct {
	const char *table, *means;
} mounts[] = {
	/* the node's root, of which /run is another file system */
	{ "9 0 0:1 / /host rw - xfs r rw\n",
	  "a writable mount of the node's /, at /host|"
	  "a writable mount of the node's /var/lib/containerd, at /host|"
	  "a writable mount of the node's /var/lib/docker, at /host|"
	  "a writable mount of the node's /var/lib/kubelet, at /host" },
	{ "9 0 0:1 / /host ro - xfs r rw\n", "" },
	{ "9 0 0:2 / /r rw - tmpfs t rw\n",
	  "a writable mount of the node's /run, at /r|"
	  "a writable mount of the node's /run/containerd, at /r|"
	  "a writable mount of the node's /run/docker, at /r" },
	{ "9 0 0:1 /var/lib/kubelet /k\\040l rw - xfs r rw\n",
	  "a writable mount of the node's /var/lib/kubelet, at '/k l'" },
	{ "9 0 0:1 /var/lib/kubelet/pods/u/volumes/v /v rw - xfs r rw\n", "" },
	{ "9 0 0:1 /var/lib/kubelet2 /v rw - xfs r rw\n", "" },
	{ "9 0 0:3 / /host rw - xfs r rw\n", "" },
};

static void writable_mounts_of_the_node(void **state)
{
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		print_message("%s", mounts[i].table);
		take_table(s, mounts[i].table, &s->table);
		assert_string_equal(means_of(s, 0), mounts[i].means);
	}
	s->ev.node_view = NO_INDEX;
	assert_string_equal(means_of(s, 0),
			    "mounts of the node: its own were not seen");
}

/* docker exec --privileged and its like */
static void runtimes_that_run_more(void **state)
{
	static const char text[] =
		"a runtime that may run a process in it with more rights (exec --privileged)";
	struct scene *s = *state;

	s->ev.containers.at[0].pod_uid.value = NULL;
	assert_string_equal(means_of(s, 0), text);
	s->ev.containers.at[0].pod_uid.value = "u";
	s->ev.containers.at[0].runtime.value = "docker";
	assert_string_equal(means_of(s, 0), text);
	s->ev.containers.at[0].runtime.value = "cri-o";
	assert_string_equal(means_of(s, 0), "");
}

static void engines_in_reach(void **state)
{
	struct scene *s = *state;

	s->access->container = 0;
	assert_string_equal(
		means_of(s, 0),
		"a live runtime socket in reach, /run/containerd/containerd.sock");
	s->access->hidden = true;
	assert_string_equal(means_of(s, 0), "");
	s->access->hidden = false;
	/* who may not now may have been another, unless from the start on */
	s->access->connect_result = "EACCES";
	s->access->dac_allowed = TRI_NO;
	assert_string_equal(
		means_of(s, 0),
		"a runtime socket, which may have been live, in reach, /run/containerd/containerd.sock");
	s->access->dac_at_start = TRI_NO;
	s->bundle.no_new_privileges = true;
	assert_string_equal(means_of(s, 0), "");
	s->access->dac_allowed = TRI_YES;
	s->access->connect_result = "OK";
	/* whose API makes no process */
	s->path->names.at[0] =
		"/run/soci-snapshotter-grpc/soci-snapshotter-grpc.sock";
	assert_string_equal(means_of(s, 0), "");
}

static void without_memory(void **state)
{
	struct scene *s = *state;
	struct string_list means = { 0 };

	arena_allow(&s->ev.arena, 0);
	assert_int_equal(means_find(&s->ev, 0, UINT64_MAX, &s->table, &means),
			 -ENOMEM);
}

#define scene_test(f)                                                          \
	cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(none),
		scene_test(capabilities),
		scene_test(processes_of_the_node),
		scene_test(processes_of_other_containers),
		scene_test(user_namespaces),
		scene_test(writable_mounts_of_the_node),
		scene_test(runtimes_that_run_more),
		scene_test(engines_in_reach),
		scene_test(without_memory),
	};

	return cmocka_run_group_tests_name("means", tests, NULL, NULL);
}
