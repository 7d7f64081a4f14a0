// SPDX-License-Identifier: Apache-2.0
/* The records' formats, well-formed and hostile. */
#include "unit.h"

#include "collect/records.h"

static int record_of(struct arena *arena, enum record_format format,
		     const char *text, struct container *container)
{
	/* No NUL after the bytes: only the length ends them. */
	size_t len = strlen(text);
	char *copy = heap_room(len);
	int err;

	memcpy(copy, text, len);
	err = parse_record(arena, format, copy, len, "/a/record", container);
	free(copy);
	return err;
}

static void recorded(struct arena *arena, enum record_format format,
		     const char *name, struct container *container)
{
	char *text = fixture(name, NULL);

	assert_int_equal(record_of(arena, format, text, container), 0);
	free(text);
}

static void check(const struct sourced *field, const char *value)
{
	if (!value) {
		assert_null(field->value);
		return;
	}
	assert_non_null(field->value);
	assert_string_equal(field->value, value);
	assert_string_equal(field->source, "/a/record");
}

static void check_mount(const struct container *container, size_t i,
			const char *source)
{
	assert_true(i < container->mount_sources.n);
	assert_string_equal(container->mount_sources.at[i], source);
}

/* ---- OCI ---- */

static void oci_containerd_container(void **state)
{
	struct container c = { .id = ID_A };

	recorded(*state, RECORD_OCI, "records/containerd-container.json", &c);
	check(&c.runtime, "containerd");
	check(&c.name, "agent");
	check(&c.image, "registry.example/agent:7.1");
	check(&c.pod_name, "agent-x7k2p");
	check(&c.pod_namespace, "monitoring");
	check(&c.pod_uid, "12345678-90ab-cdef-1234-567890abcdef");
	check(&c.privileged, "false");
	check(&c.created_at, NULL);
	assert_false(c.sandbox);
	assert_non_null(c.mechanism);
	assert_non_null(strstr(c.mechanism, "containerd"));
	/* bind mounts only: by type, or by option */
	assert_int_equal(c.mount_sources.n, 3);
	check_mount(&c, 0,
		    "/var/lib/kubelet/pods/"
		    "12345678-90ab-cdef-1234-567890abcdef/etc-hosts");
	check_mount(&c, 1, "/var/run/docker.sock");
	check_mount(&c, 2, "/");
}

static void oci_containerd_sandbox(void **state)
{
	struct container c = { .id = ID_B };

	recorded(*state, RECORD_OCI, "records/containerd-sandbox.json", &c);
	assert_true(c.sandbox);
	check(&c.runtime, "containerd");
	check(&c.name, NULL);
	check(&c.image, "registry.example/pause:3.10");
	check(&c.pod_name, "agent-x7k2p");
	check(&c.pod_namespace, "monitoring");
	check(&c.pod_uid, NULL);
	check(&c.privileged, "true");
	assert_int_equal(c.mount_sources.n, 0);
}

static void oci_crio_with_flat_labels(void **state)
{
	struct container c = { .id = ID_C };

	recorded(*state, RECORD_OCI, "records/crio-container.json", &c);
	check(&c.runtime, "cri-o");
	check(&c.name, "web");
	check(&c.image, "registry.example/web:1");
	check(&c.pod_name, "web-0");
	check(&c.pod_namespace, "shop");
	check(&c.pod_uid, "99999999-90ab-cdef-1234-567890abcdef");
	check(&c.created_at, "2026-11-23T15:40:00.123456789+02:00");
	assert_int_equal(c.created.tv_sec, 1795441200);
	assert_int_equal(c.created.tv_nsec, 123456789);
	/* CAP_SYS_ADMIN alone is not "privileged". */
	check(&c.privileged, "false");
	assert_non_null(strstr(c.mechanism, "CRI-O"));
	assert_int_equal(c.mount_sources.n, 1);
	check_mount(&c, 0, "/run/crio");
}

static void oci_podman(void **state)
{
	struct container c = { .id = ID_A };

	recorded(*state, RECORD_OCI, "records/podman.json", &c);
	check(&c.runtime, "podman");
	check(&c.privileged, "true");
	check(&c.name, NULL);
	/* podman refuses a missing mount source, so it creates none. */
	assert_null(c.mechanism);
	assert_int_equal(c.mount_sources.n, 1);
	check_mount(&c, 0, "/run/podman/podman.sock");
}

