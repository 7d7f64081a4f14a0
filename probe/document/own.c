// SPDX-License-Identifier: Apache-2.0
/* Walks the tables of members once, after a document was filled. */
#include "document/own.h"

#include <errno.h>
#include <string.h>

#include "document/kinds.h"
#include "sockprobe/document.h"
#include "sockprobe/text_safe.h"

bool time_is_writable(struct timespec when)
{
	char text[TIME_TEXT_SIZE];
	struct timespec again;

	format_time(when, text);
	return when.tv_sec && parse_rfc3339(text, &again) == 0 &&
	       again.tv_sec == when.tv_sec;
}

int64_t number_bounded(int64_t number)
{
	return number > NUMBER_LARGEST	  ? NUMBER_LARGEST
	       : number < -NUMBER_LARGEST ? -NUMBER_LARGEST
					  : number;
}

static struct timespec whole_milliseconds(struct timespec when)
{
	if (!time_is_writable(when))
		return (struct timespec){ 0 };
	when.tv_nsec -= when.tv_nsec % 1000000;
	return when;
}

/* ---- texts ---- */

static int own_text(struct arena *arena, const char **text, bool escape)
{
	char *escaped;

	if (!*text)
		return 0;
	if (!escape) {
		*text = arena_intern(arena, *text);
		return *text ? 0 : -ENOMEM;
	}
	escaped = escape_bytes(*text);
	if (!escaped)
		return -ENOMEM;
	*text = arena_intern(arena, escaped);
	free(escaped);
	return *text ? 0 : -ENOMEM;
}

/* A list has one flag for all items: all are escaped, or none. */
static int own_texts(struct arena *arena, const char **texts, size_t n,
		     bool *escaped)
{
	int err = 0;

	for (size_t i = 0; i < n; i++)
		*escaped |= texts[i] && !is_utf8(texts[i]);
	for (size_t i = 0; i < n && !err; i++)
		err = own_text(arena, &texts[i], *escaped);
	return err;
}

/* ---- values ---- */

static bool is_required(const struct member *member)
{
	return !(member->flags & (MEMBER_NULLABLE | MEMBER_OPTIONAL));
}

static int own_value(struct arena *arena, const struct member *member,
		     void *value, bool *escaped)
{
	struct timespec *when = value;

	switch (member->kind) {
	case MEMBER_TEXT:
		/* If a step ran out of memory, a reason may be missing. */
		if (value_is_unknown(member, value) && is_required(member))
			*(const char **)value = "unknown";
		return own_texts(arena, value, 1, escaped);
	case MEMBER_CONTAINER:
		return own_texts(arena, &((struct container_ref *)value)->id, 1,
				 escaped);
	case MEMBER_TIME:
		*when = whole_milliseconds(*when);
		return 0;
	case MEMBER_POINTER:
		value = *(void **)value;
		return value ? doc_own(arena, member->object, value) : 0;
	case MEMBER_OBJECT:
		return doc_own(arena, member->object, value);
	default:
		return 0;
	}
}

static int own_member(struct arena *arena, const struct member *member,
		      void *field, bool *escaped)
{
	struct any_list *list = field;
	int err = 0;

	if (!(member->flags & MEMBER_LIST))
		return own_value(arena, member, field, escaped);
	if (member->kind == MEMBER_TEXT)
		return own_texts(arena, (const char **)(void *)list->at,
				 list->n, escaped);
	for (size_t i = 0; i < list->n && !err; i++)
		err = own_value(arena, member, list->at + i * member->size,
				escaped);
	return err;
}

/* Member names are constants. */
static int flag_escaped(struct arena *arena, const struct object_type *type,
			void *object, const struct member *member)
{
	const struct member *last = &type->members[type->n - 1];
	const char **slot;

	if (!(last->flags & MEMBER_ESCAPED && member->flags & MEMBER_FOREIGN))
		return 0;
	slot = list_add(arena, (struct string_list *)member_field(last, object),
			MEMBERS_MAX);
	if (!slot)
		return -ENOMEM;
	*slot = member->name;
	return 0;
}

int doc_own(struct arena *arena, const struct object_type *type, void *object)
{
	int err = 0;

	for (size_t i = 0; i < type->n && !err; i++) {
		const struct member *member = &type->members[i];
		bool escaped = false;

		if (member->flags & MEMBER_ESCAPED)
			break;
		err = own_member(arena, member, member_field(member, object),
				 &escaped);
		if (!err && escaped)
			err = flag_escaped(arena, type, object, member);
	}
	return err;
}
