// SPDX-License-Identifier: Apache-2.0
/* Locates findings in a saved document, by the document alone. */
#include "judge/relocate.h"

#include "judge/verdict.h"

static bool same_or_both_none(const char *a, const char *b)
{
	return (!a && !b) || same_text(a, b);
}

/*
 * Is it the same finding, and does it name the same place? An updated finding
 * keeps its id, but may name another socket or container.
 */
static bool is_same(const struct finding *a, const struct finding *b)
{
	return same_text(a->id, b->id) &&
	       same_or_both_none(a->socket_path, b->socket_path) &&
	       same_or_both_none(a->container_id, b->container_id) &&
	       same_or_both_none(a->container_name, b->container_name) &&
	       same_or_both_none(a->image, b->image) &&
	       same_or_both_none(a->name_space, b->name_space) &&
	       same_or_both_none(a->workload_name, b->workload_name) &&
	       same_or_both_none(a->workload_type, b->workload_type) &&
	       same_or_both_none(a->workload_uid, b->workload_uid) &&
	       a->pid == b->pid &&
	       time_diff_ms(a->process_started_at, b->process_started_at) == 0;
}

/* The location that the document has of this same finding. */
static const struct finding_location *
known_location(const struct doc *doc, const struct finding *finding)
{
	for (size_t i = 0; i < doc->findings.n; i++) {
		if (is_same(&doc->findings.at[i], finding))
			return &doc->findings.at[i].located;
	}
	return NULL;
}

/* The container with this id in the document, or NO_INDEX. */
static size_t find_container(const struct doc *doc, const char *id)
{
	for (size_t i = 0; i < doc->containers.n; i++) {
		if (same_text(doc->containers.at[i].id, id))
			return i;
	}
	return NO_INDEX;
}

/* The object with this name in this container, or NO_INDEX. */
static size_t find_path(const struct doc *doc, const char *container,
			const char *name)
{
	size_t found = NO_INDEX;

	for (size_t i = 0; i < doc->paths.n; i++) {
		if (same_text(doc->paths.at[i].container.id, container) &&
		    path_has_name(&doc->paths.at[i], name))
			found = i;
	}
	for (size_t i = 0; i < doc->access.n && found == NO_INDEX; i++) {
		const struct doc_access *access = &doc->access.at[i];

		if (access->same_inode == TRI_YES &&
		    same_text(access->container.id, container) &&
		    same_text(access->container_path, name))
			found = access->path;
	}
	return found;
}

static void locate(const struct doc *doc, struct finding *finding)
{
	struct finding_location *located = &finding->located;
	size_t idx = find_container(doc, finding->container_id);

	*located = (struct finding_location){
		.container = { .at = NO_INDEX },
		.path = NO_INDEX,
	};
	if (idx == NO_INDEX) {
		located->why =
			"the evidence was not taken for this finding and does not hold its container; run explain on the node";
		return;
	}
	located->container = (struct container_ref){
		.id = doc->containers.at[idx].id,
		.at = idx,
	};
	located->matched_by = MATCHED_BY_ID;
	if (finding->socket_path)
		located->path = find_path(doc, located->container.id,
					  finding->socket_path);
}

void relocate_findings(struct doc *doc, const struct finding_list *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		struct finding *finding = &findings->at[i];
		const struct finding_location *known =
			known_location(doc, finding);

		if (known)
			finding->located = *known;
		else
			locate(doc, finding);
	}
	doc->findings = *findings;
}