static void oci_first_record_wins(void **state)
{
	struct container c = {
		.id = ID_A,
		.name = { .value = "known", .source = "/before" },
	};

	assert_int_equal(
		record_of(*state, RECORD_OCI,
			  "{\"annotations\":{"
			  "\"io.kubernetes.cri.container-name\":\"late\","
			  "\"io.kubernetes.cri.image-name\":\"i\"}}",
			  &c),
		0);
	assert_string_equal(c.name.value, "known");
	assert_string_equal(c.name.source, "/before");
	check(&c.image, "i");
	check(&c.runtime, NULL);
	check(&c.privileged, NULL);
}

static void oci_bind_is_a_whole_word(void **state)
{
	struct container c = { .id = ID_A };

	assert_int_equal(
		record_of(*state, RECORD_OCI,
			  "{\"mounts\":["
			  "{\"source\":\"/a\",\"destination\":\"/a\","
			  "\"type\":\"binder\",\"options\":[\"unbindable\"]},"
			  "{\"source\":\"/b\",\"destination\":\"/b\","
			  "\"type\":\"none\",\"options\":[\"ro\",\"bind\"]},"
			  "{\"source\":\"/c\",\"type\":\"bind\"},"
			  "{\"destination\":\"/d\",\"type\":\"bind\"}]}",
			  &c),
		0);
	assert_int_equal(c.mount_sources.n, 1);
	check_mount(&c, 0, "/b");
}

static void oci_mounts_have_a_bound(void **state)
{
	enum { MANY = 5000 };
	struct container c = { .id = ID_A };
	char *text = heap_room(MANY * 64);
	char *at = text;

	at += sprintf(at, "{\"mounts\":[");
	for (int i = 0; i < MANY; i++)
		at += sprintf(at,
			      "%s{\"type\":\"bind\",\"source\":\"/s%d\","
			      "\"destination\":\"/d\"}",
			      i ? "," : "", i);
	sprintf(at, "]}");
	assert_int_equal(record_of(*state, RECORD_OCI, text, &c), 0);
	assert_int_equal(c.mount_sources.n, 1024);
	check_mount(&c, 1023, "/s1023");
	assert_true(c.mount_sources_cut);
	free(text);
}

/* ---- dockerd ---- */

static void docker_pod_container(void **state)
{
	struct container c = { .id = ID_A };

	recorded(*state, RECORD_DOCKER, "records/docker-config.v2.json", &c);
	check(&c.runtime, "docker");
	check(&c.name, "agent");
	check(&c.image, "registry.example/agent:7.1");
	check(&c.pod_name, "agent-x7k2p");
	check(&c.pod_namespace, "monitoring");
	check(&c.pod_uid, "12345678-90ab-cdef-1234-567890abcdef");
	check(&c.created_at, "2026-11-23T13:40:00.5Z");
	assert_int_equal(c.created.tv_sec, 1795441200);
	assert_int_equal(c.created.tv_nsec, 500000000);
	check(&c.privileged, NULL);
	assert_false(c.sandbox);
	assert_non_null(strstr(c.mechanism, "dockerd"));
	/* not the volume; one without a type is an old bind */
	assert_int_equal(c.mount_sources.n, 2);
	check_mount(&c, 0, "/var/run/docker.sock");
	check_mount(&c, 1, "/srv/old");
}

static void docker_plain_container(void **state)
{
	struct container c = { .id = ID_A };

	recorded(*state, RECORD_DOCKER, "records/docker-plain.json", &c);
	check(&c.runtime, "docker");
	check(&c.name, "busy_agent");
	check(&c.image, "busybox");
	check(&c.pod_name, NULL);
	assert_int_equal(c.mount_sources.n, 0);
}

static void docker_sandbox(void **state)
{
	struct container c = { .id = ID_A };

	assert_int_equal(record_of(*state, RECORD_DOCKER,
				   "{\"Config\":{\"Labels\":{"
				   "\"io.kubernetes.docker.type\":"
				   "\"podsandbox\"}}}",
				   &c),
			 0);
	assert_true(c.sandbox);
}

