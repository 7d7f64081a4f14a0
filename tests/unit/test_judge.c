// SPDX-License-Identifier: Apache-2.0
/*
 * The judge on documents made by hand: a directory stands at the finding's path,
 * older than the container and the event, nobody could have changed it, and
 * everything was read. Each test changes one thing.
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
	struct doc_start start;
	struct doc_record record;
	struct doc_threads threads;
	struct doc_pod pod;
	int64_t pids[1];
	struct doc_root root;
	struct doc_name names[2]; /* the second is not in the document yet */
	struct doc_identity object;
	struct doc_process listener;
	struct doc_path path; /* of the node's; not in the document yet */
	const char *name;
	struct doc_unchanged unchanged;
	struct doc_inode inode;
	struct doc_access access; /* the container's to that path, nor this */
	struct doc_connection connection;
	struct doc_process client;
	struct container_ref container_ref;
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
	s->container_ref = ref;
	s->decided = -1;
	s->probe.started_at.tv_sec = TAKEN;
	s->node.booted_at.tv_sec = BOOT;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		s->coverage[i] = (struct doc_coverage){
			.source = sources[i],
			.extent = "node",
			.status = COVERAGE_COMPLETE,
		};
	s->name = "/var/run/docker.sock";
	s->start = (struct doc_start){
		.pid_file = "/run/b/init.pid",
		.written_at.tv_sec = START,
		.pid = 7,
		.process_started_at.tv_sec = START,
	};
	s->record = (struct doc_record){
		.uid = 1000,
		.no_new_privileges = true,
	};
	s->threads = (struct doc_threads){
		.processes = 1,
		.cap_bounding = "0000000000000000",
		.root_found = true,
		.complete = true,
	};
	s->pod = (struct doc_pod){ .name_space = "ns",
				   .name = "app-0",
				   .uid = "u" };
	s->container = (struct doc_container){
		.id = ID_A,
		.runtime = "containerd",
		.started_at.tv_sec = START,
		.host_pid = TRI_NO,
		.pod = &s->pod,
		.pids = { .at = s->pids, .n = 1 },
		.start = &s->start,
		.record = &s->record,
		.threads = &s->threads,
	};
	s->pids[0] = 7;
	s->root.of_record = true;
	s->object = (struct doc_identity){ .dev = 1, .ino = 2 };
	s->names[0] = (struct doc_name){
		.container = ref,
		.name = s->name,
		.root = &s->root,
		.kind = KIND_DIRECTORY,
		.state = STATE_NOT_A_SOCKET,
		.connect_result = "ECONNREFUSED",
		.object = &s->object,
		.path = NO_INDEX,
		.dated = true,
		.since.tv_sec = BOOT,
		.mounts_fit = TRI_YES,
	};
	s->names[1] = s->names[0];
	s->unchanged.time.tv_sec = BOOT;
	s->inode =
		(struct doc_inode){ .dev = 1, .ino = 2, .change.tv_sec = BOOT };
	s->path = (struct doc_path){
		.path = s->name,
		.names = { .at = &s->name, .n = 1 },
		.runtime = "docker",
		.container.at = NO_INDEX,
		.kind = KIND_SOCKET,
		.state = STATE_LISTENING,
		.inode = &s->inode,
		.unchanged_since = &s->unchanged,
	};
	s->access = (struct doc_access){
		.container = ref,
		.name = s->name,
		.container_path = "/x/docker.sock",
		.dac = { .allowed = TRI_YES, .at_start = TRI_YES },
		.connect_result = "OK",
	};
	s->listener = (struct doc_process){ .pid = 70,
					    .comm = "dockerd",
					    .container.at = NO_INDEX };
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
	s->doc.names = (struct doc_name_list){ .at = s->names, .n = 1 };
	s->doc.paths.at = &s->path;
	s->doc.access.at = &s->access;
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

/* The premise of that id in the verdict, which must be there. */
static const struct doc_premise *find_premise(const struct scene *s,
					      const char *id)
{
	const struct doc_premise_list *premises = &s->doc.verdict->premises;

	for (size_t i = 0; i < premises->n; i++) {
		if (strcmp(premises->at[i].id, id) == 0)
			return &premises->at[i];
	}
	print_error("no premise %s\n", id);
	assert_true(false);
	return NULL;
}

/* The ids of the assumptions, with a blank between. */
static const char *assumed(const struct scene *s)
{
	const struct doc_assumption_list *list = &s->doc.verdict->assumptions;
	static char text[256];

	text[0] = '\0';
	for (size_t i = 0; i < list->n; i++) {
		strcat(text, i ? " " : "");
		strcat(text, list->at[i].id);
		assert_true(*list->at[i].text && *list->at[i].how_to_prove);
	}
	return text;
}

