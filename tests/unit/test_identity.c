// SPDX-License-Identifier: Apache-2.0
/* Containers and pods as cgroup paths name them. */
#include "unit.h"

#include "correlate/identity.h"

#define UID "12345678-90ab-cdef-1234-567890abcdef"
#define UID_ "12345678_90ab_cdef_1234_567890abcdef"
#define UID_2 "99999999-90ab-cdef-1234-567890abcdef"
#define BURST_SLICE                                                            \
	"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ \
	".slice"
#define GUARD_SLICE "/kubepods.slice/kubepods-pod" UID_ ".slice"
#define BURST_FS "/kubepods/burstable/pod" UID
#define GUARD_FS "/kubepods/pod" UID

struct expected {
	const char *path;
	const char *id;
	const char *parent;
	const char *runtime;
	const char *pod_uid;
};

static void check_text(const char *path, const char *what, const char *got,
		       const char *wanted)
{
	if (got == wanted)
		return;
	if (!got || !wanted || strcmp(got, wanted) != 0)
		fail_msg("%s: %s is %s, not %s", path, what, got ? got : "none",
			 wanted ? wanted : "none");
}

static void check_all(struct arena *arena, const struct expected *expected,
		      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct expected *want = &expected[i];
		struct cgroup_identity got;
		char *path = heap_text(want->path);

		memset(&got, 0x5a, sizeof(got));
		assert_int_equal(cgroup_identify(arena, path, &got), 0);
		free(path); /* the answers are the arena's */
		check_text(want->path, "id", got.id, want->id);
		check_text(want->path, "parent", got.parent, want->parent);
		check_text(want->path, "runtime", got.runtime, want->runtime);
		check_text(want->path, "pod", got.pod_uid, want->pod_uid);
	}
}

#define CHECK(...)                                                             \
	do {                                                                   \
		static const struct expected cases_[] = { __VA_ARGS__ };       \
		check_all(*state, cases_, ARRAY_SIZE(cases_));                 \
	} while (0)

static void containerd_with_systemd(void **state)
{
	CHECK({ BURST_SLICE "/cri-containerd-" ID_A ".scope", ID_A, NULL,
		"containerd", UID },
	      { GUARD_SLICE "/cri-containerd-" ID_A ".scope", ID_A, NULL,
		"containerd", UID },
	      { "/kubepods.slice/kubepods-besteffort.slice/"
		"kubepods-besteffort-pod" UID_ ".slice/cri-containerd-" ID_A
		".scope",
		ID_A, NULL, "containerd", UID },
	      /* a process may move itself below its own container */
	      { GUARD_SLICE "/cri-containerd-" ID_A ".scope/init.scope", ID_A,
		NULL, "containerd", UID });
}

static void containerd_with_cgroupfs(void **state)
{
	CHECK({ BURST_FS "/" ID_A, ID_A, NULL, NULL, UID },
	      { GUARD_FS "/" ID_A, ID_A, NULL, NULL, UID },
	      { "/kubepods/besteffort/pod" UID "/" ID_A, ID_A, NULL, NULL,
		UID },
	      /* outside Kubernetes: /NAMESPACE/ID */
	      { "/default/" ID_A, ID_A, NULL, NULL, NULL });
}

/* Static pods have the hash of their manifest as uid. */
static void static_pods(void **state)
{
	CHECK({ "/kubepods/burstable/pod0123456789abcdef0123456789abcdef/" ID_A,
		ID_A, NULL, NULL, "0123456789abcdef0123456789abcdef" },
	      { "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-"
		"pod0123456789abcdef0123456789abcdef.slice/cri-containerd-" ID_A
		".scope",
		ID_A, NULL, "containerd", "0123456789abcdef0123456789abcdef" });
}

static void crio(void **state)
{
	CHECK({ BURST_SLICE "/crio-" ID_A ".scope", ID_A, NULL, "cri-o", UID },
	      { GUARD_SLICE "/crio-" ID_A ".scope/container", ID_A, NULL,
		"cri-o", UID },
	      { BURST_FS "/crio-" ID_A, ID_A, NULL, "cri-o", UID },
	      { "/parent/crio-" ID_A, ID_A, NULL, "cri-o", NULL });
}

