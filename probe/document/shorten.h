/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document that must fit into little: what matters least goes first, what went
 * is counted in "left_out", and the verdict stays. For Session Manager, which
 * cuts an output at 24,000 characters, or 2,500.
 */
#ifndef SOCKPROBE_SHORTEN_H
#define SOCKPROBE_SHORTEN_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "sockprobe/document.h"

/*
 * Leaves items and members out of the document until doc_write() writes no more
 * than max_bytes of it, and counts them in doc->left_out. A document that fits
 * stays as it is. From LEAST_MAX_BYTES (options.h) on there is always a way.
 * References to paths are kept right. 0 or -ENOMEM.
 */
int doc_shorten(struct doc *doc, bool pretty, size_t max_bytes);

/*
 * Leaves items out of the document until emit_json() makes no more than
 * max_bytes of it. "left_out", behind the summary, then has the JSON pointer of
 * each list and how many of its items are missing, or of a member that is null
 * now, and 1. A document that fits stays as it is. From LEAST_MAX_BYTES
 * (options.h) on there is always a way.
 */
void shorten(cJSON *document, bool pretty, size_t max_bytes);

/* Was this document shortened? */
bool is_shortened(const cJSON *document);

#endif