static void docker_hostconfig(void **state)
{
	struct container c = { .id = ID_A };

	recorded(*state, RECORD_DOCKER_HOST, "records/docker-hostconfig.json",
		 &c);
	check(&c.privileged, "true");
	assert_int_equal(record_of(*state, RECORD_DOCKER_HOST,
				   "{\"Privileged\":false}", &c),
			 0);
	check(&c.privileged, "false");
	/* a record without the field changes nothing */
	assert_int_equal(record_of(*state, RECORD_DOCKER_HOST,
				   "{\"Privileged\":\"true\"}", &c),
			 0);
	check(&c.privileged, "false");
	check(&c.runtime, NULL);
}

/* ---- containers/storage ---- */

static void storage_index_of_podman(void **state)
{
	struct container c = { .id = ID_B };

	recorded(*state, RECORD_STORAGE_INDEX,
		 "records/storage-containers.json", &c);
	check(&c.name, "web");
	check(&c.image, "registry.example/web:1");
	check(&c.created_at, "2026-11-23T13:40:00.75Z");
	assert_int_equal(c.created.tv_sec, 1795441200);
	assert_int_equal(c.created.tv_nsec, 750000000);
	/* podman and CRI-O share it */
	check(&c.runtime, NULL);
}

static void storage_index_of_crio(void **state)
{
	struct container c = { .id = ID_C };

	recorded(*state, RECORD_STORAGE_INDEX,
		 "records/storage-containers.json", &c);
	check(&c.name,
	      "k8s_web_web-0_shop_99999999-90ab-cdef-1234-567890abcdef_0");
	check(&c.image, "registry.example/web:2");
	check(&c.created_at, "2026-11-23T13:41:00Z");
}

static void storage_index_with_names_only(void **state)
{
	struct container c = { .id = ID_A };

	recorded(*state, RECORD_STORAGE_INDEX,
		 "records/storage-containers.json", &c);
	check(&c.name, "only-names");
	check(&c.image, NULL);
	check(&c.created_at, NULL);
	assert_int_equal(c.created.tv_sec, 0);
}

static void storage_index_without_the_container(void **state)
{
	struct container c = { .id = "dddd4444dddd4444dddd4444dddd4444"
				     "dddd4444dddd4444dddd4444dddd4444" };

	recorded(*state, RECORD_STORAGE_INDEX,
		 "records/storage-containers.json", &c);
	check(&c.name, NULL);
	check(&c.image, NULL);
	check(&c.created_at, NULL);
}

static void storage_metadata_that_is_no_json(void **state)
{
	struct container c = { .id = ID_A };

	assert_int_equal(record_of(*state, RECORD_STORAGE_INDEX,
				   "[null,7,\"x\",{\"id\":7},{\"id\":\"" ID_A
				   "\",\"metadata\":\"{broken\","
				   "\"names\":[\"n\"],\"created\":\"soon\"}]",
				   &c),
			 0);
	check(&c.name, "n");
	check(&c.image, NULL);
	check(&c.created_at, "soon");
	assert_int_equal(c.created.tv_sec, 0);
}

/* ---- hostile ---- */

static const enum record_format all_formats[] = { RECORD_OCI, RECORD_DOCKER,
						  RECORD_DOCKER_HOST,
						  RECORD_STORAGE_INDEX };

static void hostile_texts_are_no_records(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"null",
		"true",
		"7",
		"\"x\"",
		"{",
		"[",
		"{\"a\"",
		"[{]",
		"\xff",
		"<xml/>",
		"{\"annotations\":{\"a\":\"b\"}",
		"not json at all",
	};

	for (size_t f = 0; f < ARRAY_SIZE(all_formats); f++) {
		for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
			struct container c = { .id = ID_A };

			assert_int_equal(record_of(*state, all_formats[f],
						   bad[i], &c),
					 -EINVAL);
			assert_null(c.name.value);
			assert_null(c.runtime.value);
		}
	}
}

static void hostile_outer_types(void **state)
{
	struct container c = { .id = ID_A };

	assert_int_equal(record_of(*state, RECORD_OCI, "[]", &c), -EINVAL);
	assert_int_equal(record_of(*state, RECORD_DOCKER, "[]", &c), -EINVAL);
	assert_int_equal(record_of(*state, RECORD_DOCKER_HOST, "[]", &c),
			 -EINVAL);
	assert_int_equal(record_of(*state, RECORD_STORAGE_INDEX, "{}", &c),
			 -EINVAL);
	assert_int_equal(record_of(*state, RECORD_OCI, "{}", &c), 0);
	assert_int_equal(record_of(*state, RECORD_STORAGE_INDEX, "[]", &c), 0);
	assert_null(c.name.value);
}

