// SPDX-License-Identifier: Apache-2.0
/* The table of what is left out, in which order. */
#include "document/shorten.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "document/kinds.h"
#include "document/write.h"

enum cut {
	CUT_TWIN,   /* the only verdict of the list: "verdict" is the same */
	CUT_ABSENT, /* paths with nothing at them and no reference to them */
	CUT_ITEMS,  /* from the list's end */
	CUT_MEMBER, /* becomes null */
};

/* Applied in this order until the document fits. */
static const struct {
	enum cut cut;
	const char *pointer;
} cuts[] = {
	{ CUT_TWIN, "/verdicts" },
	{ CUT_ABSENT, "/paths" },
	{ CUT_ITEMS, "/names_in_container" },
	{ CUT_ITEMS, "/connections" },
	{ CUT_ITEMS, "/access" },
	{ CUT_ITEMS, "/containers" },
	{ CUT_ITEMS, "/probe/confinement" },
	{ CUT_ITEMS, "/paths" },
	{ CUT_ITEMS, "/expected" },
	{ CUT_ITEMS, "/findings" },
	{ CUT_ITEMS, "/verdicts" },
	{ CUT_ITEMS, "/coverage" },
	{ CUT_ITEMS, "/verdict/reasons" },
	{ CUT_ITEMS, "/verdict/premises" },
	{ CUT_ITEMS, "/verdict/assumptions" },
	{ CUT_MEMBER, "/probe" },
	{ CUT_MEMBER, "/node" },
	{ CUT_ITEMS, "/verdict/residual_risks" },
	{ CUT_MEMBER, "/verdict/scope" },
	{ CUT_MEMBER, "/verdict/valid_until" },
	{ CUT_MEMBER, "/summary" },
	{ CUT_MEMBER, "/verdict/text" },
};

/* ---- counting ---- */

static int count(struct doc *doc, const char *pointer, size_t n)
{
	struct doc_left_out_list *list = &doc->left_out;
	struct doc_left_out *entry;

	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->at[i].pointer, pointer) == 0) {
			list->at[i].count += (int64_t)n;
			return 0;
		}
	}
	entry = list_add(&doc->arena, list, ARRAY_SIZE(cuts));
	if (!entry)
		return -ENOMEM;
	*entry = (struct doc_left_out){ pointer, (int64_t)n };
	return 0;
}

/* Removes the counts of items inside a member that is left out whole. */
static void forget_inside(struct doc *doc, const char *pointer)
{
	struct doc_left_out_list *list = &doc->left_out;
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		const char *below = path_below(list->at[i].pointer, pointer);

		if (!below || !*below)
			list->at[kept++] = list->at[i];
	}
	list->n = kept;
}

/* ---- paths that are left out leave others with new places ---- */

/*
 * The number in "/paths/N...", with *rest after it; NO_INDEX for other
 * pointers.
 */
static size_t path_in_pointer(const char *pointer, const char **rest)
{
	static const char list[] = "/paths/";
	unsigned long idx;
	char *end;

	if (!has_prefix(pointer, list))
		return NO_INDEX;
	idx = strtoul(pointer + strlen(list), &end, 10);
	*rest = end;
	return idx;
}

/*
 * For each path: whether it is referred to; then, if it stays, its new index.
 */
struct places {
	struct arena *arena;
	size_t *at;
	size_t n;
	bool full;
};

static const char *mark_used(void *context, const struct place *place,
			     const struct member *member, void *value)
{
	struct places *places = context;
	size_t idx = NO_INDEX;
	const char *rest;

	(void)place;
	if (member->kind == MEMBER_PATH)
		idx = *(size_t *)value;
	else if (member->kind == MEMBER_TEXT && member->form == &form_pointer)
		idx = path_in_pointer(*(const char **)value, &rest);
	if (idx < places->n)
		places->at[idx] = 1;
	return NULL;
}

static const char *move_reference(void *context, const struct place *place,
				  const struct member *member, void *value)
{
	struct places *places = context;
	const char **text = value;
	const char *rest = NULL;
	size_t idx;

	(void)place;
	if (member->kind == MEMBER_PATH) {
		idx = *(size_t *)value;
		if (idx < places->n)
			*(size_t *)value = places->at[idx];
	} else if (member->kind == MEMBER_TEXT &&
		   member->form == &form_pointer) {
		idx = path_in_pointer(*text, &rest);
		if (idx < places->n)
			*text = arena_printf(places->arena, "/paths/%zu%s",
					     places->at[idx], rest);
		places->full |= !*text;
	}
	return NULL;
}

