// SPDX-License-Identifier: Apache-2.0
/* Writing premises and assumptions into a verdict. */
#include "judge/premises.h"

#include <errno.h>
#include <stdarg.h>

enum { PREMISES_MAX = 64 };

static const struct {
	const char *id, *text, *how_to_prove;
} assumptions[] = {
	[ASSUME_MOUNTS_UNCHANGED] = {
		"mounts_unchanged",
		"no process of the container, ended ones included, saw the path through other mounts or from another root than those seen now",
		"run the workload with a RuntimeDefault seccomp profile and without the rights named; then there are no such means",
	},
	[ASSUME_EVENT_TIME] = {
		"event_time",
		"the times of the finding are those of the node's clock, to 2 seconds",
		"compare the clock of the node with a time server (chronyc tracking)",
	},
	[ASSUME_EARLIER_EVENTS] = {
		"earlier_events",
		"the events before the container or the path came to be as they are were like those since: the support is for the events since then",
		"judge again with a finding whose first event is later",
	},
	[ASSUME_NO_RELAY] = {
		"no_relay",
		"the container's own listener passes nothing on to a container runtime, by whatever way",
		"look at the program that listens, and at its connections over the network",
	},
	[ASSUME_EXPECTED] = {
		"expected",
		"the operator's declaration of expected clients is right",
		"it is the operator's word, which no evidence can replace",
	},
};

enum outcome premise(struct judged *judged, const char *id, const char *rule,
		     enum outcome outcome, const char *evidence,
		     const char *format, ...)
{
	static const enum tristate holds[] = {
		[OUTCOME_PROVEN] = TRI_YES,
		[OUTCOME_ASSUMED] = TRI_YES,
		[OUTCOME_REFUTED] = TRI_NO,
		[OUTCOME_UNKNOWN] = TRI_UNKNOWN,
	};
	struct doc_premise *item = list_add(
		&judged->doc->arena, &judged->verdict->premises, PREMISES_MAX);
	va_list args;

	if (!item) {
		judged->err = -ENOMEM;
		return OUTCOME_UNKNOWN;
	}
	if (outcome == OUTCOME_ASSUMED && judged->strict)
		outcome = OUTCOME_UNKNOWN;
	va_start(args, format);
	*item = (struct doc_premise){
		.id = id,
		.outcome = outcome,
		.text = verdict_sentence(judged, format, args),
		.evidence = verdict_pointers(judged, evidence, ""),
	};
	va_end(args);
	add_reason(judged, rule, holds[outcome], evidence, "%s", item->text);
	return outcome;
}

static void copy_means(struct judged *judged, const struct string_list *means,
		       struct doc_assumption *item)
{
	for (size_t i = 0; means && i < means->n; i++) {
		const char **slot =
			list_add(&judged->doc->arena, &item->means, means->n);

		if (!slot) {
			judged->err = -ENOMEM;
			return;
		}
		*slot = means->at[i];
	}
}

void assume(struct judged *judged, enum assumption assumption,
	    const struct string_list *means)
{
	struct doc_assumption_list *list = &judged->verdict->assumptions;
	struct doc_assumption *item;

	for (size_t i = 0; i < list->n; i++) {
		if (same_text(list->at[i].id, assumptions[assumption].id))
			return;
	}
	item = list_add(&judged->doc->arena, list, ARRAY_SIZE(assumptions));
	if (!item) {
		judged->err = -ENOMEM;
		return;
	}
	*item = (struct doc_assumption){
		.id = assumptions[assumption].id,
		.text = assumptions[assumption].text,
		.how_to_prove = assumptions[assumption].how_to_prove,
	};
	copy_means(judged, means, item);
}
