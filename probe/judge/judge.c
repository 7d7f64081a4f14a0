// SPDX-License-Identifier: Apache-2.0
/*
 * The order in which the rules decide. A rule never changes another's outcome;
 * all that are asked are listed, so that a reader can follow the decision.
 */
#include "judge/judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "judge/verdict.h"
#include "sockprobe/error.h"

static const struct {
	const char *name;
	int status;
} decisions[] = {
	[DECISION_SUPPORTED] = { "supported", EXIT_COMPLETE },
	[DECISION_NOT_JUDGED] = { "not_judged", EXIT_INCOMPLETE },
	[DECISION_INCONCLUSIVE] = { "inconclusive", EXIT_INCOMPLETE },
	[DECISION_NOT_SUPPORTED] = { "not_supported", EXIT_NOT_SUPPORTED },
};

/* ---- helpers that all rules use ---- */

bool json_time(const cJSON *object, const char *key, struct timespec *when)
{
	const char *text = json_text(object, key);

	return text && parse_rfc3339(text, when) == 0;
}

const cJSON *path_by_ref(const cJSON *document, const char *ref, int *idx)
{
	static const char list[] = "/paths/";
	uint64_t number;

	*idx = -1;
	if (!ref || !has_prefix(ref, list) ||
	    parse_u64(ref + strlen(list), INT_MAX, &number))
		return NULL;
	*idx = (int)number;
	return cJSON_GetArrayItem(json_get(document, "paths"), *idx);
}

bool path_has_name(const cJSON *path, const char *name)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json_get(path, "names")) {
		const char *text = cJSON_GetStringValue(item);

		if (text && name && strcmp(text, name) == 0)
			return true;
	}
	return false;
}

