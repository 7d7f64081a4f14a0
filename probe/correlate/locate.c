// SPDX-License-Identifier: Apache-2.0
/*
 * Finding to container: by container id, else pod uid, else namespace, workload
 * and image, narrowed by the process where that is not enough. What stays
 * ambiguous is said to be.
 */
#include "correlate/locate.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sockprobe/json.h"

enum { START_SLACK_MS = 2000 };

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* ---- the process ---- */

/* Is this the finding's process, by pid and start? */
static size_t find_process(const struct evidence *ev, const cJSON *finding,
			   const char **state)
{
	const cJSON *pid = json_get(finding, "pid");
	const char *started = json_text(finding, "process_started_at");
	struct timespec when;

	*state = "unknown";
	if (!cJSON_IsNumber(pid) || !started || parse_rfc3339(started, &when))
		return NO_INDEX;
	*state = "ended";
	for (size_t i = 0; i < ev->processes.n; i++) {
		int64_t apart;

		if (ev->processes.at[i].pid != pid->valueint)
			continue;
		apart = time_diff_ms(process_start(ev, i), when);
		if (apart <= START_SLACK_MS && apart >= -START_SLACK_MS) {
			*state = "running";
			return i;
		}
		*state = "reused";
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

static bool matches_id(const struct container *container, const cJSON *finding)
{
	return same(container->id, json_text(finding, "container_id"));
}

static bool is_pod(const cJSON *finding)
{
	const char *type = json_text(finding, "workload_type");

	return type &&
	       (strcasecmp(type, "pod") == 0 || strcasecmp(type, "pods") == 0);
}

/* Of a pod several containers may run: name and image tell them apart. */
static bool matches_part(const struct container *container,
			 const cJSON *finding)
{
	const char *name = json_text(finding, "container_name");
	const char *image = json_text(finding, "image");

	return !container->sandbox &&
	       (!name || !container->name.value ||
		same(name, container->name.value)) &&
	       (!image || !container->image.value ||
		same(image, container->image.value));
}

static bool matches_pod_uid(const struct container *container,
			    const cJSON *finding)
{
	return is_pod(finding) && matches_part(container, finding) &&
	       same(container->pod_uid.value,
		    json_text(finding, "workload_uid"));
}

/* A workload's pods are named after it, with more behind a '-'. */
static bool is_of_workload(const char *pod, const char *workload)
{
	size_t len = workload ? strlen(workload) : 0;

	return pod && workload && strncmp(pod, workload, len) == 0 &&
	       (pod[len] == '\0' || pod[len] == '-');
}

static bool matches_workload(const struct container *container,
			     const cJSON *finding)
{
	const char *workload = json_text(finding, "workload_name");

	if (!matches_part(container, finding) ||
	    !same(container->pod_namespace.value,
		  json_text(finding, "namespace")))
		return false;
	return is_pod(finding)
		       ? same(container->pod_name.value, workload)
		       : is_of_workload(container->pod_name.value, workload);
}

static const struct matcher {
	const char *what;
	bool (*matches)(const struct container *container,
			const cJSON *finding);
} matchers[] = {
	{ "container id", matches_id },
	{ "pod uid", matches_pod_uid },
	{ "namespace, workload and image", matches_workload },
};

struct search {
	size_t found;
	size_t running;
	size_t ended;
};

static struct search search(const struct evidence *ev, const cJSON *finding,
			    const struct matcher *matcher, size_t process)
{
	struct search result = { .found = NO_INDEX };

	for (size_t i = 0; i < ev->containers.n; i++) {
		const struct container *container = &ev->containers.at[i];

		if (!matcher->matches(container, finding))
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
	/* Several: only the process can say which. */
	if (result.running > 1 &&
	    (process == NO_INDEX ||
	     ev->processes.at[process].container != result.found))
		result.found = NO_INDEX;
	return result;
}

size_t locate_finding(struct evidence *ev, cJSON *finding)
{
	cJSON *located = cJSON_AddObjectToObject(finding, "located");
	const char *by = NULL;
	const char *why =
		"no container of this node has its id, pod or workload";
	const char *state;
	size_t process = find_process(ev, finding, &state);
	size_t found = NO_INDEX;

	for (size_t i = 0; i < ARRAY_SIZE(matchers) && found == NO_INDEX; i++) {
		struct search result =
			search(ev, finding, &matchers[i], process);

		found = result.found;
		by = found == NO_INDEX ? NULL : matchers[i].what;
		if (result.running > 1 && found == NO_INDEX)
			why = "several containers match, and its process does not tell which";
		else if (result.ended && found == NO_INDEX)
			why = "its record is still there, but no process of it runs";
	}
	json_put(located, "container",
		 found == NO_INDEX ? NULL : ev->containers.at[found].id);
	json_put(located, "matched_by", by);
	json_put(located, "why", found == NO_INDEX ? why : NULL);
	cJSON_AddNullToObject(located, "path_ref");
	json_put(located, "process", state);
	if (found != NO_INDEX)
		ev->containers.at[found].touches = true;
	return found;
}

void locate_set_path(cJSON *finding, size_t path)
{
	cJSON *located = cJSON_GetObjectItemCaseSensitive(finding, "located");
	char pointer[40];

	snprintf(pointer, sizeof(pointer), "/paths/%zu", path);
	cJSON_ReplaceItemInObjectCaseSensitive(located, "path_ref",
					       cJSON_CreateString(pointer));
}

static void try_access(const struct evidence *ev, cJSON *finding,
		       const char *container, const char *name)
{
	for (size_t i = 0; i < ev->access.n; i++) {
		const struct access *access = &ev->access.at[i];

		if (access->via == VIA_PROC_ROOT &&
		    same(ev->containers.at[access->container].id, container) &&
		    same(access->container_path, name)) {
			locate_set_path(finding, access->path);
			return;
		}
	}
}

void locate_by_access(const struct evidence *ev, cJSON *findings)
{
	cJSON *finding;

	cJSON_ArrayForEach(finding, findings) {
		const cJSON *located =
			cJSON_GetObjectItemCaseSensitive(finding, "located");
		const char *container = json_text(located, "container");
		const char *name = json_text(finding, "socket_path");

		if (container && name)
			try_access(ev, finding, container, name);
	}
}
