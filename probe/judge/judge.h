/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the findings of a document may be suppressed, and how narrowly. Works
 * on the document only, so that a saved file is judged as the live run was.
 */
#ifndef SOCKPROBE_JUDGE_H
#define SOCKPROBE_JUDGE_H

#include "sockprobe/document.h"
#include "sockprobe/error.h"

/*
 * Judges every item of doc->findings, with the declared clients in
 * doc->expected, and fills doc->verdicts (one each, in order) and doc->verdict
 * (that of the finding which is least supported). With `strict` what would be
 * assumed counts as unknown. *decided is the exit status
 * that its decision stands for. 0, or fails with EXIT_BAD_INPUT where there is
 * no finding, or EXIT_INTERNAL past the limit of the document's arena.
 */
int judge_document(struct doc *doc, bool strict, int *decided,
		   struct error *error);

#endif