static cJSON *pointer_list(const char *pointers)
{
	cJSON *list = cJSON_CreateArray();
	char text[1024];
	char *save = NULL;

	snprintf(text, sizeof(text), "%s", pointers);
	for (char *word = strtok_r(text, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		cJSON_AddItemToArray(list, cJSON_CreateString(word));
	return list;
}

static void add_text(cJSON *object, const char *key, const char *format,
		     va_list args)
{
	char text[2048];

	vsnprintf(text, sizeof(text), format, args);
	cJSON_AddStringToObject(object, key, text);
}

void add_reason(struct judged *judged, const char *rule, enum tristate holds,
		const char *evidence, const char *format, ...)
{
	cJSON *reason = cJSON_CreateObject();
	va_list args;

	cJSON_AddItemToArray(judged->reasons, reason);
	cJSON_AddStringToObject(reason, "rule", rule);
	if (holds == TRI_UNKNOWN)
		cJSON_AddNullToObject(reason, "holds");
	else
		cJSON_AddBoolToObject(reason, "holds", holds == TRI_YES);
	va_start(args, format);
	add_text(reason, "text", format, args);
	va_end(args);
	cJSON_AddItemToObject(reason, "evidence", pointer_list(evidence));
}

void add_risk(struct judged *judged, const char *evidence, const char *format,
	      ...)
{
	cJSON *risk = cJSON_CreateObject();
	va_list args;

	cJSON_AddItemToArray(judged->risks, risk);
	va_start(args, format);
	add_text(risk, "text", format, args);
	va_end(args);
	cJSON_AddItemToObject(risk, "evidence", pointer_list(evidence));
}

/* ---- the decision ---- */

/* A case that speaks for suppression stands only on time and coverage. */
static enum decision decide_supporting(struct judged *judged)
{
	bool timely = rule_time(judged, true);
	bool covered = rule_coverage(judged);

	return timely && covered ? DECISION_SUPPORTED : DECISION_INCONCLUSIVE;
}

static enum decision decide_live(struct judged *judged)
{
	if (rule_expected(judged))
		return decide_supporting(judged);
	return rule_time(judged, false) ? DECISION_NOT_SUPPORTED
					: DECISION_INCONCLUSIVE;
}

static enum decision decide(struct judged *judged)
{
	enum decision decision = DECISION_INCONCLUSIVE;
	bool consistent;

	if (!rule_type(judged) || !rule_node(judged))
		return DECISION_NOT_JUDGED;
	if (!rule_container(judged)) {
		rule_coverage(judged);
		return DECISION_INCONCLUSIVE;
	}
	consistent = rule_conflicts(judged);
	switch (rule_path(judged)) {
	case CASE_INERT:
	case CASE_PRIVATE:
	case CASE_FORBIDDEN:
		decision = decide_supporting(judged);
		break;
	case CASE_LIVE:
		decision = decide_live(judged);
		break;
	case CASE_INERT_NOW:
		rule_time(judged, true);
		rule_coverage(judged);
		break;
	case CASE_UNSEEN:
		rule_coverage(judged);
		break;
	}
	rule_elsewhere(judged);
	return consistent || decision != DECISION_SUPPORTED
		       ? decision
		       : DECISION_INCONCLUSIVE;
}

static void fill_text(struct judged *judged, enum decision decision)
{
	static const char *const texts[] = {
		[DECISION_SUPPORTED] =
			"the evidence supports suppressing this finding, within the scope given",
		[DECISION_NOT_JUDGED] =
			"this finding is outside what this evidence can judge",
		[DECISION_INCONCLUSIVE] =
			"the evidence neither supports nor contradicts a suppression; do not suppress on it",
		[DECISION_NOT_SUPPORTED] =
			"the evidence contradicts a suppression: a live runtime socket can be reached",
	};

	cJSON_AddStringToObject(judged->verdict, "decision",
				decisions[decision].name);
	cJSON_AddStringToObject(judged->verdict, "text", texts[decision]);
	cJSON_AddNumberToObject(judged->verdict, "finding",
				judged->finding_idx);
}

/*
 * An agent that has the node's /var/run at /host/var/run may speak of the
 * node's own paths, and so may a finding about it. Where the container has
 * nothing at the finding's path, but reaches what bears this name on the node,
 * that is what is judged.
 */
static void find_on_node(struct judged *judged)
{
	const char *name = json_text(judged->finding, "socket_path");
	const cJSON *access;

	if (!json_is(judged->path, "kind", "missing") &&
	    !json_is(judged->path, "kind", "dangling_symlink"))
		return;
	cJSON_ArrayForEach(access, json_get(judged->document, "access")) {
		const char *ref = json_text(access, "path_ref");
		int idx;
		const cJSON *path = path_by_ref(judged->document, ref, &idx);

		if (!json_is(access, "container",
			     json_text_or(judged->container, "id", "")) ||
		    cJSON_IsTrue(json_get(access, "hidden")) ||
		    json_text(path, "view") || !path_has_name(path, name))
			continue;
		judged->own_path_idx = judged->path_idx;
		judged->path = path;
		judged->path_idx = idx;
		judged->reached_as = json_text(access, "container_path");
		return;
	}
}

static void find_case(struct judged *judged)
{
	const cJSON *located = json_get(judged->finding, "located");
	const char *id = json_text(located, "container");
	int idx = 0;
	const cJSON *container;

	judged->container_idx = -1;
	cJSON_ArrayForEach(container,
			   json_get(judged->document, "containers")) {
		if (id && json_is(container, "id", id)) {
			judged->container = container;
			judged->container_idx = idx;
		}
		idx++;
	}
	judged->path = path_by_ref(judged->document,
				   json_text(located, "path_ref"),
				   &judged->path_idx);
	if (judged->container)
		find_on_node(judged);
}

static enum decision judge_one(struct judged *judged, cJSON *verdicts)
{
	enum decision decision;

	judged->verdict = cJSON_CreateObject();
	judged->reasons = cJSON_CreateArray();
	judged->risks = cJSON_CreateArray();
	find_case(judged);
	decision = decide(judged);
	fill_text(judged, decision);
	cJSON_AddItemToObject(judged->verdict, "reasons", judged->reasons);
	cJSON_AddItemToObject(judged->verdict, "residual_risks", judged->risks);
	scope_fill(judged);
	cJSON_AddItemToArray(verdicts, judged->verdict);
	return decision;
}

int judge_document(cJSON *document, const cJSON *expected)
{
	cJSON *verdicts = cJSON_CreateArray();
	enum decision worst = DECISION_SUPPORTED;
	const cJSON *finding;
	int worst_idx = 0;
	int idx = 0;

	cJSON_ArrayForEach(finding, json_get(document, "findings")) {
		struct judged judged = { .document = document,
					 .finding = finding,
					 .finding_idx = idx,
					 .expected = expected };
		enum decision decision = judge_one(&judged, verdicts);

		if (decision > worst) {
			worst = decision;
			worst_idx = idx;
		}
		idx++;
	}
	json_set(document, "verdict",
		 cJSON_Duplicate(cJSON_GetArrayItem(verdicts, worst_idx),
				 true));
	json_set(document, "verdicts", verdicts);
	return decisions[worst].status;
}
