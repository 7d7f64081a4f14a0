// SPDX-License-Identifier: Apache-2.0
/* The commands that look at the node: scan, and explain for a finding. */
#include "commands/commands.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "commands/input.h"
#include "commands/options.h"
#include "commands/output.h"
#include "commands/scan.h"
#include "confine/confine.h"
#include "document/document.h"
#include "finding/dialects.h"
#include "finding/expect.h"
#include "judge/judge.h"
#include "judge/summary.h"
#include "report/emit.h"

#include "sockprobe/text_safe.h"

enum { OPTIONS_ARENA = 1 << 20 };

/* All of one run. What is parsed, the document takes over. */
struct run {
	struct options options;
	struct emit_form form;
	struct output output;
	struct confinement confinement;
	struct input finding, expect;
	cJSON *findings, *expected;
	struct scan scan;
	cJSON *document;
};

/* The evidence and, where there are findings, their verdicts. */
static int make_document(struct run *run)
{
	cJSON *document = document_build(&run->scan.ev);

	run->document = document;
	summary_fill(document);
	if (!run->findings)
		return summary_is_complete(document) ? EXIT_COMPLETE
						     : EXIT_INCOMPLETE;
	cJSON_AddNullToObject(document, "verdicts");
	cJSON_AddItemToObject(document, "findings", run->findings);
	run->findings = NULL;
	if (!run->expected)
		return judge_document(document, NULL);
	cJSON_AddItemToObject(document, "expected", run->expected);
	run->expected = NULL;
	return judge_document(document, cJSON_GetObjectItemCaseSensitive(
						document, "expected"));
}

static int check_operands(const struct options *options, bool explain,
			  struct error *error)
{
	if (explain && options->operands.n != 1)
		return fail(
			error, EXIT_USAGE,
			"explain: give one file with findings, or - for standard input");
	if (!explain && options->operands.n)
		return fail(error, EXIT_USAGE,
			    "scan: takes no operand: %s; see --help",
			    quote_short(options->operands.at[0]).text);
	return 0;
}

/*
 * For all processes of the run: SCHED_IDLE and the idle class of ioprio_set(2),
 * for which the C library has neither function nor constants.
 */
static int step_back(struct error *error)
{
	enum {
		IOPRIO_WHO_PROCESS = 1,
		IOPRIO_CLASS_IDLE = 3,
		CLASS_SHIFT = 13
	};
	const struct sched_param param = { 0 };

	if (sched_setscheduler(0, SCHED_IDLE, &param) < 0 ||
	    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		    IOPRIO_CLASS_IDLE << CLASS_SHIFT) < 0)
		return fail(error, EXIT_INTERNAL, "--nice: %s",
			    strerror(errno));
	return 0;
}

/* While there are privileges: opens and reads, but parses nothing foreign. */
static int collect(struct run *run, bool explain, struct error *error)
{
	const struct options *options = &run->options;
	int status = options->nice ? step_back(error) : 0;

	if (!status)
		status = confine_begin(&run->confinement, error);
	if (!status && explain)
		status = input_read(&run->finding, options->operands.at[0],
				    FINDING_FILE_MAX, error);
	if (!status && explain)
		status = input_read(&run->expect, options->expect,
				    EXPECT_FILE_MAX, error);
	if (!status)
		status = scan_collect(&run->scan, options, &run->confinement,
				      error);
	return status;
}

static int correlate(struct run *run, struct error *error)
{
	int status = 0;

	if (run->finding.text)
		status = findings_parse(run->finding.text, run->finding.len,
					&run->findings, error);
	if (!status && run->expect.text)
		status = expect_parse(run->expect.text, run->expect.len,
				      &run->expected, error);
	if (!status)
		status = scan_correlate(&run->scan, run->findings, error);
	return status;
}

static int report(struct run *run, int *decided, struct error *error)
{
	int status = confine_enter(&run->scan.ev.probe.confinement,
				   PHASE_REPORT, error);

	if (status)
		return status;
	*decided = make_document(run);
	/* What it was made of is as large as what comes now. */
	scan_free(&run->scan);
	status = emit(run->output.stream, run->document, &run->form, error);
	return output_finish(&run->output, status, error);
}

static void free_run(struct run *run)
{
	cJSON_Delete(run->document);
	cJSON_Delete(run->findings);
	cJSON_Delete(run->expected);
	input_free(&run->finding);
	input_free(&run->expect);
	scan_free(&run->scan);
}

static int look_and_judge(struct run *run, bool explain, struct error *error)
{
	int decided = EXIT_INTERNAL;
	int status =
		output_start(&run->output, run->options.output_file, error);

	if (!status)
		status = collect(run, explain, error);
	if (!status)
		status = correlate(run, error);
	if (!status)
		status = report(run, &decided, error);
	else
		status = output_finish(&run->output, status, error);
	if (!status)
		emit_conclusion(stderr, run->document);
	free_run(run);
	return status ? status : decided;
}

static int node_main(int argc, char *argv[], bool explain, struct error *error)
{
	struct arena arena;
	struct run run = { .options = { .arena = &arena },
			   .scan = { .rootfd = -1 } };
	int status;

	arena_init(&arena, OPTIONS_ARENA);
	status = options_parse(&run.options, explain ? "explain" : "scan", argc,
			       argv, error);
	if (!status)
		status = check_operands(&run.options, explain, error);
	if (!status)
		status = options_form(&run.options, &run.form, error);
	if (!status)
		status = look_and_judge(&run, explain, error);
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
