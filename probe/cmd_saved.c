// SPDX-License-Identifier: Apache-2.0
/* The commands on saved evidence: judge, filter, report. No node, no rights. */
#include <stdio.h>

#include "commands.h"
#include "confine/confine.h"
#include "input.h"
#include "judge/judge.h"
#include "judge/relocate.h"
#include "options.h"
#include "report/emit.h"
#include "report/filter.h"
#include "sockprobe/json.h"
#include "sockprobe/util.h"

enum { OPTIONS_ARENA = 1 << 20 };

/* One such command: what it takes, and what it does with the document. */
struct saved_command {
	const char *const *formats;
	size_t most_operands;
	int (*run)(const struct options *options, int format, cJSON *document,
		   struct error *error);
};

/* The operator's word is kept in the document, so that it is judged again. */
static void keep_expected(cJSON *document, cJSON *expected)
{
	if (!expected)
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(document, "expected");
	cJSON_AddItemToObject(document, "expected", expected);
}

static int add_findings(const struct options *options, cJSON *document,
			struct error *error)
{
	cJSON *findings;
	int status;

	if (options->operands.n > 1) {
		status = input_findings(options->operands.at[1], &findings,
					error);
		if (status)
			return status;
		relocate_findings(document, findings);
	}
	return json_get(document, "findings") ?
		       0 :
		       fail(error, EXIT_BAD_INPUT,
			    "judge: the evidence holds no finding; give one");
}

static int run_judge(const struct options *options, int format,
		     cJSON *document, struct error *error)
{
	cJSON *expected;
	int decided;
	int status = input_expected(options->expect, &expected, error);

	if (status)
		return status;
	keep_expected(document, expected);
	status = add_findings(options, document, error);
	if (status)
		return status;
	decided = judge_document(document, json_get(document, "expected"));
	status = emit(stdout, document, (enum output_format)format,
		      options->pretty, error);
	if (status)
		return status;
	emit_conclusion(stderr, document);
	return decided;
}

static int run_filter(const struct options *options, int format,
		      cJSON *document, struct error *error)
{
	const struct filter_request request = {
		.format = (enum filter_format)format,
		.detector = options->detector,
		.scope = options->scope,
	};

	return filter_emit(stdout, document, &request, error);
}

static int run_report(const struct options *options, int format,
		      cJSON *document, struct error *error)
{
	enum output_format wanted = options->output ?
					    (enum output_format)format :
					    OUTPUT_TEXT;

	return emit(stdout, document, wanted, options->pretty, error);
}

static int saved_main(const struct saved_command *command, int argc,
		      char *argv[], struct error *error)
{
	struct arena arena;
	struct options options = { .arena = &arena };
	cJSON *document = NULL;
	int format = 0;
	int status;

	arena_init(&arena, OPTIONS_ARENA);
	status = options_parse(&options, argc, argv, error);
	if (!status && (options.operands.n < 1 ||
			options.operands.n > command->most_operands))
		status = fail(error, EXIT_USAGE,
			      "%s: give a file with evidence, or - for standard input; see --help",
			      argv[0]);
	if (!status)
		status = options_format(&options, command->formats, &format,
					error);
	if (!status)
		status = confine(error);
	if (!status)
		status = input_evidence(options.operands.at[0], &document,
					error);
	if (!status)
		status = command->run(&options, format, document, error);
	cJSON_Delete(document);
	arena_free(&arena);
	return status;
}

static const char *const report_formats[] = { "json", "text", "markdown",
					      NULL };
static const char *const filter_formats[] = { "json", "cli", "terraform",
					      "cloudformation", NULL };

int judge_main(int argc, char *argv[], struct error *error)
{
	static const struct saved_command judge = { report_formats, 2,
						    run_judge };

	return saved_main(&judge, argc, argv, error);
}

int filter_main(int argc, char *argv[], struct error *error)
{
	static const struct saved_command filter = { filter_formats, 1,
						     run_filter };

	return saved_main(&filter, argc, argv, error);
}

int report_main(int argc, char *argv[], struct error *error)
{
	static const struct saved_command report = { report_formats, 1,
						     run_report };

	return saved_main(&report, argc, argv, error);
}
