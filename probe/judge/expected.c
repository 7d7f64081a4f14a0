// SPDX-License-Identifier: Apache-2.0
/* The rule that asks for a client which the operator declared. */
#include <string.h>

#include "judge/verdict.h"

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

	cJSON_ArrayForEach(declared, judged->expected) {
		const char *why = json_text(declared, "why");

		if (matches(judged, declared)) {
			add_reason(
				judged, "expected", TRI_YES, "",
				"the operator declared this client expected (entry %d%s%s): the operator's word, not evidence",
				idx, why ? ": " : "", why ? why : "");
			add_risk(
				judged, "",
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
