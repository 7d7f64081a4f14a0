/* SPDX-License-Identifier: Apache-2.0 */
/* A document to bytes, in the format asked for. */
#ifndef SOCKPROBE_EMIT_H
#define SOCKPROBE_EMIT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

#include "sockprobe/error.h"

enum output_format {
	OUTPUT_JSON,
	OUTPUT_TEXT,
	OUTPUT_MARKDOWN,
	OUTPUT_IN_TOTO,
};

/* Their names for -o, in this order; ends with NULL. */
extern const char *const evidence_formats[];

struct emit_form {
	enum output_format format;
	bool pretty;
	size_t max_bytes; /* of JSON, its newline included; 0: no limit */
};

/*
 * Writes the document; where there is a limit, the document is shortened to it
 * (shorten.h). Colour only where `out` is a terminal and NO_COLOR is not set.
 * 0, or fails with EXIT_OUTPUT or EXIT_INTERNAL.
 */
int emit(FILE *out, cJSON *document, const struct emit_form *form,
	 struct error *error);

/* The one-line conclusion, for standard error. */
void emit_conclusion(FILE *out, const cJSON *document);

/* ASCII JSON and a newline. */
int emit_json(FILE *out, const cJSON *document, bool pretty,
	      struct error *error);

/* The predicate of an unsigned in-toto Statement v1. */
int emit_in_toto(FILE *out, cJSON *document, bool pretty, struct error *error);

/* What a person wants on one screen; 80 columns where names allow. */
int emit_text(FILE *out, const cJSON *document, bool color,
	      struct error *error);

/* The case for a ticket: question, answer, why, what was and was not seen. */
int emit_markdown(FILE *out, const cJSON *document, struct error *error);

/* Flushes and checks: a full disk or closed pipe shows only here. */
int emit_finish(FILE *out, struct error *error);

#endif
