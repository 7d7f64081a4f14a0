// SPDX-License-Identifier: Apache-2.0
/*
 * Makes criteria of a verdict's scope. The filter's attributes have other names
 * than the finding's.
 */
#include "report/criteria.h"

#include <string.h>

#include "sockprobe/text_safe.h"
#include "sockprobe/workload.h"

#define WORKLOAD "resource.kubernetesDetails.kubernetesWorkloadDetails."

/* The criterion of each scope key, in the order in which they are written. */
struct pin {
	const char *key;
	size_t offset; /* of the value in struct doc_scope */
	const char *attribute;
	/* Only filters that archive may match on it, and only by the API. */
	bool archive_only;
};

static const struct pin pins[] = {
	{ "finding_type", offsetof(struct doc_scope, finding_type), "type",
	  false },
	{ "cluster_name", offsetof(struct doc_scope, cluster_name),
	  "resource.eksClusterDetails.name", false },
	{ "namespace", offsetof(struct doc_scope, name_space),
	  WORKLOAD "namespace", false },
	{ "workload_name", offsetof(struct doc_scope, workload_name),
	  WORKLOAD "name", false },
	{ "image_prefix", offsetof(struct doc_scope, image_prefix),
	  WORKLOAD "containers.imagePrefix", false },
	{ "image", offsetof(struct doc_scope, image),
	  WORKLOAD "containers.image", false },
	{ "executable_path", offsetof(struct doc_scope, executable_path),
	  "service.runtimeDetails.process.executablePath", false },
	{ "socket_path", offsetof(struct doc_scope, socket_path),
	  "service.runtimeDetails.context.socketPath", true },
};
_Static_assert(ARRAY_SIZE(pins) <= MAX_CRITERIA, "one criterion for each pin");

/* The image's attribute for a container outside of Kubernetes. */
static const char standalone_image[] = "resource.containerDetails.image";

static const char *value_of(const struct doc_scope *scope,
			    const struct pin *pin)
{
	return *(const char *const *)((const char *)scope + pin->offset);
}

static bool is_pin_asked(const char *keys, const char *key)
{
	size_t len = strlen(key);

	if (!keys)
		return true;
	for (const char *at = keys; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, key, len) == 0 &&
		    (at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return false;
}

static bool is_pin(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(pins); i++) {
		if (strlen(pins[i].key) == len &&
		    strncmp(pins[i].key, word, len) == 0)
			return true;
	}
	return false;
}

static int check_keys(const char *keys, struct error *error)
{
	char word[QUOTED_MAX];

	for (const char *at = keys; at; at = strchr(at, ',')) {
		size_t len;

		at += *at == ',';
		len = strcspn(at, ",");
		if (is_pin(at, len))
			continue;
		snprintf(word, sizeof(word), "%.*s", (int)len, at);
		return fail(
			error, EXIT_USAGE,
			"--scope %s: not something a filter may match on; use finding_type, cluster_name, namespace, workload_name, image_prefix, image, executable_path, socket_path",
			quote_short(word).text);
	}
	return 0;
}

bool is_plain_value(const char *text)
{
	for (; *text; text++) {
		if (*text < 0x20 || *text > 0x7e)
			return false;
	}
	return true;
}

/* A pod's own name dies with it: "?" stands for each of its random letters. */
static void generalize_pod(const struct doc_scope *scope,
			   struct criterion *criterion)
{
	struct pod_workload workload = workload_of_pod(criterion->value);

	if (strcmp(criterion->key, "workload_name") != 0 || !workload.random ||
	    workload_kind(scope->workload_type) != WORKLOAD_POD)
		return;
	memset(criterion->value + strlen(criterion->value) - workload.random,
	       '?', workload.random);
	criterion->pattern = true;
}

static int add_criterion(struct criteria *criteria,
			 const struct doc_scope *scope, const struct pin *pin,
			 const char *value, struct error *error)
{
	struct criterion *criterion = &criteria->at[criteria->n];

	if (!*value || strlen(value) > MAX_VALUE || !is_plain_value(value))
		return fail(
			error, EXIT_BAD_INPUT,
			"filter: %s: the finding's value cannot stand in a filter: empty, over %d bytes, or with characters that are not printable ASCII",
			pin->key, MAX_VALUE);
	*criterion = (struct criterion){
		.key = pin->key,
		.attribute = pin->attribute,
		.archive_only = pin->archive_only,
	};
	memcpy(criterion->value, value, strlen(value) + 1);
	if (strcmp(pin->key, "image") == 0 && !scope->name_space)
		criterion->attribute = standalone_image;
	generalize_pod(scope, criterion);
	criteria->n++;
	return 0;
}

bool criteria_has(const struct criteria *criteria, const char *key)
{
	for (size_t i = 0; i < criteria->n; i++) {
		if (strcmp(criteria->at[i].key, key) == 0)
			return true;
	}
	return false;
}

/*
 * GuardDuty recommends to match on type and resource. This evidence is about
 * one program of one workload and one path, so that would be too wide.
 */
static int refuse_wide(const struct criteria *criteria,
		       const struct doc_scope *scope, struct error *error)
{
	if (!criteria_has(criteria, "finding_type"))
		return fail(
			error, EXIT_NOT_SUPPORTED,
			"filter: without finding_type it would hide findings of every type");
	if (!criteria_has(criteria, "workload_name") &&
	    !criteria_has(criteria, "image_prefix") &&
	    !criteria_has(criteria, "image"))
		return fail(
			error, EXIT_NOT_SUPPORTED,
			"filter: with neither workload_name nor image it would hide this finding for every workload%s: the evidence is about one",
			criteria_has(criteria, "namespace")
				? " of the namespace"
				: "");
	if (scope->name_space && !criteria_has(criteria, "namespace"))
		return fail(
			error, EXIT_NOT_SUPPORTED,
			"filter: without namespace it would hide this finding for workloads of the same name or image anywhere");
	if (!criteria_has(criteria, "executable_path") &&
	    !criteria_has(criteria, "socket_path"))
		return fail(
			error, EXIT_NOT_SUPPORTED,
			"filter: with neither executable_path nor socket_path it would hide whatever else runs in the workload and reaches for a Docker socket");
	return 0;
}

int criteria_collect(struct criteria *criteria, const struct doc_scope *scope,
		     const char *keys, struct error *error)
{
	int status = check_keys(keys, error);

	criteria->n = 0;
	for (size_t i = 0; !status && i < ARRAY_SIZE(pins); i++) {
		const char *value = value_of(scope, &pins[i]);

		/*
		 * If the prefix is matched, matching the tag too would break
		 * with the next release.
		 */
		if (!value || !is_pin_asked(keys, pins[i].key) ||
		    (!keys && strcmp(pins[i].key, "image") == 0 &&
		     criteria_has(criteria, "image_prefix")))
			continue;
		status = add_criterion(criteria, scope, &pins[i], value, error);
	}
	return status ? status : refuse_wide(criteria, scope, error);
}
