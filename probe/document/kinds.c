// SPDX-License-Identifier: Apache-2.0
/*
 * Each kind of value as a pair of functions. A value that has a text form is
 * loaded by parsing the text and formatting it again: only the text that the
 * writer would produce is accepted.
 */
#include "document/kinds.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "sockprobe/document.h"

const char value_out_of_memory[] = "more than is kept of one document";

static const char not_a_text[] = "not a text";

/* ---- texts ---- */

static cJSON *text_write(const struct member *member, const void *value)
{
	(void)member;
	return cJSON_CreateString(*(const char *const *)value);
}

static const char *text_load(struct arena *arena, const struct member *member,
			     const cJSON *json, void *value)
{
	const char *text = cJSON_GetStringValue(json);
	const char **field = value;

	if (!text)
		return not_a_text;
	if (member->names && name_find(member->names, text) == SIZE_MAX)
		return "not one of its values";
	if (member->form && !member->form->holds(text))
		return member->form->fault;
	*field = arena_intern(arena, text);
	return *field ? NULL : value_out_of_memory;
}

static cJSON *container_write(const struct member *member, const void *value)
{
	const struct container_ref *ref = value;

	(void)member;
	return cJSON_CreateString(ref->id);
}

static const char *container_load(struct arena *arena,
				  const struct member *member,
				  const cJSON *json, void *value)
{
	const char *id = cJSON_GetStringValue(json);
	struct container_ref *ref = value;

	(void)member;
	if (!id || !*id)
		return id ? "empty" : not_a_text;
	*ref = (struct container_ref){ arena_intern(arena, id), NO_INDEX };
	return ref->id ? NULL : value_out_of_memory;
}

static cJSON *schema_write(const struct member *member, const void *value)
{
	(void)member;
	(void)value;
	return cJSON_CreateString(EVIDENCE_SCHEMA);
}

/* The loader of the document compares it first. */
static const char *schema_load(struct arena *arena, const struct member *member,
			       const cJSON *json, void *value)
{
	(void)arena;
	(void)member;
	(void)json;
	(void)value;
	return NULL;
}

static cJSON *enum_write(const struct member *member, const void *value)
{
	const char *name = name_of(member->names, *(const unsigned *)value);

	return name ? cJSON_CreateString(name) : cJSON_CreateNull();
}

static const char *enum_load(struct arena *arena, const struct member *member,
			     const cJSON *json, void *value)
{
	const char *name = cJSON_GetStringValue(json);
	size_t found = name ? name_find(member->names, name) : SIZE_MAX;

	(void)arena;
	if (found == SIZE_MAX)
		return name ? "not one of its values" : not_a_text;
	*(unsigned *)value = (unsigned)found;
	return NULL;
}

/* ---- numbers and truths ---- */

static cJSON *number_write(const struct member *member, const void *value)
{
	char text[24];

	(void)member;
	/* cJSON itself prints 15 digits. */
	snprintf(text, sizeof(text), "%" PRId64, *(const int64_t *)value);
	return cJSON_CreateRaw(text);
}

static const char *number_load(struct arena *arena, const struct member *member,
			       const cJSON *json, void *value)
{
	double number = json->valuedouble;

	(void)arena;
	if (!cJSON_IsNumber(json))
		return "not a number";
	if (number != floor(number))
		return "not a whole number";
	if (number < (double)member->min || number > (double)member->max)
		return "out of range";
	*(int64_t *)value = (int64_t)number;
	return NULL;
}

static cJSON *bool_write(const struct member *member, const void *value)
{
	(void)member;
	return cJSON_CreateBool(*(const bool *)value);
}

static const char *bool_load(struct arena *arena, const struct member *member,
			     const cJSON *json, void *value)
{
	(void)arena;
	(void)member;
	if (!cJSON_IsBool(json))
		return "neither true nor false";
	*(bool *)value = cJSON_IsTrue(json);
	return NULL;
}

static cJSON *tristate_write(const struct member *member, const void *value)
{
	(void)member;
	return cJSON_CreateBool(*(const enum tristate *)value == TRI_YES);
}

static const char *tristate_load(struct arena *arena,
				 const struct member *member, const cJSON *json,
				 void *value)
{
	(void)arena;
	(void)member;
	if (!cJSON_IsBool(json))
		return "neither true, false nor null";
	*(enum tristate *)value = cJSON_IsTrue(json) ? TRI_YES : TRI_NO;
	return NULL;
}

