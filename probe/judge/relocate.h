/* SPDX-License-Identifier: Apache-2.0 */
/* Locating a finding in evidence that was taken without it. */
#ifndef SOCKPROBE_RELOCATE_H
#define SOCKPROBE_RELOCATE_H

#include "sockprobe/document.h"

/*
 * Replaces the document's findings, and locates each by the document alone: as
 * the document has it if it was taken for the same finding, else by the
 * container's id and a path that was looked at. Their texts must live as long
 * as the document.
 */
void relocate_findings(struct doc *doc, const struct finding_list *findings);

#endif
