// SPDX-License-Identifier: Apache-2.0
/*
 * Loading by the tables of members. The text is scanned once for what cJSON
 * would let pass or cut (NUL, deep nesting, control characters) and for where
 * each member of the document stands; then each is parsed by itself, an item of
 * a list at a time, so that cJSON's tree never exists as a whole.
 */
#include "document/load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "document/kinds.h"
#include "document/resolve.h"
#include "sockprobe/text_safe.h"

struct loader {
	struct doc *doc;
	struct arena *arena; /* the document's */
	const char *file;
	const char *text, *end;
	struct error *error;
};

static const char not_json[] = "not JSON, or cut off";

/* A value in the text. */
struct span {
	const char *at; /* NULL: it is not there */
	const char *end;
};

/* ---- errors ---- */

static int bad(const struct loader *loader, const struct place *place,
	       const char *why)
{
	char pointer[PLACE_SIZE];

	place_pointer(place, pointer);
	return fail(loader->error, EXIT_BAD_INPUT, "%.200s: %s%s%s",
		    loader->file, pointer, *pointer ? ": " : "", why);
}

static int bad_at(const struct loader *loader, const char *at, const char *why)
{
	size_t line = 1;
	size_t column = 1;

	for (const char *c = loader->text; c < at; c++) {
		column = *c == '\n' ? 1 : column + 1;
		line += *c == '\n';
	}
	return fail(loader->error, EXIT_BAD_INPUT,
		    "%.200s: line %zu, column %zu: %s", loader->file, line,
		    column, why);
}

/* ---- the text ---- */

static const char *skip_blanks(const struct loader *loader, const char *at)
{
	while (at < loader->end && strchr(" \t\r\n", *at))
		at++;
	return at;
}

/*
 * The end of the string at `at`; NULL and *why where it has none, or holds what
 * a C string cannot.
 */
static const char *string_end(const struct loader *loader, const char *at,
			      const char **why)
{
	*why = not_json;
	for (at++; at < loader->end && *at != '"'; at++) {
		if ((unsigned char)*at < ' ')
			return NULL;
		if (*at != '\\')
			continue;
		if (strncmp(at, "\\u0000", 6) == 0) {
			*why = "a text that holds NUL (\\u0000)";
			return NULL;
		}
		at++;
	}
	return at < loader->end ? at + 1 : NULL;
}

static bool ends_scalar(char byte)
{
	return strchr(" \t\r\n,:[]{}\"", byte);
}

/*
 * Finds the end of the value at `at`, in which strings end, brackets are as
 * many as closing ones, and no more values are than an item may have, if
 * `bounded`. The rest is for cJSON to judge.
 */
static int scan_value(const struct loader *loader, const char *at, bool bounded,
		      struct span *value)
{
	const char *why = not_json;
	size_t values = 0;
	size_t depth = 0;

	*value = (struct span){ at, NULL };
	while (at && at < loader->end) {
		if (*at == '"') {
			const char *end = string_end(loader, at, &why);

			if (!end)
				return bad_at(loader, at, why);
			at = end;
		} else if (*at == '[' || *at == '{') {
			depth++;
			at++;
			if (depth > DOC_DEPTH_MAX)
				return bad_at(loader, at - 1,
					      "nested deeper than evidence is");
		} else if (strchr("]}", *at)) {
			if (!depth)
				break;
			depth--;
			at++;
		} else if (ends_scalar(*at)) {
			values += *at == ',';
			at++;
			if (bounded && values > DOC_ITEM_VALUES_MAX)
				return bad_at(loader, value->at,
					      "more values than are read");
			if (depth)
				continue;
			break;
		} else {
			while (at < loader->end && !ends_scalar(*at))
				at++;
		}
		if (!depth) {
			value->end = at;
			return 0;
		}
	}
	return bad_at(loader, at, why);
}

/* The cJSON of a span, to be deleted; NULL: it is no JSON. */
static cJSON *parse(struct span span)
{
	const char *end = NULL;
	cJSON *json;

	/* cJSON would skip a byte order mark in front of any value. */
	if (*span.at & 0x80)
		return NULL;
	json = cJSON_ParseWithLengthOpts(span.at, (size_t)(span.end - span.at),
					 &end, false);
	if (json && end == span.end)
		return json;
	cJSON_Delete(json);
	return NULL;
}

/* ---- which members an object has ---- */

