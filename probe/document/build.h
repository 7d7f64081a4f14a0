/* SPDX-License-Identifier: Apache-2.0 */
/* The evidence of a live run as a document. */
#ifndef SOCKPROBE_BUILD_H
#define SOCKPROBE_BUILD_H

#include "sockprobe/document.h"
#include "sockprobe/evidence.h"

/*
 * Fills *doc from the evidence, without verdict, summary and findings. All
 * texts are copied, so the evidence may be freed after it. Keeps at most
 * `limit` bytes (DOC_KEEPS_MAX of load.h is enough for any scan). 0 or -ENOMEM;
 * end *doc with arena_free(&doc->arena) in either case.
 */
int doc_build(struct doc *doc, const struct evidence *ev, size_t limit);

#endif