static void docker(void **state)
{
	CHECK({ "/system.slice/docker-" ID_A ".scope", ID_A, NULL, "docker",
		NULL },
	      { "/docker/" ID_A, ID_A, NULL, "docker", NULL },
	      { "/my.slice/docker-" ID_A ".scope/init", ID_A, NULL, "docker",
		NULL },
	      /* cri-dockerd */
	      { BURST_SLICE "/docker-" ID_A ".scope", ID_A, NULL, "docker",
		UID });
}

static void podman(void **state)
{
	CHECK({ "/machine.slice/libpod-" ID_A ".scope", ID_A, NULL, "podman",
		NULL },
	      { "/machine.slice/libpod-" ID_A ".scope/container", ID_A, NULL,
		"podman", NULL },
	      { "/libpod_parent/libpod-" ID_A, ID_A, NULL, "podman", NULL },
	      { "/user.slice/user-1000.slice/user@1000.service/user.slice/"
		"libpod-" ID_A ".scope",
		ID_A, NULL, "podman", NULL },
	      { "/system.slice/web.service/libpod-payload-" ID_A, ID_A, NULL,
		"podman", NULL });
}

/* conmon is a process of the node, not of the container that it watches. */
static void monitors_are_of_the_node(void **state)
{
	CHECK({ "/machine.slice/libpod-conmon-" ID_A ".scope", NULL, NULL, NULL,
		NULL },
	      { "/libpod_parent/libpod-conmon-" ID_A, NULL, NULL, NULL, NULL },
	      { "/system.slice/crio-conmon-" ID_A ".scope", NULL, NULL, NULL,
		NULL },
	      { "/kubepods/crio-conmon-" ID_A, NULL, NULL, NULL, NULL });
}

/* podman in a container: its conmon is a process of that container. */
static void monitors_inside_a_container_are_its(void **state)
{
	CHECK({ "/system.slice/docker-" ID_A ".scope/libpod-conmon-" ID_B
		".scope",
		ID_A, NULL, "docker", NULL },
	      { GUARD_SLICE "/cri-containerd-" ID_A ".scope/machine.slice/"
			    "libpod-conmon-" ID_B ".scope",
		ID_A, NULL, "containerd", UID },
	      { "/docker/" ID_A "/docker/" ID_B "/libpod-conmon-" ID_C, ID_B,
		ID_A, "docker", NULL });
}

static void processes_of_the_node(void **state)
{
	CHECK({ "/", NULL, NULL, NULL, NULL }, { "", NULL, NULL, NULL, NULL },
	      { "//", NULL, NULL, NULL, NULL },
	      { "/init.scope", NULL, NULL, NULL, NULL },
	      { "/system.slice/docker.service", NULL, NULL, NULL, NULL },
	      { "/system.slice/containerd.service", NULL, NULL, NULL, NULL },
	      { "/user.slice/user-1000.slice/session-2.scope", NULL, NULL, NULL,
		NULL },
	      { "/kubepods.slice/kubepods-burstable.slice", NULL, NULL, NULL,
		NULL },
	      { "/docker", NULL, NULL, NULL, NULL });
}

static void nested_containers(void **state)
{
	CHECK({ "/docker/" ID_A "/docker/" ID_B, ID_B, ID_A, "docker", NULL },
	      { "/system.slice/docker-" ID_A ".scope/docker/" ID_B, ID_B, ID_A,
		"docker", NULL },
	      { GUARD_SLICE "/cri-containerd-" ID_A
			    ".scope/system.slice/docker-" ID_B ".scope",
		ID_B, ID_A, "docker", UID },
	      /* kind: a node in a container, its pods inside */
	      { "/system.slice/docker-" ID_A
		".scope/kubelet.slice/kubelet-kubepods.slice/"
		"kubelet-kubepods-pod" UID_ ".slice/cri-containerd-" ID_B
		".scope",
		ID_B, ID_A, "containerd", UID },
	      { "/docker/" ID_A "/kubelet/kubepods/burstable/pod" UID "/" ID_B,
		ID_B, ID_A, NULL, UID },
	      /* kind in a pod: the inner pod is the process's */
	      { "/kubepods/pod" UID "/" ID_A "/kubepods/pod" UID_2 "/" ID_B,
		ID_B, ID_A, NULL, UID_2 });
}

