// SPDX-License-Identifier: Apache-2.0
/* The rule on clients that the operator declared. */
#include <string.h>

#include "judge/rules.h"

/* A field that is not declared matches everything. */
static bool agrees(const char *wanted, const char *found)
{
	return !wanted || same_text(wanted, found);
}

/* registry.example/tools is a prefix of registry.example/tools/x:1 only. */
static bool image_agrees(const char *wanted, const char *image)
{
	size_t len = wanted ? strlen(wanted) : 0;

	if (!wanted)
		return true;
	return image && strncmp(image, wanted, len) == 0 &&
	       (image[len] == '/' || image[len] == '\0');
}

static bool matches(const struct judged *judged,
		    const struct expected *expected)
{
	const struct finding *finding = judged->finding;
	const struct doc_pod *pod = judged->container->pod;
	/*
	 * Compare with what the node shows of the container, not with the
	 * finding's claim.
	 */
	const char *name_space = pod && pod->name_space ? pod->name_space
							: finding->name_space;

	return agrees(expected->name_space, name_space) &&
	       (agrees(expected->workload, finding->workload_name) ||
		agrees(expected->workload, pod ? pod->name : NULL)) &&
	       image_agrees(expected->image_prefix, judged->container->image) &&
	       agrees(expected->executable, finding->executable_path) &&
	       agrees(expected->socket, finding->socket_path);
}

bool rule_expected(struct judged *judged)
{
	const struct expected_list *declared = &judged->doc->expected;

	for (size_t i = 0; i < declared->n; i++) {
		const char *why = declared->at[i].why;

		if (!matches(judged, &declared->at[i]))
			continue;
		add_reason(
			judged, "expected", TRI_YES, "",
			"the operator declared this client expected (entry %zu%s%s): the operator's word, not evidence",
			i, why ? ": " : "",
			why ? verdict_words(judged, why) : "");
		add_risk(
			judged, "", "",
			"whoever takes over this container controls the node's runtime: the declaration accepts that");
		return true;
	}
	if (declared->n)
		add_reason(judged, "expected", TRI_NO, "",
			   "the operator declared no such client");
	return false;
}
