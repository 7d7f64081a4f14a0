/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May the findings that a document holds be suppressed, and how narrowly? Pure:
 * from document to document, so that a saved file is judged as a live run is.
 */
#ifndef SOCKPROBE_JUDGE_H
#define SOCKPROBE_JUDGE_H

#include <cjson/cJSON.h>

/*
 * Judges every item of document["findings"] and fills "verdicts" (one each, in
 * order) and "verdict" (that of the finding which is least supported).
 * `expected`: the operator's declared clients (expect.h), NULL for none.
 * Returns the exit status that the decision stands for.
 */
int judge_document(cJSON *document, const cJSON *expected);

#endif
