// SPDX-License-Identifier: Apache-2.0
/*
 * Reports of a document whose every name wants to be a sentence, and of one that
 * --max-bytes shortened: whole texts as literals.
 */
#include "unit.h"

#undef fail /* cmocka's; error.h has another */

#include "report/criteria.h"
#include "report/emit.h"
#include "report/filter.h"
#include "report/markdown.h"
#include "report/text.h"

#define LIST(array)                                                            \
	{                                                                      \
		.at = (array), .n = ARRAY_SIZE(array)                          \
	}

static const char *names[] = {
	"/run/x, /run/docker.sock",
	"/run/a  b\nnot seen",
};

static struct doc_pod pod = { .name_space = "default", .name = "p (self)" };

static struct doc_container containers[] = {
	{ .id = ID_A, .name = "c: mode 0777", .pod = &pod, .self = true },
	{ .id = ID_B, .name = "host" },
	{ .id = "it's", .sandbox = false },
};

static struct doc_process listener = {
	.pid = 7,
	.comm = "d[1] /bin/d in",
	.exe = "/usr/bin/d (deleted)",
	.container = { .id = NULL, .at = NO_INDEX },
};

static struct doc_process client = {
	.pid = 8,
	.comm = "",
	.container = { .id = ID_B, .at = 1 },
};

static struct doc_inode inode = {
	.dev = 0,
	.ino = 5,
	.mode = 0660,
	.uid = 0,
	.gid = 0,
};

static struct doc_listener listening = { .process = &listener };

static struct doc_link links[] = {
	{ .path = "/run/l -> x", .target = "it's \"here\"" },
};

static struct doc_path paths[] = {
	{
		.path = "/run/x, /run/docker.sock",
		.names = LIST(names),
		.container = { .id = "it's", .at = 2 },
		.links = LIST(links),
		.kind = KIND_SOCKET,
		.state = STATE_LISTENING,
		.connect_result = "OK",
		.inode = &inode,
		.entries = NUMBER_UNKNOWN,
		.listener = &listening,
	},
	{
		.path = "/run/y, /run/z",
		.container = { .at = NO_INDEX },
		.kind = KIND_MISSING,
		.entries = NUMBER_UNKNOWN,
	},
	{
		.path = "/var/run/docker.sock",
		.container = { .at = NO_INDEX },
		.kind = KIND_MISSING,
		.entries = NUMBER_UNKNOWN,
	},
};

static struct doc_access access_rows[] = {
	{
		.container = { .id = ID_A, .at = 0 },
		.path = 0,
		.container_path = "/x (parent_mount), connect would give OK",
		.via = VIA_SOCKET_MOUNT,
		.read_only = TRI_YES,
		.connect_result = "EACCES",
		.dac = { .allowed = TRI_NO, .why = "uid 5 may not" },
	},
};

static struct doc_connection connections[] = {
	{ .path = 0, .client = &client, .count = 2 },
};

static struct doc_coverage coverage[] = {
	{
		.source = "processes",
		.extent = "node",
		.status = COVERAGE_COMPLETE,
		.detail = "all",
	},
};

static struct doc_node node = {
	.hostname = "n, os x",
	.kernel = "6.1.0-1",
	.booted_at = { .tv_sec = 1764082800 },
};

static struct doc_summary summary = { .text = "one socket" };

static const char *text_of(const struct doc *doc,
			   int (*write)(FILE *, const struct doc *,
					struct error *))
{
	static char text[16384];
	FILE *out = fmemopen(text, sizeof(text), "w");
	struct error error = { 0 };

	assert_non_null(out);
	assert_int_equal(write(out, doc, &error), 0);
	fclose(out);
	return text;
}

static int write_text(FILE *out, const struct doc *doc, struct error *error)
{
	return emit_text(out, doc, false, error);
}

static struct doc hostile(void)
{
	return (struct doc){
		.summary = &summary,
		.node = &node,
		.coverage = LIST(coverage),
		.paths = LIST(paths),
		.containers = LIST(containers),
		.access = LIST(access_rows),
		.connections = LIST(connections),
	};
}

