/* SPDX-License-Identifier: Apache-2.0 */
/* The sources of a document: what decisions need, and whether it was read. */
#ifndef SOCKPROBE_SOURCES_H
#define SOCKPROBE_SOURCES_H

#include <stdbool.h>

#include "sockprobe/document.h"

/*
 * The n-th source that a decision needs and that has no line in the coverage of
 * the document, so that how much of it was read is not known. NULL: no more.
 */
const char *source_without_line(const struct doc *doc, size_t n);

/* Is every line of coverage complete, and has every needed source one? */
bool sources_are_complete(const struct doc *doc);

#endif
