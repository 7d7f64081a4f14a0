/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shortens a document: what matters least is left out first, and counted in
 * "left_out"; the verdict stays. For Session Manager, which cuts output at
 * 24,000 characters, or 2,500.
 */
#ifndef SOCKPROBE_SHORTEN_H
#define SOCKPROBE_SHORTEN_H

#include <stdbool.h>
#include <stddef.h>

#include "sockprobe/document.h"

/*
 * Leaves items and members out of the document until doc_write() writes at most
 * max_bytes of it, and counts them in doc->left_out. A document that fits is
 * not changed. From LEAST_MAX_BYTES (options.h) on this always succeeds.
 * References to paths are adjusted. 0 or -ENOMEM.
 */
int doc_shorten(struct doc *doc, bool pretty, size_t max_bytes);

#endif
