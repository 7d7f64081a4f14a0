// SPDX-License-Identifier: Apache-2.0
/* Reading the operator's declared clients. */
#include "finding/expect.h"

#include <stdbool.h>
#include <string.h>

#include "sockprobe/json.h"
#include "sockprobe/util.h"

static const char *const known_keys[] = { "namespace",	  "workload",
					  "image_prefix", "executable",
					  "socket",	  "why" };

static bool is_known(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_keys); i++) {
		if (key && strcmp(known_keys[i], key) == 0)
			return true;
	}
	return false;
}

static int check_item(const cJSON *item, int idx, struct error *error)
{
	const cJSON *field;

	if (!cJSON_IsObject(item))
		return fail(error, EXIT_BAD_INPUT,
			    "--expect: /expected/%d: not an object", idx);
	cJSON_ArrayForEach(field, item) {
		if (!is_known(field->string))
			return fail(error, EXIT_BAD_INPUT,
				    "--expect: /expected/%d/%s: no such field",
				    idx, field->string ? field->string : "");
		if (!cJSON_IsString(field) || !*field->valuestring)
			return fail(error, EXIT_BAD_INPUT,
				    "--expect: /expected/%d/%s: must be a text",
				    idx, field->string);
	}
	if (!json_text(item, "namespace") || !json_text(item, "socket") ||
	    (!json_text(item, "workload") && !json_text(item, "image_prefix")))
		return fail(
			error, EXIT_BAD_INPUT,
			"--expect: /expected/%d: namespace, socket and one of workload or image_prefix are needed, so that no more is expected than is meant",
			idx);
	return 0;
}

int expect_parse(const char *text, size_t len, cJSON **expected,
		 struct error *error)
{
	cJSON *json = cJSON_ParseWithLength(text, len);
	cJSON *list = cJSON_DetachItemFromObjectCaseSensitive(json, "expected");
	const cJSON *item;
	int status = 0;
	int idx = 0;

	cJSON_Delete(json);
	*expected = NULL;
	if (!cJSON_IsArray(list)) {
		cJSON_Delete(list);
		return fail(
			error, EXIT_BAD_INPUT,
			"--expect: not a JSON object with an array 'expected'");
	}
	cJSON_ArrayForEach(item, list) {
		if (!status)
			status = check_item(item, idx, error);
		idx++;
	}
	if (status)
		cJSON_Delete(list);
	else
		*expected = list;
	return status;
}