/* ---- values that are text in JSON ---- */

enum { FORM_SIZE = TIME_TEXT_SIZE };

static void time_form(const void *value, char *text)
{
	format_time(*(const struct timespec *)value, text);
}

static bool time_read(const char *text, void *value)
{
	struct timespec *when = value;

	return parse_rfc3339(text, when) == 0 && when->tv_sec;
}

static void u64_form(const void *value, char *text)
{
	snprintf(text, FORM_SIZE, "%" PRIu64, *(const uint64_t *)value);
}

static bool u64_read(const char *text, void *value)
{
	return parse_u64(text, UINT64_MAX, value) == 0;
}

static void device_form(const void *value, char *text)
{
	dev_t dev = *(const dev_t *)value;

	snprintf(text, FORM_SIZE, "%u:%u", major(dev), minor(dev));
}

static bool device_read(const char *text, void *value)
{
	unsigned first;
	unsigned second;

	if (sscanf(text, "%u:%u", &first, &second) != 2)
		return false;
	*(dev_t *)value = makedev(first, second);
	return true;
}

static void mode_form(const void *value, char *text)
{
	snprintf(text, FORM_SIZE, "%04o", *(const uint32_t *)value & 07777U);
}

static bool mode_read(const char *text, void *value)
{
	return sscanf(text, "%o", (uint32_t *)value) == 1;
}

static bool index_read(const char *text, const char *list, void *value)
{
	uint64_t idx;

	if (!has_prefix(text, list) ||
	    parse_u64(text + strlen(list), INT32_MAX, &idx))
		return false;
	*(size_t *)value = (size_t)idx;
	return true;
}

static void path_form(const void *value, char *text)
{
	snprintf(text, FORM_SIZE, "/paths/%zu", *(const size_t *)value);
}

static bool path_read(const char *text, void *value)
{
	return index_read(text, "/paths/", value);
}

static void connection_form(const void *value, char *text)
{
	snprintf(text, FORM_SIZE, "/connections/%zu", *(const size_t *)value);
}

static bool connection_read(const char *text, void *value)
{
	return index_read(text, "/connections/", value);
}

static const struct text_form {
	const char *fault;
	void (*form)(const void *value, char *text);
	bool (*read)(const char *text, void *value);
} text_forms[] = {
	[MEMBER_TIME] = { "not a time as \"2026-11-23T13:40:00.000Z\"",
			  time_form, time_read },
	[MEMBER_U64] = { "not a number as decimal text", u64_form, u64_read },
	[MEMBER_DEVICE] = { "not a device as \"8:1\"", device_form,
			    device_read },
	[MEMBER_MODE] = { "not a mode as \"0755\"", mode_form, mode_read },
	[MEMBER_PATH] = { "not a pointer as \"/paths/0\"", path_form,
			  path_read },
	[MEMBER_CONNECTION] = { "not a pointer as \"/connections/0\"",
				connection_form, connection_read },
};

static cJSON *form_write(const struct member *member, const void *value)
{
	char text[FORM_SIZE];

	text_forms[member->kind].form(value, text);
	return cJSON_CreateString(text);
}

static const char *form_load(struct arena *arena, const struct member *member,
			     const cJSON *json, void *value)
{
	const struct text_form *form = &text_forms[member->kind];
	const char *text = cJSON_GetStringValue(json);
	char again[FORM_SIZE];

	(void)arena;
	if (!text)
		return not_a_text;
	if (!form->read(text, value))
		return form->fault;
	form->form(value, again);
	return strcmp(text, again) == 0 ? NULL : form->fault;
}

/* ---- what --max-bytes took away ---- */

static cJSON *left_out_write(const struct member *member, const void *value)
{
	const struct doc_left_out_list *list = value;
	cJSON *object = cJSON_CreateObject();

	(void)member;
	for (size_t i = 0; i < list->n; i++) {
		if (cJSON_AddNumberToObject(object, list->at[i].pointer,
					    (double)list->at[i].count))
			continue;
		cJSON_Delete(object);
		return NULL;
	}
	return object;
}

