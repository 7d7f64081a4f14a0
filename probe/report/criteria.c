// SPDX-License-Identifier: Apache-2.0
/*
 * From a verdict's scope to criteria. The attributes' names are the filter's,
 * which differ from the finding's, and with the kind of container.
 */
#include "report/criteria.h"

#include <string.h>

#include "sockprobe/text_safe.h"
#include "sockprobe/util.h"
#include "sockprobe/workload.h"

/* Where a finding has its container. */
enum platform { PLATFORM_KUBERNETES, PLATFORM_ECS, PLATFORM_STANDALONE };

/* A filter's attribute; a name of NULL: there is none. */
struct attribute {
	const char *name;
	/* Only filters that archive may match on it, and only by the API. */
	bool archive_only;
};

/* The criterion of each scope key, in the order in which they are written. */
struct pin {
	const char *key;
	size_t offset; /* of the value in struct doc_scope */
	bool always;   /* whatever keys were asked for */
	struct attribute attributes[PLATFORM_STANDALONE + 1];
};

#define PIN(word, member)                                                      \
	.key = #word, .offset = offsetof(struct doc_scope, member)
#define EVERYWHERE(name, archive_only)                                         \
	.attributes = { [PLATFORM_KUBERNETES] = { name, archive_only },        \
			[PLATFORM_ECS] = { name, archive_only },               \
			[PLATFORM_STANDALONE] = { name, archive_only } }
#define EKS_CLUSTER "resource.eksClusterDetails."
#define ECS_CLUSTER "resource.ecsClusterDetails."
#define WORKLOAD "resource.kubernetesDetails.kubernetesWorkloadDetails."
#define POD_CONTAINER WORKLOAD "containers."
#define ECS_CONTAINER ECS_CLUSTER "taskDetails.containers."
#define STANDALONE "resource.containerDetails."

static const struct pin pins[] = {
	{ PIN(finding_type, finding_type), EVERYWHERE("type", false) },
	{ PIN(account_id, account_id), .always = true,
	  EVERYWHERE("accountId", false) },
	{ PIN(cluster_name, cluster_name), .always = true,
	  .attributes = { [PLATFORM_KUBERNETES] = { EKS_CLUSTER "name" } } },
	{ PIN(ecs_cluster_name, ecs_cluster_name), .always = true,
	  .attributes = { [PLATFORM_ECS] = { ECS_CLUSTER "name" } } },
	{ PIN(cluster_arn, cluster_arn), .always = true,
	  .attributes = { [PLATFORM_KUBERNETES] = { EKS_CLUSTER "arn", true },
			  [PLATFORM_ECS] = { ECS_CLUSTER "arn", true } } },
	{ PIN(task_definition_arn, task_definition_arn),
	  .attributes = { [PLATFORM_ECS] = { ECS_CLUSTER
					     "taskDetails.definitionArn" } } },
	{ PIN(namespace, name_space),
	  .attributes = { [PLATFORM_KUBERNETES] = { WORKLOAD "namespace" } } },
	{ PIN(workload_name, workload_name),
	  .attributes = { [PLATFORM_KUBERNETES] = { WORKLOAD "name" } } },
	{ PIN(container_name, container_name),
	  .attributes = { [PLATFORM_KUBERNETES] = { POD_CONTAINER "name", true },
			  [PLATFORM_ECS] = { ECS_CONTAINER "name", true },
			  [PLATFORM_STANDALONE] = { STANDALONE "name",
						    true } } },
	{ PIN(image, image),
	  .attributes = { [PLATFORM_KUBERNETES] = { POD_CONTAINER "image" },
			  [PLATFORM_ECS] = { ECS_CONTAINER "image" },
			  [PLATFORM_STANDALONE] = { STANDALONE "image" } } },
	{ PIN(image_prefix, image_prefix),
	  .attributes = { [PLATFORM_KUBERNETES] = { POD_CONTAINER
						    "imagePrefix" },
			  [PLATFORM_ECS] = { ECS_CONTAINER "imagePrefix", true },
			  [PLATFORM_STANDALONE] = { STANDALONE "imagePrefix",
						    true } } },
	{ PIN(executable_path, executable_path),
	  EVERYWHERE("service.runtimeDetails.process.executablePath", false) },
	{ PIN(socket_path, socket_path),
	  EVERYWHERE("service.runtimeDetails.context.socketPath", true) },
};
_Static_assert(ARRAY_SIZE(pins) <= MAX_CRITERIA, "one criterion for each pin");

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
			"--scope %s: not something a filter may match on; use finding_type, account_id, cluster_name, ecs_cluster_name, cluster_arn, task_definition_arn, namespace, workload_name, container_name, image, image_prefix, executable_path, socket_path",
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

/* ---- account and cluster ---- */

