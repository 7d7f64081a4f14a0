/* SPDX-License-Identifier: Apache-2.0 */
/* What the judge's files share: a case being judged, and small readers. */
#ifndef SOCKPROBE_VERDICT_H
#define SOCKPROBE_VERDICT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <time.h>

#include "sockprobe/evidence.h"
#include "sockprobe/json.h"

enum decision {
	DECISION_SUPPORTED,
	DECISION_NOT_JUDGED,
	DECISION_INCONCLUSIVE,
	DECISION_NOT_SUPPORTED,
};

/* One finding against one document. */
struct judged {
	const cJSON *document;
	const cJSON *finding;
	int finding_idx;
	const cJSON *expected;
	const cJSON *container; /* in document["containers"]; NULL not found */
	int container_idx;
	const cJSON *path; /* what socketPath is in that container; NULL none */
	int path_idx;
	const char *reached_as; /* the container's name for it, if another */
	int own_path_idx; /* where that is so: the one that has nothing there */
	cJSON *verdict;
	cJSON *reasons;
	cJSON *risks;
};

/* The object that a "/paths/N" pointer names, and N. NULL and -1: none. */
const cJSON *path_by_ref(const cJSON *document, const char *ref, int *idx);

/* Is this one of the object's names? */
bool path_has_name(const cJSON *path, const char *name);

bool json_time(const cJSON *object, const char *key, struct timespec *when);

/*
 * Adds a rule's outcome. `holds` TRI_UNKNOWN: cannot be said. `evidence` is a
 * list of JSON pointers separated by blanks, or "".
 */
void add_reason(struct judged *judged, const char *rule, enum tristate holds,
		const char *evidence, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Adds what is left of the risk though the finding itself is explained. */
void add_risk(struct judged *judged, const char *evidence, const char *format,
	      ...) __attribute__((format(printf, 3, 4)));

/* ---- rules.c: each adds its reason and returns what it found ---- */

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

bool rule_expected(struct judged *judged);
bool rule_time(struct judged *judged, bool supports);
bool rule_coverage(struct judged *judged);
void rule_elsewhere(struct judged *judged);

/* ---- scope.c ---- */

/* Fills verdict["scope"] and ["valid_until"] from finding and container. */
void scope_fill(struct judged *judged);

#endif