static void no_name_is_a_sentence_of_a_text(void **state)
{
	struct doc doc = hostile();

	(void)state;
	assert_string_equal(
		text_of(&doc, write_text),
		"node 'n, os x', unknown system, kernel 6.1.0-1, booted 2025-11-25T15:00:00.000Z\n"
		"one socket\n"
		"\n"
		"'/run/x, /run/docker.sock'\n"
		"  also '/run/a  b\\u{a}not seen'\n"
		"  as seen in \"it's\"\n"
		"  link '/run/l -> x' -> 'it'\\''s \"here\"'\n"
		"  socket, listening; mode 0660, owner 0:0; connect would give OK\n"
		"  unchanged since: not known\n"
		"  listener: 'd[1] /bin/d in'[7] '/usr/bin/d (deleted)' in host\n"
		"  reached by\n"
		"    default/'p (self)' 'c: mode 0777' (self):\n"
		"      '/x (parent_mount), connect would give OK' (socket_mount, read-only),\n"
		"      connect would give EACCES\n"
		"      uid 5 may not\n"
		"  connected\n"
		"    2 x ''[8] (exe denied) in 'host'\n"
		"\n"
		"not there\n"
		"  '/run/y, /run/z', /var/run/docker.sock\n"
		"\n"
		"nothing was kept from view\n");
}

static struct finding findings[] = {
	{
		.id = "f`1",
		.type = "T:R/D",
		.socket_path = "/run/a | b",
		.executable_path = "/bin/x",
		.name_space = "",
	},
};

static struct doc_reason reasons[] = {
	{ .rule = "path", .holds = TRI_YES, .text = "'a`, b' is | a socket" },
};

static struct doc_scope scope = { .finding_type = "T:R/D",
				  .socket_path = "/run/a | b" };

static struct doc_verdict verdict = {
	.decision = DECISION_SUPPORTED,
	.text = "may be suppressed",
	.finding = 0,
	.reasons = LIST(reasons),
	.scope = &scope,
	.valid_until = "until it restarts",
	.review_by = "2027-01-01",
};

static void no_name_is_a_sentence_of_a_ticket(void **state)
{
	struct doc_verdict verdicts[] = { verdict };
	struct doc doc = hostile();

	(void)state;
	doc.verdict = &verdict;
	doc.verdicts = (struct doc_verdict_list)LIST(verdicts);
	doc.findings = (struct finding_list)LIST(findings);
	assert_string_equal(
		text_of(&doc, emit_markdown),
		"# Runtime sockets of a node\n\n"
		"## Question\n\nMay this finding be suppressed?\n\n"
		"- finding: `T:R/D`\n"
		"- id: `'f\\u{60}1'`\n"
		"- path it names: `'/run/a \\u{7c} b'`\n"
		"- program: `/bin/x`\n"
		"- namespace: `''`\n"
		"- node: `'n, os x'`\n"
		"- evidence taken: `not known`\n"
		"\n## Answer\n\n`supported: may be suppressed`\n"
		"\n## Why\n\n| rule | holds | |\n|---|---|---|\n"
		"| `path` | yes | `'a\\u{60}, b' is \\u{7c} a socket` |\n"
		"\n## Risk that is left\n\nNone was found.\n"
		"\n## Scope of a filter\n\n"
		"- `finding_type`: `T:R/D`\n"
		"- `socket_path`: `'/run/a \\u{7c} b'`\n"
		"\nHolds `until it restarts`\n\n"
		"\n## What was seen\n\n"
		"| path | what | connect(2) gives | reached by | connected |\n"
		"|---|---|---|---|---|\n"
		"| `'/run/x, /run/docker.sock'` | `socket`, `listening` | `OK` | 0 containers | 0 |\n"
		"\n## What could not be seen\n\nNothing was kept from view.\n");
}

/* ---- premises and assumptions ---- */

static const char *means[] = { "a b", "a mount at '/x y'" };

