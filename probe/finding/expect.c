// SPDX-License-Identifier: Apache-2.0
/* Parses the operator's declared clients. */
#include "finding/expect.h"

#include <stdbool.h>
#include <string.h>

#include "sockprobe/json.h"
#include "sockprobe/text_safe.h"
#include "sockprobe/util.h"

/* A file of EXPECT_FILE_MAX bytes (input.h) has no more. */
enum { EXPECTED_MAX = 65536 };

static const struct {
	const char *key;
	size_t offset;
} members[] = {
	{ "namespace", offsetof(struct expected, name_space) },
	{ "workload", offsetof(struct expected, workload) },
	{ "image_prefix", offsetof(struct expected, image_prefix) },
	{ "executable", offsetof(struct expected, executable) },
	{ "socket", offsetof(struct expected, socket) },
	{ "why", offsetof(struct expected, why) },
};

/* The item's member with this name; NULL if there is none. */
static const char **expect_member_at(struct expected *item, const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		if (key && strcmp(members[i].key, key) == 0)
			return (const char **)((char *)item +
					       members[i].offset);
	}
	return NULL;
}

static int take_field(struct arena *arena, struct expected *item, size_t idx,
		      const cJSON *field, struct error *error)
{
	const char **place = expect_member_at(item, field->string);
	const char *text = cJSON_GetStringValue(field);

	if (!place)
		return fail(error, EXIT_BAD_INPUT,
			    "--expect: /expected/%zu/%s: no such field", idx,
			    quote_short(field->string).text);
	if (!text || !*text || !is_utf8(text))
		return fail(error, EXIT_BAD_INPUT,
			    "--expect: /expected/%zu/%s: must be a text", idx,
			    field->string);
	if (*place)
		return fail(error, EXIT_BAD_INPUT,
			    "--expect: /expected/%zu/%s: occurs twice", idx,
			    field->string);
	*place = arena_strdup(arena, text);
	return *place ? 0
		      : fail(error, EXIT_INTERNAL, "--expect: out of memory");
}

static int take_item(struct arena *arena, struct expected *item, size_t idx,
		     const cJSON *json, struct error *error)
{
	const cJSON *field;

	if (!cJSON_IsObject(json))
		return fail(error, EXIT_BAD_INPUT,
			    "--expect: /expected/%zu: not an object", idx);
	cJSON_ArrayForEach(field, json) {
		int status = take_field(arena, item, idx, field, error);

		if (status)
			return status;
	}
	if (!item->name_space || !item->socket ||
	    (!item->workload && !item->image_prefix))
		return fail(
			error, EXIT_BAD_INPUT,
			"--expect: /expected/%zu: namespace, socket and one of workload or image_prefix are needed, so that no more clients are declared than intended",
			idx);
	return 0;
}

static int take_list(struct arena *arena, const cJSON *list,
		     struct expected_list *expected, struct error *error)
{
	const cJSON *json;

	cJSON_ArrayForEach(json, list) {
		size_t idx = expected->n;
		struct expected *item = list_add(arena, expected, EXPECTED_MAX);
		int status =
			item ? take_item(arena, item, idx, json, error)
			     : fail(error, EXIT_BAD_INPUT,
				    "--expect: more than %d declared clients",
				    EXPECTED_MAX);

		if (status)
			return status;
	}
	return 0;
}

int expect_parse(struct arena *arena, const char *text, size_t len,
		 struct expected_list *expected, struct error *error)
{
	cJSON *json = cJSON_ParseWithLength(text, len);
	const cJSON *list = json_get(json, "expected");
	int status;

	*expected = (struct expected_list){ 0 };
	if (cJSON_IsArray(list))
		status = take_list(arena, list, expected, error);
	else
		status = fail(
			error, EXIT_BAD_INPUT,
			"--expect: not a JSON object with an array 'expected'");
	cJSON_Delete(json);
	return status;
}
