// SPDX-License-Identifier: Apache-2.0
/*
 * The order of the premises, and what the outcomes add up to. All that are asked
 * are listed, so that a reader can follow the decision.
 */
#include "judge/judge.h"

#include <errno.h>

#include "judge/premises.h"
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

static bool holds(enum outcome outcome)
{
	return outcome == OUTCOME_PROVEN || outcome == OUTCOME_ASSUMED;
}

/* The first premise that failed; NULL where all hold. */
static const struct doc_premise *first_failed(const struct doc_verdict *verdict)
{
	for (size_t i = 0; i < verdict->premises.n; i++) {
		if (!holds(verdict->premises.at[i].outcome))
			return &verdict->premises.at[i];
	}
	return NULL;
}

/* What a live socket says against the finding may be ruled out after all. */
static void overrule_name(struct judged *judged, enum outcome outcome)
{
	struct doc_premise_list *premises = &judged->verdict->premises;

	for (size_t i = 0; i < premises->n; i++) {
		if (same_text(premises->at[i].id, "name"))
			premises->at[i].outcome = outcome == OUTCOME_ASSUMED &&
								  judged->strict
							  ? OUTCOME_UNKNOWN
							  : outcome;
	}
}

/* Is a live socket at the name explained: declared, or closed to the container? */
static bool is_excused(struct judged *judged)
{
	if (!is_live_alone(judged))
		return false;
	if (rule_expected(judged)) {
		assume(judged, ASSUME_EXPECTED, NULL);
		overrule_name(judged, OUTCOME_ASSUMED);
		return true;
	}
	if (!holds(premise_permission(judged)))
		return false;
	overrule_name(judged, OUTCOME_PROVEN);
	return true;
}

/* The premises that need the container, after those that find it. */
static enum decision decide_name(struct judged *judged)
{
	enum outcome name = premise_name(judged);

	if (name == OUTCOME_REFUTED && !is_excused(judged))
		return !is_closed_now(judged) && live_since_events(judged)
			       ? DECISION_NOT_SUPPORTED
			       : DECISION_INCONCLUSIVE;
	if (judged->private_socket)
		premise_private(judged);
	if (judged->container->threads &&
	    premise_elsewhere(judged) == OUTCOME_REFUTED)
		return DECISION_NOT_SUPPORTED;
	premise_unchanged(judged);
	premise_mounts(judged);
	premise_time(judged);
	premise_coverage(judged);
	return first_failed(judged->verdict) ? DECISION_INCONCLUSIVE
					     : DECISION_SUPPORTED;
}

static enum decision decide(struct judged *judged)
{
	enum decision decision;

	if (premise_type(judged) == OUTCOME_REFUTED ||
	    premise_node(judged) == OUTCOME_REFUTED)
		return DECISION_NOT_JUDGED;
	premise_container(judged);
	if (!judged->container) {
		premise_coverage(judged);
		return DECISION_INCONCLUSIVE;
	}
	premise_agreement(judged);
	premise_sequence(judged);
	decision = decide_name(judged);
	add_risks(judged);
	return decision;
}

static void find_case(struct judged *judged)
{
	const struct finding_location *located = &judged->finding->located;

	judged->container_idx = located->container.at;
	judged->container = doc_container_at(judged->doc, located->container);
}

/* What the decision says; an inconclusive one names the premise that failed. */
static const char *decision_text(struct judged *judged, enum decision decision)
{
	const struct doc_premise *failed = first_failed(judged->verdict);
	const char *text;

	if (decision != DECISION_INCONCLUSIVE || !failed)
		return decisions[decision].text;
	text = arena_printf(&judged->doc->arena,
			    "(%s): %s; do not suppress on this evidence",
			    failed->id, failed->text);
	if (!text)
		judged->err = -ENOMEM;
	return text ? text : decisions[decision].text;
}

static void judge_one(struct judged *judged)
{
	struct doc_verdict *verdict = judged->verdict;

	find_case(judged);
	verdict->decision = decide(judged);
	verdict->text = decision_text(judged, verdict->decision);
	scope_fill(judged);
}

/* Fills verdicts.at, which has a place for each finding. 0 or -errno. */
static int judge_all(struct doc *doc, bool strict)
{
	for (size_t i = 0; i < doc->findings.n; i++) {
		struct judged judged = {
			.doc = doc,
			.finding = &doc->findings.at[i],
			.verdict = &doc->verdicts.at[i],
			.strict = strict,
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

int judge_document(struct doc *doc, bool strict, int *decided,
		   struct error *error)
{
	size_t n = doc->findings.n;
	struct doc_verdict *places;

	if (!n)
		return fail(error, EXIT_BAD_INPUT,
			    "judge: the evidence holds no finding; give one");
	doc->verdict = arena_alloc(&doc->arena, sizeof(*doc->verdict));
	places = arena_alloc(&doc->arena, n * sizeof(*places));
	doc->verdicts = (struct doc_verdict_list){ .at = places, .room = n };
	if (!doc->verdict || !places || judge_all(doc, strict))
		return fail(
			error, EXIT_INTERNAL,
			"judge: more findings and evidence than fit into memory");
	/* A copy, so that shortening one leaves the other as it is. */
	*doc->verdict = *find_worst(&doc->verdicts);
	*decided = decisions[doc->verdict->decision].status;
	return 0;
}