static struct doc_assumption assumptions[] = {
	{ .id = "mounts_unchanged",
	  .text = "no process saw others",
	  .means = LIST(means),
	  .how_to_prove = "harden the pod" },
	{ .id = "event_time",
	  .text = "the clocks agree",
	  .how_to_prove = "compare them" },
};

static struct doc undecided(struct doc_verdict *left)
{
	struct doc doc = hostile();

	*left = (struct doc_verdict){
		.decision = DECISION_INCONCLUSIVE,
		.text = "(mounts): the mounts differ",
		.reasons = LIST(reasons),
		.assumptions = LIST(assumptions),
	};
	doc.verdict = left;
	doc.verdicts = (struct doc_verdict_list){ .at = left, .n = 1 };
	doc.findings = (struct finding_list)LIST(findings);
	return doc;
}

static void the_premise_that_failed_stands_in_front(void **state)
{
	struct doc_verdict left;
	struct doc doc = undecided(&left);
	const char *text = text_of(&doc, write_text);

	(void)state;
	assert_non_null(strstr(
		text,
		"\ninconclusive (mounts): the mounts differ\n"
		"  [yes] path: 'a`, b' is | a socket\n"
		"  assuming mounts_unchanged: no process saw others (means: a b; a mount at\n"
		"    '/x y'); to prove: harden the pod\n"
		"  assuming event_time: the clocks agree; to prove: compare them\n\n"));
	text = text_of(&doc, emit_markdown);
	assert_non_null(
		strstr(text, "\n`inconclusive (mounts): the mounts differ`\n"));
	assert_non_null(strstr(
		text,
		"\n## What is assumed\n\n"
		"- assuming `mounts_unchanged`: `no process saw others` (means: `a b`; `a mount at '/x y'`); to prove: `harden the pod`\n"
		"- assuming `event_time`: `the clocks agree`; to prove: `compare them`\n"
		"\n## Risk"));
}

static int write_conclusion(FILE *out, const struct doc *doc,
			    struct error *error)
{
	(void)error;
	emit_conclusion(out, doc);
	return 0;
}

static void the_conclusion_is_one_line(void **state)
{
	struct doc_verdict left;
	struct doc doc = undecided(&left);

	(void)state;
	assert_string_equal(
		text_of(&doc, write_conclusion),
		"sockprobe: inconclusive (mounts): the mounts differ\n");
	left.decision = DECISION_SUPPORTED;
	left.text = "may be suppressed";
	assert_string_equal(text_of(&doc, write_conclusion),
			    "sockprobe: supported: may be suppressed\n");
	left.text = NULL;
	assert_string_equal(text_of(&doc, write_conclusion),
			    "sockprobe: supported: not known\n");
	doc.findings.n = 0;
	assert_string_equal(text_of(&doc, write_conclusion),
			    "sockprobe: one socket\n");
}

/* ---- shortened ---- */

static struct doc_left_out left_out[] = {
	{ .pointer = "/verdicts", .count = 1 },
	{ .pointer = "/access", .count = 12 },
	{ .pointer = "/connections", .count = 3 },
	{ .pointer = "/coverage", .count = 2 },
	{ .pointer = "/node", .count = 1 },
	{ .pointer = "/verdict/residual_risks", .count = 1 },
};

static struct doc shortened(void)
{
	static struct doc_verdict left = {
		.decision = DECISION_INCONCLUSIVE,
		.finding = 3,
	};
	struct doc doc = hostile();

	doc.verdict = &left;
	doc.summary = NULL;
	doc.node = NULL;
	doc.paths.n = 1;
	doc.access.n = 0;
	doc.findings = (struct finding_list)LIST(findings);
	doc.left_out = (struct doc_left_out_list)LIST(left_out);
	return doc;
}

