// SPDX-License-Identifier: Apache-2.0
/*
 * The judge on documents made by hand: a directory stands at the finding's path,
 * older than the event, and everything was read. Each test changes one thing.
 */
#include "unit.h"

/* cmocka has a macro of that name. */
#undef fail

#include "judge/judge.h"
#include "judge/summary.h"
#include "sockprobe/document.h"

static const char *const sources[] = {
	"processes",	 "mount_tables",    "network_namespaces",
	"paths",	 "sockets",	    "file_descriptors",
	"pid_namespace", "container_views", "runtime_records",
};

enum { BOOT = 1000, START = 2000, EVENT = 3000, TAKEN = 4000 };

struct scene {
	struct doc doc;
	struct doc_probe probe;
	struct doc_node node;
	struct doc_coverage coverage[ARRAY_SIZE(sources)];
	struct doc_container container;
	struct doc_path path;
	const char *name;
	struct doc_unchanged unchanged;
	struct finding finding;
	struct error error;
	int decided;
};

static int scene_setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct container_ref ref = { .id = ID_A, .at = 0 };

	if (!s)
		return -1;
	arena_init(&s->doc.arena, (size_t)64 << 20);
	s->decided = -1;
	s->probe.started_at.tv_sec = TAKEN;
	s->node.booted_at.tv_sec = BOOT;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		s->coverage[i] = (struct doc_coverage){
			.source = sources[i],
			.extent = "node",
			.status = COVERAGE_COMPLETE,
		};
	s->container.id = ID_A;
	s->container.started_at.tv_sec = START;
	s->name = "/var/run/docker.sock";
	s->unchanged.time.tv_sec = BOOT;
	s->path = (struct doc_path){
		.path = s->name,
		.names = { .at = &s->name, .n = 1 },
		.container = ref,
		.kind = KIND_DIRECTORY,
		.state = STATE_NOT_A_SOCKET,
		.unchanged_since = &s->unchanged,
	};
	s->finding = (struct finding){
		.type = "PrivilegeEscalation:Runtime/DockerSocketAccessed",
		.socket_path = s->name,
		.event_first_seen.tv_sec = EVENT,
		.event_last_seen.tv_sec = EVENT,
		.located = { .container = ref, .matched_by = MATCHED_BY_ID },
	};
	s->doc.probe = &s->probe;
	s->doc.node = &s->node;
	s->doc.coverage =
		(struct doc_coverage_list){ .at = s->coverage,
					    .n = ARRAY_SIZE(sources) };
	s->doc.containers =
		(struct doc_container_list){ .at = &s->container, .n = 1 };
	s->doc.paths = (struct doc_path_list){ .at = &s->path, .n = 1 };
	s->doc.findings = (struct finding_list){ .at = &s->finding, .n = 1 };
	*state = s;
	return 0;
}

static int scene_teardown(void **state)
{
	struct scene *s = *state;

	arena_free(&s->doc.arena);
	free(s);
	return 0;
}

/* The reason of this rule in the verdict; NULL where there is none. */
static const struct doc_reason *reason(const struct scene *s, const char *rule)
{
	const struct doc_reason_list *reasons = &s->doc.verdict->reasons;

	for (size_t i = 0; i < reasons->n; i++) {
		if (strcmp(reasons->at[i].rule, rule) == 0)
			return &reasons->at[i];
	}
	return NULL;
}

static enum decision judge(struct scene *s)
{
	assert_int_equal(judge_document(&s->doc, false, &s->decided, &s->error),
			 0);
	return s->doc.verdict->decision;
}

static void nothing_speaks_against_it(void **state)
{
	struct scene *s = *state;

	assert_int_equal(judge(s), DECISION_SUPPORTED);
	assert_int_equal(s->decided, EXIT_COMPLETE);
	assert_int_equal(reason(s, "coverage")->holds, TRI_YES);
}

static void a_source_without_a_line_is_unknown(void **state)
{
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		const struct doc_reason *coverage;

		s->coverage[i].source = "node";
		assert_int_equal(judge(s), DECISION_INCONCLUSIVE);
		assert_int_equal(s->decided, EXIT_INCOMPLETE);
		coverage = reason(s, "coverage");
		assert_int_equal(coverage->holds, TRI_UNKNOWN);
		assert_memory_equal(coverage->text, sources[i],
				    strlen(sources[i]));
		assert_int_equal(summary_fill(&s->doc), 0);
		assert_false(s->doc.summary->complete);
		s->coverage[i].source = sources[i];
	}
	s->doc.coverage.n = 0;
	assert_int_equal(judge(s), DECISION_INCONCLUSIVE);
}

