/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sources of a document: which ones decisions need, and whether they were
 * read.
 */
#ifndef SOCKPROBE_SOURCES_H
#define SOCKPROBE_SOURCES_H

#include <stdbool.h>

#include "sockprobe/document.h"

/*
 * The n-th source that a decision needs and that has no line in the document's
 * coverage, so that it is unknown. NULL: no more.
 */
const char *source_without_line(const struct doc *doc, size_t n);

/* Is every line of coverage complete, and has every needed source one? */
bool sources_are_complete(const struct doc *doc);

#endif
