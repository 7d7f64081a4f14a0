// SPDX-License-Identifier: Apache-2.0
/*
 * Typed fields out of JSON: what is of another type, out of range or not fit to
 * be shown becomes a problem with its place, and never more than that.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "finding_read.h"
#include "../report/text_safe.h"

#define MAX_COUNT ((double)((int64_t)1 << 53)) /* beyond, doubles have gaps */
#define MAX_UID 4294967294.0 /* -1 is no uid */
#define END_OF_YEARS 253402300800.0 /* year 10000 */

/* ---- problems ---- */

static bool has_problem(const struct finding *finding, const char *place)
{
	for (size_t i = 0; i < finding->problems.n; i++) {
		if (strcmp(finding->problems.at[i].place, place) == 0)
			return true;
	}
	return false;
}

/* One problem a place: fields that share a broken parent report it once. */
static void keep_problem(struct reader *reader, const char *place,
			 const char *text)
{
	struct finding *finding = reader->finding;
	struct finding_problem *problem;

	if (finding->problems_cut || has_problem(finding, place))
		return;
	problem = list_add(reader->arena, &finding->problems,
			   FINDING_MAX_PROBLEMS);
	if (!problem) {
		reader->full |= errno == ENOMEM;
		finding->problems_cut = true;
		return;
	}
	problem->place = arena_strdup(reader->arena, place);
	problem->text = arena_strdup(reader->arena, text);
	if (problem->place && problem->text)
		return;
	finding->problems.n--;
	reader->full = true;
}

