/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a document in the chosen format. */
#ifndef SOCKPROBE_EMIT_H
#define SOCKPROBE_EMIT_H

#include <stdbool.h>
#include <stdio.h>

#include "sockprobe/document.h"
#include "sockprobe/error.h"

enum output_format {
	OUTPUT_JSON,
	OUTPUT_TEXT,
	OUTPUT_MARKDOWN,
	OUTPUT_IN_TOTO,
};

/* Their names for -o, in the enumeration's order; ends with NULL. */
extern const char *const evidence_formats[];

struct emit_form {
	enum output_format format;
	bool pretty;
	size_t max_bytes; /* of JSON, including its newline; 0: no limit */
};

/*
 * Writes the document, shortened to the limit if there is one (shorten.h).
 * Colour only if `out` is a terminal and NO_COLOR is not set. 0, or fails with
 * EXIT_OUTPUT or EXIT_INTERNAL.
 */
int emit(FILE *out, struct doc *doc, const struct emit_form *form,
	 struct error *error);

/* The one-line conclusion, for standard error. */
void emit_conclusion(FILE *out, const struct doc *doc);

#endif
