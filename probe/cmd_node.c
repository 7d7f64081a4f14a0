// SPDX-License-Identifier: Apache-2.0
/* The commands that look at the node: scan, and explain for a finding. */
#include "commands.h"
#include "confine/confine.h"
#include "input.h"
#include "judge/judge.h"
#include "judge/summary.h"
#include "options.h"
#include "report/document.h"
#include "report/emit.h"
#include "scan.h"

enum { OPTIONS_ARENA = 1 << 20 };

static const char *const formats[] = { "json", "text", "markdown", NULL };

/* What a run on the node is given; the document takes it over. */
struct inputs {
	cJSON *findings;
	cJSON *expected;
};

static void free_inputs(struct inputs *inputs)
{
	cJSON_Delete(inputs->findings);
	cJSON_Delete(inputs->expected);
}

/* The evidence and, where there are findings, their verdicts. */
static cJSON *make_document(const struct evidence *ev, struct inputs *inputs,
			    int *decided)
{
	cJSON *document = document_build(ev);

	summary_fill(document);
	*decided = summary_is_complete(document) ? EXIT_COMPLETE :
						   EXIT_INCOMPLETE;
	if (!inputs->findings)
		return document;
	cJSON_AddNullToObject(document, "verdicts");
	cJSON_AddItemToObject(document, "findings", inputs->findings);
	if (inputs->expected)
		cJSON_AddItemToObject(document, "expected", inputs->expected);
	*decided = judge_document(document, inputs->expected);
	return document;
}

static int run(const struct options *options, int format,
	       struct inputs *inputs, struct error *error)
{
	struct evidence ev = { 0 };
	cJSON *document;
	int decided;
	int status = scan(options, inputs->findings, &ev, error);

	if (status) {
		scan_free(&ev);
		free_inputs(inputs);
		return status;
	}
	document = make_document(&ev, inputs, &decided);
	scan_free(&ev);
	status = emit(stdout, document, (enum output_format)format,
		      options->pretty, error);
	if (!status)
		emit_conclusion(stderr, document);
	cJSON_Delete(document);
	return status ? status : decided;
}

static int check_operands(const struct options *options, bool explain,
			  struct error *error)
{
	if (explain && options->operands.n != 1)
		return fail(error, EXIT_USAGE,
			    "explain: give one file with findings, or - for standard input");
	if (!explain && options->operands.n)
		return fail(error, EXIT_USAGE,
			    "scan: takes no operand: %s; see --help",
			    options->operands.at[0]);
	return 0;
}

/* Confined before anything foreign is parsed. */
static int read_inputs(const struct options *options, bool explain,
		       struct inputs *inputs, struct error *error)
{
	int status = confine(error);

	if (!status && explain)
		status = input_findings(options->operands.at[0],
					&inputs->findings, error);
	if (!status && explain)
		status = input_expected(options->expect, &inputs->expected,
					error);
	if (status)
		free_inputs(inputs);
	return status;
}

static int node_main(int argc, char *argv[], bool explain, struct error *error)
{
	struct arena arena;
	struct options options = { .arena = &arena };
	struct inputs inputs = { 0 };
	int format = 0;
	int status;

	arena_init(&arena, OPTIONS_ARENA);
	status = options_parse(&options, argc, argv, error);
	if (!status)
		status = check_operands(&options, explain, error);
	if (!status)
		status = options_format(&options, formats, &format, error);
	if (!status)
		status = read_inputs(&options, explain, &inputs, error);
	if (!status)
		status = run(&options, format, &inputs, error);
	arena_free(&arena);
	return status;
}

int scan_main(int argc, char *argv[], struct error *error)
{
	return node_main(argc, argv, false, error);
}

int explain_main(int argc, char *argv[], struct error *error)
{
	return node_main(argc, argv, true, error);
}