static void hostile_types_everywhere(void **state)
{
	static const char *const values[] = {
		"null", "true",		  "-1e999",
		"\"\"", "\"text\"",	  "[]",
		"{}",	"[[],[{}],null]", "{\"a\":{\"b\":[1]}}",
	};
	char text[2048];

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		const char *v = values[i];
		struct container c = { .id = ID_A };

		snprintf(text, sizeof(text),
			 "{\"annotations\":%s,\"process\":%s,\"linux\":%s,"
			 "\"mounts\":%s}",
			 v, v, v, v);
		assert_int_equal(record_of(*state, RECORD_OCI, text, &c), 0);
		snprintf(text, sizeof(text),
			 "{\"annotations\":{"
			 "\"io.kubernetes.cri.sandbox-name\":%s,"
			 "\"io.kubernetes.cri-o.Created\":%s},"
			 "\"process\":{\"capabilities\":{\"bounding\":%s}},"
			 "\"linux\":{\"maskedPaths\":%s},"
			 "\"mounts\":[%s,{\"type\":%s,\"options\":%s,"
			 "\"source\":%s,\"destination\":%s}]}",
			 v, v, v, v, v, v, v, v, v);
		assert_int_equal(record_of(*state, RECORD_OCI, text, &c), 0);
		assert_int_equal(c.mount_sources.n, 0);
		snprintf(text, sizeof(text),
			 "{\"Config\":%s,\"Name\":%s,\"Created\":%s,"
			 "\"MountPoints\":%s}",
			 v, v, v, v);
		assert_int_equal(record_of(*state, RECORD_DOCKER, text, &c), 0);
		snprintf(text, sizeof(text),
			 "{\"Config\":{\"Labels\":%s,\"Image\":%s},"
			 "\"MountPoints\":{\"a\":%s}}",
			 v, v, v);
		assert_int_equal(record_of(*state, RECORD_DOCKER, text, &c), 0);
		snprintf(text, sizeof(text), "{\"Privileged\":%s}", v);
		assert_int_equal(
			record_of(*state, RECORD_DOCKER_HOST, text, &c), 0);
		snprintf(text, sizeof(text),
			 "[%s,{\"id\":%s},{\"id\":\"" ID_A
			 "\",\"names\":%s,\"metadata\":%s,\"created\":%s}]",
			 v, v, v, v, v);
		assert_int_equal(
			record_of(*state, RECORD_STORAGE_INDEX, text, &c), 0);
	}
}

static void hostile_nesting(void **state)
{
	enum { DEEP = 200000 };
	char *text = heap_room(DEEP + 64);

	for (size_t f = 0; f < ARRAY_SIZE(all_formats); f++) {
		struct container c = { .id = ID_A };

		memset(text, '[', DEEP);
		text[DEEP] = '\0';
		assert_int_equal(record_of(*state, all_formats[f], text, &c),
				 -EINVAL);
	}
	/* Closed, and inside an object. */
	memcpy(text, "{\"mounts\":", 10);
	memset(text + 10, '[', 50000);
	memset(text + 50010, ']', 50000);
	strcpy(text + 100010, "}");
	{
		struct container c = { .id = ID_A };

		assert_int_equal(record_of(*state, RECORD_OCI, text, &c),
				 -EINVAL);
	}
	free(text);
}

static void hostile_truncation_at_every_byte(void **state)
{
	char *text = fixture("records/containerd-container.json", NULL);
	size_t len = (size_t)(strrchr(text, '}') - text);

	for (size_t end = 0; end <= len; end++) {
		struct container c = { .id = ID_A };
		char *copy = heap_room(end);

		memcpy(copy, text, end);
		assert_int_equal(parse_record(*state, RECORD_OCI, copy, end,
					      "/a/record", &c),
				 -EINVAL);
		assert_null(c.name.value);
		free(copy);
	}
	free(text);
}