/* Members that were found, by their row in the table. */
struct found {
	const struct object_type *type;
	const void *at[MEMBERS_MAX];
	const struct member *twice; /* the first such */
	char unknown[64];	    /* the first such, maybe cut; "" none */
	bool has_unknown;
};

static void note_member(struct found *found, const char *name, const void *at)
{
	const struct member *member = member_find(found->type, name);
	size_t row;

	if (!member) {
		if (!found->has_unknown)
			snprintf(found->unknown, sizeof(found->unknown), "%s",
				 name);
		found->has_unknown = true;
		return;
	}
	row = (size_t)(member - found->type->members);
	if (found->at[row] && !found->twice)
		found->twice = member;
	found->at[row] = at;
}

/* A required member that is misspelled is told first as what is missing. */
static int check_found(const struct loader *loader, const struct place *place,
		       const struct found *found)
{
	for (size_t i = 0; i < found->type->n; i++) {
		const struct member *member = &found->type->members[i];
		const struct place at = { place, member->name, 0 };

		if (!found->at[i] && !(member->flags & MEMBER_OPTIONAL))
			return bad(loader, &at, "missing");
	}
	if (found->twice) {
		const struct place at = { place, found->twice->name, 0 };

		return bad(loader, &at, "twice");
	}
	if (found->has_unknown) {
		const struct place at = { place, found->unknown, 0 };

		return bad(loader, &at, "no such member");
	}
	return 0;
}

/* ---- values ---- */

static int load_object(struct loader *loader, const struct place *place,
		       const struct object_type *type, const cJSON *json,
		       void *object);

static bool is_left_out(const struct loader *loader, const struct place *place,
			const struct member *member)
{
	char pointer[PLACE_SIZE];

	if (!(member->flags & MEMBER_SHORTENS))
		return false;
	place_pointer(place, pointer);
	return doc_left_out_count(loader->doc, pointer) != 0;
}

static int load_value(struct loader *loader, const struct place *place,
		      const struct member *member, const cJSON *json,
		      void *value)
{
	const char *fault;

	if (member->kind == MEMBER_POINTER) {
		void *object = arena_alloc(loader->arena, member->size);

		if (!object)
			return bad(loader, place, value_out_of_memory);
		*(void **)value = object;
		value = object;
	}
	if (member->object)
		return load_object(loader, place, member->object, json, value);
	fault = value_load(loader->arena, member, json, value);
	return fault ? bad(loader, place, fault) : 0;
}

static int load_array(struct loader *loader, const struct place *place,
		      const struct member *member, const cJSON *json,
		      struct any_list *list)
{
	size_t n = (size_t)cJSON_GetArraySize(json);
	const cJSON *item;
	int status = 0;

	if (!cJSON_IsArray(json))
		return bad(loader, place, "not a list");
	list->at = arena_alloc(loader->arena, n * member->size);
	if (!list->at)
		return bad(loader, place, value_out_of_memory);
	list->room = n;
	cJSON_ArrayForEach(item, json) {
		const struct place at = { place, NULL, list->n };

		if (!status)
			status = load_value(loader, &at, member, item,
					    list->at + list->n * member->size);
		list->n++;
	}
	return status;
}

/* An empty list that must not be, and an optional one that should be absent. */
static int check_filled(const struct loader *loader, const struct place *place,
			const struct member *member,
			const struct any_list *list)
{
	if (list->n || !(member->flags & (MEMBER_NONEMPTY | MEMBER_OPTIONAL)) ||
	    is_left_out(loader, place, member))
		return 0;
	return bad(loader, place, "empty");
}

/* `json` NULL: an optional member that is not there. */
static int load_member(struct loader *loader, const struct place *place,
		       const struct member *member, const cJSON *json,
		       void *field)
{
	bool lost = is_left_out(loader, place, member);
	int status;

	if (member->flags & MEMBER_LIST) {
		if (!json)
			return 0;
		status = load_array(loader, place, member, json, field);
		return status ? status
			      : check_filled(loader, place, member, field);
	}
	if (json && !cJSON_IsNull(json))
		return lost ? bad(loader, place,
				  "here, though left_out counts it")
			    : load_value(loader, place, member, json, field);
	if (json && !lost && !(member->flags & MEMBER_NULLABLE))
		return bad(loader, place, "null");
	value_forget(member, field);
	return 0;
}

static bool is_escapable(const struct object_type *type, const char *name)
{
	const struct member *member = member_find(type, name);

	return member && member->flags & MEMBER_FOREIGN;
}

