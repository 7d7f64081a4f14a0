// SPDX-License-Identifier: Apache-2.0
/*
 * A look over a JSON text before it is parsed. cJSON takes a NUL for the end of
 * a text, allocates a node for every value of a hostile file, and says little
 * of where a cut file ends; all that is settled here.
 */
#include <string.h>

#include "finding_read.h"

struct scan {
	const char *text;
	size_t len;
	size_t at;
	size_t depth;
	size_t values;
	struct error *error;
};

int finding_fail_at(const char *text, size_t at, struct error *error,
		    const char *why)
{
	size_t line = 1;
	size_t start = 0;

	for (size_t i = 0; i < at; i++) {
		if (text[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	return fail(error, EXIT_BAD_INPUT, "line %zu, column %zu (byte %zu): %s",
		    line, at - start + 1, at, why);
}

static int scan_fail(const struct scan *scan, size_t at, const char *why)
{
	return finding_fail_at(scan->text, at, scan->error, why);
}

static int scan_cut(const struct scan *scan)
{
	return scan_fail(scan, scan->len,
			 "the JSON text ends here, but is not complete: was it cut?");
}

static bool is_nul_escape(const struct scan *scan)
{
	return scan->len - scan->at >= 6 &&
	       memcmp(scan->text + scan->at, "\\u0000", 6) == 0;
}

/* From the opening quote to behind the closing one. */
static int scan_string(struct scan *scan)
{
	for (scan->at++; scan->at < scan->len; scan->at++) {
		char c = scan->text[scan->at];

		if (c == '\0' || (c == '\\' && is_nul_escape(scan)))
			return scan_fail(scan, scan->at, "NUL in a text");
		if (c == '\\')
			scan->at++; /* what is escaped ends no text */
		else if (c == '"')
			break;
	}
	if (scan->at >= scan->len)
		return scan_cut(scan);
	scan->at++;
	return 0;
}

static int scan_open(struct scan *scan)
{
	if (++scan->depth > CJSON_NESTING_LIMIT)
		return scan_fail(scan, scan->at, "nested too deep");
	scan->at++;
	return 0;
}

/* One step: a string whole, else a byte. */
static int scan_step(struct scan *scan)
{
	char c = scan->text[scan->at];

	if (c == ',' || c == '{' || c == '[') {
		if (++scan->values > FINDINGS_MAX_VALUES)
			return scan_fail(scan, scan->at,
					 "too many values in one JSON text");
	}
	if (c == '"')
		return scan_string(scan);
	if (c == '{' || c == '[')
		return scan_open(scan);
	if (c == '}' || c == ']')
		scan->depth--;
	else if (c == '\0')
		return scan_fail(scan, scan->at, "NUL: not a JSON text");
	scan->at++;
	return 0;
}

int finding_scan(const char *text, size_t len, size_t from, size_t *end,
		 struct error *error)
{
	struct scan scan = {
		.text = text, .len = len, .at = from, .error = error
	};

	if (text[from] != '{' && text[from] != '[')
		return scan_fail(
			&scan, from,
			"neither a JSON object nor a list begins here (a compressed or UTF-16 file must be converted first)");
	do {
		int status = scan.at < len ? scan_step(&scan) : scan_cut(&scan);

		if (status)
			return status;
	} while (scan.depth);
	*end = scan.at;
	return 0;
}
