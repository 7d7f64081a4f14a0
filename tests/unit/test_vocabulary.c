// SPDX-License-Identifier: Apache-2.0
/* The tables of vocabulary.h: their form, and the functions that read them. */
#include "unit.h"

#include <cjson/cJSON.h>
#include <regex.h>

#include "sockprobe/vocabulary.h"

#define FOR_EACH_RUNTIME(r)                                                    \
	for (const struct runtime *r = runtimes; r->name; r++)

/* The number of rows before the one that ends the list. */
#define COUNT(list, first)                                                     \
	({                                                                     \
		size_t n_ = 0;                                                 \
		while (n_ < ARRAY_SIZE(list) && (list)[n_].first)              \
			n_++;                                                  \
		n_;                                                            \
	})

/* Texts that must be unique. */
struct seen {
	const char *texts[256];
	size_t n;
};

static void see(struct seen *seen, const char *text)
{
	for (size_t i = 0; i < seen->n; i++) {
		if (strcmp(seen->texts[i], text) == 0)
			fail_msg("%s stands there twice", text);
	}
	assert_true(seen->n < ARRAY_SIZE(seen->texts));
	seen->texts[seen->n++] = text;
}

static void check_path(const char *path)
{
	if (path[0] != '/' || strstr(path, "//") || strstr(path, "/./") ||
	    strstr(path, "/../") || has_suffix(path, "/"))
		fail_msg("%s is not an absolute path without detour", path);
}

/* Each list within a block ends with a row of NULL. */
static void lists_end(void **state)
{
	(void)state;
	FOR_EACH_RUNTIME(r)
	{
		size_t engines = 0;

		while (engines < MAX_ENGINES && r->engines[engines])
			engines++;
		assert_true(engines < MAX_ENGINES);
		assert_true(COUNT(r->sockets, path) < MAX_RUNTIME_SOCKETS);
		assert_true(COUNT(r->cgroups, prefix) < MAX_CGROUP_FORMS);
		assert_true(COUNT(r->marks, key) < MAX_RECORD_MARKS);
		assert_true(COUNT(r->records, dir) < MAX_RECORD_PLACES);
	}
}