static const char *left_out_load_one(struct arena *arena, const cJSON *item,
				     struct doc_left_out_list *list)
{
	static const struct member count = { .kind = MEMBER_NUMBER,
					     .min = 1,
					     .max = INT32_MAX };
	const struct member *shortened;
	struct doc_left_out *left_out;

	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->at[i].pointer, item->string) == 0)
			return "holds one of its pointers twice";
	}
	member_at(item->string, NULL, &shortened);
	if (!shortened || !(shortened->flags & MEMBER_SHORTENS))
		return "holds a pointer to what is never left out";
	left_out = list_add(arena, list, MEMBERS_MAX);
	if (!left_out)
		return value_out_of_memory;
	left_out->pointer = arena_intern(arena, item->string);
	if (!left_out->pointer)
		return value_out_of_memory;
	return number_load(arena, &count, item, &left_out->count)
		       ? "holds a count that is none"
		       : NULL;
}

static const char *left_out_load(struct arena *arena,
				 const struct member *member, const cJSON *json,
				 void *value)
{
	const char *fault = NULL;
	const cJSON *item;

	(void)member;
	if (!cJSON_IsObject(json))
		return "not an object";
	if (!json->child)
		return "empty";
	cJSON_ArrayForEach(item, json) {
		if (!fault)
			fault = left_out_load_one(arena, item, value);
	}
	return fault;
}

/* ---- the table ---- */

static const struct {
	cJSON *(*write)(const struct member *member, const void *value);
	const char *(*load)(struct arena *arena, const struct member *member,
			    const cJSON *json, void *value);
} kinds[] = {
	[MEMBER_SCHEMA] = { schema_write, schema_load },
	[MEMBER_TEXT] = { text_write, text_load },
	[MEMBER_NUMBER] = { number_write, number_load },
	[MEMBER_BOOL] = { bool_write, bool_load },
	[MEMBER_TRISTATE] = { tristate_write, tristate_load },
	[MEMBER_TIME] = { form_write, form_load },
	[MEMBER_U64] = { form_write, form_load },
	[MEMBER_DEVICE] = { form_write, form_load },
	[MEMBER_MODE] = { form_write, form_load },
	[MEMBER_ENUM] = { enum_write, enum_load },
	[MEMBER_CONTAINER] = { container_write, container_load },
	[MEMBER_PATH] = { form_write, form_load },
	[MEMBER_CONNECTION] = { form_write, form_load },
	[MEMBER_LEFT_OUT] = { left_out_write, left_out_load },
};

cJSON *value_write(const struct member *member, const void *value)
{
	if (value_is_unknown(member, value))
		return cJSON_CreateNull();
	return kinds[member->kind].write(member, value);
}

const char *value_load(struct arena *arena, const struct member *member,
		       const cJSON *json, void *value)
{
	const char *fault =
		kinds[member->kind].load(arena, member, json, value);

	/* 0 means unknown, and is never written as a value. */
	if (!fault && member->kind == MEMBER_U64 &&
	    value_is_unknown(member, value))
		return "0, which is none";
	return fault;
}

void value_forget(const struct member *member, void *value)
{
	memset(value, 0,
	       member->kind == MEMBER_POINTER ? sizeof(void *) : member->size);
	if (member->kind == MEMBER_NUMBER)
		*(int64_t *)value = NUMBER_UNKNOWN;
	else if (member->kind == MEMBER_PATH)
		*(size_t *)value = NO_INDEX;
	else if (member->kind == MEMBER_CONTAINER)
		*(struct container_ref *)value =
			(struct container_ref){ NULL, NO_INDEX };
}

bool value_is_unknown(const struct member *member, const void *value)
{
	bool required = !(member->flags & (MEMBER_NULLABLE | MEMBER_OPTIONAL));

	switch (member->kind) {
	case MEMBER_TEXT:
	case MEMBER_POINTER:
		return !*(const void *const *)value;
	case MEMBER_CONTAINER:
		return !((const struct container_ref *)value)->id;
	case MEMBER_NUMBER:
		return *(const int64_t *)value == NUMBER_UNKNOWN;
	case MEMBER_TRISTATE:
		return *(const enum tristate *)value == TRI_UNKNOWN;
	case MEMBER_TIME:
		return !((const struct timespec *)value)->tv_sec;
	case MEMBER_U64:
		return !required && !*(const uint64_t *)value;
	case MEMBER_PATH:
		return *(const size_t *)value == NO_INDEX;
	case MEMBER_ENUM:
		return !name_of(member->names, *(const unsigned *)value);
	case MEMBER_LEFT_OUT:
		return !((const struct doc_left_out_list *)value)->n;
	default:
		return false;
	}
}
