// SPDX-License-Identifier: Apache-2.0
/*
 * From a verdict's scope to criteria, from criteria to the three forms. The
 * attributes' names are the filter's, which differ from the finding's.
 */
#include "report/filter.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "report/emit.h"
#include "sockprobe/json.h"
#include "sockprobe/util.h"

#define WORKLOAD "resource.kubernetesDetails.kubernetesWorkloadDetails."

/* What a scope key pins, in the order in which criteria are written. */
struct pin {
	const char *key;
	const char *attribute;
	/* Only filters that archive may match on it, and only by the API. */
	bool archive_only;
};

static const struct pin pins[] = {
	{ "finding_type", "type", false },
	{ "cluster_name", "resource.eksClusterDetails.name", false },
	{ "namespace", WORKLOAD "namespace", false },
	{ "workload_name", WORKLOAD "name", false },
	{ "image_prefix", WORKLOAD "containers.imagePrefix", false },
	{ "image", WORKLOAD "containers.image", false },
	{ "executable_path", "service.runtimeDetails.process.executablePath",
	  false },
	{ "socket_path", "service.runtimeDetails.context.socketPath", true },
};

enum {
	N_PINS = ARRAY_SIZE(pins),
	MAX_VALUE = 512,
	NAME_SIZE = 65,
	DESCRIPTION_SIZE = 513
};

/* For a container outside of Kubernetes the image has another attribute. */
static const char standalone_image[] = "resource.containerDetails.image";

struct criterion {
	const struct pin *pin;
	const char *attribute;
	char value[MAX_VALUE + 1];
	bool pattern; /* Matches instead of Equals */
};

struct filter {
	struct criterion criteria[N_PINS];
	size_t n;
	char name[NAME_SIZE];
	char description[DESCRIPTION_SIZE];
};

/* ---- what is pinned ---- */

