/* SPDX-License-Identifier: Apache-2.0 */
/* What decides beside the premises of one finding's container and name. */
#ifndef SOCKPROBE_RULES_H
#define SOCKPROBE_RULES_H

#include "judge/verdict.h"

/* Did the operator declare this client (expected.c)? Adds a reason, and a risk. */
bool rule_expected(struct judged *judged);

/* Was every source read whole that a decision needs (sources.c)? */
enum outcome premise_coverage(struct judged *judged);

#endif