/* The schema's own pattern for the name of a runtime. */
static void compile_name_pattern(regex_t *regex)
{
	char *text = fixture(
		"../../packaging/schema/sockprobe-evidence-v1.schema.json",
		NULL);
	cJSON *schema = cJSON_Parse(text);
	const char *pattern;

	free(text);
	pattern = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(
			cJSON_GetObjectItemCaseSensitive(schema, "$defs"),
			"runtime_name"),
		"pattern"));
	assert_non_null(pattern);
	assert_int_equal(regcomp(regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	cJSON_Delete(schema);
}

static void names(void **state)
{
	struct seen seen = { 0 };
	regex_t pattern;

	(void)state;
	compile_name_pattern(&pattern);
	FOR_EACH_RUNTIME(r)
	{
		see(&seen, r->name);
		if (regexec(&pattern, r->name, 0, NULL, 0) != 0)
			fail_msg("%s is no name by the schema", r->name);
		assert_string_not_equal(r->name, "unknown");
		assert_ptr_equal(runtime_by_name(r->name), r);
	}
	regfree(&pattern);
	assert_true(seen.n > 0);
	assert_null(runtime_by_name("unknown"));
	assert_null(runtime_by_name(""));
}

/* A block with sockets has an engine, and no socket is in two blocks. */
static void sockets(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	FOR_EACH_RUNTIME(r)
	{
		if (r->sockets[0].path && !r->engines[0])
			fail_msg("%s: nobody serves its sockets", r->name);
		for (const char *const *engine = r->engines; *engine; engine++)
			assert_true(**engine && !strchr(*engine, '/'));
		for (const struct runtime_socket *s = r->sockets; s->path;
		     s++) {
			check_path(s->path);
			see(&seen, s->path);
			/*
			 * written below /run; the name below /var/run is
			 * derived from it
			 */
			assert_false(has_prefix(s->path, "/var/run/"));
			assert_non_null(known_basename(path_basename(s->path)));
		}
	}
	assert_true(seen.n > 0);
}

static void cgroup_forms(void **state)
{
	struct seen seen = { 0 };
	char *texts[64];
	size_t n = 0;

	(void)state;
	FOR_EACH_RUNTIME(r)
	{
		for (const struct cgroup_form *f = r->cgroups; f->prefix; f++) {
			char *text = heap_room(128);

			assert_non_null(f->suffix);
			/* a bare id would not identify the runtime */
			assert_true(*f->prefix || f->parent);
			snprintf(text, 128, "%s/%sID%s",
				 f->parent ? f->parent : "*", f->prefix,
				 f->suffix);
			see(&seen, text);
			assert_true(n < ARRAY_SIZE(texts));
			texts[n++] = text;
		}
	}
	assert_true(n > 0);
	while (n)
		free(texts[--n]);
}

static void record_places(void **state)
{
	struct seen seen = { 0 };
	char *texts[64];
	size_t n = 0;

	(void)state;
	FOR_EACH_RUNTIME(r)
	{
		for (const struct record_place *p = r->records; p->dir; p++) {
			char *text = heap_room(256);
			const char *id = strchr(p->dir, '%');

			check_path(p->dir);
			assert_true(*p->file && !strchr(p->file, '/'));
			/*
			 * an index has no id; others have one, as a whole
			 * component
			 */
			assert_int_equal(p->format == RECORD_STORAGE_INDEX,
					 !id);
			if (id) {
				assert_true(id[-1] == '/');
				assert_true(id[1] == '/' || id[1] == '\0');
				assert_null(strchr(id + 1, '%'));
			}
			snprintf(text, 256, "%s/%s", p->dir, p->file);
			see(&seen, text);
			assert_true(n < ARRAY_SIZE(texts));
			texts[n++] = text;
		}
	}
	assert_true(n > 0);
	while (n)
		free(texts[--n]);
}

/* A mark identifies one runtime: none overlaps with another's. */
static void record_marks(void **state)
{
	size_t n = 0;

	(void)state;
	FOR_EACH_RUNTIME(a)
	{
		for (const struct record_mark *m = a->marks; m->key; m++, n++) {
			FOR_EACH_RUNTIME(b)
			{
				for (const struct record_mark *o = b->marks;
				     o->key; o++)
					assert_true(
						o == m ||
						strcmp(o->key, m->key) ||
						(o->value && m->value &&
						 strcmp(o->value, m->value)));
			}
		}
	}
	assert_true(n > 0);
}

static void kubelet_configurations(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	for (const struct kubelet_place *p = kubelet_places; p->path; p++) {
		const char *star = strchr(p->path, '*');

		check_path(p->path);
		see(&seen, p->path);
		assert_true(!star || (star[-1] == '/' && star[1] == '\0'));
	}
	assert_true(seen.n > 0);
}

static void basenames(void **state)
{
	(void)state;
	assert_string_equal(known_basename("docker.sock"), "docker");
	assert_string_equal(known_basename("crio.sock"), "cri-o");
	assert_string_equal(known_basename("podman.sock"), "podman");
	assert_null(known_basename("mysql.sock"));
	assert_null(known_basename("ocker.sock"));
	assert_null(known_basename("*"));
	assert_null(known_basename(""));
}

static void what_an_api_gives(void **state)
{
	(void)state;
	assert_int_equal(runtime_api("/run/docker.sock"), API_NODE_ROOT);
	assert_int_equal(runtime_api("/var/run/docker.sock"), API_NODE_ROOT);
	assert_int_equal(runtime_api("/run/containerd/containerd.sock"),
			 API_NODE_ROOT);
	assert_int_equal(runtime_api("/run/user/1000/docker.sock"), API_USER);
	assert_int_equal(runtime_api("/var/run/user/7/podman/podman.sock"),
			 API_USER);
	assert_int_equal(runtime_api("/run/buildkit/buildkitd.sock"),
			 API_BUILDS);
	assert_int_equal(
		runtime_api(
			"/run/soci-snapshotter-grpc/soci-snapshotter-grpc.sock"),
		API_IMAGES);
	/*
	 * elsewhere the basename decides, and never gives less than
	 * API_NODE_ROOT
	 */
	assert_int_equal(runtime_api("/srv/docker.sock"), API_NODE_ROOT);
	assert_int_equal(runtime_api("/run/user/docker.sock"), API_NODE_ROOT);
	assert_int_equal(runtime_api("/run/user/../docker.sock"),
			 API_NODE_ROOT);
	assert_int_equal(runtime_api("/run/user/1/x/docker.sock"),
			 API_NODE_ROOT);
	assert_int_equal(runtime_api("/x/run/user/1/docker.sock"),
			 API_NODE_ROOT);
	assert_int_equal(runtime_api("/run/mysql.sock"), API_UNKNOWN);
	assert_int_equal(runtime_api(""), API_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_end),
		cmocka_unit_test(names),
		cmocka_unit_test(sockets),
		cmocka_unit_test(cgroup_forms),
		cmocka_unit_test(record_places),
		cmocka_unit_test(record_marks),
		cmocka_unit_test(kubelet_configurations),
		cmocka_unit_test(basenames),
		cmocka_unit_test(what_an_api_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
