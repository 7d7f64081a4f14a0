// SPDX-License-Identifier: Apache-2.0
/* The commands that look at the node: scan, and explain for a finding. */
#include <stdlib.h>

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

/* Evidence and, where there are findings, verdicts: both taken over. */
static cJSON *finish_document(const struct evidence *ev, cJSON *findings,
			      cJSON *expected, int *status)
{
	cJSON *document = document_build(ev);

	*status = EXIT_COMPLETE;
	summary_fill(document);
	if (!summary_is_complete(document))
		*status = EXIT_INCOMPLETE;
	if (!findings)
		return document;
	cJSON_AddNullToObject(document, "verdicts");
	cJSON_AddItemToObject(document, "findings", findings);
	if (expected)
		cJSON_AddItemToObject(document, "expected", expected);
	*status = judge_document(document, expected);
	return document;
}

/* What every command on a node does once its inputs are read. */
static int run_on_node(const struct options *options, int format,
		       cJSON *findings, cJSON *expected, struct error *error)
{
	struct evidence ev = { 0 };
	cJSON *document;
	int decided;
	int status = scan(options, findings, &ev, error);

	if (status) {
		scan_free(&ev);
		cJSON_Delete(findings);
		cJSON_Delete(expected);
		return status;
	}
	document = finish_document(&ev, findings, expected, &decided);
	scan_free(&ev);
	status = emit(stdout, document, (enum output_format)format,
		      options->pretty, error);
	if (!status)
		emit_conclusion(stderr, document);
	cJSON_Delete(document);
	return status ? status : decided;
}

int scan_main(int argc, char *argv[], struct error *error)
{
	struct arena arena;
	struct options options = { .arena = &arena };
	int format = 0;
	int status;

	arena_init(&arena, OPTIONS_ARENA);
	status = options_parse(&options, argc, argv, error);
	if (!status && options.operands.n)
		status = fail(error, EXIT_USAGE,
			      "scan: takes no operand: %s; see --help",
			      options.operands.at[0]);
	if (!status)
		format = options_format(&options, formats, error);
	if (!status && format < 0)
		status = error->status;
	if (!status)
		status = confine(error);
	if (!status)
		status = run_on_node(&options, format, NULL, NULL, error);
	arena_free(&arena);
	return status;
}

int explain_main(int argc, char *argv[], struct error *error)
{
	struct arena arena;
	struct options options = { .arena = &arena };
	cJSON *findings = NULL;
	cJSON *expected = NULL;
	int format = 0;
	int status;

	arena_init(&arena, OPTIONS_ARENA);
	status = options_parse(&options, argc, argv, error);
	if (!status && options.operands.n != 1)
		status = fail(error, EXIT_USAGE,
			      "explain: give one file with findings, or - for standard input");
	if (!status)
		format = options_format(&options, formats, error);
	if (!status && format < 0)
		status = error->status;
	/* Confined before anything foreign is parsed. */
	if (!status)
		status = confine(error);
	if (!status)
		status = input_findings(options.operands.at[0], &findings,
					error);
	if (!status)
		status = input_expected(options.expect, &expected, error);
	if (!status)
		status = run_on_node(&options, format, findings, expected,
				     error);
	else
		cJSON_Delete(findings);
	arena_free(&arena);
	return status;
}
