/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document that must fit into little: what matters least goes first, what went
 * is counted in "left_out", and the verdict stays. For Session Manager, which
 * cuts an output at 24,000 characters, or 2,500.
 */
#ifndef SOCKPROBE_SHORTEN_H
#define SOCKPROBE_SHORTEN_H

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

#endif
