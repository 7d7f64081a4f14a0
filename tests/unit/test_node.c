// SPDX-License-Identifier: Apache-2.0
/* Kubelet configurations and os-release. */
#include "unit.h"

#include "collect/node.h"
#include "sockprobe/vocabulary.h"

static void check_kubelet(struct arena *arena, int format, const char *text,
			  const char *expected)
{
	char *copy = heap_text(text);
	const char *path = parse_kubelet(arena, format, copy, strlen(copy));

	free(copy);
	if (!expected) {
		if (path)
			fail_msg("%s gave %s", text, path);
		return;
	}
	if (!path || strcmp(path, expected) != 0)
		fail_msg("%s gave %s, not %s", text, path ? path : "none",
			 expected);
}

static void check_fixture(struct arena *arena, int format, const char *name,
			  const char *expected)
{
	char *text = fixture(name, NULL);

	check_kubelet(arena, format, text, expected);
	free(text);
}

static void kubelet_recorded(void **state)
{
	check_fixture(*state, KUBELET_JSON, "node/kubelet.json",
		      "/run/containerd/containerd.sock");
	check_fixture(*state, KUBELET_YAML, "node/kubelet.yaml",
		      "/var/run/crio/crio.sock");
	check_fixture(*state, KUBELET_FLAGS, "node/kubeadm-flags.env",
		      "/var/run/cri-dockerd.sock");
	check_fixture(*state, KUBELET_FLAGS, "node/10-kubelet-args.conf",
		      "/run/containerd/containerd.sock");
}

static void kubelet_json(void **state)
{
	check_kubelet(*state, KUBELET_JSON,
		      "{\"containerRuntimeEndpoint\":\"/run/bare.sock\"}",
		      "/run/bare.sock");
	check_kubelet(*state, KUBELET_JSON,
		      "{\"containerRuntimeEndpoint\":\"\"}", NULL);
	check_kubelet(*state, KUBELET_JSON,
		      "{\"containerRuntimeEndpoint\":\"unix://\"}", NULL);
	check_kubelet(*state, KUBELET_JSON,
		      "{\"containerRuntimeEndpoint\":\"unix:///\"}", NULL);
	check_kubelet(*state, KUBELET_JSON,
		      "{\"containerRuntimeEndpoint\":\"unix://relative\"}",
		      NULL);
	check_kubelet(*state, KUBELET_JSON,
		      "{\"containerRuntimeEndpoint\":\"tcp://10.0.0.1:9\"}",
		      NULL);
	check_kubelet(*state, KUBELET_JSON, "{\"containerRuntimeEndpoint\":7}",
		      NULL);
	check_kubelet(*state, KUBELET_JSON,
		      "{\"nested\":{\"containerRuntimeEndpoint\":\"/x/y\"}}",
		      NULL);
	check_kubelet(*state, KUBELET_JSON,
		      "{\"containerruntimeendpoint\":\"/x/y\"}", NULL);
	check_kubelet(*state, KUBELET_JSON, "{}", NULL);
	check_kubelet(*state, KUBELET_JSON, "", NULL);
	check_kubelet(*state, KUBELET_JSON,
		      "{\"containerRuntimeEndpoint\":\"/x", NULL);
}

static void kubelet_yaml(void **state)
{
	check_kubelet(*state, KUBELET_YAML,
		      "containerRuntimeEndpoint: unix:///run/a.sock # why\n",
		      "/run/a.sock");
	check_kubelet(*state, KUBELET_YAML,
		      "containerRuntimeEndpoint: 'unix:///run/a.sock'\r\n",
		      "/run/a.sock");
	check_kubelet(*state, KUBELET_YAML,
		      "a: b\ncontainerRuntimeEndpoint:   /run/a.sock",
		      "/run/a.sock");
	check_kubelet(*state, KUBELET_YAML,
		      "containerRuntimeEndpoint: \"\"\nx: /run/a.sock\n", NULL);
	check_kubelet(*state, KUBELET_YAML,
		      "containerRuntimeEndpoint:\nx: /run/a.sock\n", NULL);
	check_kubelet(*state, KUBELET_YAML,
		      "# containerRuntimeEndpoint: unix:///run/a.sock\n", NULL);
	check_kubelet(*state, KUBELET_YAML,
		      "xcontainerRuntimeEndpoint: unix:///run/a.sock\n"
		      "containerRuntimeEndpoint: unix:///run/b.sock\n",
		      "/run/b.sock");
	check_kubelet(*state, KUBELET_YAML, "", NULL);
}

