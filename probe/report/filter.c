// SPDX-License-Identifier: Apache-2.0
/* Writes criteria as one of the four forms of a filter. */
#include "report/filter.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <string.h>

#include "report/criteria.h"
#include "report/decision.h"
#include "report/finish.h"
#include "sockprobe/text_safe.h"

enum {
	NAME_SIZE = 65,
	DESCRIPTION_SIZE = 513,
	NOTE_SIZE = 320,
	MAX_NOTES = 6,
	/* of AWS::CloudFormation, for a template's description */
	TEMPLATE_DESCRIPTION_SIZE = 1025,
};

struct filter {
	struct criteria criteria;
	char name[NAME_SIZE];
	char description[DESCRIPTION_SIZE];
	/* our own words alone: they stand in comments */
	char notes[MAX_NOTES][NOTE_SIZE];
	size_t n_notes;
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
	const char *place = scope->name_space ? scope->name_space
					      : scope->ecs_cluster_name;
	const char *workload = scope->workload_name ? scope->workload_name
						    : scope->container_name;

	snprintf(name, sizeof(name), "sockprobe-%.100s-%.100s",
		 place ? place : "container", workload ? workload : "workload");
	put_allowed(filter->name, sizeof(filter->name), name, SIZE_MAX, "._-");
	if (doc->probe && doc->probe->started_at.tv_sec)
		format_time(doc->probe->started_at, started);
	describe(filter, "Hides DockerSocketAccessed of ", place, 63);
	describe(filter, "/", workload, 63);
	describe(filter, " at ", scope->socket_path, 100);
	describe(filter, ". Review by ", doc->verdict->review_by, 10);
	describe(filter, ". Evidence: sockprobe on ",
		 doc->node ? doc->node->hostname : NULL, 64);
	describe(filter, " at ", started, 30);
	describe(filter, ".", "", 0);
	if (filter->criteria.short_lived)
		describe(filter, " The name of the workload will not last.", "",
			 0);
	describe(filter,
		 " What is archived feeds no detection of attack sequences.",
		 "", 0);
}

/* ---- notes ---- */

static void add_note(struct filter *filter, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add_note(struct filter *filter, const char *format, ...)
{
	va_list args;

	if (filter->n_notes >= MAX_NOTES)
		return;
	va_start(args, format);
	vsnprintf(filter->notes[filter->n_notes++], NOTE_SIZE, format, args);
	va_end(args);
}

/* The keys of the criteria that come from there: ", a, b"; "" for none. */
static const char *keys_from(const struct filter *filter,
			     enum criterion_source source, char *text,
			     size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < filter->criteria.n && len < size; i++) {
		if (filter->criteria.at[i].source == source)
			len += (size_t)snprintf(text + len, size - len, "%s%s",
						len ? ", " : "",
						filter->criteria.at[i].key);
	}
	return text;
}

static void note_filter(struct filter *filter,
			const struct doc_verdict *verdict)
{
	char keys[NOTE_SIZE / 2];

	add_note(
		filter,
		"only the GuardDuty administrator account may create filters: where the finding is of a member account, give the administrator's detector");
	add_note(
		filter,
		"what it archives no longer feeds the detection of attack sequences");
	if (filter->criteria.short_lived)
		add_note(filter, "%s", filter->criteria.short_lived);
	if (*keys_from(filter, CRITERION_FINDING, keys, sizeof(keys)))
		add_note(
			filter,
			"from the finding alone, which the evidence does not confirm: %s",
			keys);
	if (*keys_from(filter, CRITERION_OPERATOR, keys, sizeof(keys)))
		add_note(filter,
			 "given by the operator, and not in the finding: %s",
			 keys);
	keys[0] = '\0';
	for (size_t i = 0; i < verdict->assumptions.n; i++)
		snprintf(keys + strlen(keys), sizeof(keys) - strlen(keys),
			 "%s%s", i ? ", " : "", verdict->assumptions.at[i].id);
	if (keys[0])
		add_note(filter, "the verdict assumes: %s", keys);
}

static void print_notes(FILE *out, const struct filter *filter)
{
	for (size_t i = 0; i < filter->n_notes; i++) {
		fputs("sockprobe: filter: ", out);
		print_safe(out, filter->notes[i]);
		fputc('\n', out);
	}
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

static const char detector_means[] =
	"GuardDuty detector of the administrator account";

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

/*
 * {{resolve:...}} in any property would be replaced by a secret, and there is no
 * way to write it as text; ${...} would be, where a template is processed again.
 */
static int refuse_references(const struct filter *filter, struct error *error)
{
	static const char *const signs[] = { "{{", "${" };

	for (size_t i = 0; i < filter->criteria.n; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(signs); k++) {
			if (!strstr(filter->criteria.at[i].value, signs[k]))
				continue;
			return fail(
				error, EXIT_BAD_INPUT,
				"filter: %s: the finding's value holds %s, which a CloudFormation template would take for a reference, and which cannot be escaped there: use another format",
				filter->criteria.at[i].key, signs[k]);
		}
	}
	return 0;
}

