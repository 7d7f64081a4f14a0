// SPDX-License-Identifier: Apache-2.0
/*
 * A file of findings: one JSON text or JSON Lines, out of the envelopes that
 * each service wraps findings in, to the reader of each finding's dialect.
 */
#include "finding.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "finding_read.h"

enum { MAX_ENVELOPES = 4 }; /* a list of events, each with a list: 3 */

struct parse {
	struct arena *arena;
	const char *text;
	size_t len;
	size_t at; /* where the JSON text in work begins */
	struct finding_list *findings;
	struct error *error;
};

static const struct {
	const char *name;
	void (*read)(struct reader *reader, const struct spot *finding);
	bool any_case;
	bool as_texts;
} dialects[] = {
	[DIALECT_CLI] = { "guardduty-cli", read_guardduty, true, false },
	[DIALECT_API] = { "guardduty-api", read_guardduty, true, false },
	[DIALECT_EVENTBRIDGE] = { "eventbridge", read_guardduty, true, false },
	[DIALECT_ASFF] = { "asff", read_asff, false, true },
	[DIALECT_OCSF] = { "ocsf", read_ocsf, false, true },
};

const char *finding_dialect_name(enum finding_dialect dialect)
{
	return dialects[dialect].name;
}

/* ---- one finding ---- */

static enum finding_dialect dialect_of(const cJSON *item, bool in_event)
{
	if (cJSON_GetObjectItemCaseSensitive(item, "class_uid"))
		return DIALECT_OCSF;
	if (cJSON_GetObjectItemCaseSensitive(item, "ProductArn") ||
	    cJSON_GetObjectItemCaseSensitive(item, "Types"))
		return DIALECT_ASFF;
	if (in_event)
		return DIALECT_EVENTBRIDGE;
	return cJSON_GetObjectItemCaseSensitive(item, "Type") ? DIALECT_CLI :
								DIALECT_API;
}

static int parse_fail(const struct parse *parse, const char *why)
{
	char text[160];

	snprintf(text, sizeof(text), "%s (finding %zu of the file)", why,
		 parse->findings->n);
	return finding_fail_at(parse->text, parse->at, parse->error, text);
}

static int no_memory(const struct parse *parse)
{
	return fail(parse->error, EXIT_BAD_INPUT,
		    "the findings need more memory than a run may take");
}

static int read_finding(struct parse *parse, const cJSON *item, bool in_event)
{
	struct finding *finding = list_add(parse->arena, parse->findings,
					   FINDINGS_MAX);
	struct reader reader = { .arena = parse->arena, .finding = finding };
	struct spot spot = { .item = item };

	if (!finding)
		return errno == ENOMEM ?
			       no_memory(parse) :
			       fail(parse->error, EXIT_BAD_INPUT,
				    "more than %d findings", FINDINGS_MAX);
	if (!cJSON_IsObject(item))
		return parse_fail(parse,
				  "not a GuardDuty finding: not an object");
	finding->index = parse->findings->n - 1;
	finding->dialect = dialect_of(item, in_event);
	reader.any_case = dialects[finding->dialect].any_case;
	reader.as_texts = dialects[finding->dialect].as_texts;
	dialects[finding->dialect].read(&reader, &spot);
	report_duplicates(&reader, item);
	if (reader.full)
		return no_memory(parse);
	if (!finding->type)
		return parse_fail(parse,
				  "not a GuardDuty finding: it has no type");
	return 0;
}

/* ---- envelopes ---- */

/* The one item of an object with either name; twice is not to be trusted. */
static int only_item(const struct parse *parse, const cJSON *object,
		     const char *name, const char *other, const cJSON **found)
{
	const cJSON *child;

	*found = NULL;
	if (!cJSON_IsObject(object))
		return 0;
	cJSON_ArrayForEach(child, object)
	{
		if (strcmp(child->string, name) != 0 &&
		    strcmp(child->string, other) != 0)
			continue;
		if (*found)
			return finding_fail_at(
				parse->text, parse->at, parse->error,
				"an envelope holds its findings twice");
		*found = child;
	}
	return 0;
}

