/* SPDX-License-Identifier: Apache-2.0 */
/* The rules: each adds its reason to the verdict and returns what it found. */
#ifndef SOCKPROBE_RULES_H
#define SOCKPROBE_RULES_H

#include "judge/verdict.h"

bool rule_type(struct judged *judged);
bool rule_node(struct judged *judged);
bool rule_container(struct judged *judged);

/*
 * Does nothing contradict what is said of the container? A reason is added only
 * for what does: then no suppression of it is supported.
 */
bool rule_conflicts(struct judged *judged);

/* What the path the finding names is, as far as a suppression goes. */
enum case_kind {
	CASE_UNSEEN,	/* could not be looked at */
	CASE_INERT,	/* no socket there, provably since a time */
	CASE_INERT_NOW, /* nothing answers now, but that proves no past */
	CASE_PRIVATE,	/* the container's own listener */
	CASE_LIVE,	/* a listener that is not the container's own */
	CASE_FORBIDDEN, /* live, but the container's processes may not */
};
enum case_kind rule_path(struct judged *judged);

/* The client that the operator declared (expected.c). */
bool rule_expected(struct judged *judged);

bool rule_time(struct judged *judged, bool supports);

/* Was every source read whole that a decision needs (sources.c)? */
bool rule_coverage(struct judged *judged);

void rule_elsewhere(struct judged *judged);

#endif