static enum decision judge(struct scene *s)
{
	assert_int_equal(judge_document(&s->doc, false, &s->decided, &s->error),
			 0);
	return s->doc.verdict->decision;
}

/* dockerd listens at the name, and the container may connect. */
static void live(struct scene *s)
{
	s->names[0].kind = KIND_SOCKET;
	s->names[0].state = STATE_LISTENING;
	s->names[0].listener = &s->listener;
	s->names[0].path = 0;
	s->access.container_path = s->name;
	s->doc.paths.n = s->doc.access.n = 1;
}

/* A policy may forbid the connect; one that was made shows that it does not. */
static void selinux_live(struct scene *s)
{
	live(s);
	s->node.selinux = "enforcing";
}

static void selinux_permissive(struct scene *s)
{
	live(s);
	s->node.selinux = "permissive";
}

/* The container itself listens there. */
static void own_listener(struct scene *s)
{
	live(s);
	s->listener.pid = 7;
	s->listener.container = s->container_ref;
	s->names[0].path = NO_INDEX;
	s->doc.paths.n = s->doc.access.n = 0;
}

/* As a directory of the container, were it the root, has it. */
static void has_below(struct scene *s)
{
	s->threads.cap_bounding = "0000000000040000"; /* CAP_SYS_CHROOT */
	s->names[1].below = "/host";
	s->doc.names.n = 2;
}

static void connect_to_node(struct scene *s)
{
	s->doc.paths.n = s->doc.connections.n = 1;
	s->connection.client = &s->client;
	s->client.container = s->container_ref;
	s->doc.connections.at = &s->connection;
}

static void nothing_speaks_against_it(void **state)
{
	struct scene *s = *state;

	static const char *const ids[] = {
		"type",	    "node", "container",       "agreement",
		"sequence", "name", "elsewhere_named", "unchanged",
		"mounts",   "time", "coverage",
	};
	const struct doc_premise_list *premises;

	assert_int_equal(judge(s), DECISION_SUPPORTED);
	assert_int_equal(s->decided, EXIT_COMPLETE);
	assert_string_equal(assumed(s), "");
	premises = &s->doc.verdict->premises;
	assert_int_equal(premises->n, ARRAY_SIZE(ids));
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		assert_string_equal(premises->at[i].id, ids[i]);
		assert_int_equal(premises->at[i].outcome, OUTCOME_PROVEN);
	}
	assert_int_equal(reason(s, "coverage")->holds, TRI_YES);
	assert_int_equal(judge_document(&s->doc, true, &s->decided, &s->error),
			 0);
	assert_int_equal(s->decided, EXIT_COMPLETE);
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
	assert_int_equal(find_premise(s, "time")->outcome, OUTCOME_UNKNOWN);
	assert_string_equal(
		s->doc.verdict->text,
		"(time): the evidence was taken before the last event: take new evidence; do not suppress on this evidence");
}

/* ---- each premise ---- */

typedef void change(struct scene *s);

#define CHANGE(name, ...)                                                      \
	static void name(struct scene *s)                                      \
	{                                                                      \
		__VA_ARGS__;                                                   \
	}

CHANGE(another_type, s->finding.type = "Recon:EC2/Portscan")
CHANGE(a_sample, s->finding.sample = TRI_YES)
CHANGE(another_node, s->finding.instance_id = "i-1";
       s->node.instance_id = "i-2")
CHANGE(node_unknown, s->finding.instance_id = "i-1";
       s->finding.located.matched_by = MATCHED_BY_PROCESS)
CHANGE(by_names, s->finding.located.matched_by = MATCHED_BY_WORKLOAD)
CHANGE(by_uid_late, s->finding.located.matched_by = MATCHED_BY_POD_UID;
       s->container.started_at.tv_sec = EVENT - 1)
CHANGE(by_uid_unnamed, s->finding.located.matched_by = MATCHED_BY_POD_UID;
       s->container.name = "agent")
CHANGE(not_found, s->finding.located.container.at = NO_INDEX;
       s->finding.located.why = "gone")
CHANGE(another_name, s->finding.container_name = "a"; s->container.name = "b")
CHANGE(another_namespace, s->finding.name_space = "other")
CHANGE(another_workload, s->finding.workload_type = "statefulsets";
       s->finding.workload_name = "application")
CHANGE(field_unread,
       static struct finding_problem problem = { "/service/count", "no" };
       s->finding.problems.at = &problem; s->finding.problems.n = 1)
CHANGE(record_conflict,
       static struct doc_conflict conflict = { .field = "pod_uid",
					       .kernel = "k",
					       .claim = "c",
					       .source = "/r" };
       s->container.conflicts.at = &conflict; s->container.conflicts.n = 1)