/* From inside a cgroup namespace, what is outside begins with "/..". */
static void paths_above_the_readers_root(void **state)
{
	CHECK({ "/../../kubepods-burstable-pod" UID_
		".slice/cri-containerd-" ID_A ".scope",
		ID_A, NULL, "containerd", UID },
	      { "/../" ID_A, ID_A, NULL, NULL, NULL },
	      { "/../cri-containerd-" ID_A ".scope", ID_A, NULL, "containerd",
		NULL },
	      { "/../../../../system.slice/docker-" ID_A ".scope", ID_A, NULL,
		"docker", NULL },
	      { "/../..", NULL, NULL, NULL, NULL },
	      { "/../../pod" UID "/" ID_A, ID_A, NULL, NULL, UID });
}

#define HEX_63 "aaaa1111aaaa1111aaaa1111aaaa1111aaaa1111aaaa1111aaaa1111aaaa111"
#define UPPER "AAAA1111AAAA1111AAAA1111AAAA1111AAAA1111AAAA1111AAAA1111AAAA1111"
#define NOT_HEX                                                                \
	"gaaa1111aaaa1111aaaa1111aaaa1111aaaa1111aaaa1111aaaa1111aaaa1111"

static void ids_are_64_lower_hexadecimal_digits(void **state)
{
	CHECK({ "/docker/" HEX_63, NULL, NULL, NULL, NULL },
	      { "/docker/" ID_A "f", NULL, NULL, NULL, NULL },
	      { "/docker/" UPPER, NULL, NULL, NULL, NULL },
	      { "/docker/" NOT_HEX, NULL, NULL, NULL, NULL },
	      { "/docker/", NULL, NULL, NULL, NULL },
	      { "/system.slice/docker-" HEX_63 ".scope", NULL, NULL, NULL,
		NULL },
	      { "/system.slice/docker-" ID_A "0.scope", NULL, NULL, NULL,
		NULL },
	      { "/system.slice/docker-" UPPER ".scope", NULL, NULL, NULL,
		NULL },
	      { "/crio-" HEX_63, NULL, NULL, NULL, NULL },
	      { "/libpod-" ID_A "00", NULL, NULL, NULL, NULL });
}

static void every_digit_is_a_digit(void **state)
{
	static const char id[] =
		"0123456789abcdef0123456789abcdeffedcba9876543210fedcba9876543210";
	struct cgroup_identity got;
	char path[128];

	snprintf(path, sizeof(path), "/docker/%s", id);
	assert_int_equal(cgroup_identify(*state, path, &got), 0);
	assert_string_equal(got.id, id);
}

static void components_are_matched_whole(void **state)
{
	CHECK({ "/xdocker-" ID_A ".scope", NULL, NULL, NULL, NULL },
	      { "/docker-" ID_A ".scope.d", NULL, NULL, NULL, NULL },
	      { "/docker-" ID_A, NULL, NULL, NULL, NULL },
	      { "/docker-" ID_A ".slice", NULL, NULL, NULL, NULL },
	      { "/docker-.scope", NULL, NULL, NULL, NULL },
	      { "/cri-containerd-" ID_A, NULL, NULL, NULL, NULL },
	      { "/libpod-payload-" ID_A ".scope", NULL, NULL, NULL, NULL });
}