static int unwrap(struct parse *parse, const cJSON *item, bool in_event,
		  size_t depth);

static int unwrap_list(struct parse *parse, const cJSON *list, bool in_event,
		       size_t depth)
{
	const cJSON *item;

	if (depth == MAX_ENVELOPES)
		return finding_fail_at(parse->text, parse->at, parse->error,
				       "findings in too many envelopes");
	cJSON_ArrayForEach(item, list)
	{
		int status = unwrap(parse, item, in_event, depth + 1);

		if (status)
			return status;
	}
	return 0;
}

/* EventBridge's "detail", {"Findings": [...]}, a list, or a finding. */
static int unwrap(struct parse *parse, const cJSON *item, bool in_event,
		  size_t depth)
{
	const cJSON *inner = NULL;
	int status = 0;

	if (cJSON_GetObjectItemCaseSensitive(item, "detail-type")) {
		status = only_item(parse, item, "detail", "detail", &inner);
		in_event = true;
		item = inner ? inner : item;
	}
	if (!status)
		status = only_item(parse, item, "findings", "Findings", &inner);
	if (status)
		return status;
	if (cJSON_IsArray(inner))
		return unwrap_list(parse, inner, in_event, depth);
	if (cJSON_IsArray(item))
		return unwrap_list(parse, item, in_event, depth);
	return read_finding(parse, item, in_event);
}

/* ---- the file ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct parse *parse)
{
	while (parse->at < parse->len && is_blank(parse->text[parse->at]))
		parse->at++;
}

/* The JSON text from parse->at; *end is behind it. */
static int read_json(struct parse *parse, size_t *end)
{
	const char *text = parse->text + parse->at;
	const char *stop = text;
	int status = finding_scan(parse->text, parse->len, parse->at, end,
				  parse->error);
	cJSON *json;

	if (status)
		return status;
	json = cJSON_ParseWithLengthOpts(text, *end - parse->at, &stop, false);
	if (!json)
		return finding_fail_at(parse->text,
				       (size_t)(stop - parse->text),
				       parse->error, "not valid JSON");
	status = unwrap(parse, json, false, 0);
	cJSON_Delete(json);
	return status;
}

static bool has_newline(const struct parse *parse, size_t from, size_t to)
{
	return memchr(parse->text + from, '\n', to - from);
}

/* One JSON text, or JSON Lines: many, each on a line of its own. */
static int read_all(struct parse *parse)
{
	bool first = true;

	skip_blanks(parse);
	while (parse->at < parse->len) {
		size_t start = parse->at;
		size_t end = start;
		int status = read_json(parse, &end);
		bool one_line = !has_newline(parse, start, end);

		if (status)
			return status;
		parse->at = end;
		skip_blanks(parse);
		if (parse->at < parse->len &&
		    !has_newline(parse, end, parse->at))
			one_line = false;
		if (!one_line && (!first || parse->at < parse->len))
			return finding_fail_at(
				parse->text, first ? parse->at : start,
				parse->error,
				"more text behind a JSON text, and this is no JSON Lines (one JSON text a line)");
		first = false;
	}
	return 0;
}

int findings_parse(struct arena *arena, const char *text, size_t len,
		   struct finding_list *findings, struct error *error)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct parse parse = { .arena = arena,
			       .text = text,
			       .len = len,
			       .findings = findings,
			       .error = error };
	int status;

	*findings = (struct finding_list){ 0 };
	if (len > FINDINGS_MAX_BYTES)
		return fail(error, EXIT_BAD_INPUT,
			    "%zu bytes; a file of findings has at most %d", len,
			    FINDINGS_MAX_BYTES);
	if (len >= strlen(bom) && memcmp(text, bom, strlen(bom)) == 0)
		parse.at = strlen(bom);
	status = read_all(&parse);
	if (!status && !findings->n)
		status = fail(error, EXIT_BAD_INPUT,
			      "no finding in it: it is empty, or its list is");
	if (status)
		*findings = (struct finding_list){ 0 };
	return status;
}
