/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resolves references between the lists of a document once, so that readers
 * follow an index, and checks members against one another.
 */
#ifndef SOCKPROBE_RESOLVE_H
#define SOCKPROBE_RESOLVE_H

#include "document/members.h"
#include "sockprobe/document.h"

/*
 * Sets `at` of each container reference of the document. 0, -ENOMEM, or -EEXIST
 * if two containers have one id: *twice is the index of the second.
 */
int doc_resolve(struct doc *doc, size_t *twice);

/*
 * Finds a reference to an item that does not exist and was not left out, or a
 * contradiction. NULL if there is none; else why, with the place's JSON pointer
 * in `pointer`.
 */
const char *doc_contradiction(const struct doc *doc,
			      char pointer[static PLACE_SIZE]);

#endif
