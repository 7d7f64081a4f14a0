/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conclusion without a finding: is the evidence complete, and what is
 * there.
 */
#ifndef SOCKPROBE_SUMMARY_H
#define SOCKPROBE_SUMMARY_H

#include "sockprobe/document.h"

/*
 * Fills verdict and summary of a document that was not judged against a
 * finding. 0, or -ENOMEM if the limit of its arena is met.
 */
int summary_fill(struct doc *doc);

#endif
