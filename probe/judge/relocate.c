// SPDX-License-Identifier: Apache-2.0
/* Locating findings in a saved document; nothing is looked up elsewhere. */
#include "judge/relocate.h"

#include <stdio.h>
#include <string.h>

#include "judge/verdict.h"

/* What the document already knows of this very finding. */
static const cJSON *known_location(const cJSON *document, const cJSON *finding)
{
	const char *id = json_text(finding, "id");
	const cJSON *known;

	cJSON_ArrayForEach(known, json_get(document, "findings")) {
		if (id && json_is(known, "id", id))
			return json_get(known, "located");
	}
	return NULL;
}

static bool has_container(const cJSON *document, const char *id)
{
	const cJSON *container;

	cJSON_ArrayForEach(container, json_get(document, "containers")) {
		if (id && json_is(container, "id", id))
			return true;
	}
	return false;
}

/* The object that `name` is in this container, as a pointer, or "". */
static void find_path(const cJSON *document, const char *container,
		      const char *name, char *pointer, size_t size)
{
	const cJSON *item;
	int idx = 0;

	*pointer = '\0';
	cJSON_ArrayForEach(item, json_get(document, "paths")) {
		if (json_is(item, "view", container) &&
		    path_has_name(item, name))
			snprintf(pointer, size, "/paths/%d", idx);
		idx++;
	}
	cJSON_ArrayForEach(item, json_get(document, "access")) {
		if (!*pointer && json_is(item, "container", container) &&
		    json_is(item, "container_path", name) &&
		    cJSON_IsTrue(json_get(item, "same_inode")))
			snprintf(pointer, size, "%s",
				 json_text(item, "path_ref"));
	}
}

static cJSON *locate(const cJSON *document, const cJSON *finding)
{
	const char *id = json_text(finding, "container_id");
	const char *name = json_text(finding, "socket_path");
	bool here = has_container(document, id);
	cJSON *located = cJSON_CreateObject();
	char pointer[64] = "";

	if (here && name)
		find_path(document, id, name, pointer, sizeof(pointer));
	cJSON_AddItemToObject(located, "container",
			      here ? cJSON_CreateString(id)
				   : cJSON_CreateNull());
	cJSON_AddItemToObject(located, "matched_by",
			      here ? cJSON_CreateString("container id")
				   : cJSON_CreateNull());
	cJSON_AddItemToObject(
		located, "why",
		here ? cJSON_CreateNull()
		     : cJSON_CreateString(
			       "the evidence was not taken for this finding and does not hold its container; run explain on the node"));
	cJSON_AddItemToObject(located, "path_ref",
			      *pointer ? cJSON_CreateString(pointer)
				       : cJSON_CreateNull());
	cJSON_AddStringToObject(located, "process", "unknown");
	return located;
}

void relocate_findings(cJSON *document, cJSON *findings)
{
	cJSON *finding;

	cJSON_ArrayForEach(finding, findings) {
		const cJSON *known = known_location(document, finding);

		cJSON_AddItemToObject(finding, "located",
				      known ? cJSON_Duplicate(known, true)
					    : locate(document, finding));
	}
	if (!json_get(document, "verdicts"))
		cJSON_AddNullToObject(document, "verdicts");
	json_set(document, "findings", findings);
}