static int find_platform(const struct doc_scope *scope, enum platform *platform,
			 struct error *error)
{
	bool kubernetes = scope->cluster_name || scope->name_space ||
			  scope->workload_name;
	bool ecs = scope->ecs_cluster_name || scope->task_definition_arn;

	*platform = kubernetes ? PLATFORM_KUBERNETES
		    : ecs      ? PLATFORM_ECS
			       : PLATFORM_STANDALONE;
	if (kubernetes && ecs)
		return fail(
			error, EXIT_BAD_INPUT,
			"filter: the finding is of Kubernetes and of ECS at once: no filter is for both");
	return 0;
}

/* The finding's value, or where it has none the operator's. */
static int take_given(const char **value, const char *given, const char *option,
		      struct error *error)
{
	if (given && *value && strcmp(given, *value) != 0)
		return fail(
			error, EXIT_USAGE,
			"%s %s: the finding is of another, %s: the filter would not match it",
			option, quote_short(given).text,
			quote_short(*value).text);
	if (!*value)
		*value = given;
	return 0;
}

static int check_account(const char *account, struct error *error)
{
	if (!account)
		return fail(
			error, EXIT_NOT_SUPPORTED,
			"filter: the finding has no account, without which it would hide this finding in every member account; give --account ID");
	if (strlen(account) != 12 || strspn(account, "0123456789") != 12)
		return fail(error, EXIT_BAD_INPUT,
			    "filter: account_id: %s is not 12 digits",
			    quote_short(account).text);
	return 0;
}

/* Makes sure that `own` has an account, and a cluster where there is one. */
static int complete_scope(struct doc_scope *own, enum platform platform,
			  const struct criteria_request *request,
			  struct error *error)
{
	const char **cluster = platform == PLATFORM_ECS ? &own->ecs_cluster_name
							: &own->cluster_name;
	int status = take_given(&own->account_id, request->account, "--account",
				error);

	if (!status)
		status = check_account(own->account_id, error);
	if (status)
		return status;
	if (platform == PLATFORM_STANDALONE)
		return request->cluster
			       ? fail(error, EXIT_USAGE,
				      "--cluster %s: the finding's container is of no cluster",
				      quote_short(request->cluster).text)
			       : 0;
	if (!*cluster && !request->cluster)
		return fail(
			error, EXIT_NOT_SUPPORTED,
			"filter: the finding has no cluster, without which it would hide this finding in every cluster of the account; give --cluster NAME");
	return take_given(cluster, request->cluster, "--cluster", error);
}

/* ---- names that do not last ---- */

/* backup-28391040: a CronJob's Job, named after the minute. */
static bool is_of_cronjob(const char *job)
{
	enum { MINUTES = 8 };
	const char *dash = strrchr(job, '-');

	return dash && strlen(dash + 1) == MINUTES &&
	       strspn(dash + 1, "0123456789") == MINUTES;
}

/* A pod's own name dies with it: "?" stands for each of its random letters. */
static const char *generalize_pod(struct criterion *criterion, size_t random)
{
	if (!random)
		return "workload_name is a pod's own: a pod that takes its place under another name is not matched";
	memset(criterion->value + strlen(criterion->value) - random, '?',
	       random);
	criterion->pattern = true;
	return "workload_name is a pod's own, with random letters: every pod whose name differs in these alone is matched too";
}

static const char *note_short_lived(const struct doc_scope *scope,
				    struct criterion *criterion)
{
	enum workload_kind kind = workload_kind(scope->workload_type);
	size_t random = workload_of_pod(criterion->value).random;

	switch (kind) {
	case WORKLOAD_POD:
		return generalize_pod(criterion, random);
	case WORKLOAD_REPLICASET:
		return "workload_name is a ReplicaSet's, which a Deployment generates: from its next rollout on nothing is matched";
	case WORKLOAD_JOB:
		if (is_of_cronjob(criterion->value))
			return "workload_name is one Job's of a CronJob: its next one is not matched";
		return NULL;
	default:
		return kind == WORKLOAD_UNKNOWN && random
			       ? "workload_name looks generated: what takes its place under another name is not matched"
			       : NULL;
	}
}

/* ---- criteria ---- */

static enum criterion_source source_of(const struct doc_scope *scope,
				       const struct doc_scope *found,
				       const struct pin *pin)
{
	const struct string_list *alone = &scope->from_finding_alone;

	if (!value_of(found, pin))
		return CRITERION_OPERATOR;
	for (size_t i = 0; i < alone->n; i++) {
		if (strcmp(alone->at[i], pin->key) == 0)
			return CRITERION_FINDING;
	}
	return CRITERION_CONFIRMED;
}

