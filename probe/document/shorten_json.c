// SPDX-License-Identifier: Apache-2.0
/* The table of what goes, and in which order; pure, from document to document. */
#include "document/shorten.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/document.h"
#include "sockprobe/json.h"
#include "sockprobe/text_safe.h"

#define LEFT_OUT "left_out"

enum cut {
	CUT_TWIN,   /* the only verdict of the list, which "verdict" says too */
	CUT_ABSENT, /* paths where nothing stands */
	CUT_ITEMS,  /* from the list's end */
	CUT_MEMBER, /* becomes null */
};

/* The first that is enough is the last that is made. */
static const struct {
	enum cut cut;
	const char *object; /* NULL: the document */
	const char *member;
} cuts[] = {
	{ CUT_TWIN, NULL, "verdicts" },
	{ CUT_ABSENT, NULL, "paths" },
	{ CUT_ITEMS, NULL, "connections" },
	{ CUT_ITEMS, NULL, "access" },
	{ CUT_ITEMS, NULL, "containers" },
	{ CUT_ITEMS, "probe", "confinement" },
	{ CUT_ITEMS, NULL, "paths" },
	{ CUT_ITEMS, NULL, "expected" },
	{ CUT_ITEMS, NULL, "findings" },
	{ CUT_ITEMS, NULL, "verdicts" },
	{ CUT_ITEMS, NULL, "coverage" },
	{ CUT_ITEMS, "verdict", "reasons" },
	{ CUT_MEMBER, NULL, "probe" },
	{ CUT_MEMBER, NULL, "node" },
	{ CUT_ITEMS, "verdict", "residual_risks" },
	{ CUT_MEMBER, "verdict", "scope" },
	{ CUT_MEMBER, "verdict", "valid_until" },
	{ CUT_MEMBER, NULL, "summary" },
	{ CUT_MEMBER, "verdict", "text" },
};

/* How long print_ascii_json() makes it. */
static size_t printed_size(const cJSON *item, bool pretty)
{
	char *json = pretty ? cJSON_Print(item) : cJSON_PrintUnformatted(item);
	size_t size = ascii_json_size(json);

	cJSON_free(json);
	return size;
}

/*
 * The object of counts, made when it is first needed: at the end, and then all
 * that stood between the summary and it goes behind it, in order.
 */
static cJSON *counts(cJSON *document)
{
	cJSON *object = cJSON_GetObjectItemCaseSensitive(document, LEFT_OUT);
	cJSON *summary = cJSON_GetObjectItemCaseSensitive(document, "summary");

	if (cJSON_IsObject(object))
		return object;
	cJSON_DeleteItemFromObjectCaseSensitive(document, LEFT_OUT);
	object = cJSON_AddObjectToObject(document, LEFT_OUT);
	while (summary && summary->next != object) {
		cJSON *member =
			cJSON_DetachItemViaPointer(document, summary->next);

		cJSON_AddItemToArray(document, member);
	}
	return object;
}

static void count(cJSON *document, const char *object, const char *member,
		  int n)
{
	cJSON *left_out = counts(document);
	char pointer[64];

	snprintf(pointer, sizeof(pointer), "%s%s%s%s", object ? "/" : "",
		 object ? object : "", *member ? "/" : "", member);
	json_set(left_out, pointer,
		 cJSON_CreateNumber(json_int(left_out, pointer) + n));
}

/* ---- paths that are left out leave others with new places ---- */

static void remap_text(cJSON *item, const int *places, int n)
{
	static const char prefix[] = "/paths/";
	char pointer[128];
	char *rest;
	long idx;

	if (!cJSON_IsString(item) ||
	    strncmp(item->valuestring, prefix, strlen(prefix)) != 0)
		return;
	idx = strtol(item->valuestring + strlen(prefix), &rest, 10);
	if (idx < 0 || idx >= n || (*rest && *rest != '/') ||
	    strlen(rest) > sizeof(pointer) / 2)
		return;
	snprintf(pointer, sizeof(pointer), "%s%d%s", prefix, places[idx], rest);
	cJSON_SetValuestring(item, pointer);
}

/* Only where the probe itself writes pointers: other texts are the node's. */
static void remap(cJSON *item, const int *places, int n)
{
	cJSON *child;

	cJSON_ArrayForEach(child, item) {
		const char *key = child->string ? child->string : "";
		cJSON *pointer;

		if (strcmp(key, "path_ref") == 0)
			remap_text(child, places, n);
		else if (strcmp(key, "evidence") == 0)
			cJSON_ArrayForEach(pointer, child)
				remap_text(pointer, places, n);
		else
			remap(child, places, n);
	}
}

static bool names_path(const cJSON *item, const char *pointer)
{
	size_t len = strlen(pointer);
	const char *text = cJSON_GetStringValue(item);

	return text && strncmp(text, pointer, len) == 0 &&
	       (text[len] == '\0' || text[len] == '/');
}