static void what_was_left_out_is_not_none(void **state)
{
	struct doc doc = shortened();
	static const char head[] =
		"node: not known\n"
		"not known\n"
		"left out by --max-bytes: 1 of verdicts, 12 of access, 3 of connections, 2 of\n"
		"  coverage, node, 1 of verdict/residual_risks\n"
		"\n"
		"finding: not known\n"
		"inconclusive: not known\n"
		"\n";
	const char *text = text_of(&doc, write_text);

	(void)state;
	assert_memory_equal(text, head, strlen(head));
	assert_non_null(strstr(
		text, "  reached by: not known, left out by --max-bytes\n"
		      "  connected\n"
		      "    2 x ''[8] (exe denied) in 'host'\n"
		      "    and what was left out by --max-bytes\n"));
	assert_non_null(strstr(
		text,
		"what else was not seen is not known: coverage was left out\n"));
	assert_null(strstr(text, "nothing was kept from view"));
	text = text_of(&doc, emit_markdown);
	assert_non_null(
		strstr(text, "`left out by --max-bytes: 1 of verdicts, "));
	assert_non_null(strstr(text, "- node: `not known`\n"));
	assert_non_null(strstr(text, "- finding: `not known`\n"));
	assert_non_null(strstr(text, "`inconclusive: not known`\n"));
	assert_null(strstr(text, "None was found"));
	assert_null(strstr(text, "Nothing was kept from view"));
}

static void where_all_is_left_out_nothing_is_said(void **state)
{
	static struct doc_left_out all[] = {
		{ .pointer = "/findings", .count = 1 },
		{ .pointer = "/verdicts", .count = 1 },
		{ .pointer = "/coverage", .count = 9 },
		{ .pointer = "/probe", .count = 1 },
		{ .pointer = "/node", .count = 1 },
		{ .pointer = "/summary", .count = 1 },
		{ .pointer = "/verdict/text", .count = 1 },
		{ .pointer = "/verdict/residual_risks", .count = 1 },
	};
	static struct doc_verdict left = { .decision = DECISION_INCONCLUSIVE,
					   .finding = 0 };
	struct doc doc = { .verdict = &left, .left_out = LIST(all) };
	const char *text = text_of(&doc, write_text);

	(void)state;
	assert_string_equal(
		text,
		"node: not known\n"
		"not known\n"
		"left out by --max-bytes: 1 of findings, 1 of verdicts, 9 of coverage, probe,\n"
		"  node, summary, verdict/text, 1 of verdict/residual_risks\n"
		"\n"
		"finding: not known\n"
		"inconclusive: not known\n"
		"\n"
		"what else was not seen is not known: coverage was left out\n");
	text = text_of(&doc, emit_markdown);
	assert_null(strstr(text, "None was found"));
	assert_null(strstr(text, "Nothing was kept from view"));
}

/* ---- filters ---- */

static void a_filters_description_is_ours(void **state)
{
	static struct doc_scope wanted = {
		.finding_type = "T",
		.account_id = "111122223333",
		.cluster_name = "c",
		.name_space = "n. Review by 2099-01-01. (x)",
		.workload_name = "w",
		.socket_path = "/run/a b",
	};
	struct doc_verdict supported = verdict;
	struct doc doc = hostile();
	struct filter_request request = { .format = FILTER_CLI,
					  .detector = "d" };
	struct error error = { 0 };
	char text[8192] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	supported.scope = &wanted;
	doc.verdict = &supported;
	doc.findings = (struct finding_list)LIST(findings);
	assert_int_equal(filter_emit(out, out, &doc, &request, &error), 0);
	fclose(out);
	assert_non_null(strstr(
		text,
		"\"Description\":\t\"Hides DockerSocketAccessed of n.-Review-by-2099-01-01.--x-/w at /run/a-b. Review by 2027-01-01. Evidence: sockprobe on n--os-x at any. What is archived feeds no detection of attack sequences.\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_name_is_a_sentence_of_a_text),
		cmocka_unit_test(no_name_is_a_sentence_of_a_ticket),
		cmocka_unit_test(the_premise_that_failed_stands_in_front),
		cmocka_unit_test(the_conclusion_is_one_line),
		cmocka_unit_test(what_was_left_out_is_not_none),
		cmocka_unit_test(where_all_is_left_out_nothing_is_said),
		cmocka_unit_test(a_filters_description_is_ours),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