/* Does a verdict of the list share its reasons with "verdict"? */
static bool is_shared(const struct doc *doc)
{
	for (size_t i = 0; doc->verdict && i < doc->verdicts.n; i++) {
		if (doc->verdicts.at[i].reasons.at == doc->verdict->reasons.at)
			return true;
	}
	return false;
}

/* Each reference once. */
static void move_references(struct doc *doc, struct places *places)
{
	struct doc_verdict *verdict = doc->verdict;

	if (is_shared(doc))
		doc->verdict = NULL;
	object_walk(&doc_object, doc, NULL, move_reference, places);
	doc->verdict = verdict;
}

static int cut_absent(struct doc *doc, const char *pointer)
{
	struct doc_path_list *paths = &doc->paths;
	struct places places = { &doc->arena,
				 calloc(paths->n + 1, sizeof(*places.at)),
				 paths->n, false };
	size_t kept = 0;
	int err = 0;

	if (!places.at)
		return -ENOMEM;
	object_walk(&doc_object, doc, NULL, mark_used, &places);
	for (size_t i = 0; i < paths->n; i++) {
		bool stays = places.at[i] || paths->at[i].kind != KIND_MISSING;

		places.at[i] = kept;
		if (stays)
			paths->at[kept++] = paths->at[i];
	}
	paths->n = kept;
	if (kept < places.n) {
		move_references(doc, &places);
		err = count(doc, pointer, places.n - kept);
	}
	free(places.at);
	return places.full ? -ENOMEM : err;
}

/* ---- lists and members ---- */

/* Removes items from the list's end, to save `excess` bytes. */
static int cut_items(struct doc *doc, const char *pointer,
		     const struct member *member, struct any_list *list,
		     size_t excess)
{
	size_t saved = 0;
	size_t cut = 0;

	while (list->n && saved < excess) {
		size_t size = doc_item_size(
			member, list->at + (list->n - 1) * member->size);

		if (!size)
			return -ENOMEM;
		saved += size + 1;
		list->n--;
		cut++;
	}
	return cut ? count(doc, pointer, cut) : 0;
}

static int cut_member(struct doc *doc, const char *pointer,
		      const struct member *member, void *field)
{
	if (value_is_unknown(member, field))
		return 0;
	value_forget(member, field);
	forget_inside(doc, pointer);
	return count(doc, pointer, 1);
}

static int apply(struct doc *doc, size_t row, size_t excess)
{
	const char *pointer = cuts[row].pointer;
	const struct member *member;
	void *field = member_at(pointer, doc, &member);

	if (!field)
		return 0;
	switch (cuts[row].cut) {
	case CUT_TWIN:
		return doc->verdicts.n == 1 ? cut_items(doc, pointer, member,
							field, SIZE_MAX)
					    : 0;
	case CUT_ABSENT:
		return cut_absent(doc, pointer);
	case CUT_ITEMS:
		return cut_items(doc, pointer, member, field, excess);
	case CUT_MEMBER:
		return cut_member(doc, pointer, member, field);
	}
	return 0;
}

/*
 * Applies one row, to a list until it is empty: counting what is left out takes
 * bytes too.
 */
static int apply_row(struct doc *doc, size_t row, bool pretty, size_t max_bytes,
		     size_t *size)
{
	size_t before;
	int err;

	do {
		before = *size;
		err = apply(doc, row, *size - max_bytes);
		if (err)
			return err;
		*size = doc_size(doc, pretty);
		if (!*size)
			return -ENOMEM;
	} while (*size > max_bytes && *size < before &&
		 cuts[row].cut == CUT_ITEMS);
	return 0;
}

int doc_shorten(struct doc *doc, bool pretty, size_t max_bytes)
{
	size_t size = doc_size(doc, pretty);
	int err = size ? 0 : -ENOMEM;

	for (size_t row = 0; row < ARRAY_SIZE(cuts) && size > max_bytes && !err;
	     row++)
		err = apply_row(doc, row, pretty, max_bytes, &size);
	return err;
}
