/* SPDX-License-Identifier: Apache-2.0 */
/* A new finding against evidence that was taken without it. */
#ifndef SOCKPROBE_RELOCATE_H
#define SOCKPROBE_RELOCATE_H

#include <cjson/cJSON.h>

/*
 * Fills "located" of each finding from the document alone: as the document has
 * it where it was taken for this finding (the same id), else by the container's
 * id and a path that was looked at. Takes `findings` over into the document.
 */
void relocate_findings(cJSON *document, cJSON *findings);

#endif
