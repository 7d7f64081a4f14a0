// SPDX-License-Identifier: Apache-2.0
/* Declared clients: reading them, and the rule that asks for one. */
#include "expect.h"

#include <string.h>

#include "verdict.h"

static const char *const known_keys[] = { "namespace",	"workload",
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
	cJSON_ArrayForEach(field, item)
	{
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
		return fail(error, EXIT_BAD_INPUT,
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
		return fail(error, EXIT_BAD_INPUT,
			    "--expect: not a JSON object with an array 'expected'");
	}
	cJSON_ArrayForEach(item, list)
	{
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

/* A field that is not declared asks for nothing. */
static bool agrees(const cJSON *declared, const char *key, const char *found)
{
	const char *wanted = json_text(declared, key);

	return !wanted || (found && strcmp(wanted, found) == 0);
}

/* registry.example/tools is a prefix of registry.example/tools/x:1 only. */
static bool image_agrees(const cJSON *declared, const char *image)
{
	const char *wanted = json_text(declared, "image_prefix");
	size_t len = wanted ? strlen(wanted) : 0;

	if (!wanted)
		return true;
	return image && strncmp(image, wanted, len) == 0 &&
	       (image[len] == '/' || image[len] == '\0');
}

static bool matches(const struct judged *judged, const cJSON *declared)
{
	const cJSON *finding = judged->finding;
	const cJSON *pod = json_get(judged->container, "pod");
	/* What the node knows of the container counts, not the finding's word. */
	const char *name_space = json_text(pod, "namespace");
	const char *workload = json_text(finding, "workload_name");

	if (!name_space)
		name_space = json_text(finding, "namespace");
	return agrees(declared, "namespace", name_space) &&
	       (agrees(declared, "workload", workload) ||
		agrees(declared, "workload", json_text(pod, "name"))) &&
	       image_agrees(declared, json_text(judged->container, "image")) &&
	       agrees(declared, "executable",
		      json_text(finding, "executable_path")) &&
	       agrees(declared, "socket", json_text(finding, "socket_path"));
}

bool rule_expected(struct judged *judged)
{
	const cJSON *declared;
	int idx = 0;

	cJSON_ArrayForEach(declared, judged->expected)
	{
		const char *why = json_text(declared, "why");

		if (matches(judged, declared)) {
			add_reason(judged, "expected", TRI_YES, "",
				   "the operator declared this client expected (entry %d%s%s): the operator's word, not evidence",
				   idx, why ? ": " : "", why ? why : "");
			add_risk(judged, "",
				 "whoever takes over this container has the node's runtime: the declaration accepts that");
			return true;
		}
		idx++;
	}
	if (judged->expected)
		add_reason(judged, "expected", TRI_NO, "",
			   "the operator declared no such client");
	return false;
}