static int add_criterion(struct criteria *criteria, const struct pin *pin,
			 enum platform platform, const char *value,
			 struct error *error)
{
	if (!*value || strlen(value) > MAX_VALUE || !is_plain_value(value))
		return fail(
			error, EXIT_BAD_INPUT,
			"filter: %s: the finding's value cannot stand in a filter: empty, over %d bytes, or with characters that are not printable ASCII",
			pin->key, MAX_VALUE);
	criteria->at[criteria->n] = (struct criterion){
		.key = pin->key,
		.attribute = pin->attributes[platform].name,
		.archive_only = pin->attributes[platform].archive_only,
	};
	memcpy(criteria->at[criteria->n++].value, value, strlen(value) + 1);
	return 0;
}

static const struct criterion *find_criterion(const struct criteria *criteria,
					      const char *key)
{
	for (size_t i = 0; i < criteria->n; i++) {
		if (strcmp(criteria->at[i].key, key) == 0)
			return &criteria->at[i];
	}
	return NULL;
}

static bool is_pinned(const struct criteria *criteria, const char *key)
{
	return find_criterion(criteria, key) != NULL;
}

static bool is_confirmed(const struct criteria *criteria, const char *key)
{
	const struct criterion *criterion = find_criterion(criteria, key);

	return criterion && criterion->source == CRITERION_CONFIRMED;
}

/* The workload in question, by something that the evidence has too. */
static int refuse_wide_workload(const struct criteria *criteria,
				enum platform platform, struct error *error)
{
	bool pod = platform == PLATFORM_KUBERNETES;

	if (pod && !is_pinned(criteria, "workload_name"))
		return fail(
			error, EXIT_NOT_SUPPORTED,
			"filter: without workload_name it would hide this finding for every workload%s: the evidence is about one",
			is_pinned(criteria, "namespace") ? " of the namespace"
							 : "");
	if (pod && !is_pinned(criteria, "namespace"))
		return fail(
			error, EXIT_NOT_SUPPORTED,
			"filter: without namespace it would hide this finding for workloads of the same name anywhere");
	if (is_confirmed(criteria, "image") ||
	    (pod && (is_confirmed(criteria, "workload_name") ||
		     is_confirmed(criteria, "container_name"))))
		return 0;
	if (pod)
		return fail(
			error, EXIT_NOT_SUPPORTED,
			"filter: of workload_name, container_name and image it would match on none that the evidence has too: it could be about another workload");
	return fail(
		error, EXIT_NOT_SUPPORTED,
		"filter: without an image that the evidence has too it would hide this finding for containers that the evidence is not about");
}

/*
 * What GuardDuty itself recommends is type and resource; what this evidence is
 * about is one path in one workload.
 */
static int refuse_wide(const struct criteria *criteria, enum platform platform,
		       struct error *error)
{
	int status;

	if (!is_pinned(criteria, "finding_type"))
		return fail(
			error, EXIT_NOT_SUPPORTED,
			"filter: without finding_type it would hide findings of every type");
	status = refuse_wide_workload(criteria, platform, error);
	if (!status && !is_confirmed(criteria, "socket_path"))
		status = fail(
			error, EXIT_NOT_SUPPORTED,
			"filter: without socket_path it would hide whatever else the workload reaches for: the evidence is about one path");
	return status;
}

/* Is this pinned? By default the image is, and its prefix only without it. */
static bool is_criterion_wanted(const struct criteria *criteria,
				const struct pin *pin, const char *keys)
{
	if (pin->always)
		return true;
	return is_pin_asked(keys, pin->key) &&
	       !(!keys && strcmp(pin->key, "image_prefix") == 0 &&
		 is_pinned(criteria, "image"));
}

int criteria_collect(struct criteria *criteria, const struct doc_scope *scope,
		     const struct criteria_request *request,
		     struct error *error)
{
	struct doc_scope own = *scope;
	enum platform platform = PLATFORM_KUBERNETES;
	int status = check_keys(request->keys, error);

	*criteria = (struct criteria){ 0 };
	if (!status)
		status = find_platform(scope, &platform, error);
	if (!status)
		status = complete_scope(&own, platform, request, error);
	for (size_t i = 0; !status && i < ARRAY_SIZE(pins); i++) {
		const char *value = value_of(&own, &pins[i]);
		struct criterion *criterion = &criteria->at[criteria->n];

		if (!value || !pins[i].attributes[platform].name ||
		    !is_criterion_wanted(criteria, &pins[i], request->keys))
			continue;
		status = add_criterion(criteria, &pins[i], platform, value,
				       error);
		criterion->source = source_of(&own, scope, &pins[i]);
		if (!status && strcmp(pins[i].key, "workload_name") == 0)
			criteria->short_lived =
				note_short_lived(scope, criterion);
	}
	return status ? status : refuse_wide(criteria, platform, error);
}
