// SPDX-License-Identifier: Apache-2.0
/* The commands on a node: scan, and explain for a finding. */
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
#include "document/build.h"
#include "document/load.h"
#include "document/resolve.h"
#include "finding/dialects.h"
#include "finding/expect.h"
#include "judge/judge.h"
#include "judge/summary.h"
#include "report/emit.h"

#include "sockprobe/text_safe.h"

enum { OPTIONS_ARENA = 1 << 20 };

/* The state of one run. */
struct run {
	struct options options;
	struct emit_form form;
	struct output output;
	struct confinement confinement;
	struct input finding, expect;
	struct arena brought; /* owns what was parsed of finding and expect */
	struct finding_list findings;
	struct expected_list expected;
	struct scan scan;
	struct doc doc;
};

/* A copy in the document of what belongs to the evidence. */
static int adopt_text(struct doc *doc, const char **text)
{
	const char *copy = *text ? arena_intern(&doc->arena, *text) : NULL;

	if (*text && !copy)
		return -ENOMEM;
	*text = copy;
	return 0;
}

/*
 * Adds the findings to the document. What is said of where they are refers to
 * the evidence: it is replaced by what the document has.
 */
static int adopt_findings(struct doc *doc, const struct finding_list *findings)
{
	size_t twice;

	doc->findings = *findings;
	for (size_t i = 0; i < findings->n; i++) {
		struct finding_location *located = &findings->at[i].located;

		if (adopt_text(doc, &located->container.id) ||
		    adopt_text(doc, &located->why))
			return -ENOMEM;
	}
	return doc_resolve(doc, &twice);
}

/*
 * Makes the document of the evidence and, if there are findings, their
 * verdicts. Fills *decided. Frees the scan first: judging and printing need as
 * much memory again.
 */
static int make_document(struct run *run, int *decided, struct error *error)
{
	struct doc *doc = &run->doc;
	int err = doc_build(doc, &run->scan.ev, DOC_KEEPS_MAX);

	if (!err)
		err = adopt_findings(doc, &run->findings);
	scan_free(&run->scan);
	if (!err)
		err = summary_fill(doc);
	if (err)
		return fail(error, EXIT_INTERNAL, "document: %s",
			    strerror(-err));
	*decided = doc->summary->complete ? EXIT_COMPLETE : EXIT_INCOMPLETE;
	doc->expected = run->expected;
	return doc->findings.n ? judge_document(doc, run->options.strict,
						decided, error)
			       : 0;
}

static int node_check_operands(const struct options *options, bool explain,
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
 * For all processes of the run: SCHED_IDLE, and the idle class of
 * ioprio_set(2), for which the C library has neither a function nor constants.
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

/* With privileges: opens and reads, but parses nothing foreign. */
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

	arena_init(&run->brought, FINDINGS_ARENA + EXPECT_ARENA);
	if (run->finding.text)
		status = findings_parse(&run->brought, run->finding.text,
					run->finding.len, &run->findings,
					error);
	if (!status && run->expect.text)
		status = expect_parse(&run->brought, run->expect.text,
				      run->expect.len, &run->expected, error);
	/* Their contents were copied. */
	input_free(&run->finding);
	input_free(&run->expect);
	if (!status)
		status = scan_correlate(&run->scan, &run->findings, error);
	return status;
}

static int report(struct run *run, int *decided, struct error *error)
{
	int status = confine_enter(&run->scan.ev.probe.confinement,
				   PHASE_REPORT, error);

	if (!status)
		status = make_document(run, decided, error);
	if (!status)
		status = emit(run->output.stream, &run->doc, &run->form, error);
	return status;
}

static void free_run(struct run *run)
{
	arena_free(&run->doc.arena);
	arena_free(&run->brought);
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
	status = output_finish(&run->output, status, error);
	if (!status)
		emit_conclusion(stderr, &run->doc);
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
		status = node_check_operands(&run.options, explain, error);
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
