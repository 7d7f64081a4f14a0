// SPDX-License-Identifier: Apache-2.0
/* Locates findings in a saved document, by the document alone. */
#include "judge/relocate.h"

#include "correlate/locate.h"
#include "judge/verdict.h"

static bool same_or_both_none(const char *a, const char *b)
{
	return (!a && !b) || same_text(a, b);
}

/*
 * Does it lead to the same place? A finding that came anew has its old id, but
 * may name another socket or container: the id tells nothing.
 */
static bool leads_alike(const struct finding *a, const struct finding *b)
{
	return same_or_both_none(a->socket_path, b->socket_path) &&
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

/* What the document knows of where this finding leads; NULL: nothing. */
static const struct finding_location *
known_location(const struct doc *doc, const struct finding *finding)
{
	for (size_t i = 0; i < doc->findings.n; i++) {
		if (leads_alike(&doc->findings.at[i], finding))
			return &doc->findings.at[i].located;
	}
	return NULL;
}

/* ---- the finding's process ---- */

/* The container of a process that the document tells of; NO_INDEX: not known. */
struct process_search {
	const struct finding *finding;
	size_t container;
	enum finding_process state;
};

static void try_start(struct process_search *search, int64_t pid,
		      struct timespec started, size_t container)
{
	if (pid != search->finding->pid || !started.tv_sec ||
	    search->state == FINDING_PROCESS_RUNNING)
		return;
	search->state = FINDING_PROCESS_REUSED;
	if (!locate_is_start(search->finding, started))
		return;
	search->state = FINDING_PROCESS_RUNNING;
	search->container = container;
}

static void try_process(struct process_search *search,
			const struct doc_process *process)
{
	if (process)
		try_start(search, process->pid, process->started_at,
			  process->container.at);
}

/* Of most processes the document tells no more than the pid. */
static struct process_search relocate_process(const struct doc *doc,
					      const struct finding *finding)
{
	struct process_search search = { finding, NO_INDEX,
					 FINDING_PROCESS_UNKNOWN };

	if (finding->pid == NUMBER_UNKNOWN ||
	    !finding->process_started_at.tv_sec)
		return search;
	for (size_t i = 0; i < doc->containers.n; i++) {
		const struct doc_start *start = doc->containers.at[i].start;

		if (start)
			try_start(&search, start->pid,
				  start->process_started_at, i);
	}
	for (size_t i = 0; i < doc->connections.n; i++) {
		try_process(&search, doc->connections.at[i].client);
		try_process(&search, doc->connections.at[i].server);
	}
	for (size_t i = 0; i < doc->names.n; i++)
		try_process(&search, doc->names.at[i].listener);
	for (size_t i = 0; i < doc->paths.n; i++) {
		const struct doc_listener *listener = doc->paths.at[i].listener;

		if (!listener)
			continue;
		try_process(&search, listener->process);
		try_process(&search, listener->activated_by);
	}
	return search;
}

/* ---- its container and path ---- */

static struct candidate candidate_of_document(const void *document, size_t idx)
{
	const struct doc *doc = document;
	const struct doc_container *container = &doc->containers.at[idx];
	const struct doc_pod *pod = container->pod;

	return (struct candidate){
		.id = container->id,
		.name = container->name,
		.image = container->image,
		.pod_namespace = pod ? pod->name_space : NULL,
		.pod_name = pod ? pod->name : NULL,
		.pod_uid = pod ? pod->uid : NULL,
		.sandbox = container->sandbox,
		.running = container->pids.n,
	};
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

static void locate(struct doc *doc, struct finding *finding)
{
	struct process_search process = relocate_process(doc, finding);
	const struct candidates candidates = {
		.arena = &doc->arena,
		.n = doc->containers.n,
		.of = doc,
		.get = candidate_of_document,
		.hostname = doc->node ? doc->node->hostname : NULL,
		.of_process = process.container,
		.incomplete = doc->containers_total !=
			      (int64_t)doc->containers.n,
	};
	struct finding_location *located = &finding->located;

	*located = (struct finding_location){
		.container = { .at = NO_INDEX },
		.path = NO_INDEX,
		.process = process.state,
	};
	locate_among(&candidates, finding);
	if (located->container.at != NO_INDEX && finding->socket_path)
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
