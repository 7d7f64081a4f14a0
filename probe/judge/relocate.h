/* SPDX-License-Identifier: Apache-2.0 */
/* Locating a finding in evidence that was taken without it. */
#ifndef SOCKPROBE_RELOCATE_H
#define SOCKPROBE_RELOCATE_H

#include "sockprobe/document.h"

/*
 * Puts `findings` in place of those of the document, and fills where each leads
 * from the document alone: as the document has it where it was taken for a
 * finding that leads to the same place, else as explain does on a node. Their
 * texts must live as long as the document.
 */
void relocate_findings(struct doc *doc, const struct finding_list *findings);

#endif
