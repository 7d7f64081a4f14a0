// SPDX-License-Identifier: Apache-2.0
/*
 * Loads by the tables of members. The text is scanned once, for what cJSON
 * would accept or cut off (NUL, deep nesting, control characters) and for the
 * place of each member of the document; then each is parsed by itself, lists
 * item by item, so that cJSON's tree never exists as a whole.
 */
#include "document/load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "document/json_scan.h"
#include "document/kinds.h"
#include "document/resolve.h"
#include "sockprobe/text_safe.h"

struct loader {
	struct doc *doc;
	struct arena *arena; /* the document's */
	struct json_text text;
};

/* ---- errors ---- */

static int bad(const struct loader *loader, const struct place *place,
	       const char *why)
{
	char pointer[PLACE_SIZE];

	place_pointer(place, pointer);
	return fail(loader->text.error, EXIT_BAD_INPUT, "%s: %s%s%s",
		    quote_short(loader->text.file).text,
		    *pointer ? quote_short(pointer).text : "",
		    *pointer ? ": " : "", why);
}

/* ---- which members an object has ---- */

/* Members that were found, by their row in the table. */
struct found {
	const struct object_type *type;
	const void *at[MEMBERS_MAX];
	const struct member *twice; /* the first such */
	char unknown[64]; /* the first of them, perhaps cut; "": none */
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

/* If a required member is misspelled, report that it is missing. */
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

static bool load_is_left_out(const struct loader *loader,
			     const struct place *place,
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

/* Refuses an empty list that must have items, and an empty optional one. */
static int check_filled(const struct loader *loader, const struct place *place,
			const struct member *member,
			const struct any_list *list)
{
	if (list->n || !(member->flags & (MEMBER_NONEMPTY | MEMBER_OPTIONAL)) ||
	    load_is_left_out(loader, place, member))
		return 0;
	return bad(loader, place, "empty");
}

/* `json` NULL: an optional member that is not there. */
static int load_member(struct loader *loader, const struct place *place,
		       const struct member *member, const cJSON *json,
		       void *field)
{
	bool lost = load_is_left_out(loader, place, member);
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
	struct json_span spans[MEMBERS_MAX];
};

static int scan_member(struct loader *loader, struct layout *layout,
		       const char **at)
{
	struct json_span key;
	struct json_span value;
	cJSON *name;
	const char *start = *at;
	const struct member *member;
	int status = json_scan(&loader->text, start, DOC_ITEM_VALUES_MAX, &key);

	if (status)
		return status;
	name = *start == '"' ? json_parse_span(key) : NULL;
	*at = json_skip_blanks(&loader->text, key.end);
	if (!name || *at == loader->text.end || **at != ':') {
		cJSON_Delete(name);
		return json_fail_at(&loader->text, start, json_is_none);
	}
	status = json_scan(&loader->text,
			   json_skip_blanks(&loader->text, *at + 1), SIZE_MAX,
			   &value);
	if (!status) {
		member = member_find(layout->found.type, name->valuestring);
		if (member)
			layout->spans[member - layout->found.type->members] =
				value;
		note_member(&layout->found, name->valuestring, value.at);
		*at = json_skip_blanks(&loader->text, value.end);
	}
	cJSON_Delete(name);
	return status;
}

/* Finds the place of each member of the document. */
static int scan_document(struct loader *loader, struct layout *layout)
{
	const char *at = json_skip_blanks(&loader->text, loader->text.text);
	int status = 0;

	if (at == loader->text.end || *at != '{')
		return json_fail_at(&loader->text, at, "not a JSON object");
	at = json_skip_blanks(&loader->text, at + 1);
	while (!status && at < loader->text.end && *at != '}') {
		status = scan_member(loader, layout, &at);
		if (status || at == loader->text.end || *at != ',')
			break;
		at = json_skip_blanks(&loader->text, at + 1);
		status = at < loader->text.end && *at == '}'
				 ? json_fail_at(&loader->text, at, json_is_none)
				 : 0;
	}
	if (status)
		return status;
	if (at == loader->text.end || *at != '}')
		return json_fail_at(&loader->text, at, json_is_none);
	at = json_skip_blanks(&loader->text, at + 1);
	return at == loader->text.end
		       ? 0
		       : json_fail_at(&loader->text, at,
				      "text behind the JSON value");
}

static int load_span(struct loader *loader, const struct place *place,
		     const struct member *member, struct json_span *span,
		     void *value)
{
	cJSON *json;
	int status =
		json_scan(&loader->text, span->at, DOC_ITEM_VALUES_MAX, span);

	if (status)
		return status;
	json = json_parse_span(*span);
	if (!json)
		return json_fail_at(&loader->text, span->at, json_is_none);
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
	struct json_span span = { *at, NULL };
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
		*at = json_skip_blanks(&loader->text, span.end);
	return status;
}

static int load_list(struct loader *loader, const struct place *place,
		     const struct member *member, struct json_span span,
		     struct any_list *list)
{
	const char *at;
	int status = 0;

	if (*span.at != '[')
		return bad(loader, place, "not a list");
	at = json_skip_blanks(&loader->text, span.at + 1);
	while (!status && *at != ']') {
		status = load_item(loader, place, member, &at, list);
		if (status || *at == ']')
			break;
		if (*at != ',')
			return json_fail_at(&loader->text, at, json_is_none);
		at = json_skip_blanks(&loader->text, at + 1);
		if (*at == ']')
			return json_fail_at(&loader->text, at, json_is_none);
	}
	return status ? status : check_filled(loader, place, member, list);
}

static int load_row(struct loader *loader, const struct layout *layout,
		    size_t row)
{
	const struct member *member = &layout->found.type->members[row];
	const struct place place = { NULL, member->name, 0 };
	void *field = member_field(member, loader->doc);
	struct json_span span = layout->spans[row];

	if (!span.at)
		return load_member(loader, &place, member, NULL, field);
	if (member->flags & MEMBER_LIST)
		return load_list(loader, &place, member, span, field);
	return load_span(loader, &place, member, &span, field);
}

/* Recognizes other files that people pass, and says what to do with them. */
static int check_schema(const struct loader *loader,
			const struct layout *layout)
{
	struct json_span span =
		layout->spans[0]; /* "schema" is the first row */
	cJSON *json = span.at ? json_parse_span(span) : NULL;
	const char *schema = cJSON_GetStringValue(json);
	int status = 0;

	if (!schema || strcmp(schema, EVIDENCE_SCHEMA) != 0)
		status = fail(
			loader->text.error, EXIT_BAD_INPUT,
			"%s: not evidence of schema %s%s",
			quote_short(loader->text.file).text, EVIDENCE_SCHEMA,
			strcmp(layout->found.unknown, "_type") == 0
				? ": an in-toto statement has it as its predicate (jq .predicate)"
				: "");
	cJSON_Delete(json);
	return status;
}

/* left_out first: it shows what may be missing from the others. */
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
	return why ? fail(loader->text.error, EXIT_BAD_INPUT, "%s: %s: %s",
			  quote_short(loader->text.file).text, pointer, why)
		   : 0;
}

int doc_load(struct doc *doc, const char *file, const char *text, size_t len,
	     struct error *error)
{
	struct loader loader = {
		.doc = doc,
		.arena = &doc->arena,
		.text = { file, text, text + len, DOC_DEPTH_MAX, error },
	};
	struct layout layout = { .found.type = &doc_object };
	int status;

	*doc = (struct doc){ .containers_total = NUMBER_UNKNOWN };
	arena_init(&doc->arena, DOC_KEEPS_MAX);
	if (strlen(text) < len)
		return json_fail_at(&loader.text, text + strlen(text),
				    "a NUL byte");
	if (!is_utf8(text))
		return bad(&loader, NULL, "not UTF-8");
	/* Some editors add a byte order mark, which is not JSON. */
	if (has_prefix(text, "\xef\xbb\xbf"))
		loader.text.text += 3;
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
