/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the document as JSON, in ASCII, item by item: neither its text nor its
 * cJSON tree ever exists as a whole, so that printing takes no more memory than
 * its largest item.
 */
#ifndef SOCKPROBE_WRITE_H
#define SOCKPROBE_WRITE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

#include "document/members.h"
#include "sockprobe/document.h"
#include "sockprobe/error.h"

/*
 * Writes the document and a newline; `pretty` as cJSON_Print() indents. 0, or
 * fails with EXIT_INTERNAL (out of memory) or EXIT_OUTPUT.
 */
int doc_write(FILE *out, const struct doc *doc, bool pretty,
	      struct error *error);

/* The number of bytes that it writes; 0: out of memory. */
size_t doc_size(const struct doc *doc, bool pretty);

/* ---- parts, for a JSON text that has the document inside it ---- */

/*
 * Writes the document without the newline, as a value nested `depth` objects or
 * lists deep. 0 or -ENOMEM; the caller checks `out`.
 */
int doc_write_inside(FILE *out, const struct doc *doc, bool pretty,
		     size_t depth);

/* The same for any other value. */
int json_write_inside(FILE *out, const cJSON *json, bool pretty, size_t depth);

/* The size of one item of a list in bytes, unindented; 0: out of memory. */
size_t doc_item_size(const struct member *list, const void *item);

#endif
