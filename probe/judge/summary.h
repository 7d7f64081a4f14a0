/* SPDX-License-Identifier: Apache-2.0 */
/* The conclusion that needs no finding: is the evidence whole, what is there. */
#ifndef SOCKPROBE_SUMMARY_H
#define SOCKPROBE_SUMMARY_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* Is every coverage line of the document complete? */
bool summary_is_complete(const cJSON *document);

/*
 * Fills the places of verdict and summary in a document that was not judged
 * against a finding.
 */
void summary_fill(cJSON *document);

#endif
