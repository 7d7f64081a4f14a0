/* SPDX-License-Identifier: Apache-2.0 */
/* What a filter may match on, and for how long. */
#ifndef SOCKPROBE_SCOPE_H
#define SOCKPROBE_SCOPE_H

#include "judge/verdict.h"

/* Fills the verdict's scope, valid_until and review_by from the finding. */
void scope_fill(struct judged *judged);

#endif
