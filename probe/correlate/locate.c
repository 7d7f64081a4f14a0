// SPDX-License-Identifier: Apache-2.0
/*
 * From finding to container: by container id, else pod uid, else namespace,
 * workload and image; if several match, by the process. If that does not
 * decide, the finding stays ambiguous, and the reason says so.
 */
#include "correlate/locate.h"

#include <string.h>

#include "sockprobe/workload.h"

enum { START_SLACK_MS = 2000 };

static bool locate_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* ---- the process ---- */

bool locate_is_start(const struct finding *finding, struct timespec started)
{
	int64_t apart = time_diff_ms(started, finding->process_started_at);

	return apart <= START_SLACK_MS && apart >= -START_SLACK_MS;
}

/* Is this the finding's process, by pid and start? */
static size_t find_process(const struct evidence *ev,
			   const struct finding *finding,
			   enum finding_process *state)
{
	*state = FINDING_PROCESS_UNKNOWN;
	if (finding->pid == NUMBER_UNKNOWN ||
	    !finding->process_started_at.tv_sec)
		return NO_INDEX;
	*state = FINDING_PROCESS_ENDED;
	for (size_t i = 0; i < ev->processes.n; i++) {
		if (ev->processes.at[i].pid != finding->pid)
			continue;
		if (locate_is_start(finding, process_start(ev, i))) {
			*state = FINDING_PROCESS_RUNNING;
			return i;
		}
		*state = FINDING_PROCESS_REUSED;
	}
	return NO_INDEX;
}

size_t locate_process(const struct evidence *ev, size_t container)
{
	const struct index_list *processes =
		&ev->containers.at[container].processes;

	for (size_t i = 0; i < processes->n; i++) {
		if (ev->processes.at[processes->at[i]].view != NO_INDEX)
			return processes->at[i];
	}
	return NO_INDEX;
}

/* ---- the container ---- */

static bool matches_id(const struct candidates *candidates,
		       const struct candidate *candidate,
		       const struct finding *finding)
{
	(void)candidates;
	return locate_same(candidate->id, finding->container_id);
}

static bool is_pod(const struct finding *finding)
{
	return workload_kind(finding->workload_type) == WORKLOAD_POD;
}

/* Of a pod several containers may run: name and image tell them apart. */
static bool matches_part(const struct candidate *candidate,
			 const struct finding *finding)
{
	const char *name = finding->container_name;
	const char *image = finding->image;

	return !candidate->sandbox &&
	       (!name || !candidate->name ||
		locate_same(name, candidate->name)) &&
	       (!image || !candidate->image ||
		locate_same(image, candidate->image));
}

/*
 * Where containers are missing in the list, only a container's name tells it
 * from others of its pod.
 */
static bool matches_pod_uid(const struct candidates *candidates,
			    const struct candidate *candidate,
			    const struct finding *finding)
{
	return is_pod(finding) && matches_part(candidate, finding) &&
	       locate_same(candidate->pod_uid, finding->workload_uid) &&
	       (!candidates->incomplete ||
		locate_same(candidate->name, finding->container_name));
}

/* By the name of its pod: does it have the form that this workload gives? */
static bool matches_workload(const struct candidates *candidates,
			     const struct candidate *candidate,
			     const struct finding *finding)
{
	return matches_part(candidate, finding) &&
	       locate_same(candidate->pod_namespace, finding->name_space) &&
	       workload_fits_pod(workload_kind(finding->workload_type),
				 finding->workload_name, candidate->pod_name,
				 candidates->hostname);
}

static const struct matcher {
	enum matched_by by;
	bool (*matches)(const struct candidates *candidates,
			const struct candidate *candidate,
			const struct finding *finding);
} matchers[] = {
	{ MATCHED_BY_ID, matches_id },
	{ MATCHED_BY_POD_UID, matches_pod_uid },
	{ MATCHED_BY_WORKLOAD, matches_workload },
};

struct search {
	size_t found;
	size_t running;
	size_t ended;
};

static struct search search(const struct candidates *candidates,
			    const struct finding *finding,
			    const struct matcher *matcher)
{
	struct search result = { .found = NO_INDEX };

	for (size_t i = 0; i < candidates->n; i++) {
		struct candidate candidate = candidates->get(candidates->of, i);

		if (!matcher->matches(candidates, &candidate, finding))
			continue;
		if (!candidate.running) {
			result.ended++;
			continue;
		}
		result.running++;
		if (result.found == NO_INDEX || candidates->of_process == i)
			result.found = i;
	}
	/* Several: only the process can say which. */
	if (result.running > 1 && candidates->of_process != result.found)
		result.found = NO_INDEX;
	return result;
}