static void kubelet_flags(void **state)
{
	check_kubelet(*state, KUBELET_FLAGS,
		      "--container-runtime-endpoint=unix:///run/a.sock",
		      "/run/a.sock");
	check_kubelet(*state, KUBELET_FLAGS,
		      "X=\"--container-runtime-endpoint='/run/a.sock' --v=2\"",
		      "/run/a.sock");
	check_kubelet(*state, KUBELET_FLAGS,
		      "--container-runtime-endpoint=unix:///run/a.sock\\\n-v",
		      "/run/a.sock");
	check_kubelet(*state, KUBELET_FLAGS,
		      "--container-runtime-endpoint=$SOCKET", NULL);
	check_kubelet(*state, KUBELET_FLAGS,
		      "--container-runtime-endpoint=npipe:////./pipe/x", NULL);
	check_kubelet(*state, KUBELET_FLAGS, "--container-runtime-endpoint",
		      NULL);
	check_kubelet(*state, KUBELET_FLAGS, "--container-runtime=remote",
		      NULL);
	check_kubelet(*state, KUBELET_FLAGS, "", NULL);
}

/* A flag without a value must not hide another with one. */
static void kubelet_flags_go_on_behind_a_useless_one(void **state)
{
	check_kubelet(*state, KUBELET_FLAGS,
		      "A=--container-runtime-endpoint=$SOCKET\n"
		      "B=--container-runtime-endpoint=unix:///run/b.sock\n",
		      "/run/b.sock");
}

static void kubelet_too_long_a_path(void **state)
{
	char text[PATH_MAX + 128];
	int len = sprintf(text, "containerRuntimeEndpoint: /");

	memset(text + len, 'x', PATH_MAX);
	strcpy(text + len + PATH_MAX, "\n");
	check_kubelet(*state, KUBELET_YAML, text, NULL);
}

static void check_os(struct arena *arena, const char *text, const char *key,
		     const char *expected)
{
	const char *value = parse_os_release(arena, text, key);

	if (!expected) {
		assert_null(value);
		return;
	}
	assert_non_null(value);
	assert_string_equal(value, expected);
}

static void os_release_recorded(void **state)
{
	char *text = fixture("node/os-release", NULL);

	check_os(*state, text, "PRETTY_NAME", "Amazon Linux 2023.9.20260714");
	check_os(*state, text, "NAME", "Amazon Linux");
	check_os(*state, text, "ID", "amzn");
	check_os(*state, text, "ANSI_COLOR", "0;33");
	check_os(*state, text, "EMPTY", NULL);
	check_os(*state, text, "QUOTED_EMPTY", NULL);
	check_os(*state, text, "LAST", "unfinished");
	check_os(*state, text, "PRETTY", NULL);
	check_os(*state, text, "MISSING", NULL);
	free(text);
}

static void os_release_odd_texts(void **state)
{
	check_os(*state, "", "NAME", NULL);
	check_os(*state, "\n\n", "NAME", NULL);
	check_os(*state, "NAME", "NAME", NULL);
	check_os(*state, "NAME=", "NAME", NULL);
	check_os(*state, "NAME=\"", "NAME", "\"");
	check_os(*state, "NAME=\"a'", "NAME", "\"a'");
	check_os(*state, "=x\nNAME=y", "NAME", "y");
	check_os(*state, " NAME=x", "NAME", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(kubelet_recorded),
		arena_test(kubelet_json),
		arena_test(kubelet_yaml),
		arena_test(kubelet_flags),
		arena_test(kubelet_flags_go_on_behind_a_useless_one),
		arena_test(kubelet_too_long_a_path),
		arena_test(os_release_recorded),
		arena_test(os_release_odd_texts),
	};

	return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
