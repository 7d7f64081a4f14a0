// SPDX-License-Identifier: Apache-2.0
/* Counting what a document says; pure, from document to document. */
#include "summary.h"

#include <stdio.h>
#include <string.h>

static const char *text_of(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(object, key));

	return text ? text : "";
}

static const cJSON *list_of(const cJSON *document, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(document, key);
}

bool summary_is_complete(const cJSON *document)
{
	const cJSON *line;

	cJSON_ArrayForEach(line, list_of(document, "coverage"))
	{
		if (strcmp(text_of(line, "status"), "complete") != 0)
			return false;
	}
	return true;
}

static int count_paths(const cJSON *document, const char *key,
		       const char *value, cJSON *names)
{
	const cJSON *path;
	int n = 0;

	cJSON_ArrayForEach(path, list_of(document, "paths"))
	{
		/* What a finding names is another name for what is counted. */
		if (strcmp(text_of(path, key), value) != 0 ||
		    strcmp(text_of(path, "source"), "finding") == 0)
			continue;
		n++;
		if (names &&
		    !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(path,
								   "unlinked")))
			cJSON_AddItemToArray(
				names,
				cJSON_CreateString(text_of(path, "path")));
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

/* Containers that can get at a live socket by a path that is not covered. */
static int count_reaching(const cJSON *document)
{
	const cJSON *container;
	int n = 0;

	cJSON_ArrayForEach(container, list_of(document, "containers"))
	{
		const cJSON *access;
		bool reaches = false;

		if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(container,
								  "self")))
			continue;
		cJSON_ArrayForEach(access, list_of(document, "access"))
		{
			reaches |= strcmp(text_of(access, "container"),
					  text_of(container, "id")) == 0 &&
				   strcmp(text_of(access, "connect_result"),
					  "OK") == 0;
		}
		n += reaches;
	}
	return n;
}

static int count_connections(const cJSON *document)
{
	const cJSON *connection;
	int n = 0;

	cJSON_ArrayForEach(connection, list_of(document, "connections"))
		n += (int)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(
			connection, "count"));
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

const char *summary_fill(cJSON *document)
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
	snprintf(text, sizeof(text),
		 "%d live runtime socket%s, %d inert path%s; %d container%s can connect to a live one, %d connection%s now; evidence %s",
		 live, live == 1 ? "" : "s", inert, inert == 1 ? "" : "s",
		 reaching, reaching == 1 ? "" : "s", connections,
		 connections == 1 ? "" : "s",
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
	return text_of(cJSON_GetObjectItemCaseSensitive(document, "summary"),
		       "text");
}
