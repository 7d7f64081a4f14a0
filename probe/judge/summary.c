// SPDX-License-Identifier: Apache-2.0
/* Counting what a document says; pure, from document to document. */
#include "judge/summary.h"

#include <stdio.h>

#include "sockprobe/json.h"

bool summary_is_complete(const cJSON *document)
{
	const cJSON *line;

	cJSON_ArrayForEach(line, json_get(document, "coverage")) {
		if (!json_is(line, "status", "complete"))
			return false;
	}
	return true;
}

/* Objects whose `key` is `value`, with their names where a list is given. */
static int count_paths(const cJSON *document, const char *key,
		       const char *value, cJSON *names)
{
	const cJSON *path;
	int n = 0;

	cJSON_ArrayForEach(path, json_get(document, "paths")) {
		/* What a finding names is another name for what is counted. */
		if (!json_is(path, key, value) ||
		    json_is(path, "source", "finding"))
			continue;
		n++;
		if (names && !cJSON_IsTrue(json_get(path, "unlinked")))
			cJSON_AddItemToArray(
				names, cJSON_CreateString(
					       json_text_or(path, "path", "")));
	}
	return n;
}

/* Things that stand where a socket should, and can answer nobody. */
static int count_inert(const cJSON *document)
{
	static const char *const kinds[] = { "directory", "regular", "fifo",
					     "device" };
	int n = count_paths(document, "state", "stale", NULL);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		n += count_paths(document, "kind", kinds[i], NULL);
	return n;
}

static bool reaches_live(const cJSON *document, const char *container)
{
	const cJSON *access;

	cJSON_ArrayForEach(access, json_get(document, "access")) {
		if (json_is(access, "container", container) &&
		    json_is(access, "connect_result", "OK"))
			return true;
	}
	return false;
}

/* Containers that can get at a live socket; the probe's own do not count. */
static int count_reaching(const cJSON *document)
{
	const cJSON *container;
	int n = 0;

	cJSON_ArrayForEach(container, json_get(document, "containers")) {
		if (!cJSON_IsTrue(json_get(container, "self")))
			n += reaches_live(document,
					  json_text_or(container, "id", ""));
	}
	return n;
}

static int count_connections(const cJSON *document)
{
	const cJSON *connection;
	int n = 0;

	cJSON_ArrayForEach(connection, json_get(document, "connections"))
		n += json_int(connection, "count");
	return n;
}

static void fill_verdict(cJSON *document)
{
	cJSON *verdict = cJSON_CreateObject();

	cJSON_AddStringToObject(verdict, "decision", "not_judged");
	cJSON_AddStringToObject(verdict, "text",
				"no finding was given to judge");
	cJSON_AddArrayToObject(verdict, "reasons");
	cJSON_AddArrayToObject(verdict, "residual_risks");
	cJSON_ReplaceItemInObjectCaseSensitive(document, "verdict", verdict);
}

static const char *plural(int n)
{
	return n == 1 ? "" : "s";
}

void summary_fill(cJSON *document)
{
	bool complete = summary_is_complete(document);
	cJSON *summary = cJSON_CreateObject();
	cJSON *listening = cJSON_CreateArray();
	cJSON *stale = cJSON_CreateArray();
	cJSON *directories = cJSON_CreateArray();
	int live = count_paths(document, "state", "listening", listening);
	int inert = count_inert(document);
	int reaching = count_reaching(document);
	int connections = count_connections(document);
	char text[256];

	count_paths(document, "state", "stale", stale);
	count_paths(document, "kind", "directory", directories);
	snprintf(
		text, sizeof(text),
		"%d live runtime socket%s, %d inert path%s; %d container%s can connect to a live one, %d connection%s now; evidence %s",
		live, plural(live), inert, plural(inert), reaching,
		plural(reaching), connections, plural(connections),
		complete ? "complete" : "INCOMPLETE");
	cJSON_AddStringToObject(summary, "text", text);
	cJSON_AddBoolToObject(summary, "complete", complete);
	cJSON_AddItemToObject(summary, "listening", listening);
	cJSON_AddItemToObject(summary, "stale", stale);
	cJSON_AddItemToObject(summary, "directories", directories);
	cJSON_AddNumberToObject(summary, "containers_that_can_connect",
				reaching);
	cJSON_AddNumberToObject(summary, "connections", connections);
	cJSON_ReplaceItemInObjectCaseSensitive(document, "summary", summary);
	fill_verdict(document);
}