static void pod_components_are_matched_whole(void **state)
{
	CHECK({ "/kubepods/pod1234/" ID_A, ID_A, NULL, NULL, NULL },
	      { "/kubepods/xpod" UID "/" ID_A, ID_A, NULL, NULL, NULL },
	      { "/kubepods/pod" UID "x/" ID_A, ID_A, NULL, NULL, NULL },
	      { "/kubepods/pod" UID ".scope/" ID_A, ID_A, NULL, NULL, NULL },
	      { "/kubepods/pod" UID "0/" ID_A, ID_A, NULL, NULL, NULL });
}

/*
 * A container may make any cgroup below its own. That must not take it out of
 * the container: at most, it becomes one more container inside.
 */
static void decoys_keep_the_true_container(void **state)
{
	CHECK({ GUARD_SLICE "/cri-containerd-" ID_A ".scope/docker-" ID_B
			    ".scope",
		ID_B, ID_A, "docker", UID },
	      { GUARD_SLICE "/cri-containerd-" ID_A ".scope/" ID_B, ID_B, ID_A,
		NULL, UID },
	      { GUARD_SLICE "/cri-containerd-" ID_A ".scope/init.scope/x", ID_A,
		NULL, "containerd", UID },
	      { GUARD_SLICE "/cri-containerd-" ID_A ".scope/..", ID_A, NULL,
		"containerd", UID });
}

/* A monitor's name must not make it a process of the node. */
static void decoy_monitors_hide_nothing(void **state)
{
	CHECK({ GUARD_SLICE "/cri-containerd-" ID_A ".scope/crio-conmon-" ID_A,
		ID_A, NULL, "containerd", UID },
	      { "/docker/" ID_A "/libpod-conmon-" ID_B ".scope", ID_A, NULL,
		"docker", NULL });
}

/* A pod's name must not move it into that pod: it only counts above an id. */
static void decoy_pods_change_nothing(void **state)
{
	CHECK({ GUARD_SLICE "/cri-containerd-" ID_A ".scope/pod" UID_2, ID_A,
		NULL, "containerd", UID },
	      { "/docker/" ID_A "/kubepods/pod" UID_2, ID_A, NULL, "docker",
		NULL });
}

static void long_components(void **state)
{
	char path[2048];
	struct cgroup_identity got;

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	snprintf(path + 1500, sizeof(path) - 1500, "/docker/" ID_A);
	assert_int_equal(cgroup_identify(*state, path, &got), 0);
	assert_string_equal(got.id, ID_A);
	assert_string_equal(got.runtime, "docker");
	/* A name that is too long is not cut to one that matches. */
	memset(path, 'x', 1500);
	path[0] = '/';
	snprintf(path + 1500, sizeof(path) - 1500, "libpod-" ID_A);
	assert_int_equal(cgroup_identify(*state, path, &got), 0);
	assert_null(got.id);
}

static void identity_tells_a_full_arena(void **state)
{
	struct cgroup_identity got;
	struct arena arena;

	(void)state;
	arena_init(&arena, 8);
	assert_int_equal(cgroup_identify(&arena, "/docker/" ID_A, &got),
			 -ENOMEM);
	assert_int_equal(cgroup_identify(&arena, BURST_FS, &got), -ENOMEM);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(containerd_with_systemd),
		arena_test(containerd_with_cgroupfs),
		arena_test(static_pods),
		arena_test(crio),
		arena_test(docker),
		arena_test(podman),
		arena_test(monitors_are_of_the_node),
		arena_test(monitors_inside_a_container_are_its),
		arena_test(processes_of_the_node),
		arena_test(nested_containers),
		arena_test(paths_above_the_readers_root),
		arena_test(ids_are_64_lower_hexadecimal_digits),
		arena_test(every_digit_is_a_digit),
		arena_test(components_are_matched_whole),
		arena_test(pod_components_are_matched_whole),
		arena_test(decoys_keep_the_true_container),
		arena_test(decoy_monitors_hide_nothing),
		arena_test(decoy_pods_change_nothing),
		arena_test(long_components),
		cmocka_unit_test(identity_tells_a_full_arena),
	};

	return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