CHANGE(in_a_sequence, s->finding.attack_sequence = "arn:x")
CHANGE(no_path, s->finding.socket_path = NULL;
       s->doc.paths.n = s->doc.access.n = 1)
CHANGE(relative_path, s->finding.socket_path = s->names[0].name = "docker.sock")
CHANGE(no_threads, s->container.threads = NULL)
CHANGE(sandboxed, s->threads.sandboxed = true)
CHANGE(threads_unseen, s->threads.unseen = 1)
CHANGE(names_cut, s->threads.complete = false)
CHANGE(no_row, s->doc.names.n = 0)
CHANGE(no_row_of_record, s->root.of_record = false)
CHANGE(row_denied, s->names[0].kind = KIND_DENIED)
CHANGE(row_timed_out, s->names[0].kind = KIND_TIMED_OUT)
CHANGE(stale, s->names[0].kind = KIND_SOCKET; s->names[0].state = STATE_STALE)
CHANGE(listener_unknown, s->names[0].kind = KIND_SOCKET;
       s->names[0].state = STATE_UNKNOWN)
CHANGE(not_a_runtimes, live(s); s->path.runtime = "unknown")
CHANGE(another_root_denied, s->doc.names.n = 2; s->names[1].kind = KIND_DENIED)
CHANGE(below_live, has_below(s); s->names[1].kind = KIND_SOCKET;
       s->names[1].state = STATE_LISTENING)
CHANGE(below_stale, has_below(s); s->names[1].kind = KIND_SOCKET;
       s->names[1].state = STATE_STALE)
CHANGE(below_denied, has_below(s); s->names[1].kind = KIND_DENIED)
CHANGE(below_undated, has_below(s); s->names[1].dated = false;
       s->names[1].undated_why = "nfs")
CHANGE(below_foreign_mount, has_below(s); s->names[1].mounts_fit = TRI_NO;
       s->names[1].mounts_why = "one more")
CHANGE(namesake, s->doc.paths.n = s->doc.access.n = 1)
CHANGE(namesake_connected, namesake(s); connect_to_node(s))
CHANGE(namesake_closed_now, namesake(s);
       s->access.dac.allowed = s->access.dac.at_start = TRI_NO;
       s->access.connect_result = "EACCES"; s->record.no_new_privileges = false)
CHANGE(host_pid, s->container.host_pid = TRI_YES;
       s->threads.cap_bounding = "0000000000040000")
CHANGE(host_pid_live, host_pid(s); has_below(s); s->names[1].below = NULL;
       s->names[1].root = NULL; s->names[1].kind = KIND_SOCKET)
CHANGE(host_pid_seen, host_pid(s); has_below(s); s->names[1].below = NULL;
       s->names[1].root = NULL)
CHANGE(undated, s->names[0].dated = false;
       s->names[0].undated_why = "its file system does not date a name")
CHANGE(foreign_mount, s->names[0].mounts_fit = TRI_UNKNOWN;
       s->names[0].mounts_why = "a mount that the record does not have")
CHANGE(foreign_holder, own_listener(s); s->container.pids.n = 0)
CHANGE(selinux_connected, selinux_live(s); connect_to_node(s))
CHANGE(relays, own_listener(s); connect_to_node(s))
CHANGE(private_reaches, own_listener(s); s->doc.paths.n = s->doc.access.n = 1;
       s->path.names.n = 0; s->path.path = "/run/containerd/containerd.sock";
       s->path.state = STATE_STALE; s->access.connect_result = NULL;
       s->access.container_path = "/c.sock")
CHANGE(private_without_record, own_listener(s); s->root.of_record = false)
/* Two roots, two live sockets: a declaration or a mode is of one of them. */
CHANGE(live_twice, live(s); static struct doc_identity other = { 1, 3 };
       s->names[1] = s->names[0]; s->names[1].object = &other;
       s->doc.names.n = 2)
CHANGE(declared_with_another, live_twice(s); s->finding.name_space = "ns";
       s->finding.workload_name = "app";
       s->finding.workload_type = "statefulsets";
       static struct expected item = { .name_space = "ns",
				       .workload = "app",
				       .socket = "/var/run/docker.sock" };
       s->doc.expected.at = &item; s->doc.expected.n = 1)
CHANGE(kubelet_unread,
       s->coverage[ARRAY_SIZE(sources) - 1].status = COVERAGE_PARTIAL)