/* `escaped` names members of its own object. */
static int check_escaped(const struct loader *loader, const struct place *place,
			 const struct object_type *type, const void *object)
{
	const struct member *last = &type->members[type->n - 1];
	const struct place at = { place, last->name, 0 };
	const struct string_list *escaped = member_value(last, object);

	if (!(last->flags & MEMBER_ESCAPED))
		return 0;
	for (size_t i = 0; i < escaped->n; i++) {
		if (!is_escapable(type, escaped->at[i]))
			return bad(loader, &at,
				   "not names of this object's texts");
	}
	return 0;
}

static int check_object(const struct loader *loader, const struct place *place,
			const struct object_type *type, const void *object)
{
	const char *why = NULL;
	const char *name = type->check ? type->check(object, &why) : NULL;
	const struct place at = { place, name, 0 };

	return name ? bad(loader, &at, why)
		    : check_escaped(loader, place, type, object);
}

static int load_object(struct loader *loader, const struct place *place,
		       const struct object_type *type, const cJSON *json,
		       void *object)
{
	struct found found = { .type = type };
	const cJSON *item;
	int status;

	if (!cJSON_IsObject(json))
		return bad(loader, place, "not an object");
	cJSON_ArrayForEach(item, json)
		note_member(&found, item->string, item);
	status = check_found(loader, place, &found);
	for (size_t i = 0; i < type->n && !status; i++) {
		const struct member *member = &type->members[i];
		const struct place at = { place, member->name, 0 };

		status = load_member(loader, &at, member, found.at[i],
				     member_field(member, object));
	}
	return status ? status : check_object(loader, place, type, object);
}

/* ---- the document ---- */

struct layout {
	struct found found;
	struct span spans[MEMBERS_MAX];
};

static int scan_member(struct loader *loader, struct layout *layout,
		       const char **at)
{
	struct span key;
	struct span value;
	cJSON *name;
	const char *start = *at;
	const struct member *member;
	int status = scan_value(loader, start, true, &key);

	if (status)
		return status;
	name = *start == '"' ? parse(key) : NULL;
	*at = skip_blanks(loader, key.end);
	if (!name || *at == loader->end || **at != ':') {
		cJSON_Delete(name);
		return bad_at(loader, start, not_json);
	}
	status =
		scan_value(loader, skip_blanks(loader, *at + 1), false, &value);
	if (!status) {
		member = member_find(layout->found.type, name->valuestring);
		if (member)
			layout->spans[member - layout->found.type->members] =
				value;
		note_member(&layout->found, name->valuestring, value.at);
		*at = skip_blanks(loader, value.end);
	}
	cJSON_Delete(name);
	return status;
}

/* Where each member of the document stands. */
static int scan_document(struct loader *loader, struct layout *layout)
{
	const char *at = skip_blanks(loader, loader->text);
	int status = 0;

	if (at == loader->end || *at != '{')
		return bad_at(loader, at, "not a JSON object");
	at = skip_blanks(loader, at + 1);
	while (!status && at < loader->end && *at != '}') {
		status = scan_member(loader, layout, &at);
		if (status || at == loader->end || *at != ',')
			break;
		at = skip_blanks(loader, at + 1);
		status = at < loader->end && *at == '}'
				 ? bad_at(loader, at, not_json)
				 : 0;
	}
	if (status)
		return status;
	if (at == loader->end || *at != '}')
		return bad_at(loader, at, not_json);
	at = skip_blanks(loader, at + 1);
	return at == loader->end
		       ? 0
		       : bad_at(loader, at, "text behind the JSON value");
}

static int load_span(struct loader *loader, const struct place *place,
		     const struct member *member, struct span *span,
		     void *value)
{
	cJSON *json;
	int status = scan_value(loader, span->at, true, span);

	if (status)
		return status;
	json = parse(*span);
	if (!json)
		return bad_at(loader, span->at, not_json);
	status = place->name ? load_member(loader, place, member, json, value)
			     : load_value(loader, place, member, json, value);
	cJSON_Delete(json);
	return status;
}

static int load_item(struct loader *loader, const struct place *list_place,
		     const struct member *member, const char **at,
		     struct any_list *list)
{
	const struct place place = { list_place, NULL, list->n };
	struct span span = { *at, NULL };
	void *grown = list_grow(loader->arena, list->at, list->n, &list->room,
				member->size, SIZE_MAX);
	int status;

	if (!grown)
		return bad(loader, &place, value_out_of_memory);
	list->at = grown;
	memset(list->at + list->n * member->size, 0, member->size);
	status = load_span(loader, &place, member, &span,
			   list->at + list->n++ * member->size);
	if (!status)
		*at = skip_blanks(loader, span.end);
	return status;
}

