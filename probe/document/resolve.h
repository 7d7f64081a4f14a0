/* SPDX-License-Identifier: Apache-2.0 */
/*
 * References between the lists of a document, found once, so that all who read
 * it follow an index; and what several members tell together.
 */
#ifndef SOCKPROBE_RESOLVE_H
#define SOCKPROBE_RESOLVE_H

#include "document/members.h"
#include "sockprobe/document.h"

/*
 * Sets `at` of each container reference of the document. 0, -ENOMEM, or -EEXIST
 * where two containers have one id: *twice is the place of the second.
 */
int doc_resolve(struct doc *doc, size_t *twice);

/*
 * Looks for a reference that leads nowhere, though nothing was left out, and for
 * what contradicts itself. NULL where there is none; else why, with the place's
 * JSON pointer in `pointer`.
 */
const char *doc_contradiction(const struct doc *doc,
			      char pointer[static PLACE_SIZE]);

#endif
