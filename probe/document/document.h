/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The evidence as a JSON document (packaging/schema is its authority). Judge
 * and the reports work on this document, not on struct evidence, so that a
 * saved file gives the same answers as a live run.
 */
#ifndef SOCKPROBE_DOCUMENT_CJSON_H
#define SOCKPROBE_DOCUMENT_CJSON_H

#include <cjson/cJSON.h>

#include "sockprobe/evidence.h"

#define EVIDENCE_SCHEMA "sockprobe.evidence/v1"

/*
 * Builds the document, without verdict and summary but with their places in
 * front. The caller frees it with cJSON_Delete(). NULL: out of memory.
 */
cJSON *document_build(const struct evidence *ev);

#endif