static bool is_asked(const struct filter_request *request, const char *key)
{
	size_t len = strlen(key);

	if (!request->scope)
		return true;
	for (const char *at = request->scope; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, key, len) == 0 &&
		    (at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return false;
}

static bool is_pin(const char *word, size_t len)
{
	for (size_t i = 0; i < N_PINS; i++) {
		if (strlen(pins[i].key) == len &&
		    strncmp(pins[i].key, word, len) == 0)
			return true;
	}
	return false;
}

static int check_scope(const struct filter_request *request,
		       struct error *error)
{
	for (const char *at = request->scope; at; at = strchr(at, ',')) {
		size_t len;

		at += *at == ',';
		len = strcspn(at, ",");
		if (!is_pin(at, len))
			return fail(
				error, EXIT_USAGE,
				"--scope %.*s: not something a filter may match on; use finding_type, cluster_name, namespace, workload_name, image_prefix, image, executable_path, socket_path",
				(int)len, at);
	}
	return 0;
}

static bool is_plain(const char *text)
{
	for (; *text; text++) {
		if (*text < 0x20 || *text > 0x7e)
			return false;
	}
	return true;
}

/* datadog-agent-x7k2p: five letters that a controller made up. */
static bool has_made_up_end(const char *name)
{
	size_t len = strlen(name);

	return len > 6 && name[len - 6] == '-' &&
	       strspn(name + len - 5, "bcdfghjklmnpqrstvwxz2456789") == 5;
}

/* A pod's own name dies with it: "?" stands for each made-up letter. */
static void generalize_pod(const cJSON *scope, struct criterion *criterion)
{
	const char *type = json_text(scope, "workload_type");

	if (strcmp(criterion->pin->key, "workload_name") != 0 || !type ||
	    (strcasecmp(type, "pod") != 0 && strcasecmp(type, "pods") != 0) ||
	    !has_made_up_end(criterion->value))
		return;
	memset(criterion->value + strlen(criterion->value) - 5, '?', 5);
	criterion->pattern = true;
}

static int add_criterion(struct filter *filter, const cJSON *scope,
			 const struct pin *pin, const char *value,
			 struct error *error)
{
	struct criterion *criterion = &filter->criteria[filter->n];

	if (!*value || strlen(value) > MAX_VALUE || !is_plain(value))
		return fail(
			error, EXIT_BAD_INPUT,
			"filter: %s: the finding's value cannot stand in a filter: empty, over %d bytes, or with characters that are not printable ASCII",
			pin->key, MAX_VALUE);
	*criterion =
		(struct criterion){ .pin = pin, .attribute = pin->attribute };
	snprintf(criterion->value, sizeof(criterion->value), "%s", value);
	if (strcmp(pin->key, "image") == 0 && !json_text(scope, "namespace"))
		criterion->attribute = standalone_image;
	generalize_pod(scope, criterion);
	filter->n++;
	return 0;
}

static bool has(const struct filter *filter, const char *key)
{
	for (size_t i = 0; i < filter->n; i++) {
		if (strcmp(filter->criteria[i].pin->key, key) == 0)
			return true;
	}
	return false;
}

static int collect_criteria(struct filter *filter, const cJSON *scope,
			    const struct filter_request *request,
			    struct error *error)
{
	for (size_t i = 0; i < N_PINS; i++) {
		const char *value = json_text(scope, pins[i].key);
		int status;

		/* With its prefix pinned, the tag would only make it brittle. */
		if (!value || !is_asked(request, pins[i].key) ||
		    (!request->scope && strcmp(pins[i].key, "image") == 0 &&
		     has(filter, "image_prefix")))
			continue;
		status = add_criterion(filter, scope, &pins[i], value, error);
		if (status)
			return status;
	}
	return 0;
}

/*
 * What GuardDuty itself recommends is type and resource; what this evidence is
 * about is one program of one workload and one path.
 */
static int refuse_wide(const struct filter *filter, const cJSON *scope,
		       struct error *error)
{
	if (!has(filter, "finding_type"))
		return fail(
			error, EXIT_NOT_SUPPORTED,
			"filter: without finding_type it would hide findings of every type");
	if (!has(filter, "workload_name") && !has(filter, "image_prefix") &&
	    !has(filter, "image"))
		return fail(
			error, EXIT_NOT_SUPPORTED,
			"filter: with neither workload_name nor image it would hide this finding for every workload%s: the evidence is about one",
			has(filter, "namespace") ? " of the namespace" : "");
	if (json_text(scope, "namespace") && !has(filter, "namespace"))
		return fail(
			error, EXIT_NOT_SUPPORTED,
			"filter: without namespace it would hide this finding for workloads of the same name or image anywhere");
	if (!has(filter, "executable_path") && !has(filter, "socket_path"))
		return fail(
			error, EXIT_NOT_SUPPORTED,
			"filter: with neither executable_path nor socket_path it would hide whatever else runs in the workload and reaches for a Docker socket");
	return 0;
}

/* ---- name and description ---- */

/* Keeps what the field's alphabet allows; anything else becomes '-'. */
static void put_allowed(char *to, size_t size, const char *text,
			const char *extra)
{
	size_t len = strlen(to);

	for (; *text && len + 1 < size; text++) {
		bool plain = (*text >= 'a' && *text <= 'z') ||
			     (*text >= 'A' && *text <= 'Z') ||
			     (*text >= '0' && *text <= '9');

		to[len] = '-';
		if (plain || strchr(extra, *text))
			to[len] = *text;
		len++;
	}
	to[len] = '\0';
}

static const char *or_any(const char *text)
{
	return text ? text : "any";
}

static void name_filter(struct filter *filter, const cJSON *document,
			const cJSON *verdict)
{
	const cJSON *scope = json_get(verdict, "scope");
	const cJSON *node = json_get(document, "node");
	const cJSON *probe = json_get(document, "probe");
	const char *workload = json_text(scope, "workload_name");
	const char *name_space = json_text(scope, "namespace");
	char text[1024];

	snprintf(text, sizeof(text), "sockprobe-%s-%s",
		 name_space ? name_space : "container",
		 workload ? workload : "workload");
	put_allowed(filter->name, sizeof(filter->name), text, "._-");
	snprintf(
		text, sizeof(text),
		"Hides DockerSocketAccessed of %.100s/%.100s at %.100s. Review by %.10s. Evidence: sockprobe on %.64s at %.30s.",
		or_any(name_space), or_any(workload),
		or_any(json_text(scope, "socket_path")),
		or_any(json_text(verdict, "review_by")),
		or_any(json_text(node, "hostname")),
		or_any(json_text(probe, "started_at")));
	put_allowed(filter->description, sizeof(filter->description), text,
		    "-.:_()[]{}/ ");
}

/* ---- the forms ---- */

static cJSON *build_criteria(const struct filter *filter)
{
	cJSON *criteria = cJSON_CreateObject();
	cJSON *map = cJSON_AddObjectToObject(criteria, "Criterion");

	for (size_t i = 0; i < filter->n; i++) {
		const struct criterion *criterion = &filter->criteria[i];
		cJSON *condition =
			cJSON_AddObjectToObject(map, criterion->attribute);
		cJSON *values = cJSON_AddArrayToObject(
			condition, criterion->pattern ? "Matches" : "Equals");

		cJSON_AddItemToArray(values,
				     cJSON_CreateString(criterion->value));
	}
	return criteria;
}

static int emit_criteria(FILE *out, const struct filter *filter,
			 const struct filter_request *request,
			 struct error *error)
{
	cJSON *criteria = build_criteria(filter);
	int status = emit_json(out, criteria, true, error);

	(void)request;
	cJSON_Delete(criteria);
	return status;
}

static void add_properties(cJSON *object, const struct filter *filter)
{
	cJSON_AddStringToObject(object, "Name", filter->name);
	cJSON_AddStringToObject(object, "Description", filter->description);
	cJSON_AddStringToObject(object, "Action", "ARCHIVE");
	cJSON_AddNumberToObject(object, "Rank", 1);
	cJSON_AddItemToObject(object, "FindingCriteria",
			      build_criteria(filter));
}

static int emit_cli(FILE *out, const struct filter *filter,
		    const struct filter_request *request, struct error *error)
{
	cJSON *input;
	int status;

	if (!request->detector)
		return fail(
			error, EXIT_USAGE,
			"filter: the finding does not say its detector; give --detector ID (aws guardduty list-detectors)");
	input = cJSON_CreateObject();
	cJSON_AddStringToObject(input, "DetectorId", request->detector);
	add_properties(input, filter);
	status = emit_json(out, input, true, error);
	cJSON_Delete(input);
	return status;
}

static int emit_cloudformation(FILE *out, const struct filter *filter,
			       const struct filter_request *request,
			       struct error *error)
{
	cJSON *template = cJSON_CreateObject();
	cJSON *parameter;
	cJSON *resource;
	cJSON *properties;
	int status;

	cJSON_AddStringToObject(template, "AWSTemplateFormatVersion",
				"2010-09-09");
	cJSON_AddStringToObject(template, "Description", filter->description);
	parameter = cJSON_AddObjectToObject(
		cJSON_AddObjectToObject(template, "Parameters"), "DetectorId");
	cJSON_AddStringToObject(parameter, "Type", "String");
	if (request->detector)
		cJSON_AddStringToObject(parameter, "Default",
					request->detector);
	resource = cJSON_AddObjectToObject(cJSON_AddObjectToObject(template,
								   "Resources"),
					   "SockprobeFilter");
	cJSON_AddStringToObject(resource, "Type", "AWS::GuardDuty::Filter");
	properties = cJSON_AddObjectToObject(resource, "Properties");
	cJSON_AddStringToObject(cJSON_AddObjectToObject(properties,
							"DetectorId"),
				"Ref", "DetectorId");
	add_properties(properties, filter);
	status = emit_json(out, template, true, error);
	cJSON_Delete(template);
	return status;
}

/* A quoted HCL string: values are printable ASCII already. */
static void put_hcl(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		/* ${ and %{ would begin a template: doubled they are text. */
		if ((*text == '$' || *text == '%') && text[1] == '{')
			fputc(*text, out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void put_hcl_variable(FILE *out, const char *name, const char *what,
			     const char *value)
{
	fprintf(out,
		"variable \"%s\" {\n  type        = string\n"
		"  description = \"%s\"\n",
		name, what);
	if (value) {
		fputs("  default     = ", out);
		put_hcl(out, value);
		fputc('\n', out);
	}
	fputs("}\n\n", out);
}

static void put_hcl_criterion(FILE *out, const struct criterion *criterion)
{
	fputs("    criterion {\n      field  = ", out);
	put_hcl(out, criterion->attribute);
	fputs(criterion->pattern ? "\n      matches = [" : "\n      equals = [",
	      out);
	if (strcmp(criterion->pin->key, "cluster_name") == 0)
		fputs("var.cluster_name", out);
	else
		put_hcl(out, criterion->value);
	fputs("]", out);
	if (criterion->pin->archive_only)
		fputs(" # accepted in filters that archive only", out);
	fputs("\n    }\n", out);
}

static int emit_terraform(FILE *out, const struct filter *filter,
			  const struct filter_request *request,
			  struct error *error)
{
	put_hcl_variable(out, "detector_id", "GuardDuty detector",
			 request->detector);
	for (size_t i = 0; i < filter->n; i++) {
		if (strcmp(filter->criteria[i].pin->key, "cluster_name") == 0)
			put_hcl_variable(out, "cluster_name", "EKS cluster",
					 filter->criteria[i].value);
	}
	fputs("resource \"aws_guardduty_filter\" \"sockprobe\" {\n"
	      "  detector_id = var.detector_id\n  name        = ",
	      out);
	put_hcl(out, filter->name);
	fputs("\n  description = ", out);
	put_hcl(out, filter->description);
	fputs("\n  action      = \"ARCHIVE\"\n  rank        = 1\n\n"
	      "  finding_criteria {\n",
	      out);
	for (size_t i = 0; i < filter->n; i++)
		put_hcl_criterion(out, &filter->criteria[i]);
	fputs("  }\n}\n", out);
	return emit_finish(out, error);
}

typedef int form(FILE *out, const struct filter *filter,
		 const struct filter_request *request, struct error *error);

static form *const forms[] = {
	[FILTER_JSON] = emit_criteria,
	[FILTER_CLI] = emit_cli,
	[FILTER_TERRAFORM] = emit_terraform,
	[FILTER_CLOUDFORMATION] = emit_cloudformation,
};

/* The detector that raised the finding, where the finding says it. */
static const char *own_detector(const cJSON *document, const cJSON *verdict)
{
	const cJSON *findings = json_get(document, "findings");
	const char *detector = json_text(
		cJSON_GetArrayItem(findings, json_int(verdict, "finding")),
		"detector_id");

	return detector && is_plain(detector) ? detector : NULL;
}

int filter_emit(FILE *out, const cJSON *document,
		const struct filter_request *request, struct error *error)
{
	struct filter_request full = *request;
	const cJSON *verdict = json_get(document, "verdict");
	const cJSON *scope = json_get(verdict, "scope");
	const char *decision = json_text(verdict, "decision");
	struct filter filter = { 0 };
	int status;

	if (!decision || strcmp(decision, "supported") != 0)
		return fail(
			error, EXIT_NOT_SUPPORTED,
			"filter: the verdict is %s, not supported: there is no filter that the evidence backs; %s",
			decision ? decision : "missing",
			json_text(verdict, "text") ? json_text(verdict, "text")
						   : "judge a finding first");
	status = check_scope(request, error);
	if (!status)
		status = collect_criteria(&filter, scope, request, error);
	if (!status)
		status = refuse_wide(&filter, scope, error);
	if (status)
		return status;
	name_filter(&filter, document, verdict);
	if (!full.detector)
		full.detector = own_detector(document, verdict);
	return forms[full.format](out, &filter, &full, error);
}
