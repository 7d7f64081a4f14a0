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

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* ---- the process ---- */

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
		int64_t apart;

		if (ev->processes.at[i].pid != finding->pid)
			continue;
		apart = time_diff_ms(process_start(ev, i),
				     finding->process_started_at);
		if (apart <= START_SLACK_MS && apart >= -START_SLACK_MS) {
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

static bool matches_id(const struct evidence *ev,
		       const struct container *container,
		       const struct finding *finding)
{
	(void)ev;
	return same(container->id, finding->container_id);
}

static bool is_pod(const struct finding *finding)
{
	return workload_kind(finding->workload_type) == WORKLOAD_POD;
}

/* A pod may have several containers: name and image distinguish them. */
static bool matches_part(const struct container *container,
			 const struct finding *finding)
{
	const char *name = finding->container_name;
	const char *image = finding->image;

	return !container->sandbox &&
	       (!name || !container->name.value ||
		same(name, container->name.value)) &&
	       (!image || !container->image.value ||
		same(image, container->image.value));
}

static bool matches_pod_uid(const struct evidence *ev,
			    const struct container *container,
			    const struct finding *finding)
{
	(void)ev;
	return is_pod(finding) && matches_part(container, finding) &&
	       same(container->pod_uid.value, finding->workload_uid);
}

/* By the name of its pod: does it have the form that this workload gives? */
static bool matches_workload(const struct evidence *ev,
			     const struct container *container,
			     const struct finding *finding)
{
	return matches_part(container, finding) &&
	       same(container->pod_namespace.value, finding->name_space) &&
	       workload_fits_pod(workload_kind(finding->workload_type),
				 finding->workload_name,
				 container->pod_name.value,
				 ev->node.hostname.value);
}

static const struct matcher {
	enum matched_by by;
	bool (*matches)(const struct evidence *ev,
			const struct container *container,
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

static struct search search(const struct evidence *ev,
			    const struct finding *finding,
			    const struct matcher *matcher, size_t process)
{
	struct search result = { .found = NO_INDEX };

	for (size_t i = 0; i < ev->containers.n; i++) {
		const struct container *container = &ev->containers.at[i];

		if (!matcher->matches(ev, container, finding))
			continue;
		if (!container->processes.n) {
			result.ended++;
			continue;
		}
		result.running++;
		if (result.found == NO_INDEX ||
		    (process != NO_INDEX &&
		     ev->processes.at[process].container == i))
			result.found = i;
	}
	/* If several match, the process decides. */
	if (result.running > 1 &&
	    (process == NO_INDEX ||
	     ev->processes.at[process].container != result.found))
		result.found = NO_INDEX;
	return result;
}

size_t locate_finding(struct evidence *ev, struct finding *finding)
{
	struct finding_location *located = &finding->located;
	const char *why =
		"no container of this node has its id, pod or workload";
	size_t process = find_process(ev, finding, &located->process);
	size_t found = NO_INDEX;

	for (size_t i = 0; i < ARRAY_SIZE(matchers) && found == NO_INDEX; i++) {
		struct search result =
			search(ev, finding, &matchers[i], process);

		found = result.found;
		if (found != NO_INDEX)
			located->matched_by = matchers[i].by;
		else if (result.running > 1)
			why = "several containers match, and its process does not tell which";
		else if (result.ended)
			why = "its record is still there, but no process of it runs";
	}
	if (found == NO_INDEX && process != NO_INDEX &&
	    ev->processes.at[process].container != NO_INDEX) {
		found = ev->processes.at[process].container;
		located->matched_by = MATCHED_BY_PROCESS;
	}
	located->container.at = found;
	if (found == NO_INDEX) {
		located->why = why;
	} else {
		located->container.id = ev->containers.at[found].id;
		ev->containers.at[found].touches = true;
	}
	return found;
}

static void try_access(const struct evidence *ev, struct finding *finding)
{
	for (size_t i = 0; i < ev->access.n; i++) {
		const struct access *access = &ev->access.at[i];

		if (access->via == VIA_PROC_ROOT &&
		    access->container == finding->located.container.at &&
		    same(access->container_path, finding->socket_path)) {
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