static int load_list(struct loader *loader, const struct place *place,
		     const struct member *member, struct span span,
		     struct any_list *list)
{
	const char *at;
	int status = 0;

	if (*span.at != '[')
		return bad(loader, place, "not a list");
	at = skip_blanks(loader, span.at + 1);
	while (!status && *at != ']') {
		status = load_item(loader, place, member, &at, list);
		if (status || *at == ']')
			break;
		if (*at != ',')
			return bad_at(loader, at, not_json);
		at = skip_blanks(loader, at + 1);
		if (*at == ']')
			return bad_at(loader, at, not_json);
	}
	return status ? status : check_filled(loader, place, member, list);
}

static int load_row(struct loader *loader, const struct layout *layout,
		    size_t row)
{
	const struct member *member = &layout->found.type->members[row];
	const struct place place = { NULL, member->name, 0 };
	void *field = member_field(member, loader->doc);
	struct span span = layout->spans[row];

	if (!span.at)
		return load_member(loader, &place, member, NULL, field);
	if (member->flags & MEMBER_LIST)
		return load_list(loader, &place, member, span, field);
	return load_span(loader, &place, member, &span, field);
}

/* What else people hand over, and what to do with it. */
static int check_schema(const struct loader *loader,
			const struct layout *layout)
{
	struct span span = layout->spans[0]; /* "schema" is the first row */
	cJSON *json = span.at ? parse(span) : NULL;
	const char *schema = cJSON_GetStringValue(json);
	int status = 0;

	if (!schema || strcmp(schema, EVIDENCE_SCHEMA) != 0)
		status = fail(
			loader->error, EXIT_BAD_INPUT,
			"%.200s: not evidence of schema %s%s", loader->file,
			EVIDENCE_SCHEMA,
			strcmp(layout->found.unknown, "_type") == 0
				? ": an in-toto statement has it as its predicate (jq .predicate)"
				: "");
	cJSON_Delete(json);
	return status;
}

/* left_out first: it tells what may be missing from the others. */
static int load_left_out(struct loader *loader, const struct layout *layout)
{
	const struct member *member = member_find(&doc_object, "left_out");
	size_t row = (size_t)(member - doc_object.members);

	return layout->spans[row].at ? load_row(loader, layout, row) : 0;
}

static int load_members(struct loader *loader, const struct layout *layout)
{
	int status = check_found(loader, NULL, &layout->found);

	for (size_t i = 0; i < layout->found.type->n && !status; i++) {
		if (layout->found.type->members[i].kind != MEMBER_LEFT_OUT)
			status = load_row(loader, layout, i);
	}
	return status;
}

static int check_document(const struct loader *loader)
{
	char pointer[PLACE_SIZE];
	const char *why;
	size_t twice;
	int err = doc_resolve(loader->doc, &twice);

	if (err == -EEXIST) {
		const struct place list = { NULL, "containers", 0 };
		const struct place item = { &list, NULL, twice };
		const struct place id = { &item, "id", 0 };

		return bad(loader, &id, "twice");
	}
	if (err)
		return bad(loader, NULL, value_out_of_memory);
	why = doc_contradiction(loader->doc, pointer);
	return why ? fail(loader->error, EXIT_BAD_INPUT, "%.200s: %s: %s",
			  loader->file, pointer, why)
		   : 0;
}

int doc_load(struct doc *doc, const char *file, const char *text, size_t len,
	     struct error *error)
{
	struct loader loader = {
		doc, &doc->arena, file, text, text + len, error
	};
	struct layout layout = { .found.type = &doc_object };
	int status;

	*doc = (struct doc){ .containers_total = NUMBER_UNKNOWN };
	arena_init(&doc->arena, DOC_KEEPS_MAX);
	if (strlen(text) < len)
		return bad_at(&loader, text + strlen(text), "a NUL byte");
	if (!is_utf8(text))
		return bad(&loader, NULL, "not UTF-8");
	/* A byte order mark, which some editors leave, is no part of JSON. */
	if (has_prefix(text, "\xef\xbb\xbf"))
		loader.text += 3;
	status = scan_document(&loader, &layout);
	if (!status)
		status = check_schema(&loader, &layout);
	if (!status)
		status = load_left_out(&loader, &layout);
	if (status)
		return status;
	status = load_members(&loader, &layout);
	return status ? status : check_document(&loader);
}