/* The filter's description, and as many notes as it may have. */
static void describe_template(const struct filter *filter, char *text,
			      size_t size)
{
	size_t len = (size_t)snprintf(text, size, "%s", filter->description);

	for (size_t i = 0; i < filter->n_notes; i++) {
		const char *note = filter->notes[i];

		if (len + strlen(" Note: .") + strlen(note) < size)
			len += (size_t)snprintf(text + len, size - len,
						" Note: %s.", note);
	}
}

static int emit_cloudformation(FILE *out, const struct filter *filter,
			       const struct filter_request *request,
			       struct error *error)
{
	char description[TEMPLATE_DESCRIPTION_SIZE];
	cJSON *template;
	cJSON *parameter;
	cJSON *resource;
	cJSON *properties;
	int status = refuse_references(filter, error);

	if (status)
		return status;
	describe_template(filter, description, sizeof(description));
	template = cJSON_CreateObject();
	cJSON_AddStringToObject(template, "AWSTemplateFormatVersion",
				"2010-09-09");
	cJSON_AddStringToObject(template, "Description", description);
	parameter = cJSON_AddObjectToObject(
		cJSON_AddObjectToObject(template, "Parameters"), "DetectorId");
	cJSON_AddStringToObject(parameter, "Type", "String");
	cJSON_AddStringToObject(parameter, "Description", detector_means);
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

static void put_hcl_detector(FILE *out, const char *detector)
{
	fprintf(out,
		"variable \"detector_id\" {\n  type        = string\n"
		"  description = \"%s\"\n",
		detector_means);
	if (detector) {
		fputs("  default     = ", out);
		put_hcl(out, detector);
		fputc('\n', out);
	}
	fputs("}\n\n", out);
}

/* Only newer ones know "matches". */
static void put_hcl_provider(FILE *out, const struct filter *filter)
{
	bool matches = false;

	for (size_t i = 0; i < filter->criteria.n; i++)
		matches |= filter->criteria.at[i].pattern;
	if (matches)
		fputs("terraform {\n"
		      "  required_providers {\n"
		      "    aws = {\n"
		      "      source  = \"hashicorp/aws\"\n"
		      "      version = \">= 6.28.0\"\n"
		      "    }\n  }\n}\n\n",
		      out);
}

static void put_hcl_criterion(FILE *out, const struct criterion *criterion)
{
	fputs("    criterion {\n      field  = ", out);
	put_hcl(out, criterion->attribute);
	fputs(criterion->pattern ? "\n      matches = [" : "\n      equals = [",
	      out);
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
	for (size_t i = 0; i < filter->n_notes; i++)
		fprintf(out, "# %s\n", filter->notes[i]);
	fputc('\n', out);
	put_hcl_provider(out, filter);
	put_hcl_detector(out, request->detector);
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

static bool is_detector(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= 300 &&
	       strspn(text,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") ==
		       len;
}

/* The detector that raised the finding, where the finding says it. */
static const char *own_detector(const struct doc *doc)
{
	int64_t idx = doc->verdict->finding;
	const char *detector;

	if (idx < 0 || (uint64_t)idx >= doc->findings.n)
		return NULL;
	detector = doc->findings.at[idx].detector_id;
	return detector && is_detector(detector) ? detector : NULL;
}

static int complete_request(struct filter_request *request,
			    const struct doc *doc, struct error *error)
{
	if (!request->detector)
		request->detector = own_detector(doc);
	else if (!is_detector(request->detector))
		return fail(
			error, EXIT_USAGE,
			"--detector %s: not a detector's id (aws guardduty list-detectors)",
			quote_short(request->detector).text);
	return 0;
}

int filter_emit(FILE *out, FILE *notes, const struct doc *doc,
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
	status = complete_request(&full, doc, error);
	if (!status)
		status = criteria_collect(&filter.criteria, verdict->scope,
					  &request->criteria, error);
	if (status)
		return status;
	name_filter(&filter, doc);
	note_filter(&filter, verdict);
	status = forms[full.format](out, &filter, &full, error);
	if (!status)
		print_notes(notes, &filter);
	return status;
}