static void without_a_finding_nothing_is_judged(void **state)
{
	struct scene *s = *state;

	s->doc.findings.n = 0;
	assert_int_equal(judge_document(&s->doc, false, &s->decided, &s->error),
			 EXIT_BAD_INPUT);
	assert_int_equal(s->decided, -1);
	assert_string_equal(s->error.text,
			    "judge: the evidence holds no finding; give one");
}

static void evidence_without_a_time_is_older_than_all_events(void **state)
{
	struct scene *s = *state;

	s->probe.started_at.tv_sec = 0;
	assert_int_equal(judge(s), DECISION_INCONCLUSIVE);
	assert_int_equal(reason(s, "time")->holds, TRI_NO);
}

/* 1,024 bytes of a text stand; one more, and that it is cut is seen. */
static void a_long_text_is_cut_where_it_is_seen(void **state)
{
	struct scene *s = *state;
	char type[1026];

	memset(type, 'x', sizeof(type) - 1);
	type[1025] = '\0';
	s->finding.type = type;
	assert_int_equal(judge(s), DECISION_NOT_JUDGED);
	assert_non_null(strstr(reason(s, "type")->text, "xxx... are outside"));
	type[1024] = '\0';
	assert_int_equal(judge(s), DECISION_NOT_JUDGED);
	assert_non_null(strstr(reason(s, "type")->text, "xxxx are outside"));
	/* U+00E9 is of the bytes c3 a9: both or none. */
	memcpy(type + 1023, "\xc3\xa9", 3);
	assert_int_equal(judge(s), DECISION_NOT_JUDGED);
	assert_non_null(strstr(reason(s, "type")->text, "xxx... are outside"));
}

/* A blank, a comma or a parenthesis in a name is seen to be the name's. */
static void a_name_cannot_pass_for_words(void **state)
{
	struct scene *s = *state;
	struct doc_process process = {
		.pid = 7,
		.comm = "x (pid 1) on the node, y",
		.container = { .id = ID_B, .at = NO_INDEX },
	};
	struct doc_listener listener = { .process = &process };

	s->path.kind = KIND_SOCKET;
	s->path.state = STATE_LISTENING;
	s->path.listener = &listener;
	assert_int_equal(judge(s), DECISION_NOT_SUPPORTED);
	assert_non_null(strstr(
		reason(s, "live_socket")->text,
		"there: 'x (pid 1) on the node, y' (pid 7) in another container"));
}

static void the_worst_of_several_stands_for_all(void **state)
{
	struct scene *s = *state;
	struct finding findings[3] = { s->finding, s->finding, s->finding };

	findings[1].type = "another";
	findings[2].located.container.at = NO_INDEX;
	s->doc.findings = (struct finding_list){ .at = findings, .n = 3 };
	assert_int_equal(judge(s), DECISION_INCONCLUSIVE);
	assert_int_equal(s->doc.verdicts.n, 3);
	assert_int_equal(s->doc.verdict->finding, 2);
	assert_int_equal(s->doc.verdicts.at[0].decision, DECISION_SUPPORTED);
	assert_int_equal(s->doc.verdicts.at[1].decision, DECISION_NOT_JUDGED);
}

static void what_does_not_fit_is_no_verdict(void **state)
{
	struct scene *s = *state;

	arena_allow(&s->doc.arena, 1024);
	assert_int_equal(judge_document(&s->doc, false, &s->decided, &s->error),
			 EXIT_INTERNAL);
	assert_int_equal(s->decided, -1);
}

#define scene_test(f)                                                          \
	cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(nothing_speaks_against_it),
		scene_test(a_source_without_a_line_is_unknown),
		scene_test(without_a_finding_nothing_is_judged),
		scene_test(evidence_without_a_time_is_older_than_all_events),
		scene_test(a_long_text_is_cut_where_it_is_seen),
		scene_test(a_name_cannot_pass_for_words),
		scene_test(the_worst_of_several_stands_for_all),
		scene_test(what_does_not_fit_is_no_verdict),
	};

	return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
