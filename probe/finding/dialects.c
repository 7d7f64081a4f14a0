// SPDX-License-Identifier: Apache-2.0
/*
 * Findings, from a file's text to struct finding: a scan for what JSON
 * libraries accept but must not pass, unwrapping, and one table of fields for
 * each dialect.
 */
#include "finding/dialects.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "finding/dialect_fields.h"
#include "sockprobe/json.h"
#include "sockprobe/util.h"

/* Per finding: each row of a dialect adds at most two. */
enum { PROBLEMS_MAX = 128 };

/* ---- the text, before it is parsed ---- */

static int fail_at(struct error *error, const char *text, size_t at,
		   const char *what)
{
	size_t line = 1;
	size_t column = 1;

	for (size_t i = 0; i < at; i++) {
		column++;
		if (text[i] == '\n') {
			line++;
			column = 1;
		}
	}
	return fail(error, EXIT_BAD_INPUT, "finding: line %zu, column %zu: %s",
		    line, column, what);
}

struct scan {
	const char *text;
	size_t len;
	size_t depth;
	size_t values;
	bool in_string;
};

/* Scans a string: skips escapes, refuses an escaped NUL. */
static int scan_string(struct scan *scan, size_t *at, struct error *error)
{
	if (scan->text[*at] == '"')
		scan->in_string = false;
	if (scan->text[*at] != '\\')
		return 0;
	if (scan->len - *at >= 6 &&
	    strncmp(scan->text + *at, "\\u0000", 6) == 0)
		return fail_at(error, scan->text, *at,
			       "a text that holds NUL (\\u0000)");
	(*at)++;
	return 0;
}

static int scan_structure(struct scan *scan, size_t at, struct error *error)
{
	switch (scan->text[at]) {
	case '"':
		scan->in_string = true;
		return 0;
	case '{':
	case '[':
		scan->values++;
		if (++scan->depth > FINDING_DEPTH_MAX)
			return fail_at(error, scan->text, at,
				       "nested deeper than any finding");
		return 0;
	case '}':
	case ']':
		scan->depth -= scan->depth > 0;
		return 0;
	case ',':
		if (++scan->values > FINDING_VALUES_MAX)
			return fail_at(error, scan->text, at,
				       "more values than are read");
		return 0;
	default:
		return 0;
	}
}

/* cJSON would end a text at NUL, and recurse to any depth. */
static int scan_text(const char *text, size_t len, struct error *error)
{
	struct scan scan = { .text = text, .len = len };

	for (size_t at = 0; at < len; at++) {
		int status;

		if (text[at] == '\0')
			return fail_at(error, text, at, "a NUL byte");
		if (text[at] == '\n' && scan.depth == 0)
			scan.values = 0;
		status = scan.in_string ? scan_string(&scan, &at, error)
					: scan_structure(&scan, at, error);
		if (status)
			return status;
	}
	return 0;
}

/* ---- walking a finding ---- */

static bool same_key(const char *key, const char *wanted, bool any_case)
{
	/*
	 * Only the first letter differs between the SDKs' names and the API's.
	 */
	if (any_case && strncasecmp(key, wanted, 1) == 0)
		return strcmp(key + (*key != 0), wanted + (*wanted != 0)) == 0;
	return strcmp(key, wanted) == 0;
}

/* The member with this name; *twice if the object has it twice. */
static const cJSON *member(const cJSON *object, const char *wanted,
			   bool any_case, bool *twice)
{
	const cJSON *found = NULL;
	const cJSON *item;

	if (!cJSON_IsObject(object))
		return NULL;
	cJSON_ArrayForEach(item, object) {
		if (!item->string || !same_key(item->string, wanted, any_case))
			continue;
		if (found)
			*twice = true;
		else
			found = item;
	}
	return found;
}

enum { STEP_SIZE = 192 };

/* Does an item of a list match a step "KEY=VALUE" or "*"? */
static bool fits(const cJSON *item, const char *step)
{
	const char *equals = strchr(step, '=');
	char key[STEP_SIZE];

	if (!equals)
		return true;
	snprintf(key, sizeof(key), "%.*s", (int)(equals - step), step);
	return json_is(item, key, equals + 1);
}

static const cJSON *follow(const cJSON *item, const char *path, bool any_case,
			   bool *twice);

/* The first matching item in which the rest of the path exists. */
static const cJSON *follow_list(const cJSON *list, const char *step,
				const char *rest, bool any_case, bool *twice)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list) {
		const cJSON *found =
			fits(item, step) ? follow(item, rest, any_case, twice)
					 : NULL;

		if (found)
			return found;
	}
	return NULL;
}

