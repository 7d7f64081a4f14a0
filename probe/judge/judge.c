// SPDX-License-Identifier: Apache-2.0
/*
 * The order in which the rules decide. A rule never changes another's outcome;
 * each rule that was asked is listed, so that a reader can follow the decision.
 */
#include "judge/judge.h"

#include "judge/rules.h"
#include "judge/scope.h"

static const struct {
	const char *text;
	int status;
} decisions[] = {
	[DECISION_SUPPORTED] = {
		"the evidence supports suppressing this finding, within the scope given",
		EXIT_COMPLETE,
	},
	[DECISION_NOT_JUDGED] = {
		"this finding is outside what this evidence can judge",
		EXIT_INCOMPLETE,
	},
	[DECISION_INCONCLUSIVE] = {
		"the evidence neither supports nor contradicts a suppression; do not suppress on it",
		EXIT_INCOMPLETE,
	},
	[DECISION_NOT_SUPPORTED] = {
		"the evidence contradicts a suppression: a live runtime socket can be reached",
		EXIT_NOT_SUPPORTED,
	},
};

/* A case for suppression also needs time and coverage. */
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

/*
 * An agent that has the node's /var/run at /host/var/run may use the node's own
 * paths, and a finding about it too. If the container has nothing at the
 * finding's path, but reaches the object that has this name on the node, that
 * object is judged.
 */
static void judge_on_node(struct judged *judged)
{
	const struct doc *doc = judged->doc;

	if (!judged->path || (judged->path->kind != KIND_MISSING &&
			      judged->path->kind != KIND_DANGLING_SYMLINK))
		return;
	for (size_t i = 0; i < doc->access.n; i++) {
		const struct doc_access *access = &doc->access.at[i];
		const struct doc_path *path = doc_path_at(doc, access->path);

		if (!path || path->container.id || access->hidden ||
		    !is_judged_container(judged, access->container) ||
		    !path_has_name(path, judged->finding->socket_path))
			continue;
		judged->own_path_idx = judged->path_idx;
		judged->path = path;
		judged->path_idx = access->path;
		judged->reached_as = access->container_path;
		return;
	}
}

static void find_case(struct judged *judged)
{
	const struct finding_location *located = &judged->finding->located;

	judged->container_idx = located->container.at;
	judged->container = doc_container_at(judged->doc, located->container);
	judged->path_idx = located->path;
	judged->path = doc_path_at(judged->doc, located->path);
	if (judged->container)
		judge_on_node(judged);
}

static void judge_one(struct judged *judged)
{
	struct doc_verdict *verdict = judged->verdict;

	find_case(judged);
	verdict->decision = decide(judged);
	verdict->text = decisions[verdict->decision].text;
	scope_fill(judged);
}

/* Fills verdicts.at, which has space for each finding. 0 or -errno. */
static int judge_all(struct doc *doc)
{
	for (size_t i = 0; i < doc->findings.n; i++) {
		struct judged judged = {
			.doc = doc,
			.finding = &doc->findings.at[i],
			.verdict = &doc->verdicts.at[i],
		};

		judge_one(&judged);
		doc->verdicts.at[i].finding = (int64_t)i;
		if (judged.err)
			return judged.err;
		doc->verdicts.n++;
	}
	return 0;
}

static const struct doc_verdict *find_worst(const struct doc_verdict_list *list)
{
	const struct doc_verdict *worst = &list->at[0];

	for (size_t i = 1; i < list->n; i++) {
		if (list->at[i].decision > worst->decision)
			worst = &list->at[i];
	}
	return worst;
}

int judge_document(struct doc *doc, int *decided, struct error *error)
{
	size_t n = doc->findings.n;
	struct doc_verdict *places;

	if (!n)
		return fail(error, EXIT_BAD_INPUT,
			    "judge: the evidence holds no finding; give one");
	doc->verdict = arena_alloc(&doc->arena, sizeof(*doc->verdict));
	places = arena_alloc(&doc->arena, n * sizeof(*places));
	doc->verdicts = (struct doc_verdict_list){ .at = places, .room = n };
	if (!doc->verdict || !places || judge_all(doc))
		return fail(
			error, EXIT_INTERNAL,
			"judge: more findings and evidence than fit into memory");
	/* A copy, so that shortening one leaves the other as it is. */
	*doc->verdict = *find_worst(&doc->verdicts);
	*decided = decisions[doc->verdict->decision].status;
	return 0;
}
