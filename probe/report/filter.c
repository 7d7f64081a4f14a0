// SPDX-License-Identifier: Apache-2.0
/* Writes criteria as one of the four forms of a filter. */
#include "report/filter.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "report/criteria.h"
#include "report/decision.h"
#include "report/finish.h"
#include "sockprobe/text_safe.h"

enum { NAME_SIZE = 65, DESCRIPTION_SIZE = 513 };

struct filter {
	struct criteria criteria;
	char name[NAME_SIZE];
	char description[DESCRIPTION_SIZE];
};

/* ---- name and description ---- */

/*
 * Appends at most `most` bytes of a text. Characters that the field does not
 * allow become '-', and so do a name's blanks and brackets, which could pass
 * for our words.
 */
static void put_allowed(char *to, size_t size, const char *text, size_t most,
			const char *extra)
{
	size_t len = strlen(to);

	for (; *text && most && len + 1 < size; text++, most--) {
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

static void describe(struct filter *filter, const char *ours,
		     const char *foreign, size_t most)
{
	char *to = filter->description;
	size_t size = sizeof(filter->description);

	put_allowed(to, size, ours, SIZE_MAX, " .:/");
	put_allowed(to, size, foreign ? foreign : "any", most, "-._:/");
}

static void name_filter(struct filter *filter, const struct doc *doc)
{
	const struct doc_scope *scope = doc->verdict->scope;
	char started[TIME_TEXT_SIZE] = "any";
	char name[256];

	snprintf(name, sizeof(name), "sockprobe-%.100s-%.100s",
		 scope->name_space ? scope->name_space : "container",
		 scope->workload_name ? scope->workload_name : "workload");
	put_allowed(filter->name, sizeof(filter->name), name, SIZE_MAX, "._-");
	if (doc->probe && doc->probe->started_at.tv_sec)
		format_time(doc->probe->started_at, started);
	describe(filter, "Hides DockerSocketAccessed of ", scope->name_space,
		 100);
	describe(filter, "/", scope->workload_name, 100);
	describe(filter, " at ", scope->socket_path, 100);
	describe(filter, ". Review by ", doc->verdict->review_by, 10);
	describe(filter, ". Evidence: sockprobe on ",
		 doc->node ? doc->node->hostname : NULL, 64);
	describe(filter, " at ", started, 30);
	put_allowed(filter->description, sizeof(filter->description), ".", 1,
		    ".");
}

/* ---- the forms ---- */

static int write_json(FILE *out, const cJSON *json, struct error *error)
{
	char *text = cJSON_Print(json);

	if (!text)
		return fail(error, EXIT_INTERNAL, "output: out of memory");
	print_ascii_json(out, text);
	fputc('\n', out);
	cJSON_free(text);
	return output_check(out, error);
}

static cJSON *build_criteria(const struct filter *filter)
{
	cJSON *criteria = cJSON_CreateObject();
	cJSON *map = cJSON_AddObjectToObject(criteria, "Criterion");

	for (size_t i = 0; i < filter->criteria.n; i++) {
		const struct criterion *criterion = &filter->criteria.at[i];
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
	int status = write_json(out, criteria, error);

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
	status = write_json(out, input, error);
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
	status = write_json(out, template, error);
	cJSON_Delete(template);
	return status;
}

/* Writes a quoted HCL string. Values are printable ASCII already. */
static void put_hcl(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		/* ${ and %{ begin a template; $${ and %%{ are text */
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
	if (strcmp(criterion->key, "cluster_name") == 0)
		fputs("var.cluster_name", out);
	else
		put_hcl(out, criterion->value);
	fputs("]", out);
	if (criterion->archive_only)
		fputs(" # accepted in filters that archive only", out);
	fputs("\n    }\n", out);
}

static int emit_terraform(FILE *out, const struct filter *filter,
			  const struct filter_request *request,
			  struct error *error)
{
	put_hcl_variable(out, "detector_id", "GuardDuty detector",
			 request->detector);
	for (size_t i = 0; i < filter->criteria.n; i++) {
		if (strcmp(filter->criteria.at[i].key, "cluster_name") == 0)
			put_hcl_variable(out, "cluster_name", "EKS cluster",
					 filter->criteria.at[i].value);
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
	for (size_t i = 0; i < filter->criteria.n; i++)
		put_hcl_criterion(out, &filter->criteria.at[i]);
	fputs("  }\n}\n", out);
	return output_check(out, error);
}

typedef int form(FILE *out, const struct filter *filter,
		 const struct filter_request *request, struct error *error);

static form *const forms[] = {
	[FILTER_JSON] = emit_criteria,
	[FILTER_CLI] = emit_cli,
	[FILTER_TERRAFORM] = emit_terraform,
	[FILTER_CLOUDFORMATION] = emit_cloudformation,
};

/* The detector that raised the finding, or NULL. */
static const char *own_detector(const struct doc *doc)
{
	int64_t idx = doc->verdict->finding;
	const char *detector;

	if (idx < 0 || (uint64_t)idx >= doc->findings.n)
		return NULL;
	detector = doc->findings.at[idx].detector_id;
	return detector && is_plain_value(detector) ? detector : NULL;
}

int filter_emit(FILE *out, const struct doc *doc,
		const struct filter_request *request, struct error *error)
{
	struct filter_request full = *request;
	const struct doc_verdict *verdict = doc->verdict;
	struct filter filter = { 0 };
	int status;

	if (!verdict || verdict->decision != DECISION_SUPPORTED ||
	    !verdict->scope)
		return fail(
			error, EXIT_NOT_SUPPORTED,
			"filter: the verdict is %s, not supported: there is no filter that the evidence backs; %s",
			verdict ? decision_word(verdict) : "missing",
			verdict && verdict->text ? verdict->text
						 : "judge a finding first");
	status = criteria_collect(&filter.criteria, verdict->scope,
				  request->scope, error);
	if (status)
		return status;
	name_filter(&filter, doc);
	if (!full.detector)
		full.detector = own_detector(doc);
	return forms[full.format](out, &filter, &full, error);
}