static const struct {
	change *change;
	enum decision decision;
	const char *premise;
	enum outcome outcome;
	const char *text; /* what its sentence holds */
} premises[] = {
	{ another_type, DECISION_NOT_JUDGED, "type", OUTCOME_REFUTED,
	  "Recon:EC2/Portscan are outside" },
	{ a_sample, DECISION_NOT_JUDGED, "type", OUTCOME_REFUTED, "a sample" },
	{ another_node, DECISION_NOT_JUDGED, "node", OUTCOME_REFUTED,
	  "another node, i-1" },
	{ node_unknown, DECISION_INCONCLUSIVE, "node", OUTCOME_UNKNOWN,
	  "cannot be compared" },
	{ by_names, DECISION_INCONCLUSIVE, "node", OUTCOME_UNKNOWN,
	  "cannot be compared" },
	{ by_names, DECISION_INCONCLUSIVE, "container", OUTCOME_UNKNOWN,
	  "namespace, workload and image" },
	{ by_uid_late, DECISION_INCONCLUSIVE, "container", OUTCOME_UNKNOWN,
	  "pod uid" },
	{ by_uid_unnamed, DECISION_INCONCLUSIVE, "container", OUTCOME_UNKNOWN,
	  "pod uid" },
	{ not_found, DECISION_INCONCLUSIVE, "container", OUTCOME_UNKNOWN,
	  "not found: gone" },
	{ another_name, DECISION_INCONCLUSIVE, "agreement", OUTCOME_UNKNOWN,
	  "do not agree" },
	{ another_namespace, DECISION_INCONCLUSIVE, "agreement",
	  OUTCOME_UNKNOWN, "do not agree" },
	{ another_workload, DECISION_INCONCLUSIVE, "agreement", OUTCOME_UNKNOWN,
	  "do not agree" },
	{ field_unread, DECISION_INCONCLUSIVE, "agreement", OUTCOME_UNKNOWN,
	  "do not agree" },
	{ record_conflict, DECISION_INCONCLUSIVE, "agreement", OUTCOME_UNKNOWN,
	  "do not agree" },
	{ in_a_sequence, DECISION_INCONCLUSIVE, "sequence", OUTCOME_UNKNOWN,
	  "attack sequence arn:x" },
	{ no_path, DECISION_INCONCLUSIVE, "name", OUTCOME_UNKNOWN, "no path" },
	{ relative_path, DECISION_INCONCLUSIVE, "name", OUTCOME_UNKNOWN,
	  "relative" },
	{ no_threads, DECISION_INCONCLUSIVE, "name", OUTCOME_UNKNOWN,
	  "threads were not looked at" },
	{ sandboxed, DECISION_INCONCLUSIVE, "name", OUTCOME_UNKNOWN,
	  "sandbox" },
	{ threads_unseen, DECISION_INCONCLUSIVE, "name", OUTCOME_UNKNOWN,
	  "could not be looked at" },
	{ names_cut, DECISION_INCONCLUSIVE, "name", OUTCOME_UNKNOWN,
	  "more roots" },
	{ no_row, DECISION_INCONCLUSIVE, "name", OUTCOME_UNKNOWN,
	  "was not looked at" },
	{ no_row_of_record, DECISION_INCONCLUSIVE, "name", OUTCOME_UNKNOWN,
	  "stands at the root of its record" },
	{ row_denied, DECISION_INCONCLUSIVE, "name", OUTCOME_UNKNOWN,
	  "could not be seen" },
	{ row_timed_out, DECISION_INCONCLUSIVE, "name", OUTCOME_UNKNOWN,
	  "could not be seen" },
	{ another_root_denied, DECISION_INCONCLUSIVE, "name", OUTCOME_UNKNOWN,
	  "could not be seen" },
	{ stale, DECISION_INCONCLUSIVE, "name", OUTCOME_UNKNOWN,
	  "when its listener ended" },
	{ listener_unknown, DECISION_INCONCLUSIVE, "name", OUTCOME_UNKNOWN,
	  "whether anything listens is not known" },
	{ not_a_runtimes, DECISION_INCONCLUSIVE, "name", OUTCOME_UNKNOWN,
	  "no container runtime's" },
	{ declared_with_another, DECISION_NOT_SUPPORTED, "name",
	  OUTCOME_REFUTED, "a listener answers there" },
	{ live, DECISION_NOT_SUPPORTED, "name", OUTCOME_REFUTED,
	  "a listener answers there: dockerd (pid 70) on the node" },
	{ selinux_live, DECISION_INCONCLUSIVE, "name", OUTCOME_UNKNOWN,
	  "SELinux is enforcing" },
	{ selinux_connected, DECISION_NOT_SUPPORTED, "name", OUTCOME_REFUTED,
	  "a listener answers there: dockerd" },
	{ selinux_permissive, DECISION_NOT_SUPPORTED, "name", OUTCOME_REFUTED,
	  "a listener answers there: dockerd" },
	{ below_live, DECISION_INCONCLUSIVE, "elsewhere_named", OUTCOME_UNKNOWN,
	  "as /host" },
	{ below_stale, DECISION_INCONCLUSIVE, "elsewhere_named",
	  OUTCOME_UNKNOWN, "as /host" },
	{ below_denied, DECISION_INCONCLUSIVE, "elsewhere_named",
	  OUTCOME_UNKNOWN, "could not be seen" },
	{ below_undated, DECISION_INCONCLUSIVE, "unchanged", OUTCOME_UNKNOWN,
	  "nfs" },
	{ below_foreign_mount, DECISION_INCONCLUSIVE, "mounts", OUTCOME_UNKNOWN,
	  "one more" },
	{ namesake, DECISION_INCONCLUSIVE, "elsewhere_named", OUTCOME_UNKNOWN,
	  "as /x/docker.sock" },
	{ namesake_connected, DECISION_NOT_SUPPORTED, "elsewhere_named",
	  OUTCOME_REFUTED, "is connected to" },
	{ namesake_closed_now, DECISION_INCONCLUSIVE, "elsewhere_named",
	  OUTCOME_UNKNOWN, "as /x/docker.sock" },
	{ host_pid, DECISION_INCONCLUSIVE, "elsewhere_named", OUTCOME_UNKNOWN,
	  "sees the node's processes" },
	{ host_pid_live, DECISION_INCONCLUSIVE, "elsewhere_named",
	  OUTCOME_UNKNOWN, "/proc/1/root" },
	{ host_pid_seen, DECISION_SUPPORTED, "elsewhere_named", OUTCOME_PROVEN,
	  "no root that the container could take" },
	{ undated, DECISION_INCONCLUSIVE, "unchanged", OUTCOME_UNKNOWN,
	  "does not date" },
	{ foreign_mount, DECISION_INCONCLUSIVE, "mounts", OUTCOME_UNKNOWN,
	  "does not have" },
	{ foreign_holder, DECISION_INCONCLUSIVE, "private", OUTCOME_UNKNOWN,
	  "outside of the container" },
	{ relays, DECISION_INCONCLUSIVE, "private", OUTCOME_UNKNOWN,
	  "connected to a container runtime" },
	{ private_reaches, DECISION_INCONCLUSIVE, "private", OUTCOME_UNKNOWN,
	  "reaches a container runtime's socket, /c.sock" },
	{ private_without_record, DECISION_INCONCLUSIVE, "name",
	  OUTCOME_UNKNOWN, "stands at the root of its record" },
	{ kubelet_unread, DECISION_INCONCLUSIVE, "coverage", OUTCOME_UNKNOWN,
	  "not every source" },
};