/* An empty or much too long text is not a name. */
static void hostile_lengths(void **state)
{
	char *text = heap_room(20000);
	char name[5001];
	struct container c = { .id = ID_A };

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	sprintf(text,
		"{\"annotations\":{\"io.kubernetes.cri.container-name\":\"%s\","
		"\"io.kubernetes.cri.image-name\":\"\"}}",
		name);
	assert_int_equal(record_of(*state, RECORD_OCI, text, &c), 0);
	check(&c.name, NULL);
	check(&c.image, NULL);
	name[4096] = '\0';
	sprintf(text,
		"{\"annotations\":"
		"{\"io.kubernetes.cri.container-name\":\"%s\"}}",
		name);
	assert_int_equal(record_of(*state, RECORD_OCI, text, &c), 0);
	check(&c.name, name);
	free(text);
}

/* The names in an index have the same limits as all other texts. */
static void hostile_lengths_in_an_index(void **state)
{
	char *text = heap_room(20000);
	char name[5001];
	struct container c = { .id = ID_A };

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	sprintf(text, "[{\"id\":\"" ID_A "\",\"names\":[\"%s\"]}]", name);
	assert_int_equal(record_of(*state, RECORD_STORAGE_INDEX, text, &c), 0);
	check(&c.name, NULL);
	assert_int_equal(record_of(*state, RECORD_STORAGE_INDEX,
				   "[{\"id\":\"" ID_A "\",\"names\":[\"\"]}]",
				   &c),
			 0);
	check(&c.name, NULL);
	free(text);
}

/* 1 MB of text, of which cJSON would make 50 MB; more for a larger file. */
static void record_of_too_many_values(void **state)
{
	enum { MOST = 500000 };
	char *text = heap_room((size_t)MOST * 2 + 64);
	char *end = text + sprintf(text, "{\"ociVersion\":\"1.1.0\",\"x\":[");
	cJSON *json;

	(void)state;
	/* The beginning has three of those that count. */
	for (int i = 0; i < MOST - 3; i++, end += 2)
		memcpy(end, "0,", 2);
	memcpy(end, "0]}", 4);
	json = record_json(RECORD_OCI, text, strlen(text));
	assert_non_null(json);
	cJSON_Delete(json);
	memcpy(end, "0,0]}", 6);
	assert_null(record_json(RECORD_OCI, text, strlen(text)));
	free(text);
}

static void record_tells_a_full_arena(void **state)
{
	struct container c = { .id = ID_A };
	struct arena arena;

	(void)state;
	arena_init(&arena, 2);
	assert_int_equal(
		record_of(&arena, RECORD_OCI,
			  "{\"annotations\":"
			  "{\"io.kubernetes.cri.container-name\":\"long\"}}",
			  &c),
		-ENOMEM);
	arena_free(&arena);
}

/* ---- times ---- */

/* dockerd writes Go's zero time for an event that has not happened. */
static void zero_time_is_no_time(void **state)
{
	struct container c = { .id = ID_A };

	assert_int_equal(record_of(*state, RECORD_DOCKER,
				   "{\"Created\":\"0001-01-01T00:00:00Z\"}",
				   &c),
			 0);
	assert_int_equal(c.created.tv_sec, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(oci_containerd_container),
		arena_test(oci_containerd_sandbox),
		arena_test(oci_crio_with_flat_labels),
		arena_test(oci_podman),
		arena_test(oci_first_record_wins),
		arena_test(oci_bind_is_a_whole_word),
		arena_test(oci_mounts_have_a_bound),
		arena_test(docker_pod_container),
		arena_test(docker_plain_container),
		arena_test(docker_sandbox),
		arena_test(docker_hostconfig),
		arena_test(storage_index_of_podman),
		arena_test(storage_index_of_crio),
		arena_test(storage_index_with_names_only),
		arena_test(storage_index_without_the_container),
		arena_test(storage_metadata_that_is_no_json),
		arena_test(hostile_texts_are_no_records),
		arena_test(hostile_outer_types),
		arena_test(hostile_types_everywhere),
		arena_test(hostile_nesting),
		arena_test(hostile_truncation_at_every_byte),
		arena_test(hostile_lengths),
		arena_test(hostile_lengths_in_an_index),
		cmocka_unit_test(record_of_too_many_values),
		cmocka_unit_test(record_tells_a_full_arena),
		arena_test(zero_time_is_no_time),
	};

	return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
