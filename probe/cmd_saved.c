// SPDX-License-Identifier: Apache-2.0
/* The commands on saved evidence: judge, filter, report. No node, no rights. */
#include <stdio.h>

#include "commands.h"
#include "confine/confine.h"
#include "input.h"
#include "judge/judge.h"
#include "judge/relocate.h"
#include "judge/summary.h"
#include "options.h"
#include "report/emit.h"
#include "report/filter.h"
#include "sockprobe/util.h"

enum { OPTIONS_ARENA = 1 << 20 };

static const char *const report_formats[] = { "json", "text", "markdown",
					      NULL };
static const char *const filter_formats[] = { "json", "cli", "terraform",
					      "cloudformation", NULL };

/* What the three share: options, formats, confinement, the document. */
static int begin(struct options *options, int argc, char *argv[],
		 const char *const *formats, size_t most, int *format,
		 cJSON **document, struct error *error)
{
	int status = options_parse(options, argc, argv, error);

	if (!status &&
	    (options->operands.n < 1 || options->operands.n > most))
		status = fail(error, EXIT_USAGE,
			      "%s: give a file with evidence, or - for standard input%s",
			      argv[0],
			      most > 1 ? ", and perhaps one with findings" :
					 "");
	if (!status)
		*format = options_format(options, formats, error);
	if (!status && *format < 0)
		status = error->status;
	if (!status)
		status = confine(error);
	if (!status)
		status = input_evidence(options->operands.at[0], document,
					error);
	return status;
}

/* The operator's word is kept in the document, so that it is judged again. */
static void keep_expected(cJSON *document, cJSON *expected)
{
	if (!expected)
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(document, "expected");
	cJSON_AddItemToObject(document, "expected", expected);
}

static int judge_again(const struct options *options, cJSON *document,
		       int *decided, struct error *error)
{
	cJSON *expected = NULL;
	cJSON *findings = NULL;
	int status = input_expected(options->expect, &expected, error);

	if (!status && options->operands.n > 1)
		status = input_findings(options->operands.at[1], &findings,
					error);
	if (status) {
		cJSON_Delete(expected);
		return status;
	}
	keep_expected(document, expected);
	if (findings)
		relocate_findings(document, findings);
	if (!cJSON_GetObjectItemCaseSensitive(document, "findings"))
		return fail(error, EXIT_BAD_INPUT,
			    "judge: the evidence holds no finding; give one");
	*decided = judge_document(document, cJSON_GetObjectItemCaseSensitive(
						    document, "expected"));
	return 0;
}

int judge_main(int argc, char *argv[], struct error *error)
{
	struct arena arena;
	struct options options = { .arena = &arena };
	cJSON *document = NULL;
	int decided = 0;
	int format = 0;
	int status;

	arena_init(&arena, OPTIONS_ARENA);
	status = begin(&options, argc, argv, report_formats, 2, &format,
		       &document, error);
	if (!status)
		status = judge_again(&options, document, &decided, error);
	if (!status)
		status = emit(stdout, document, (enum output_format)format,
			      options.pretty, error);
	if (!status) {
		emit_conclusion(stderr, document);
		status = decided;
	}
	cJSON_Delete(document);
	arena_free(&arena);
	return status;
}

int filter_main(int argc, char *argv[], struct error *error)
{
	struct arena arena;
	struct options options = { .arena = &arena };
	cJSON *document = NULL;
	int format = 0;
	int status;

	arena_init(&arena, OPTIONS_ARENA);
	status = begin(&options, argc, argv, filter_formats, 1, &format,
		       &document, error);
	if (!status) {
		const struct filter_request request = {
			.format = (enum filter_format)format,
			.detector = options.detector,
			.scope = options.scope,
		};

		status = filter_emit(stdout, document, &request, error);
	}
	cJSON_Delete(document);
	arena_free(&arena);
	return status;
}

int report_main(int argc, char *argv[], struct error *error)
{
	struct arena arena;
	struct options options = { .arena = &arena };
	cJSON *document = NULL;
	int format = 0;
	int status;

	arena_init(&arena, OPTIONS_ARENA);
	status = begin(&options, argc, argv, report_formats, 1, &format,
		       &document, error);
	if (!status)
		status = emit(stdout, document,
			      options.output ? (enum output_format)format :
					       OUTPUT_TEXT,
			      options.pretty, error);
	cJSON_Delete(document);
	arena_free(&arena);
	return status;
}