/* The first that failed is the one that the decision's text names. */
static void check_text(const struct scene *s)
{
	const struct doc_verdict *verdict = s->doc.verdict;
	char begin[64];

	if (verdict->decision != DECISION_INCONCLUSIVE)
		return;
	for (size_t i = 0; i < verdict->premises.n; i++) {
		const struct doc_premise *premise = &verdict->premises.at[i];

		if (premise->outcome == OUTCOME_PROVEN ||
		    premise->outcome == OUTCOME_ASSUMED)
			continue;
		snprintf(begin, sizeof(begin), "(%s): ", premise->id);
		assert_memory_equal(verdict->text, begin, strlen(begin));
		return;
	}
	print_error("no premise failed, and yet: %s\n", verdict->text);
	assert_true(false);
}

static void one_premise_that_fails_decides(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(premises); i++) {
		const struct doc_premise *found;
		struct scene *s;

		scene_teardown(state);
		scene_setup(state);
		s = *state;
		premises[i].change(s);
		print_message("%zu: %s: %s\n", i, premises[i].premise,
			      premises[i].text);
		assert_int_equal(judge(s), premises[i].decision);
		found = find_premise(s, premises[i].premise);
		assert_int_equal(found->outcome, premises[i].outcome);
		assert_non_null(strstr(found->text, premises[i].text));
		check_text(s);
	}
}

/* ---- each assumption ---- */

CHANGE(means, static const char *text = "CAP_SYS_ADMIN: mounts";
       s->threads.means.at = &text; s->threads.means.n = 1)
CHANGE(propagates, s->names[0].propagates = true)
CHANGE(changed_later, s->names[0].since.tv_sec = EVENT - 10)
CHANGE(by_uid, s->finding.container_name = s->container.name = "agent";
       s->finding.located.matched_by = MATCHED_BY_POD_UID;
       s->finding.instance_id = s->node.instance_id = "i-1")
