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
 * (a copy of the worst). *decided is the exit status of its decision. 0, or
 * fails with EXIT_BAD_INPUT without a finding, or EXIT_INTERNAL if the limit of
 * the document's arena is met.
 */
int judge_document(struct doc *doc, int *decided, struct error *error);

#endif
