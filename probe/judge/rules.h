/* SPDX-License-Identifier: Apache-2.0 */
/* The rules: each adds its reason to the verdict and returns what it found. */
#ifndef SOCKPROBE_RULES_H
#define SOCKPROBE_RULES_H

#include "judge/verdict.h"

bool rule_type(struct judged *judged);
bool rule_node(struct judged *judged);
bool rule_container(struct judged *judged);

/*
 * Are there no contradictions about the container? Adds a reason only for a
 * contradiction; then no suppression is supported.
 */
bool rule_conflicts(struct judged *judged);

/* What is at the finding's path, as far as it matters for a suppression. */
enum case_kind {
	CASE_UNSEEN,	/* could not be looked at */
	CASE_INERT,	/* no socket there, provably since a certain time */
	CASE_INERT_NOW, /* nothing answers now; the past is not known */
	CASE_PRIVATE,	/* the container's own listener */
	CASE_LIVE,	/* a listener that is not the container's own */
	CASE_FORBIDDEN, /* live, but the container's processes may not connect */
};
enum case_kind rule_path(struct judged *judged);

/* Did the operator declare this client (expected.c)? */
bool rule_expected(struct judged *judged);

bool rule_time(struct judged *judged, bool supports);

/* Was each source that a decision needs read completely (sources.c)? */
bool rule_coverage(struct judged *judged);

void rule_elsewhere(struct judged *judged);

#endif
