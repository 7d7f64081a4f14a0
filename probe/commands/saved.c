// SPDX-License-Identifier: Apache-2.0
/*
 * The commands on saved evidence: judge, filter, report. They need no node and
 * no privileges.
 */
#include <stdio.h>

#include "commands/commands.h"
#include "commands/input.h"
#include "commands/options.h"
#include "commands/output.h"
#include "confine/confine.h"
#include "finding/dialects.h"
#include "finding/expect.h"
#include "judge/judge.h"
#include "judge/relocate.h"
#include "report/emit.h"
#include "report/filter.h"
#include "sockprobe/text_safe.h"
#include "sockprobe/util.h"

enum { OPTIONS_ARENA = 1 << 20 };

/* The state of one run. */
struct run {
	struct options options;
	struct output output;
	struct confinement confinement;
	struct input evidence, finding, expect;
	struct arena brought; /* owns what was parsed of finding and expect */
	struct doc doc;
};

/* One such command: its operands, and what it does with the document. */
struct saved_command {
	size_t most_operands;
	bool whole; /* refuses shortened evidence */
	int (*check)(const struct options *options, struct error *error);
	int (*run)(struct run *run, struct error *error);
};

/*
 * Findings and declared clients that were given replace those of the document.
 */
static int take_brought(struct run *run, struct error *error)
{
	struct finding_list findings;
	int status = 0;

	arena_init(&run->brought, FINDINGS_ARENA + EXPECT_ARENA);
	if (run->expect.text)
		status = expect_parse(&run->brought, run->expect.text,
				      run->expect.len, &run->doc.expected,
				      error);
	if (!status && run->finding.text) {
		status = findings_parse(&run->brought, run->finding.text,
					run->finding.len, &findings, error);
		if (!status)
			relocate_findings(&run->doc, &findings);
	}
	return status;
}

static int check_form(const struct options *options, struct error *error)
{
	struct emit_form form;

	return options_form(options, &form, error);
}

static int emit_document(struct run *run, const char *otherwise,
			 struct error *error)
{
	struct options options = run->options;
	struct emit_form form;
	int status;

	if (!options.format)
		options.format = otherwise;
	status = options_form(&options, &form, error);
	return status ? status
		      : emit(run->output.stream, &run->doc, &form, error);
}

static int run_judge(struct run *run, struct error *error)
{
	int decided = EXIT_INTERNAL;
	int status = take_brought(run, error);

	if (!status)
		status = judge_document(&run->doc, run->options.strict,
					&decided, error);
	if (!status)
		status = emit_document(run, NULL, error);
	status = output_finish(&run->output, status, error);
	if (status)
		return status;
	emit_conclusion(stderr, &run->doc);
	return decided;
}

static const char *const filter_formats[] = { "json", "cli", "terraform",
					      "cloudformation", NULL };

static int check_filter_form(const struct options *options, struct error *error)
{
	int format;

	return options_format(options, filter_formats, &format, error);
}

/* The verdict in the file is not trusted: the document is judged again. */
static int run_filter(struct run *run, struct error *error)
{
	struct filter_request request = {
		.detector = run->options.detector,
		.criteria = { .keys = run->options.scope,
			      .account = run->options.account,
			      .cluster = run->options.cluster },
	};
	int decided;
	int format;
	int status =
		options_format(&run->options, filter_formats, &format, error);

	request.format = (enum filter_format)format;
	if (!status)
		status = judge_document(&run->doc, run->options.strict,
					&decided, error);
	if (!status)
		status = filter_emit(run->output.stream, stderr, &run->doc,
				     &request, error);
	return output_finish(&run->output, status, error);
}

/* With --max-bytes the default is JSON, otherwise text. */
static int run_report(struct run *run, struct error *error)
{
	int status = emit_document(run, run->options.max_bytes ? NULL : "text",
				   error);

	return output_finish(&run->output, status, error);
}

static int saved_check_operands(const struct saved_command *command,
				const struct options *options, const char *name,
				struct error *error)
{
	if (options->operands.n < 1 ||
	    options->operands.n > command->most_operands)
		return fail(
			error, EXIT_USAGE,
			"%s: give a file with evidence, or - for standard input; see --help",
			name);
	return 0;
}

/* Files are read while that may take privileges, and parsed without any. */
static int read_inputs(struct run *run, struct error *error)
{
	const struct string_list *operands = &run->options.operands;
	int status = confine_begin(&run->confinement, error);

	if (!status)
		status = input_read(&run->evidence, operands->at[0],
				    EVIDENCE_FILE_MAX, error);
	if (!status && operands->n > 1)
		status = input_read(&run->finding, operands->at[1],
				    FINDING_FILE_MAX, error);
	if (!status)
		status = input_read(&run->expect, run->options.expect,
				    EXPECT_FILE_MAX, error);
	if (!status)
		status = confine_enter(&run->confinement, PHASE_REPORT, error);
	return status;
}

static int check_whole(const struct run *run, struct error *error)
{
	if (!doc_is_shortened(&run->doc))
		return 0;
	return fail(
		error, EXIT_BAD_INPUT,
		"%s: shortened by --max-bytes: what was left out may decide; use the whole evidence",
		quote_short(run->evidence.path).text);
}

static int open_and_run(const struct saved_command *command, struct run *run,
			struct error *error)
{
	int status =
		output_start(&run->output, run->options.output_file, error);

	if (!status)
		status = read_inputs(run, error);
	if (!status)
		status = input_evidence(&run->evidence, &run->doc, error);
	if (!status && command->whole)
		status = check_whole(run, error);
	if (status)
		return output_finish(&run->output, status, error);
	return command->run(run, error);
}

static int saved_main(const struct saved_command *command, int argc,
		      char *argv[], struct error *error)
{
	struct arena arena;
	struct run run = { .options = { .arena = &arena } };
	int status;

	arena_init(&arena, OPTIONS_ARENA);
	status = options_parse(&run.options, argv[0], argc, argv, error);
	if (!status)
		status = saved_check_operands(command, &run.options, argv[0],
					      error);
	if (!status)
		status = command->check(&run.options, error);
	if (!status)
		status = open_and_run(command, &run, error);
	arena_free(&run.doc.arena);
	arena_free(&run.brought);
	input_free(&run.evidence);
	input_free(&run.finding);
	input_free(&run.expect);
	arena_free(&arena);
	return status;
}

int judge_main(int argc, char *argv[], struct error *error)
{
	static const struct saved_command judge = { 2, true, check_form,
						    run_judge };

	return saved_main(&judge, argc, argv, error);
}

int filter_main(int argc, char *argv[], struct error *error)
{
	static const struct saved_command filter = { 1, true, check_filter_form,
						     run_filter };

	return saved_main(&filter, argc, argv, error);
}

int report_main(int argc, char *argv[], struct error *error)
{
	static const struct saved_command report = { 1, false, check_form,
						     run_report };

	return saved_main(&report, argc, argv, error);
}
