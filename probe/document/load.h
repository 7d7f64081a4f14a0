/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads saved evidence and checks it member by member against the tables of
 * members.h: a document that loads has everything that the schema promises, as
 * a live run's has. Nothing in the file is trusted; its contents are claims.
 */
#ifndef SOCKPROBE_LOAD_H
#define SOCKPROBE_LOAD_H

#include <stddef.h>

#include "sockprobe/document.h"
#include "sockprobe/error.h"

/*
 * Limits of one file: bytes that a document may keep of it, values that one
 * item of its lists, or one other member, may have, and nesting. Beside the
 * text itself, loading takes at most DOC_KEEPS_MAX, what cJSON makes of
 * DOC_ITEM_VALUES_MAX values (about 40 MiB), and a copy of the item's texts.
 */
#define DOC_KEEPS_MAX ((size_t)512 << 20)
enum { DOC_ITEM_VALUES_MAX = 200000, DOC_DEPTH_MAX = 16 };

/*
 * Loads the text of `file`, len bytes followed by a NUL, into *doc, which
 * arena_free(&doc->arena) ends in either case. 0, or fails with EXIT_BAD_INPUT:
 * "FILE: /pointer: what is wrong with it".
 */
int doc_load(struct doc *doc, const char *file, const char *text, size_t len,
	     struct error *error);

#endif
