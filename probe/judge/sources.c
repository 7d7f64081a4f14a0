// SPDX-License-Identifier: Apache-2.0
/*
 * The sources that a decision needs. Every run on a node has a line for each;
 * if a document lacks one, that source is unknown, and never complete.
 */
#include "judge/sources.h"

#include <string.h>

#include "document/names.h"
#include "judge/premises.h"
#include "judge/rules.h"

static const enum coverage_source needed[] = {
	SOURCE_PROCESSES,     SOURCE_MOUNT_TABLES,    SOURCE_NETWORK_NAMESPACES,
	SOURCE_PATHS,	      SOURCE_SOCKETS,	      SOURCE_FILE_DESCRIPTORS,
	SOURCE_PID_NAMESPACE, SOURCE_CONTAINER_VIEWS, SOURCE_RUNTIME_RECORDS,
};

static bool has_line(const struct doc *doc, const char *source)
{
	for (size_t i = 0; i < doc->coverage.n; i++) {
		if (strcmp(doc->coverage.at[i].source, source) == 0)
			return true;
	}
	return false;
}

const char *source_without_line(const struct doc *doc, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		const char *source = coverage_source_names[needed[i]];

		if (!has_line(doc, source) && n-- == 0)
			return source;
	}
	return NULL;
}

bool sources_are_complete(const struct doc *doc)
{
	for (size_t i = 0; i < doc->coverage.n; i++) {
		if (doc->coverage.at[i].status != COVERAGE_COMPLETE)
			return false;
	}
	return !source_without_line(doc, 0);
}

/* The kubelet's configuration is not needed for decisions. */
static bool decides(const struct doc_coverage *line)
{
	return strcmp(line->source,
		      coverage_source_names[SOURCE_KUBELET_CONFIG]) != 0;
}

enum outcome premise_coverage(struct judged *judged)
{
	const struct doc *doc = judged->doc;
	const char *source;
	bool complete = true;

	for (size_t i = 0; i < doc->coverage.n; i++) {
		const struct doc_coverage *line = &doc->coverage.at[i];

		if (line->status == COVERAGE_COMPLETE || !decides(line))
			continue;
		complete = false;
		add_reason(judged, "coverage", TRI_NO,
			   verdict_pointer(judged, "/coverage/%zu", i),
			   "%s is %s: %s; to fix: %s", line->source,
			   name_of(&status_names, line->status),
			   verdict_words(judged, line->detail),
			   verdict_words(judged, line->fix));
	}
	for (size_t i = 0; (source = source_without_line(doc, i)); i++) {
		complete = false;
		add_reason(
			judged, "coverage", TRI_UNKNOWN, "/coverage",
			"%s is unknown: the evidence does not say how much of it was read; take new evidence",
			source);
	}
	if (complete)
		return premise(
			judged, "coverage", "coverage", OUTCOME_PROVEN,
			"/coverage",
			"every source that the decision needs was read completely");
	return premise(
		judged, "coverage", "coverage", OUTCOME_UNKNOWN, "/coverage",
		"not every source that the decision needs was read completely");
}