CHANGE(between_events, s->names[0].since.tv_sec = EVENT + 10;
       s->finding.event_last_seen.tv_sec = EVENT + 20)
CHANGE(several, own_listener(s); means(s); between_events(s))
CHANGE(declared, live(s); s->finding.name_space = "ns";
       s->finding.workload_name = "app";
       s->finding.workload_type = "statefulsets";
       static struct expected item = { .name_space = "ns",
				       .workload = "app",
				       .socket = "/var/run/docker.sock",
				       .why = "T-1" };
       s->doc.expected.at = &item; s->doc.expected.n = 1)

static const struct {
	change *change;
	const char *assumptions;
} assuming[] = {
	{ means, "mounts_unchanged" },
	{ propagates, "mounts_unchanged" },
	{ changed_later, "event_time" },
	{ by_uid, "event_time" },
	{ between_events, "earlier_events" },
	{ own_listener, "no_relay" },
	{ several, "no_relay mounts_unchanged earlier_events" },
	{ declared, "expected" },
};

/* Assumed is supported, but for --strict. */
static void what_is_assumed_is_told(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(assuming); i++) {
		struct scene *s;

		scene_teardown(state);
		scene_setup(state);
		s = *state;
		assuming[i].change(s);
		print_message("%zu: %s\n", i, assuming[i].assumptions);
		assert_int_equal(judge(s), DECISION_SUPPORTED);
		assert_string_equal(assumed(s), assuming[i].assumptions);
		assert_int_equal(judge_document(&s->doc, true, &s->decided,
						&s->error),
				 0);
		assert_int_equal(s->decided, EXIT_INCOMPLETE);
		assert_int_equal(s->doc.verdict->decision,
				 DECISION_INCONCLUSIVE);
		check_text(s);
	}
}

static void the_means_are_named(void **state)
{
	struct scene *s = *state;
	const struct doc_assumption *item;

	means(s);
	assert_int_equal(judge(s), DECISION_SUPPORTED);
	item = &s->doc.verdict->assumptions.at[0];
	assert_int_equal(item->means.n, 1);
	assert_string_equal(item->means.at[0], "CAP_SYS_ADMIN: mounts");
}

/* ---- time ---- */

/*
 * The pid file is of second 2000. Times in milliseconds; `since` is the youngest
 * change on the way, `process` the start of the container's process, 0 unknown.
 */
static const struct {
	int64_t since, process, first, last;
	enum outcome outcome;
	const char *assumptions;
} times[] = {
	/* nothing is younger than the start: the events are the container's */
	{ 1000000, 2000000, 2000000, 9000000, OUTCOME_PROVEN, "" },
	{ 2000000, 2000000, 2000000, 9000000, OUTCOME_PROVEN, "" },
	/* two seconds before the start, by the finding's clock */
	{ 1000000, 2000000, 1998000, 9000000, OUTCOME_PROVEN, "" },
	{ 1000000, 2000000, 1997999, 9000000, OUTCOME_ASSUMED,
	  "earlier_events" },
	{ 1000000, 2000000, 1000000, 2000000, OUTCOME_ASSUMED,
	  "earlier_events" },
	{ 1000000, 2000000, 1000000, 1999999, OUTCOME_UNKNOWN, "" },
	/* changed since: two seconds before the first event, or the last */
	{ 2000001, 2000000, 2002001, 2002001, OUTCOME_ASSUMED, "event_time" },
	{ 2000001, 2000000, 2002000, 2002000, OUTCOME_UNKNOWN, "" },
	{ 2000001, 2000000, 2002000, 2002001, OUTCOME_ASSUMED,
	  "earlier_events" },
	{ 2500000, 2000000, 2100000, 2501999, OUTCOME_UNKNOWN, "" },
	{ 2500000, 2000000, 2100000, 2400000, OUTCOME_UNKNOWN, "" },
	/* the process began 2 s before the pid file at most, or in a tick after */
	{ 1000000, 1998000, 2000000, 2000000, OUTCOME_PROVEN, "" },
	{ 1000000, 2000020, 2000000, 2000000, OUTCOME_PROVEN, "" },
	/* else the clock was set: back, so what changed since is that much younger */
	{ 1000000, 1997999, 2000000, 2000000, OUTCOME_UNKNOWN, "" },
	{ 1000000, 2000021, 2000000, 2000000, OUTCOME_UNKNOWN, "" },
	{ 1000000, 2000021, 2002000, 2002000, OUTCOME_ASSUMED, "event_time" },
	/* set back, by 2.001 s at most: what changed is of later by as much */
	{ 1000000, 1997999, 2004000, 2004000, OUTCOME_UNKNOWN, "" },
	{ 1000000, 1997999, 2005000, 2005000, OUTCOME_ASSUMED, "event_time" },
	{ 2500000, 1900000, 2601999, 2601999, OUTCOME_UNKNOWN, "" },
	{ 2500000, 1900000, 2602000, 2602000, OUTCOME_ASSUMED, "event_time" },
	/* whether it was set cannot be told */
	{ 1000000, 0, 9000000, 9000000, OUTCOME_UNKNOWN, "" },
	/* times that cannot be */
	{ 1000000, 2000000, 3000000, 2999999, OUTCOME_UNKNOWN, "" },
	{ 1000000, 2000000, 0, 3000000, OUTCOME_UNKNOWN, "" },
	{ 1000000, 2000000, 3000000, 0, OUTCOME_UNKNOWN, "" },
	{ 1000000, 2000000, 3000000, 10000001, OUTCOME_UNKNOWN, "" },
	{ 1000000, 2000000, 3000000, 10000000, OUTCOME_PROVEN, "" },
};