void add_problem(struct reader *reader, const char *place, const char *format,
		 ...)
{
	char text[128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	keep_problem(reader, place, text);
}

static const char *type_name(const cJSON *item)
{
	static const struct {
		int type;
		const char *name;
	} names[] = {
		{ cJSON_False, "a truth value" }, { cJSON_True, "a truth value" },
		{ cJSON_Number, "a number" },	  { cJSON_String, "a text" },
		{ cJSON_Array, "a list" },	  { cJSON_Object, "an object" },
		{ cJSON_NULL, "null" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if ((item->type & 0xff) == names[i].type)
			return names[i].name;
	}
	return "nothing known";
}

static void wrong_type(struct reader *reader, const struct spot *spot,
		       const char *wanted)
{
	add_problem(reader, spot->place, "is %s, not %s",
		    type_name(spot->item), wanted);
}

void reader_no_room(struct reader *reader, const struct spot *spot)
{
	if (errno == ENOMEM)
		reader->full = true;
	else
		add_problem(reader, spot->place,
			    "has more than %d items: the rest is dropped",
			    FINDING_MAX_ITEMS);
}

/* ---- places ---- */

/* Appends "/key" as a JSON pointer has it; what does not fit becomes "...". */
static void place_push(char place[static PLACE_SIZE], const char *key)
{
	size_t len = strlen(place);

	if (has_suffix(place, "..."))
		return;
	place[len++] = '/';
	/* leaves room for an escape, the next '/' and the dots */
	for (; *key && len < PLACE_SIZE - 6; key++) {
		if (*key == '~' || *key == '/') {
			place[len++] = '~';
			place[len++] = *key == '~' ? '0' : '1';
		} else {
			place[len++] = *key;
		}
	}
	memcpy(place + len, *key ? "..." : "", *key ? 4 : 1);
}

static void place_push_index(char place[static PLACE_SIZE], size_t idx)
{
	char key[24];

	snprintf(key, sizeof(key), "%zu", idx);
	place_push(place, key);
}

/* ---- finding an item ---- */

static bool same_key(const struct reader *reader, const char *key,
		     const char *wanted)
{
	if (!key)
		return false;
	if (key[0] != wanted[0] &&
	    (!reader->any_case || (key[0] | 0x20) != (wanted[0] | 0x20)))
		return false;
	return key[0] == '\0' || strcmp(key + 1, wanted + 1) == 0;
}

/* The first wins where a key is there twice; report_duplicates() tells. */
static const cJSON *child_of(const struct reader *reader, const cJSON *object,
			     const char *key)
{
	const cJSON *child;

	cJSON_ArrayForEach(child, object)
	{
		if (same_key(reader, child->string, key))
			return child;
	}
	return NULL;
}

/* The pointer's first key, unescaped; returns what follows it. */
static const char *next_key(const char *pointer, char *key, size_t size)
{
	size_t len = 0;

	for (pointer++; *pointer && *pointer != '/'; pointer++) {
		char c = *pointer;

		if (c == '~' && pointer[1])
			c = *++pointer == '0' ? '~' : '/';
		if (len < size - 1)
			key[len++] = c;
	}
	key[len] = '\0';
	return pointer;
}

bool find_spot(struct reader *reader, const struct spot *from,
	       const char *pointer, struct spot *found)
{
	char key[128];

	*found = *from;
	while (*pointer) {
		if (!cJSON_IsObject(found->item)) {
			wrong_type(reader, found, "an object");
			return false;
		}
		pointer = next_key(pointer, key, sizeof(key));
		found->item = child_of(reader, found->item, key);
		if (!found->item || cJSON_IsNull(found->item))
			return false;
		place_push(found->place, found->item->string);
	}
	return true;
}

void open_items(struct reader *reader, const struct spot *from,
		const char *pointer, struct items *items)
{
	items->next = NULL;
	items->idx = 0;
	if (!find_spot(reader, from, pointer, &items->list))
		return;
	if (cJSON_IsArray(items->list.item))
		items->next = items->list.item->child;
	else
		wrong_type(reader, &items->list, "a list");
}

bool next_value(struct items *items)
{
	if (!items->next)
		return false;
	items->spot = items->list;
	items->spot.item = items->next;
	place_push_index(items->spot.place, items->idx++);
	items->next = items->next->next;
	return true;
}

bool next_item(struct reader *reader, struct items *items)
{
	while (next_value(items)) {
		if (cJSON_IsObject(items->spot.item))
			return true;
		if (!cJSON_IsNull(items->spot.item))
			wrong_type(reader, &items->spot, "an object");
	}
	return false;
}

void read_fields(struct reader *reader, const struct spot *from,
		 const struct field *fields, void *to)
{
	struct spot spot;

	for (; fields->pointer; fields++) {
		if (find_spot(reader, from, fields->pointer, &spot))
			fields->read(reader, &spot,
				     (char *)to + fields->offset);
	}
}

/* ---- texts ---- */

/* C0, DEL, and C1, which UTF-8 writes as C2 80 to C2 9F. */
static bool has_control(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	for (; *at; at++) {
		if (*at < 0x20 || *at == 0x7f ||
		    (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f))
			return true;
	}
	return false;
}

static const char *checked_text(struct reader *reader, const struct spot *spot)
{
	const char *text = cJSON_GetStringValue(spot->item);

	if (!text) {
		wrong_type(reader, spot, "a text");
		return NULL;
	}
	if (strlen(text) > FINDING_MAX_TEXT) {
		add_problem(reader, spot->place,
			    "is %zu bytes long, more than %d: dropped",
			    strlen(text), FINDING_MAX_TEXT);
		return NULL;
	}
	if (!is_utf8(text))
		add_problem(reader, spot->place, "is not valid UTF-8");
	else if (has_control(text))
		add_problem(reader, spot->place, "holds control characters");
	return *text ? text : NULL;
}

static void keep_text(struct reader *reader, const char **to, const char *text)
{
	if (!text || *to)
		return;
	*to = arena_strdup(reader->arena, text);
	if (!*to)
		reader->full = true;
}

void read_text(struct reader *reader, const struct spot *from, void *to)
{
	keep_text(reader, to, checked_text(reader, from));
}

void read_last_part(struct reader *reader, const struct spot *from, void *to)
{
	const char *text = checked_text(reader, from);

	if (text && *path_basename(text))
		text = path_basename(text);
	keep_text(reader, to, text);
}

/* ---- truths ---- */

void read_truth(struct reader *reader, const struct spot *from, void *to)
{
	enum tristate *truth = to;
	const char *text = cJSON_GetStringValue(from->item);
	bool yes = cJSON_IsTrue(from->item);

	if (reader->as_texts && text) {
		if (!*text)
			return;
		yes = strcmp(text, "true") == 0;
		if (!yes && strcmp(text, "false") != 0) {
			add_problem(reader, from->place,
				    "is neither true nor false");
			return;
		}
	} else if (!cJSON_IsBool(from->item)) {
		wrong_type(reader, from, "true or false");
		return;
	}
	if (*truth == TRI_UNKNOWN)
		*truth = yes ? TRI_YES : TRI_NO;
}

/* {"sample":true} inside a text: how GuardDuty marks a sample it made. */
void read_sample_text(struct reader *reader, const struct spot *from, void *to)
{
	const char *text = cJSON_GetStringValue(from->item);
	struct spot inner = *from;
	struct spot sample;
	cJSON *json;

	if (!text)
		wrong_type(reader, from, "a text");
	/* Long ones belong to other types; not worth the parser's memory. */
	if (!text || strlen(text) > FINDING_MAX_TEXT)
		return;
	json = cJSON_Parse(text);
	inner.item = json;
	if (cJSON_IsObject(json) &&
	    find_spot(reader, &inner, "/sample", &sample))
		read_truth(reader, &sample, to);
	cJSON_Delete(json);
}

/* ---- numbers ---- */

/* A number, or one as a text where the dialect writes such; "" is nothing. */
static bool number_of(struct reader *reader, const struct spot *spot,
		      double *value)
{
	const char *text = cJSON_GetStringValue(spot->item);
	char *end;

	if (cJSON_IsNumber(spot->item)) {
		*value = spot->item->valuedouble;
		return true;
	}
	if (!reader->as_texts || !text) {
		wrong_type(reader, spot, "a number");
		return false;
	}
	if (!*text)
		return false;
	*value = strtod(text, &end);
	if (text[0] >= '0' && text[0] <= '9' && !*end)
		return true;
	add_problem(reader, spot->place, "is not a number");
	return false;
}

static void read_integer(struct reader *reader, const struct spot *spot,
			 double least, double most,
			 struct finding_number *number)
{
	double value;

	if (!number_of(reader, spot, &value))
		return;
	if (!isfinite(value) || value < least || value > most)
		add_problem(reader, spot->place,
			    "is out of range (%.0f to %.0f)", least, most);
	else if ((double)(int64_t)value != value)
		add_problem(reader, spot->place, "is not a whole number");
	else if (!number->known)
		*number = (struct finding_number){ true, (int64_t)value };
}

void read_count(struct reader *reader, const struct spot *from, void *to)
{
	read_integer(reader, from, 0, MAX_COUNT, to);
}

void read_pid(struct reader *reader, const struct spot *from, void *to)
{
	read_integer(reader, from, 1, FINDING_MAX_PID, to);
}

void read_uid(struct reader *reader, const struct spot *from, void *to)
{
	read_integer(reader, from, 0, MAX_UID, to);
}

/* ---- times ---- */

static void keep_seconds(struct reader *reader, const struct spot *spot,
			 double seconds, struct finding_time *time)
{
	int64_t whole;

	if (!isfinite(seconds) || seconds < 0 || seconds >= END_OF_YEARS) {
		add_problem(reader, spot->place, "is a time out of range");
		return;
	}
	if (time->known)
		return;
	whole = (int64_t)seconds;
	time->at.tv_sec = whole;
	time->at.tv_nsec = (long)((seconds - (double)whole) * 1e9);
	time->known = true;
}

/* A time as a text; false: it is none. */
static bool text_time(struct reader *reader, const struct spot *spot,
		      struct finding_time *time)
{
	const char *text = cJSON_GetStringValue(spot->item);
	struct timespec at;

	if (!text || parse_rfc3339(text, &at))
		return false;
	if (at.tv_sec < 0 || (double)at.tv_sec >= END_OF_YEARS)
		add_problem(reader, spot->place, "is a time out of range");
	else if (!time->known)
		*time = (struct finding_time){ true, at };
	return true;
}

void read_time(struct reader *reader, const struct spot *from, void *to)
{
	const char *text = cJSON_GetStringValue(from->item);
	double seconds;

	if (text_time(reader, from, to) || (text && !*text))
		return;
	if (text && !reader->as_texts)
		add_problem(reader, from->place, "is not a time");
	else if (number_of(reader, from, &seconds))
		keep_seconds(reader, from, seconds, to);
}

void read_time_ms(struct reader *reader, const struct spot *from, void *to)
{
	double ms;

	if (number_of(reader, from, &ms))
		keep_seconds(reader, from, ms / 1000, to);
}

/* ---- keys that are there twice ---- */

static int first_letter(const char *key, bool any_case)
{
	return any_case && *key >= 'A' && *key <= 'Z' ? *key | 0x20 : *key;
}

/* 0 for keys that are the same name to this reader. */
static int key_diff(const char *key, const char *other, bool any_case)
{
	int diff = first_letter(key, any_case) - first_letter(other, any_case);

	return diff || !*key ? diff : strcmp(key + 1, other + 1);
}

static int compare_keys(const void *a, const void *b, void *any_case)
{
	const char *key = *(const char *const *)a;
	const char *other = *(const char *const *)b;
	int diff = key_diff(key, other, *(bool *)any_case);

	return diff ? diff : strcmp(key, other);
}

/* Sorted, so that an object of a million keys takes no quadratic time. */
static void report_object(struct reader *reader, const cJSON *object,
			  const char place[static PLACE_SIZE])
{
	size_t n = (size_t)cJSON_GetArraySize(object);
	const char **keys = n > 1 ? calloc(n, sizeof(*keys)) : NULL;
	const cJSON *child;
	size_t at = 0;

	if (n < 2)
		return;
	if (!keys) {
		reader->full = true;
		return;
	}
	cJSON_ArrayForEach(child, object)
		keys[at++] = child->string ? child->string : "";
	qsort_r(keys, n, sizeof(*keys), compare_keys, &reader->any_case);
	for (at = 1; at < n; at++) {
		char twice[PLACE_SIZE];

		if (key_diff(keys[at - 1], keys[at], reader->any_case))
			continue;
		memcpy(twice, place, sizeof(twice));
		place_push(twice, keys[at]);
		add_problem(reader, twice,
			    "is there more than once: the first is taken");
	}
	free(keys);
}

/* As deep as cJSON nests; `place` is changed on the way and restored. */
static void report_below(struct reader *reader, const cJSON *item,
			 char place[static PLACE_SIZE])
{
	size_t len = strlen(place);
	const cJSON *child;
	size_t idx = 0;

	if (cJSON_IsObject(item))
		report_object(reader, item, place);
	cJSON_ArrayForEach(child, item)
	{
		if (child->child && cJSON_IsObject(item))
			place_push(place, child->string);
		else if (child->child)
			place_push_index(place, idx);
		if (child->child)
			report_below(reader, child, place);
		place[len] = '\0';
		idx++;
	}
}

void report_duplicates(struct reader *reader, const cJSON *finding)
{
	char place[PLACE_SIZE] = "";

	report_below(reader, finding, place);
}