/* Follows a path as finding_field describes it. NULL if it does not exist. */
static const cJSON *follow(const cJSON *item, const char *path, bool any_case,
			   bool *twice)
{
	while (item && *path) {
		size_t len = strcspn(path, ">");
		char step[STEP_SIZE];

		snprintf(step, sizeof(step), "%.*s", (int)len, path);
		path += len;
		path += *path == '>';
		if (!cJSON_IsArray(item))
			item = member(item, step, any_case, twice);
		else if (*step >= '0' && *step <= '9')
			item = cJSON_GetArrayItem(item, *step - '0');
		else
			return follow_list(item, step, path, any_case, twice);
	}
	return item;
}

/* ---- one field ---- */

struct taking {
	struct arena *arena;
	struct finding *finding;
	const struct finding_field *field;
	bool milliseconds; /* the dialect's numeric times */
	int err;	   /* 0 or -ENOMEM */
};

static void add_problem(struct taking *taking, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add_problem(struct taking *taking, const char *format, ...)
{
	struct finding_problem *problem = list_add(
		taking->arena, &taking->finding->problems, PROBLEMS_MAX);
	char place[300] = "/";
	char text[256];
	va_list args;

	snprintf(place + 1, sizeof(place) - 1, "%s", taking->field->path);
	for (char *at = place; *at; at++) {
		if (*at == '>')
			*at = '/';
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (problem) {
		problem->place = arena_intern(taking->arena, place);
		problem->text = arena_intern(taking->arena, text);
	}
	if (!problem || !problem->place || !problem->text)
		taking->err = -ENOMEM;
}

/* The member of the finding that the field fills. */
static void *finding_member_at(struct finding *finding,
			       const struct finding_field *field)
{
	return (char *)finding + field->offset;
}

static void take_text(struct taking *taking, const cJSON *item)
{
	const char **place = finding_member_at(taking->finding, taking->field);
	const char *text = cJSON_GetStringValue(item);

	if (!text) {
		add_problem(taking, "not a text");
	} else if (strlen(text) > FINDING_TEXT_MAX) {
		add_problem(taking, "longer than %d bytes: left out",
			    FINDING_TEXT_MAX);
	} else if (*text) {
		if (finding_text_is_odd(text))
			add_problem(
				taking,
				"holds control characters, or is not UTF-8");
		*place = finding_text(taking->arena, text);
		if (!*place)
			taking->err = -ENOMEM;
	}
}

static void take_time(struct taking *taking, const cJSON *item)
{
	struct timespec *place =
		finding_member_at(taking->finding, taking->field);
	struct timespec when = { 0 };

	if (cJSON_IsNumber(item)) {
		double seconds = item->valuedouble;

		if (taking->milliseconds)
			seconds /= 1000;
		if (!(seconds > 0 && seconds < 253402300800.0)) {
			add_problem(taking, "a time out of range");
			return;
		}
		when.tv_sec = (time_t)seconds;
		when.tv_nsec = (long)((seconds - floor(seconds)) * 1e9);
	} else if (!cJSON_IsString(item) ||
		   parse_rfc3339(item->valuestring, &when)) {
		add_problem(taking, "not a time");
		return;
	}
	/* Second 0 means that the time is not known. */
	if (!when.tv_sec) {
		add_problem(taking, "a time out of range");
		return;
	}
	when.tv_nsec -= when.tv_nsec % 1000000;
	*place = when;
}

static void take_number(struct taking *taking, const cJSON *item)
{
	int64_t *place = finding_member_at(taking->finding, taking->field);
	double number = item->valuedouble;

	if (cJSON_IsString(item)) {
		/* ASFF's product fields are all text. */
		uint64_t value;

		if (parse_u64(item->valuestring, INT32_MAX, &value)) {
			add_problem(taking, "not a whole number in range");
			return;
		}
		number = (double)value;
	} else if (!cJSON_IsNumber(item) || number < 0 || number > INT32_MAX ||
		   number != floor(number)) {
		add_problem(taking, "not a whole number in range");
		return;
	}
	*place = (int64_t)number;
}

static void take_bool(struct taking *taking, const cJSON *item)
{
	enum tristate *place =
		finding_member_at(taking->finding, taking->field);
	const char *text = cJSON_GetStringValue(item);

	if (cJSON_IsTrue(item) || (text && strcasecmp(text, "true") == 0))
		*place = TRI_YES;
	else if (cJSON_IsFalse(item) ||
		 (text && strcasecmp(text, "false") == 0))
		*place = TRI_NO;
	else
		add_problem(taking, "neither true nor false");
}

static void finding_take(struct taking *taking, const cJSON *item)
{
	switch (taking->field->kind) {
	case FIELD_TEXT:
		take_text(taking, item);
		break;
	case FIELD_TIME:
		take_time(taking, item);
		break;
	case FIELD_NUMBER:
		take_number(taking, item);
		break;
	case FIELD_BOOL:
		take_bool(taking, item);
		break;
	}
}

/* ---- one finding ---- */

static bool is_set(struct finding *finding, const struct finding_field *field)
{
	const void *place = finding_member_at(finding, field);

	switch (field->kind) {
	case FIELD_TEXT:
		return *(const char *const *)place != NULL;
	case FIELD_TIME:
		return ((const struct timespec *)place)->tv_sec != 0;
	case FIELD_NUMBER:
		return *(const int64_t *)place != NUMBER_UNKNOWN;
	case FIELD_BOOL:
		return *(const enum tristate *)place != TRI_UNKNOWN;
	}
	return false;
}

static int take_fields(struct arena *arena, struct finding *finding,
		       const struct dialect *dialect, const cJSON *raw)
{
	struct taking taking = { .arena = arena,
				 .finding = finding,
				 .milliseconds = dialect->milliseconds };

	for (const struct finding_field *field = dialect->fields; field->path;
	     field++) {
		bool twice = false;
		const cJSON *item =
			follow(raw, field->path, dialect->any_case, &twice);

		taking.field = field;
		if (twice)
			add_problem(
				&taking,
				"a key on the way occurs twice: the first counts");
		if (item && !cJSON_IsNull(item) && !is_set(finding, field))
			finding_take(&taking, item);
	}
	return taking.err;
}

/* How many items of the list there are, those that agree in `key` being one. */
static int count_items(const cJSON *list, const char *key, bool any_case)
{
	const char *first = NULL;
	const cJSON *item;
	bool twice;
	int n = 0;

	if (!cJSON_IsArray(list))
		return list && !cJSON_IsNull(list) ? 2 : 0;
	if (!key)
		return cJSON_GetArraySize(list);
	cJSON_ArrayForEach(item, list) {
		const char *value = cJSON_GetStringValue(
			follow(item, key, any_case, &twice));

		if (!value || (first && strcmp(first, value) == 0))
			continue;
		first = value;
		n++;
	}
	return n;
}

/* What is about several things is not explained by looking at one. */
static int check_singles(struct arena *arena, struct finding *finding,
			 const struct dialect *dialect, const cJSON *raw)
{
	struct taking taking = { .arena = arena, .finding = finding };

	for (const struct single_list *single = dialect->singles;
	     single && single->path; single++) {
		const struct finding_field field = { .path = single->path };
		bool twice;
		int n = count_items(follow(raw, single->path, dialect->any_case,
					   &twice),
				    single->key, dialect->any_case);

		taking.field = &field;
		if (n > 1)
			add_problem(
				&taking,
				"names more than one: each must be explained");
	}
	return taking.err;
}

/* A container of Kubernetes and one of ECS in one finding are two. */
static int check_container_ids(struct arena *arena, struct finding *finding,
			       const struct dialect *dialect, const cJSON *raw)
{
	struct taking taking = { .arena = arena, .finding = finding };
	bool twice;

	for (const char *const *path = dialect->container_ids; path && *path;
	     path++) {
		const struct finding_field field = { .path = *path };
		const char *id = cJSON_GetStringValue(
			follow(raw, *path, dialect->any_case, &twice));

		taking.field = &field;
		if (id && *id && finding->container_id &&
		    strcmp(id, finding->container_id) != 0)
			add_problem(&taking,
				    "another container than elsewhere in it");
	}
	return taking.err;
}

/* An ARN ends with the id that other dialects give alone. */
static const char *without_arn(const char *text)
{
	return text && has_prefix(text, "arn:") ? path_basename(text) : text;
}

static int fill_finding(struct arena *arena, struct finding *finding,
			const cJSON *raw)
{
	const struct dialect *dialect = finding_dialect(raw);
	int err;

	finding->dialect = dialect->name;
	finding->pid = finding->count = NUMBER_UNKNOWN;
	finding->located.container.at = NO_INDEX;
	finding->located.path = NO_INDEX;
	err = take_fields(arena, finding, dialect, raw);
	if (!err)
		err = check_singles(arena, finding, dialect, raw);
	if (!err)
		err = check_container_ids(arena, finding, dialect, raw);
	if (!err && dialect->finish)
		err = dialect->finish(arena, finding, raw);
	finding->id = without_arn(finding->id);
	finding->instance_id = without_arn(finding->instance_id);
	return err;
}

struct result {
	struct arena *arena;
	struct finding_list *findings;
	struct error *error;
	int status;
};

static void add_finding(struct result *result, const cJSON *raw)
{
	size_t index = result->findings->n;
	struct finding *finding;

	if (index >= FINDINGS_MAX) {
		result->status = fail(result->error, EXIT_BAD_INPUT,
				      "finding: more than %d findings",
				      FINDINGS_MAX);
		return;
	}
	finding = list_add(result->arena, result->findings, FINDINGS_MAX);
	if (!finding || fill_finding(result->arena, finding, raw)) {
		result->status = fail(result->error, EXIT_INTERNAL,
				      "finding: out of memory");
		return;
	}
	finding->index = (int64_t)index;
	if (!finding->type)
		result->status = fail(
			result->error, EXIT_BAD_INPUT,
			"finding: item %zu is not a GuardDuty finding: it has no type",
			index);
}

/* The wrappers of findings; each has one or a list. */
static const char *const wrappers[] = { "findings", "detail" };

/* The members by which an object is a finding itself. */
static const char *const own_members[] = { "resource", "service",
					   "schemaVersion", "class_uid",
					   "ProductFields" };

static bool is_finding(const cJSON *json)
{
	bool twice;

	for (size_t i = 0; i < ARRAY_SIZE(own_members); i++) {
		if (member(json, own_members[i], true, &twice))
			return true;
	}
	return false;
}

/*
 * What an object wraps; NULL where it is no wrapper. Two wrappers in one object,
 * or a wrapper that is a finding too, would hide findings behind each other.
 */
static const cJSON *wrapped(struct result *result, const cJSON *json)
{
	const cJSON *found = NULL;
	bool twice = false;

	for (size_t i = 0; i < ARRAY_SIZE(wrappers); i++) {
		const cJSON *item = member(json, wrappers[i], true, &twice);

		if (!cJSON_IsArray(item) && !cJSON_IsObject(item))
			continue;
		twice |= found != NULL;
		found = item;
	}
	if (twice || (found && is_finding(json)))
		result->status = fail(
			result->error, EXIT_BAD_INPUT,
			"finding: an object that holds findings in two ways: one would hide the other");
	return found;
}

static void unwrap(struct result *result, const cJSON *json)
{
	const cJSON *inner;
	const cJSON *item;

	if (result->status)
		return;
	if (cJSON_IsArray(json)) {
		cJSON_ArrayForEach(item, json) {
			unwrap(result, item);
		}
		return;
	}
	inner = wrapped(result, json);
	if (inner)
		unwrap(result, inner);
	else if (!result->status)
		add_finding(result, json);
}

static void parse_values(struct result *result, const char *text, size_t len)
{
	const char *at = text;
	const char *end = text + len;

	while (!result->status) {
		const char *next = NULL;
		cJSON *json;

		while (at < end && strchr(" \t\r\n", *at))
			at++;
		if (at == end)
			return;
		json = cJSON_ParseWithLengthOpts(at, (size_t)(end - at), &next,
						 false);
		if (!json) {
			result->status =
				fail_at(result->error, text,
					next ? (size_t)(next - text) : 0,
					"not JSON, or cut off");
			return;
		}
		unwrap(result, json);
		cJSON_Delete(json);
		at = next;
		/* Several values are JSON Lines: one on each line. */
		while (at < end && strchr(" \t\r", *at))
			at++;
		if (!result->status && at < end && *at != '\n')
			result->status = fail_at(result->error, text,
						 (size_t)(at - text),
						 "text behind the JSON value");
	}
}

int findings_parse(struct arena *arena, const char *text, size_t len,
		   struct finding_list *findings, struct error *error)
{
	struct result result = { .arena = arena,
				 .findings = findings,
				 .error = error };

	*findings = (struct finding_list){ 0 };
	if (len > FINDING_FILE_MAX)
		return fail(error, EXIT_BAD_INPUT,
			    "finding: larger than %d MiB",
			    FINDING_FILE_MAX >> 20);
	/* Some editors add a byte order mark, which is not JSON. */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	result.status = scan_text(text, len, error);
	if (result.status)
		return result.status;
	parse_values(&result, text, len);
	if (!result.status && !findings->n)
		result.status = fail(error, EXIT_BAD_INPUT,
				     "finding: the file holds none");
	return result.status;
}
