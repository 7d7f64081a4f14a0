// SPDX-License-Identifier: Apache-2.0
/* Resolves references, and checks members against one another. */
#include "document/resolve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- containers by id ---- */

struct by_id {
	const struct doc_container_list *containers;
	size_t *sorted; /* indexes of containers */
};

static int compare_ids(const void *a, const void *b, void *context)
{
	const struct doc_container *containers = context;

	return strcmp(containers[*(const size_t *)a].id,
		      containers[*(const size_t *)b].id);
}

static size_t find_id(const struct by_id *by_id, const char *id)
{
	size_t low = 0;
	size_t high = by_id->containers->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(
			id, by_id->containers->at[by_id->sorted[mid]].id);

		if (order == 0)
			return by_id->sorted[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NO_INDEX;
}

static const char *resolve_one(void *context, const struct place *place,
			       const struct member *member, void *value)
{
	struct container_ref *ref = value;

	(void)place;
	if (member->kind == MEMBER_CONTAINER)
		ref->at = ref->id ? find_id(context, ref->id) : NO_INDEX;
	return NULL;
}

int doc_resolve(struct doc *doc, size_t *twice)
{
	struct doc_container_list *containers = &doc->containers;
	struct by_id by_id = { containers,
			       calloc(containers->n + 1, sizeof(size_t)) };

	*twice = NO_INDEX;
	if (!by_id.sorted)
		return -ENOMEM;
	for (size_t i = 0; i < containers->n; i++)
		by_id.sorted[i] = i;
	if (containers->n)
		qsort_r(by_id.sorted, containers->n, sizeof(size_t),
			compare_ids, containers->at);
	for (size_t i = 1; i < containers->n; i++) {
		if (compare_ids(&by_id.sorted[i - 1], &by_id.sorted[i],
				containers->at) == 0)
			*twice = by_id.sorted[i];
	}
	object_walk(&doc_object, doc, NULL, resolve_one, &by_id);
	free(by_id.sorted);
	return *twice == NO_INDEX ? 0 : -EEXIST;
}

/* ---- references that lead nowhere ---- */

int64_t doc_left_out_count(const struct doc *doc, const char *pointer)
{
	for (size_t i = 0; i < doc->left_out.n; i++) {
		if (strcmp(doc->left_out.at[i].pointer, pointer) == 0)
			return doc->left_out.at[i].count;
	}
	return 0;
}

struct checking {
	const struct doc *doc;
	char *pointer; /* of the place of the fault */
};

/* Does the list have this item, or did it before it was shortened? */
static bool has_item(const struct doc *doc, const char *list, size_t n,
		     size_t idx)
{
	return idx < n + (size_t)doc_left_out_count(doc, list);
}

/*
 * Copies one step of a pointer, "/name" or "/N", and returns what follows it.
 */
static const char *resolve_step(const char *pointer, char *step, size_t size)
{
	size_t len = *pointer == '/' ? strcspn(pointer + 1, "/") : 0;

	snprintf(step, size, "%.*s", (int)len, *pointer ? pointer + 1 : "");
	return *pointer ? pointer + 1 + len : pointer;
}

/* "/list/N/..." and "/member/...": the first two steps must exist. */
static bool leads(const struct doc *doc, const char *pointer)
{
	char list[64] = "/";
	char number[24];
	const char *rest = resolve_step(pointer, list + 1, sizeof(list) - 1);
	const struct member *member = member_find(&doc_object, list + 1);
	const struct any_list *items;
	uint64_t idx;

	if (!member || !*rest || !(member->flags & MEMBER_LIST))
		return member;
	items = member_value(member, doc);
	resolve_step(rest, number, sizeof(number));
	return parse_u64(number, INT32_MAX, &idx) == 0 &&
	       has_item(doc, list, items->n, (size_t)idx);
}

static const char *check_reference(void *context, const struct place *place,
				   const struct member *member, void *value)
{
	const struct checking *checking = context;
	const struct doc *doc = checking->doc;
	bool found = true;

	if (member->kind == MEMBER_PATH && *(size_t *)value != NO_INDEX)
		found = has_item(doc, "/paths", doc->paths.n, *(size_t *)value);
	else if (member->kind == MEMBER_CONNECTION)
		found = has_item(doc, "/connections", doc->connections.n,
				 *(size_t *)value);
	else if (member->kind == MEMBER_TEXT && member->form == &form_pointer)
		found = leads(doc, *(const char **)value);
	if (found)
		return NULL;
	place_pointer(place, checking->pointer);
	return "leads nowhere in this document";
}

/* ---- what several members tell ---- */

static const char *wrong(char pointer[PLACE_SIZE], const char *list, size_t idx,
			 const char *member, const char *why)
{
	const struct place first = { NULL, list, 0 };
	const struct place second = { &first, NULL, idx };
	const struct place third = { idx == NO_INDEX ? &first : &second, member,
				     0 };

	place_pointer(member ? &third : &first, pointer);
	return why;
}

static bool names_path(const struct doc *doc, size_t idx, const char *name)
{
	const struct doc_path *path = doc_path_at(doc, idx);

	return !path || strcmp(path->path, name) == 0;
}

static const char *check_names(const struct doc *doc, char *pointer)
{
	static const char why[] = "not the path that path_ref leads to";

	for (size_t i = 0; i < doc->access.n; i++) {
		if (!names_path(doc, doc->access.at[i].path,
				doc->access.at[i].name))
			return wrong(pointer, "access", i, "path", why);
	}
	for (size_t i = 0; i < doc->connections.n; i++) {
		if (!names_path(doc, doc->connections.at[i].path,
				doc->connections.at[i].name))
			return wrong(pointer, "connections", i, "path", why);
	}
	return NULL;
}

/* A path lists all connections that refer to it, in order. */
static const char *check_connections(const struct doc *doc, char *pointer)
{
	size_t listed = 0;

	if (doc_is_shortened(doc))
		return NULL;
	for (size_t i = 0; i < doc->paths.n; i++) {
		const struct index_list *list = &doc->paths.at[i].connections;

		for (size_t j = 0; j < list->n; j++) {
			if (doc->connections.at[list->at[j]].path != i ||
			    (j && list->at[j] <= list->at[j - 1]))
				return wrong(
					pointer, "paths", i, "connections",
					"not the connections to this path");
		}
		listed += list->n;
	}
	return listed == doc->connections.n
		       ? NULL
		       : wrong(pointer, "connections", 0, NULL,
			       "not all are listed by their path");
}

static size_t whole(const struct doc *doc, const char *list, size_t n)
{
	return n + (size_t)doc_left_out_count(doc, list);
}

/* A verdict has finding, scope and valid_until, or none of them. */
static const char *check_verdict(const struct doc *doc, bool one_of_list,
				 const struct doc_verdict *verdict,
				 size_t findings)
{
	bool judged = verdict->finding != NUMBER_UNKNOWN;
	bool cut_scope = !one_of_list &&
			 doc_left_out_count(doc, "/verdict/scope");
	bool cut_until = !one_of_list &&
			 doc_left_out_count(doc, "/verdict/valid_until");

	if (judged != (findings != 0) ||
	    (judged && (size_t)verdict->finding >= findings))
		return "finding";
	if (judged != (verdict->scope || cut_scope))
		return "scope";
	if (judged != (verdict->valid_until || cut_until))
		return "valid_until";
	return judged == !verdict->review_by ? "review_by" : NULL;
}

static const char *check_verdicts(const struct doc *doc, char *pointer)
{
	static const char why[] = "does not fit the findings";
	size_t findings = whole(doc, "/findings", doc->findings.n);
	const char *member = check_verdict(doc, false, doc->verdict, findings);
	const struct doc_verdict *own;

	if (member)
		return wrong(pointer, "verdict", NO_INDEX, member, why);
	if (whole(doc, "/verdicts", doc->verdicts.n) != findings)
		return wrong(pointer, "verdicts", 0, NULL,
			     "not one for each finding");
	for (size_t i = 0; i < doc->verdicts.n; i++) {
		own = &doc->verdicts.at[i];
		member = check_verdict(doc, true, own, findings);
		if (!member && own->finding != (int64_t)i)
			member = "finding";
		if (member)
			return wrong(pointer, "verdicts", i, member, why);
		if (doc->verdict->finding == (int64_t)i &&
		    doc->verdict->decision != own->decision)
			return wrong(pointer, "verdict", NO_INDEX, "decision",
				     "not that of its finding in verdicts");
	}
	return NULL;
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* A finding's container is found by something that both have. */
static const char *check_located(const struct doc *doc, char *pointer)
{
	for (size_t i = 0; i < doc->findings.n; i++) {
		const struct finding *finding = &doc->findings.at[i];
		const struct finding_location *located = &finding->located;
		const struct doc_container *container =
			doc_container_at(doc, located->container);
		bool fits = true;

		if (!container)
			continue;
		if (located->matched_by == MATCHED_BY_ID)
			fits = same(finding->container_id, container->id);
		else if (located->matched_by == MATCHED_BY_PROCESS)
			fits = located->process == FINDING_PROCESS_RUNNING;
		else if (located->matched_by == MATCHED_BY_POD_UID)
			fits = container->pod &&
			       same(finding->workload_uid, container->pod->uid);
		if (!fits)
			return wrong(pointer, "findings", i, "located",
				     "what matched is not what both have");
	}
	return NULL;
}

static uint64_t mask_of(const char *text)
{
	return strtoull(text, NULL, 16);
}

/* By rights alone, without what only the node itself could tell. */
static bool must_have_means(const struct doc *doc,
			    const struct doc_container *container)
{
	enum { SYS_ADMIN = 21 }; /* CAP_SYS_ADMIN of linux/capability.h */
	const struct doc_record *record = container->record;

	return (mask_of(container->threads->cap_bounding) &
		(1ULL << SYS_ADMIN)) ||
	       (doc->node && doc->node->user_namespaces &&
		!(record && record->seccomp_closes_namespaces));
}

static const char *check_threads(const struct doc *doc, char *pointer)
{
	for (size_t i = 0; i < doc->containers.n; i++) {
		const struct doc_container *container = &doc->containers.at[i];
		const struct doc_threads *threads = container->threads;

		if (!threads)
			continue;
		if (container->record &&
		    (mask_of(container->record->cap_bounding) &
		     ~mask_of(threads->cap_bounding)))
			return wrong(pointer, "containers", i, "threads",
				     "fewer rights than its record has");
		if (threads->complete && !threads->means.n &&
		    must_have_means(doc, container))
			return wrong(pointer, "containers", i, "threads",
				     "no means, in spite of its rights");
	}
	return NULL;
}

/* A name that leads to a path is that path's object. */
static const char *check_objects(const struct doc *doc, char *pointer)
{
	for (size_t i = 0; i < doc->names.n; i++) {
		const struct doc_identity *object = doc->names.at[i].object;
		const struct doc_path *path =
			doc_path_at(doc, doc->names.at[i].path);

		if (path && !(object && path->inode &&
			      object->dev == path->inode->dev &&
			      object->ino == path->inode->ino))
			return wrong(pointer, "names_in_container", i, "object",
				     "not what path_ref leads to");
	}
	return NULL;
}

const char *doc_contradiction(const struct doc *doc,
			      char pointer[static PLACE_SIZE])
{
	struct checking checking = { doc, pointer };
	/* The visitor does not write. */
	const char *why = object_walk(&doc_object, (void *)doc, NULL,
				      check_reference, &checking);

	if (!why)
		why = check_names(doc, pointer);
	if (!why)
		why = check_connections(doc, pointer);
	if (!why)
		why = check_verdicts(doc, pointer);
	if (!why)
		why = check_located(doc, pointer);
	if (!why)
		why = check_threads(doc, pointer);
	if (!why)
		why = check_objects(doc, pointer);
	if (!why && (size_t)doc->containers_total <
			    whole(doc, "/containers", doc->containers.n))
		why = wrong(pointer, "containers_total", 0, NULL,
			    "less than are listed");
	return why;
}