/* Does the verdict, or a finding, lean on this path? */
static bool is_leant_on(const cJSON *document, int idx)
{
	const cJSON *verdict = json_get(document, "verdict");
	const cJSON *reason;
	const cJSON *item;
	char pointer[32];

	snprintf(pointer, sizeof(pointer), "/paths/%d", idx);
	cJSON_ArrayForEach(reason, json_get(verdict, "reasons"))
		cJSON_ArrayForEach(item, json_get(reason, "evidence"))
			if (names_path(item, pointer))
				return true;
	cJSON_ArrayForEach(item, json_get(document, "findings")) {
		if (names_path(json_get(json_get(item, "located"), "path_ref"),
			       pointer))
			return true;
	}
	return false;
}

static void cut_absent(cJSON *document, const char *member)
{
	cJSON *paths = cJSON_GetObjectItemCaseSensitive(document, member);
	int n = cJSON_GetArraySize(paths);
	int *places = calloc((size_t)n + 1, sizeof(*places));
	cJSON *path = paths ? paths->child : NULL;
	int kept = 0;

	if (!places)
		return;
	for (int i = 0; path; i++) {
		cJSON *next = path->next;

		places[i] = kept;
		if (json_is(path, "kind", "missing") &&
		    !is_leant_on(document, i))
			cJSON_Delete(cJSON_DetachItemViaPointer(paths, path));
		else
			kept++;
		path = next;
	}
	if (kept < n) {
		remap(document, places, n);
		count(document, NULL, member, n - kept);
	}
	free(places);
}

/* ---- lists and members ---- */

/* Takes items off the list's end, as many as make up for `excess` bytes. */
static void cut_items(cJSON *document, cJSON *list, const char *object,
		      const char *member, size_t excess)
{
	int n = cJSON_GetArraySize(list);
	size_t saved = 0;
	int cut = 0;

	while (cut < n && saved < excess) {
		cJSON *last = list->child->prev;

		saved += printed_size(last, false) + 1;
		cJSON_Delete(cJSON_DetachItemViaPointer(list, last));
		cut++;
	}
	if (cut)
		count(document, object, member, cut);
}

/* What was counted inside a member goes with it. */
static void forget_inside(cJSON *document, const char *member)
{
	cJSON *left_out = counts(document);
	cJSON *entry = left_out->child;
	char prefix[64];

	snprintf(prefix, sizeof(prefix), "/%s/", member);
	while (entry) {
		cJSON *next = entry->next;

		if (strncmp(entry->string, prefix, strlen(prefix)) == 0)
			cJSON_Delete(
				cJSON_DetachItemViaPointer(left_out, entry));
		entry = next;
	}
}

static void apply(cJSON *document, size_t row, size_t excess)
{
	const char *object = cuts[row].object;
	const char *member = cuts[row].member;
	cJSON *parent =
		object ? cJSON_GetObjectItemCaseSensitive(document, object)
		       : document;
	cJSON *item = cJSON_GetObjectItemCaseSensitive(parent, member);

	if (!item || cJSON_IsNull(item))
		return;
	switch (cuts[row].cut) {
	case CUT_TWIN:
		if (cJSON_GetArraySize(item) == 1)
			cut_items(document, item, object, member, SIZE_MAX);
		break;
	case CUT_ABSENT:
		cut_absent(document, member);
		break;
	case CUT_ITEMS:
		cut_items(document, item, object, member, excess);
		break;
	case CUT_MEMBER:
		json_set(parent, member, cJSON_CreateNull());
		if (!object)
			forget_inside(document, member);
		count(document, object, member, 1);
		break;
	}
}

/*
 * A saved file may hold whatever it likes: where nothing of the table is
 * enough, the decision is all that is kept, and "" counts the members that went.
 */
static void keep_decision(cJSON *document)
{
	enum { MOST_DECISION = 32 };
	const char *decision =
		json_text(json_get(document, "verdict"), "decision");
	cJSON *verdict = cJSON_CreateObject();
	int members = cJSON_GetArraySize(document) - 1;

	json_put(verdict, "decision",
		 decision && strlen(decision) <= MOST_DECISION ? decision
							       : NULL);
	while (document->child->next)
		cJSON_Delete(cJSON_DetachItemViaPointer(document,
							document->child->next));
	/* what stays must be the schema, wherever it stood */
	cJSON_Delete(cJSON_DetachItemViaPointer(document, document->child));
	cJSON_AddStringToObject(document, "schema", EVIDENCE_SCHEMA);
	cJSON_AddItemToObject(document, "verdict", verdict);
	count(document, NULL, "", members);
}

void shorten(cJSON *document, bool pretty, size_t max_bytes)
{
	size_t size = printed_size(document, pretty) + 1;

	for (size_t row = 0;
	     row < sizeof(cuts) / sizeof(*cuts) && size > max_bytes; row++) {
		/* The count of what is cut takes room itself. */
		size_t before;

		do {
			before = size;
			apply(document, row, size - max_bytes);
			size = printed_size(document, pretty) + 1;
		} while (size > max_bytes && size < before &&
			 cuts[row].cut == CUT_ITEMS);
	}
	if (size > max_bytes)
		keep_decision(document);
}

bool is_shortened(const cJSON *document)
{
	return json_get(document, LEFT_OUT) != NULL;
}