static struct timespec at_ms(int64_t ms)
{
	return (struct timespec){ ms / 1000, ms % 1000 * 1000000 };
}

static void the_lines_of_time(void **state)
{
	struct scene *s = *state;

	s->probe.started_at.tv_sec = 10000;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		bool fails = times[i].outcome == OUTCOME_UNKNOWN;

		s->names[0].since = at_ms(times[i].since);
		s->start.process_started_at = at_ms(times[i].process);
		s->finding.event_first_seen = at_ms(times[i].first);
		s->finding.event_last_seen = at_ms(times[i].last);
		print_message("line %zu\n", i);
		assert_int_equal(judge(s), fails ? DECISION_INCONCLUSIVE
						 : DECISION_SUPPORTED);
		assert_int_equal(find_premise(s, "time")->outcome,
				 times[i].outcome);
		assert_string_equal(assumed(s), times[i].assumptions);
	}
}

/* ---- a live socket ---- */

/* Nobody may connect, from the start on. */
static void closed(struct scene *s)
{
	live(s);
	s->access.dac.allowed = s->access.dac.at_start = TRI_NO;
	s->access.connect_result = "EACCES";
}

CHANGE(closed_for_some, closed(s); s->access.dac.allowed = TRI_YES)
CHANGE(open_at_start, closed(s); s->access.dac.at_start = TRI_YES)
CHANGE(unknown_at_start, closed(s); s->access.dac.at_start = TRI_UNKNOWN)
CHANGE(no_way_seen, closed(s); s->doc.access.n = 0)
CHANGE(new_rights, closed(s); s->record.no_new_privileges = false)
CHANGE(no_record, closed(s); s->container.record = NULL)
CHANGE(user_unknown, closed(s); s->record.uid = NUMBER_UNKNOWN)
CHANGE(of_docker, closed(s); s->container.runtime = "docker")
CHANGE(of_no_pod, closed(s); s->container.pod = NULL)
CHANGE(closed_undated, closed(s); s->inode.change.tv_sec = 0)
CHANGE(closed_and_connected, closed(s); connect_to_node(s))

static void who_may_not_connect(void **state)
{
	/* Whether somebody may at this moment decides between the two. */
	static const struct {
		change *change;
		enum decision decision;
	} open[] = {
		{ closed_for_some, DECISION_NOT_SUPPORTED },
		{ open_at_start, DECISION_INCONCLUSIVE },
		{ unknown_at_start, DECISION_INCONCLUSIVE },
		{ no_way_seen, DECISION_NOT_SUPPORTED },
		{ new_rights, DECISION_INCONCLUSIVE },
		{ no_record, DECISION_INCONCLUSIVE },
		{ user_unknown, DECISION_INCONCLUSIVE },
		{ of_docker, DECISION_INCONCLUSIVE },
		{ of_no_pod, DECISION_INCONCLUSIVE },
		{ closed_undated, DECISION_INCONCLUSIVE },
		{ closed_and_connected, DECISION_NOT_SUPPORTED },
	};
	struct scene *s = *state;

	closed(s);
	assert_int_equal(judge(s), DECISION_SUPPORTED);
	assert_string_equal(assumed(s), "");
	assert_int_equal(find_premise(s, "permission")->outcome,
			 OUTCOME_PROVEN);
	for (size_t i = 0; i < ARRAY_SIZE(open); i++) {
		scene_teardown(state);
		scene_setup(state);
		s = *state;
		open[i].change(s);
		assert_int_equal(judge(s), open[i].decision);
		assert_int_equal(find_premise(s, "permission")->outcome,
				 OUTCOME_UNKNOWN);
	}
}

