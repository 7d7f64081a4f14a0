/* SPDX-License-Identifier: Apache-2.0 */
/* A decision and its sentence, as every report writes them. */
#ifndef SOCKPROBE_DECISION_H
#define SOCKPROBE_DECISION_H

#include "sockprobe/document.h"

/* "inconclusive", as the document has it; "not known" where it was left out. */
const char *decision_word(const struct doc_verdict *verdict);

/*
 * What stands between the word and the sentence: "inconclusive (mounts): ..."
 * where the sentence begins with the premise that failed, "supported: ..." else.
 */
const char *decision_joint(const struct doc_verdict *verdict);

/* The sentence; "not known" where it was left out. */
const char *decision_sentence(const struct doc_verdict *verdict);

#endif
