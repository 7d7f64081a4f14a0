/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scans JSON text before cJSON parses it: finds where a value ends, and refuses
 * what cJSON would cut off (NUL), recurse into (nesting) or use much memory
 * for. cJSON decides whether it is JSON.
 */
#ifndef SOCKPROBE_JSON_SCAN_H
#define SOCKPROBE_JSON_SCAN_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "sockprobe/error.h"

struct json_text {
	const char *file; /* for messages */
	const char *text; /* with a NUL at its end */
	const char *end;
	size_t depth_max;
	struct error *error;
};

/* A value in the text. */
struct json_span {
	const char *at; /* NULL: missing */
	const char *end;
};

extern const char json_is_none[]; /* "not JSON, or cut off" */

/* Fails with EXIT_BAD_INPUT: "FILE: line L, column C: why". */
int json_fail_at(const struct json_text *text, const char *at, const char *why);

/* The first character that is not a blank, or text->end. */
const char *json_skip_blanks(const struct json_text *text, const char *at);

/*
 * The span of the value that begins at `at`, of at most values_max values. 0, or
 * fails with EXIT_BAD_INPUT.
 */
int json_scan(const struct json_text *text, const char *at, size_t values_max,
	      struct json_span *span);

/* The span's value, to be deleted, or NULL if it is not JSON. */
cJSON *json_parse_span(struct json_span span);

#endif