/* Does a container run, the pod's own included, that has the finding's pod? */
static bool runs_in_pod(const struct candidates *candidates,
			const struct finding *finding)
{
	for (size_t i = 0; i < candidates->n; i++) {
		struct candidate it = candidates->get(candidates->of, i);
		bool by_uid = is_pod(finding) &&
			      locate_same(it.pod_uid, finding->workload_uid);

		if (it.running &&
		    (by_uid ||
		     (locate_same(it.pod_namespace, finding->name_space) &&
		      workload_fits_pod(workload_kind(finding->workload_type),
					finding->workload_name, it.pod_name,
					candidates->hostname))))
			return true;
	}
	return false;
}

/* Why none was found, by the last search that met any. */
static const char *why_not_found(const struct candidates *candidates,
				 const struct finding *finding,
				 const struct search *last)
{
	const char *why;

	if (last->running > 1) {
		why = arena_printf(
			candidates->arena,
			"%zu containers match, and its process does not tell which",
			last->running);
		return why ? why : "several containers match";
	}
	if (runs_in_pod(candidates, finding))
		return "its pod is here, its container ended";
	if (last->ended)
		return "its record is still there, but no process of it runs";
	return candidates->incomplete
		       ? "the evidence lists no container with its id, pod or workload: containers that reach nothing are not listed; take the evidence with explain on the node"
		       : "no container of this node has its id, pod or workload";
}

void locate_among(const struct candidates *candidates, struct finding *finding)
{
	struct finding_location *located = &finding->located;
	struct search last = { 0 };
	size_t found = NO_INDEX;

	for (size_t i = 0; i < ARRAY_SIZE(matchers) && found == NO_INDEX; i++) {
		struct search result =
			search(candidates, finding, &matchers[i]);

		found = result.found;
		if (found != NO_INDEX)
			located->matched_by = matchers[i].by;
		else if (result.running || result.ended)
			last = result;
	}
	if (found == NO_INDEX && candidates->of_process != NO_INDEX) {
		found = candidates->of_process;
		located->matched_by = MATCHED_BY_PROCESS;
	}
	located->container.at = found;
	if (found == NO_INDEX)
		located->why = why_not_found(candidates, finding, &last);
	else
		located->container.id =
			candidates->get(candidates->of, found).id;
}

/* ---- among the containers of the node ---- */

static struct candidate candidate_of_node(const void *evidence, size_t idx)
{
	const struct evidence *ev = evidence;
	const struct container *container = &ev->containers.at[idx];

	return (struct candidate){
		.id = container->id,
		.name = container->name.value,
		.image = container->image.value,
		.pod_namespace = container->pod_namespace.value,
		.pod_name = container->pod_name.value,
		.pod_uid = container->pod_uid.value,
		.sandbox = container->sandbox,
		.running = container->processes.n,
	};
}

size_t locate_finding(struct evidence *ev, struct finding *finding)
{
	size_t process = find_process(ev, finding, &finding->located.process);
	const struct candidates candidates = {
		.arena = &ev->arena,
		.n = ev->containers.n,
		.of = ev,
		.get = candidate_of_node,
		.hostname = ev->node.hostname.value,
		.of_process = process == NO_INDEX
				      ? NO_INDEX
				      : ev->processes.at[process].container,
	};
	size_t found;

	locate_among(&candidates, finding);
	found = finding->located.container.at;
	if (found != NO_INDEX)
		ev->containers.at[found].touches = true;
	return found;
}

static void try_access(const struct evidence *ev, struct finding *finding)
{
	for (size_t i = 0; i < ev->access.n; i++) {
		const struct access *access = &ev->access.at[i];

		if (access->via == VIA_PROC_ROOT &&
		    access->container == finding->located.container.at &&
		    locate_same(access->container_path, finding->socket_path)) {
			finding->located.path = access->path;
			return;
		}
	}
}

void locate_by_access(const struct evidence *ev, struct finding_list *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		struct finding *finding = &findings->at[i];

		if (finding->located.container.at != NO_INDEX &&
		    finding->socket_path)
			try_access(ev, finding);
	}
}