/* A chmod after the event is no proof of what was permitted then. */
static void permissions_are_dated(void **state)
{
	struct scene *s = *state;

	closed(s);
	s->inode.change.tv_sec = EVENT + 10;
	assert_int_equal(judge(s), DECISION_INCONCLUSIVE);
	assert_memory_equal(s->doc.verdict->text, "(time): ", 8);
}

CHANGE(no_last_event, live(s); s->finding.event_last_seen.tv_sec = 0)
CHANGE(younger_container, live(s); s->container.started_at.tv_sec = EVENT + 1)
CHANGE(younger_socket, live(s); s->unchanged.time.tv_sec = EVENT + 1)
CHANGE(undated_socket, live(s); s->path.unchanged_since = NULL)

/* What came after the last event does not contradict a suppression. */
static void live_since_the_event(void **state)
{
	static change *const later[] = { no_last_event, younger_container,
					 younger_socket, undated_socket };

	for (size_t i = 0; i < ARRAY_SIZE(later); i++) {
		struct scene *s;

		scene_teardown(state);
		scene_setup(state);
		s = *state;
		later[i](s);
		print_message("%zu\n", i);
		assert_int_equal(judge(s), DECISION_INCONCLUSIVE);
		assert_memory_equal(s->doc.verdict->text, "(name): ", 8);
	}
}

/* The container's own socket, seen from two of its roots, is one; two are not. */
static void a_private_socket_from_two_roots(void **state)
{
	struct scene *s = *state;
	struct doc_root other = { 0 };
	struct doc_identity second = { .dev = 1, .ino = 3 };

	own_listener(s);
	s->names[1] = s->names[0];
	s->names[1].root = &other;
	s->doc.names.n = 2;
	assert_int_equal(judge(s), DECISION_SUPPORTED);
	s->names[1].object = &second;
	assert_int_equal(judge(s), DECISION_INCONCLUSIVE);
	assert_memory_equal(s->doc.verdict->text, "(name): ", 8);
}

/* A live one from any root is worse than all that was not seen. */
static void live_from_another_root(void **state)
{
	struct scene *s = *state;

	live(s);
	s->names[1] = s->names[0];
	s->names[0] = (struct doc_name){ .container = s->container_ref,
					 .name = s->name,
					 .root = &s->root,
					 .kind = KIND_DIRECTORY,
					 .path = NO_INDEX,
					 .dated = true,
					 .mounts_fit = TRI_YES };
	s->doc.names.n = 2;
	s->threads.unseen = 3;
	assert_int_equal(judge(s), DECISION_NOT_SUPPORTED);
}

/* ---- risks ---- */

static size_t count_risks(const struct scene *s, const char *part)
{
	const struct doc_risk_list *risks = &s->doc.verdict->residual_risks;
	size_t n = 0;

	for (size_t i = 0; i < risks->n; i++)
		n += strstr(risks->at[i].text, part) != NULL;
	return n;
}

/* Two ways to one socket are one risk. */
static void each_risk_is_told_once(void **state)
{
	struct scene *s = *state;
	struct doc_access ways[2];

	s->path.names.n = 0;
	s->path.path = "/run/containerd/containerd.sock";
	s->path.runtime = "containerd";
	s->access.container_path = "/a.sock";
	ways[0] = ways[1] = s->access;
	ways[1].container_path = "/b.sock";
	s->doc.access = (struct doc_access_list){ .at = ways, .n = 2 };
	s->doc.paths.n = 1;
	assert_int_equal(judge(s), DECISION_SUPPORTED);
	assert_int_equal(count_risks(s, "same as root on this node"), 1);
	assert_int_equal(count_risks(s, "no longer feeds the detection"), 1);
	assert_int_equal(reason(s, "elsewhere")->holds, TRI_YES);
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

	live(s);
	s->listener = (struct doc_process){
		.pid = 7,
		.comm = "x (pid 1) on the node, y",
		.container = { .id = ID_B, .at = NO_INDEX },
	};
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
		scene_test(one_premise_that_fails_decides),
		scene_test(what_is_assumed_is_told),
		scene_test(the_means_are_named),
		scene_test(the_lines_of_time),
		scene_test(who_may_not_connect),
		scene_test(permissions_are_dated),
		scene_test(live_since_the_event),
		scene_test(a_private_socket_from_two_roots),
		scene_test(live_from_another_root),
		scene_test(each_risk_is_told_once),
		scene_test(a_long_text_is_cut_where_it_is_seen),
		scene_test(a_name_cannot_pass_for_words),
		scene_test(the_worst_of_several_stands_for_all),
		scene_test(what_does_not_fit_is_no_verdict),
	};

	return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
