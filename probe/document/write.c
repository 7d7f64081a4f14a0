// SPDX-License-Identifier: Apache-2.0
/* Writes by the tables of members. */
#include "document/write.h"

#include <errno.h>
#include <string.h>

#include "document/kinds.h"
#include "sockprobe/text_safe.h"

/* Writes bytes, or only counts them. */
struct sink {
	FILE *out; /* NULL: count */
	size_t size;
	bool pretty;
	const struct doc *doc;
};

/* ---- bytes ---- */

static void put(struct sink *sink, const char *json)
{
	if (sink->out)
		print_ascii_json(sink->out, json);
	else
		sink->size += ascii_json_size(json);
}

/* Writes a line end and indentation; only pretty JSON has them. */
static void write_line(struct sink *sink, size_t depth)
{
	if (!sink->pretty)
		return;
	put(sink, "\n");
	for (size_t i = 0; i < depth; i++)
		put(sink, "\t");
}

/*
 * cJSON indents a value as if it were outermost; this indents it for its place.
 * In strings a line end is written \n, so no string is changed.
 */
static int put_json(struct sink *sink, const cJSON *json, size_t depth)
{
	char *text = !json	    ? NULL
		     : sink->pretty ? cJSON_Print(json)
				    : cJSON_PrintUnformatted(json);
	char *line = text;

	if (!text)
		return -ENOMEM;
	for (char *end = strchr(line, '\n'); end; end = strchr(line, '\n')) {
		*end = '\0';
		put(sink, line);
		write_line(sink, depth);
		line = end + 1;
	}
	put(sink, line);
	cJSON_free(text);
	return 0;
}

/* ---- values ---- */

static cJSON *object_json(const struct doc *doc, const struct place *place,
			  const struct object_type *type, const void *object);

static cJSON *value_json(const struct doc *doc, const struct place *place,
			 const struct member *member, const void *value)
{
	switch (member->kind) {
	case MEMBER_OBJECT:
		return object_json(doc, place, member->object, value);
	case MEMBER_POINTER:
		value = *(const void *const *)value;
		return value ? object_json(doc, place, member->object, value)
			     : cJSON_CreateNull();
	default:
		return value_write(member, value);
	}
}

static cJSON *list_json(const struct doc *doc, const struct place *place,
			const struct member *member,
			const struct any_list *list)
{
	cJSON *array = cJSON_CreateArray();

	for (size_t i = 0; array && i < list->n; i++) {
		cJSON *item = value_json(doc, place, member,
					 list->at + i * member->size);

		if (cJSON_AddItemToArray(array, item))
			continue;
		cJSON_Delete(item);
		cJSON_Delete(array);
		return NULL;
	}
	return array;
}

/*
 * A member that --max-bytes left out is written as null or [], even if it is
 * optional.
 */
static bool write_is_left_out(const struct doc *doc, const struct place *place)
{
	char pointer[PLACE_SIZE];

	if (!doc || !doc_is_shortened(doc))
		return false;
	place_pointer(place, pointer);
	return doc_left_out_count(doc, pointer) != 0;
}

static bool is_absent(const struct doc *doc, const struct place *place,
		      const struct member *member, const void *field)
{
	bool empty = member->flags & MEMBER_LIST
			     ? ((const struct any_list *)field)->n == 0
			     : value_is_unknown(member, field);

	return empty && member->flags & MEMBER_OPTIONAL &&
	       !write_is_left_out(doc, place);
}

static cJSON *member_json(const struct doc *doc, const struct place *place,
			  const struct member *member, const void *field)
{
	return member->flags & MEMBER_LIST
		       ? list_json(doc, place, member, field)
		       : value_json(doc, place, member, field);
}

static cJSON *object_json(const struct doc *doc, const struct place *place,
			  const struct object_type *type, const void *object)
{
	cJSON *json = cJSON_CreateObject();

	for (size_t i = 0; json && i < type->n; i++) {
		const struct member *member = &type->members[i];
		const void *field = member_value(member, object);
		const struct place at = { place, member->name, 0 };
		cJSON *value;

		if (is_absent(doc, &at, member, field))
			continue;
		value = member_json(doc, &at, member, field);
		if (cJSON_AddItemToObjectCS(json, member->name, value))
			continue;
		cJSON_Delete(value);
		cJSON_Delete(json);
		return NULL;
	}
	return json;
}

/* ---- the document ---- */

static int put_list(struct sink *sink, const struct member *member,
		    const struct any_list *list, size_t depth)
{
	int err = 0;

	put(sink, "[");
	for (size_t i = 0; i < list->n && !err; i++) {
		cJSON *item = value_json(NULL, NULL, member,
					 list->at + i * member->size);

		if (i)
			put(sink, sink->pretty ? ", " : ",");
		err = put_json(sink, item, depth + 1);
		cJSON_Delete(item);
	}
	put(sink, "]");
	return err;
}

static int put_member(struct sink *sink, const struct member *member,
		      const void *field, size_t depth)
{
	const struct place place = { NULL, member->name, 0 };
	cJSON *json;
	int err;

	put(sink, "\"");
	put(sink, member->name);
	put(sink, sink->pretty ? "\":\t" : "\":");
	if (member->flags & MEMBER_LIST)
		return put_list(sink, member, field, depth);
	json = value_json(sink->doc, &place, member, field);
	err = put_json(sink, json, depth);
	cJSON_Delete(json);
	return err;
}

static int put_doc(struct sink *sink, size_t depth)
{
	const struct doc *doc = sink->doc;
	const struct object_type *type = &doc_object;
	bool first = true;
	int err = 0;

	put(sink, "{");
	for (size_t i = 0; i < type->n && !err; i++) {
		const struct member *member = &type->members[i];
		const struct place place = { NULL, member->name, 0 };
		const void *field = member_value(member, doc);

		if (is_absent(doc, &place, member, field))
			continue;
		if (!first)
			put(sink, ",");
		first = false;
		write_line(sink, depth + 1);
		err = put_member(sink, member, field, depth + 1);
	}
	write_line(sink, depth);
	put(sink, "}");
	return err;
}

int doc_write(FILE *out, const struct doc *doc, bool pretty,
	      struct error *error)
{
	if (doc_write_inside(out, doc, pretty, 0))
		return fail(error, EXIT_INTERNAL, "output: out of memory");
	fputc('\n', out);
	if (fflush(out) == 0 && !ferror(out))
		return 0;
	return fail(error, EXIT_OUTPUT, "output: %s; it is not whole",
		    strerror(errno));
}

size_t doc_size(const struct doc *doc, bool pretty)
{
	struct sink sink = { .pretty = pretty, .doc = doc };

	return put_doc(&sink, 0) ? 0 : sink.size + 1;
}

int doc_write_inside(FILE *out, const struct doc *doc, bool pretty,
		     size_t depth)
{
	struct sink sink = { .out = out, .pretty = pretty, .doc = doc };

	return put_doc(&sink, depth);
}

int json_write_inside(FILE *out, const cJSON *json, bool pretty, size_t depth)
{
	struct sink sink = { .out = out, .pretty = pretty };

	return put_json(&sink, json, depth);
}

size_t doc_item_size(const struct member *list, const void *item)
{
	struct sink sink = { 0 };
	cJSON *json = value_json(NULL, NULL, list, item);
	int err = put_json(&sink, json, 0);

	cJSON_Delete(json);
	return err ? 0 : sink.size;
}
