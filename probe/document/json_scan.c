// SPDX-License-Identifier: Apache-2.0
/* Tokens of JSON: strings, brackets, commas, and whatever stands between them. */
#include "document/json_scan.h"

#include <stdbool.h>
#include <string.h>

#include "sockprobe/text_safe.h"

const char json_is_none[] = "not JSON, or cut off";

int json_fail_at(const struct json_text *text, const char *at, const char *why)
{
	size_t line = 1;
	size_t column = 1;

	for (const char *c = text->text; c < at; c++) {
		column = *c == '\n' ? 1 : column + 1;
		line += *c == '\n';
	}
	return fail(text->error, EXIT_BAD_INPUT, "%s: line %zu, column %zu: %s",
		    quote_short(text->file).text, line, column, why);
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

const char *json_skip_blanks(const struct json_text *text, const char *at)
{
	while (at < text->end && is_blank(*at))
		at++;
	return at;
}

/* What is being scanned, and why that failed. */
struct scan {
	const struct json_text *text;
	size_t depth, values, values_max;
	const char *why;
};

/* The end of the string at `at`; NULL if it does not end or has a NUL. */
static const char *string_end(struct scan *scan, const char *at)
{
	const char *end = scan->text->end;

	for (at++; at < end && *at != '"'; at++) {
		if ((unsigned char)*at < ' ')
			return NULL;
		if (*at != '\\')
			continue;
		if (strncmp(at, "\\u0000", 6) == 0) {
			scan->why = "a text that holds NUL (\\u0000)";
			return NULL;
		}
		at++;
	}
	return at < end ? at + 1 : NULL;
}

static bool is_structure(char byte)
{
	switch (byte) {
	case '"':
	case '[':
	case ']':
	case '{':
	case '}':
	case ',':
	case ':':
		return true;
	default:
		return is_blank(byte);
	}
}

/* The end of a number, true, false, null, or what looks like one. */
static const char *word_end(const struct scan *scan, const char *at)
{
	while (at < scan->text->end && !is_structure(*at))
		at++;
	return at;
}

/* The end of the token at `at`; NULL if no token is allowed there. */
static const char *token_end(struct scan *scan, const char *at)
{
	switch (*at) {
	case '"':
		return string_end(scan, at);
	case '[':
	case '{':
		scan->why = "nested deeper than evidence is";
		return ++scan->depth > scan->text->depth_max ? NULL : at + 1;
	case ']':
	case '}':
		return scan->depth-- ? at + 1 : NULL;
	case ',':
		scan->why = "more values than are read";
		return ++scan->values > scan->values_max ? NULL : at + 1;
	case ':':
		return at + 1;
	default:
		return is_blank(*at) ? at + 1 : word_end(scan, at);
	}
}

int json_scan(const struct json_text *text, const char *at, size_t values_max,
	      struct json_span *span)
{
	struct scan scan = { .text = text, .values_max = values_max };
	const char *next = at;

	*span = (struct json_span){ at, NULL };
	if (at < text->end && (is_blank(*at) || *at == ',' || *at == ':'))
		return json_fail_at(text, at, json_is_none);
	do {
		if (next == text->end)
			return json_fail_at(text, next, json_is_none);
		at = next;
		scan.why = json_is_none;
		next = token_end(&scan, at);
		if (!next)
			return json_fail_at(text, at, scan.why);
	} while (scan.depth);
	span->end = next;
	return 0;
}

cJSON *json_parse_span(struct json_span span)
{
	const char *end = NULL;
	cJSON *json;

	/* cJSON would skip a byte order mark in front of any value. */
	if ((unsigned char)*span.at >= 0x80)
		return NULL;
	json = cJSON_ParseWithLengthOpts(span.at, (size_t)(span.end - span.at),
					 &end, false);
	if (json && end == span.end)
		return json;
	cJSON_Delete(json);
	return NULL;
}
