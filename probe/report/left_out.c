// SPDX-License-Identifier: Apache-2.0
/* What --max-bytes left out, in words. */
#include "report/left_out.h"

#include "document/members.h"
#include "sockprobe/text_safe.h"

bool is_left_out(const struct doc *doc, const char *pointer)
{
	return doc_left_out_count(doc, pointer) != 0;
}

/* A list lost items, another member is left out whole. */
static const char *one_text(struct arena *arena, const struct doc_left_out *one)
{
	const char *name = quote_text(arena, one->pointer + 1);
	const struct member *member;

	member_at(one->pointer, NULL, &member);
	if (member && !(member->flags & MEMBER_LIST))
		return name;
	return arena_printf(arena, "%lld of %s", (long long)one->count, name);
}

const char *left_out_text(struct arena *arena, const struct doc *doc)
{
	const char *text = NULL;

	for (size_t i = 0; i < doc->left_out.n; i++) {
		const char *one = one_text(arena, &doc->left_out.at[i]);

		if (one)
			text = arena_printf(arena, "%s%s%s",
					    text ? text
						 : "left out by --max-bytes: ",
					    text ? ", " : "", one);
		if (!one || !text)
			return NULL;
	}
	return text;
}
