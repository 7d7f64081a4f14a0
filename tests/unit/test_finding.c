// SPDX-License-Identifier: Apache-2.0
/*
 * Findings in every dialect: one mission finding, written in each layout, and
 * the hostile forms of it, most of them generated.
 */

/*
 * As long as judge/dialects.c has a findings_parse() too, the Makefile leaves
 * judge/finding*.c out and there is nothing to link with. Goes with either.
 */
#if __has_include("judge/dialects.h") && !defined(TEST_FINDING)
#include <stdio.h>

int main(void)
{
	puts("test_finding: skipped: judge/dialects.c is linked instead");
	return 0;
}
#else
/* before cmocka, which makes fail() a macro */
#include "judge/finding.h"

#include "unit.h"

#include <cjson/cJSON.h>

#define AGENT_ID \
	"4f1c9d2ab87e6053f1d0c4b39a7e58216cf0d9b8e7a6453210fedcba98765432"
#define AGENT_SHA256 \
	"9b1f0c55e2d84a3766c1b0e9f7d2a48835c6e1907f4b2d3a8e5c60719f2b4d86"
#define TYPE "PrivilegeEscalation:Runtime/DockerSocketAccessed"

/* From a copy that ends where the text does, so that ASan sees any excess. */
static int parse(struct arena *arena, const char *text, size_t len,
		 struct finding_list *findings, struct error *error)
{
	char *copy = malloc(len + !len);
	int status;

	assert_non_null(copy);
	memcpy(copy, text, len);
	*error = (struct error){ 0 };
	status = findings_parse(arena, copy, len, findings, error);
	free(copy);
	if (status) {
		assert_int_equal(status, EXIT_BAD_INPUT);
		assert_int_equal(error->status, EXIT_BAD_INPUT);
		assert_true(error->text[0] != '\0');
		assert_int_equal(findings->n, 0);
	}
	return status;
}

static struct finding_list parse_good(struct arena *arena, const char *text)
{
	struct finding_list findings;
	struct error error;

	if (parse(arena, text, strlen(text), &findings, &error))
		fail_msg("%s", error.text);
	return findings;
}

static struct finding_list parse_fixture(struct arena *arena, const char *name,
					 size_t n)
{
	char *text = fixture(name, NULL);
	struct finding_list findings = parse_good(arena, text);

	free(text);
	assert_int_equal(findings.n, n);
	return findings;
}

static void check_text(const char *text, const char *wanted)
{
	if (!wanted) {
		assert_null(text);
		return;
	}
	assert_non_null(text);
	assert_string_equal(text, wanted);
}

static void check_number(struct finding_number number, int64_t wanted)
{
	assert_true(number.known);
	assert_int_equal(number.value, wanted);
}

static void check_time(struct finding_time time, int64_t seconds, int ms)
{
	assert_true(time.known);
	assert_int_equal(time.at.tv_sec, seconds);
	assert_int_equal(time.at.tv_nsec / 1000000, ms);
}

/* ---- the mission's finding ---- */

static void check_process(const struct finding_process *process)
{
	check_text(process->name, "agent");
	check_text(process->executable_path,
		   "/opt/datadog-agent/bin/agent/agent");
	check_text(process->executable_sha256, AGENT_SHA256);
	check_number(process->pid, 41120);
	check_number(process->namespace_pid, 57);
	check_time(process->start_time, 1795353601, 750);
	check_text(process->user, "root");
	check_number(process->user_id, 0);
	check_number(process->euid, 0);
	check_text(process->pwd, "/");
	check_text(process->uuid, "e0a1b2c3-d4e5-4f60-8172-93a4b5c6d7e8");
	check_text(process->parent_uuid, "1b8e9c50-0f6a-4d3b-9d11-3f52c6a7e801");
	assert_int_equal(process->lineage.n, 2);
	check_text(process->lineage.at[0].name, "s6-svscan");
	check_text(process->lineage.at[0].executable_path,
		   "/usr/bin/s6-svscan");
	check_text(process->lineage.at[1].name, "containerd-shim");
	check_text(process->lineage.at[1].executable_path,
		   "/usr/bin/containerd-shim-runc-v2");
}

static void check_container(const struct finding_container *container)
{
	check_text(container->id, AGENT_ID);
	check_text(container->name, "agent");
	check_text(container->image, "registry.example/datadog/agent:7.61.0");
	check_text(container->runtime, "containerd");
}

/* What every dialect says. */
static void check_mission(const struct finding *finding, const char *dialect)
{
	check_text(finding_dialect_name(finding->dialect), dialect);
	check_text(finding->id, "5ec0ffee5ec0ffee5ec0ffee5ec0ffee");
	check_text(finding->type, TYPE);
	check_text(finding->account_id, "210987654321");
	check_text(finding->region, "eu-central-1");
	check_text(finding->title,
		   "A container is communicating with a Docker socket.");
	check_number(finding->count, 14);
	check_time(finding->event_first_seen, 1795354800, 0);
	check_time(finding->event_last_seen, 1795425330, 125);
	check_text(finding->instance_id, "i-0fedcba9876543210");
	check_text(finding->cluster_name, "payments-prod");
	check_text(finding->cluster_arn,
		   "arn:aws:eks:eu-central-1:210987654321:cluster/payments-prod");
	check_process(&finding->process);
	check_text(finding->context.socket_path, "/var/run/docker.sock");
	check_text(finding->context.address_family, "AF_UNIX");
	check_text(finding->context.mount_source, NULL);
	check_text(finding->context.mount_target, NULL);
	assert_int_equal(finding->containers.n, 1);
	check_container(&finding->containers.at[0]);
	assert_false(finding->has_container_details);
	assert_int_equal(finding->problems.n, 0);
	assert_false(finding->problems_cut);
}

/* What only GuardDuty's own dialects say. */
static void check_workload(const struct finding *finding)
{
	const struct finding_container *container = &finding->containers.at[0];
	const struct finding_volume *volumes = finding->volumes.at;

	check_text(finding->resource_type, "EKSCluster");
	assert_int_equal(finding->archived, TRI_NO);
	assert_int_equal(finding->sample, TRI_UNKNOWN);
	check_text(finding->namespace, "datadog");
	check_text(finding->workload_name, "datadog-agent");
	check_text(finding->workload_type, "daemonsets");
	check_text(finding->workload_uid,
		   "3d6f0a1e-9c47-4b8d-a2f5-7e10c9b86d34");
	check_text(finding->service_account, "datadog-agent");
	assert_int_equal(finding->host_network, TRI_NO);
	assert_int_equal(finding->host_pid, TRI_YES);
	assert_int_equal(finding->host_ipc, TRI_UNKNOWN);
	check_text(container->image_prefix, "registry.example/datadog");
	assert_int_equal(container->privileged, TRI_NO);
	assert_int_equal(container->volume_mounts.n, 2);
	check_text(container->volume_mounts.at[0].name, "dockersocket");
	check_text(container->volume_mounts.at[0].mount_path,
		   "/var/run/docker.sock");
	check_text(container->volume_mounts.at[1].mount_path, "/host/proc");
	assert_int_equal(finding->volumes.n, 3);
	check_text(volumes[0].name, "dockersocket");
	check_text(volumes[0].host_path, "/var/run/docker.sock");
	check_text(volumes[2].name, "config");
	check_text(volumes[2].host_path, NULL);
}

static void guardduty_dialects(void **state)
{
	static const struct {
		const char *fixture;
		const char *dialect;
	} files[] = {
		{ "findings/cli.json", "guardduty-cli" },
		{ "findings/api.json", "guardduty-api" },
		{ "findings/bare.json", "guardduty-api" },
		{ "findings/eventbridge.json", "eventbridge" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct finding_list findings =
			parse_fixture(*state, files[i].fixture, 1);

		check_mission(&findings.at[0], files[i].dialect);
		check_workload(&findings.at[0]);
		assert_int_equal(findings.at[0].index, 0);
	}
}

static void list_of_two_dialects(void **state)
{
	struct finding_list findings =
		parse_fixture(*state, "findings/list.json", 2);

	check_mission(&findings.at[0], "guardduty-api");
	check_mission(&findings.at[1], "guardduty-cli");
	check_workload(&findings.at[1]);
	assert_int_equal(findings.at[1].index, 1);
}

static void check_docker(const struct finding *finding)
{
	check_text(finding->type, TYPE);
	check_text(finding->resource_type, "Container");
	assert_int_equal(finding->sample, TRI_YES);
	check_text(finding->cluster_name, NULL);
	assert_int_equal(finding->containers.n, 0);
	assert_true(finding->has_container_details);
	check_text(finding->container_details.id,
		   "77777777777777777777777777777777"
		   "77777777777777777777777777777777");
	check_text(finding->container_details.name, NULL);
	check_text(finding->container_details.runtime, "docker");
	assert_int_equal(finding->container_details.privileged, TRI_UNKNOWN);
	assert_int_equal(finding->container_details.volume_mounts.n, 0);
	check_time(finding->process.start_time, 1795420800, 0);
	assert_int_equal(finding->process.lineage.n, 0);
}

static void s3_export(void **state)
{
	struct finding_list findings =
		parse_fixture(*state, "findings/s3-export.jsonl", 3);
	const struct finding *other = &findings.at[1];

	check_mission(&findings.at[0], "guardduty-api");
	check_text(other->type, "Execution:Runtime/NewBinaryExecuted");
	assert_int_equal(other->index, 1);
	assert_int_equal(other->archived, TRI_YES);
	assert_false(other->event_first_seen.known);
	assert_int_equal(other->problems.n, 0);
	check_docker(&findings.at[2]);
	assert_int_equal(findings.at[2].problems.n, 0);
}

static void security_hub(void **state)
{
	static const char *const files[] = { "findings/asff.json",
					     "findings/asff-bare.json" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct finding_list findings =
			parse_fixture(*state, files[i], 1);
		const struct finding *finding = &findings.at[0];

		check_mission(finding, "asff");
		check_text(finding->resource_type, "AwsEksCluster");
		assert_int_equal(finding->archived, TRI_NO);
		assert_int_equal(finding->sample, TRI_NO);
		assert_int_equal(finding->containers.at[0].privileged, TRI_NO);
		assert_int_equal(finding->containers.at[0].volume_mounts.n, 1);
		check_text(finding->containers.at[0]
				   .volume_mounts.at[0]
				   .mount_path,
			   "/var/run/docker.sock");
		check_text(finding->namespace, NULL);
	}
}

static void ocsf(void **state)
{
	struct finding_list findings =
		parse_fixture(*state, "findings/ocsf.json", 1);

	check_mission(&findings.at[0], "ocsf");
	check_text(findings.at[0].resource_type, "AWS::EKS::Cluster");
	assert_int_equal(findings.at[0].archived, TRI_UNKNOWN);
}

/* ---- envelopes, spelling, times ---- */

static void envelopes(void **state)
{
	static const struct {
		const char *text;
		size_t n;
	} texts[] = {
		{ "{\"type\":\"a\"}", 1 },
		{ "\xef\xbb\xbf{\"type\":\"a\"}\r\n", 1 },
		{ "\n\n{\"type\":\"a\"}\r\n\n \t{\"Type\":\"b\"}", 2 },
		{ "{\n\"type\":\n\"a\"}\n", 1 },
		{ "[{\"findings\":[{\"type\":\"a\"}]},{\"Type\":\"b\"}]", 2 },
		{ "{\"detail-type\":\"x\",\"detail\":{\"findings\":"
		  "[{\"Types\":[\"a\"]},{\"class_uid\":1,\"finding_info\":"
		  "{\"types\":[\"b\"]}}]}}",
		  2 },
		{ "[{\"detail-type\":\"x\",\"detail\":{\"type\":\"a\"}},"
		  "{\"detail-type\":\"x\",\"detail\":{\"Type\":\"b\"}}]",
		  2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct finding_list findings =
			parse_good(*state, texts[i].text);

		assert_int_equal(findings.n, texts[i].n);
		check_text(findings.at[0].type, "a");
		if (findings.n > 1)
			check_text(findings.at[1].type, "b");
	}
}

static void security_hub_types(void **state)
{
	static const struct {
		const char *types;
		const char *wanted;
	} types[] = {
		{ "[\"TTPs/x y/Execution:Runtime-A.B!C-D\"]",
		  "Execution:Runtime/A.B!C-D" },
		{ "[\"Other\",\"TTPs/x/Impact:EC2-A\"]", "Impact:EC2/A" },
		{ "[\"TTPs/Discovery/RDS-A\"]", "TTPs/Discovery/RDS-A" },
		{ "[\"A:b\"]", "A:b" },
		{ "[\"\",5]", NULL },
		{ "[]", NULL },
		{ "5", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct finding_list findings;
		struct error error;
		char text[256];
		int status;

		snprintf(text, sizeof(text), "{\"ProductArn\":\"\",\"Types\":%s}",
			 types[i].types);
		status = parse(*state, text, strlen(text), &findings, &error);
		assert_int_equal(status, types[i].wanted ? 0 : EXIT_BAD_INPUT);
		if (!status)
			check_text(findings.at[0].type, types[i].wanted);
	}
}

static void times(void **state)
{
	static const struct {
		const char *value;
		int64_t seconds; /* -1: a problem */
		int ms;
	} values[] = {
		{ "1728014790.3773646", 1728014790, 377 },
		{ "0", 0, 0 },
		{ "\"2024-10-04T04:06:30.383Z\"", 1728014790, 383 },
		{ "\"2024-10-04T06:06:30+02:00\"", 1728014790, 0 },
		{ "1728014790377", -1, 0 },
		{ "-1", -1, 0 },
		{ "1e999", -1, 0 },
		{ "\"1728014790\"", -1, 0 },
		{ "\"yesterday\"", -1, 0 },
		{ "\"1969-12-31T23:59:59Z\"", -1, 0 },
		{ "true", -1, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		char text[256];
		struct finding_list findings;

		snprintf(text, sizeof(text),
			 "{\"type\":\"a\",\"service\":{\"eventLastSeen\":%s}}",
			 values[i].value);
		findings = parse_good(*state, text);
		assert_int_equal(findings.at[0].problems.n,
				 values[i].seconds < 0);
		if (values[i].seconds < 0)
			assert_false(findings.at[0].event_last_seen.known);
		else
			check_time(findings.at[0].event_last_seen,
				   values[i].seconds, values[i].ms);
	}
}

/* ---- problems ---- */

#define IN_PROCESS(field) \
	"{\"type\":\"a\",\"service\":{\"runtimeDetails\":{\"process\":{" field \
	"}}}}"
#define AT_PROCESS "/service/runtimeDetails/process"

static void problems_have_their_place(void **state)
{
	static const struct {
		const char *text;
		const char *place; /* NULL: no problem */
		const char *problem;
	} cases[] = {
		{ IN_PROCESS("\"pid\":4194304"), NULL, NULL },
		{ IN_PROCESS("\"pid\":4194305"), AT_PROCESS "/pid",
		  "is out of range (1 to 4194304)" },
		{ IN_PROCESS("\"pid\":0"), AT_PROCESS "/pid",
		  "is out of range (1 to 4194304)" },
		{ IN_PROCESS("\"pid\":-5"), AT_PROCESS "/pid",
		  "is out of range (1 to 4194304)" },
		{ IN_PROCESS("\"Pid\":1e999"), AT_PROCESS "/Pid",
		  "is out of range (1 to 4194304)" },
		{ IN_PROCESS("\"pid\":1.5"), AT_PROCESS "/pid",
		  "is not a whole number" },
		{ IN_PROCESS("\"pid\":\"12\""), AT_PROCESS "/pid",
		  "is a text, not a number" },
		{ IN_PROCESS("\"euid\":4294967295"), AT_PROCESS "/euid",
		  "is out of range (0 to 4294967294)" },
		{ IN_PROCESS("\"name\":\"a\\nb\""), AT_PROCESS "/name",
		  "holds control characters" },
		{ IN_PROCESS("\"name\":\"\\u001b[2J\""), AT_PROCESS "/name",
		  "holds control characters" },
		{ IN_PROCESS("\"name\":\"\\u0085\""), AT_PROCESS "/name",
		  "holds control characters" },
		{ IN_PROCESS("\"name\":\"a\xff\""), AT_PROCESS "/name",
		  "is not valid UTF-8" },
		{ IN_PROCESS("\"name\":\"\xed\xa0\x80\""), AT_PROCESS "/name",
		  "is not valid UTF-8" },
		{ IN_PROCESS("\"name\":\"\\\\u0000\""), NULL, NULL },
		{ IN_PROCESS("\"name\":\"\xc3\xa9\\u00e9\""), NULL, NULL },
		{ IN_PROCESS("\"lineage\":[null,{\"name\":[]}]"),
		  AT_PROCESS "/lineage/1/name", "is a list, not a text" },
		{ IN_PROCESS("\"pid\":1,\"pid\":2"), AT_PROCESS "/pid",
		  "is there more than once: the first is taken" },
		{ IN_PROCESS("\"Pid\":1,\"pid\":2"), AT_PROCESS "/pid",
		  "is there more than once: the first is taken" },
		{ "{\"type\":\"a\",\"a/b~c\":[{\"\":1,\"\":2}]}",
		  "/a~1b~0c/0/", "is there more than once: the first is taken" },
		{ "{\"type\":\"a\",\"service\":[]}", "/service",
		  "is a list, not an object" },
		{ "{\"type\":\"a\",\"service\":{\"additionalInfo\":"
		  "{\"value\":\"{\\\"sample\\\":5}\"}}}",
		  "/service/additionalInfo/value/sample",
		  "is a number, not true or false" },
		{ "{\"type\":\"a\",\"service\":{\"additionalInfo\":"
		  "{\"value\":\"{\"}}}",
		  NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct finding_list findings =
			parse_good(*state, cases[i].text);
		const struct finding_problem *problem =
			findings.at[0].problems.at;

		assert_int_equal(findings.at[0].problems.n, !!cases[i].place);
		if (!cases[i].place)
			continue;
		check_text(problem->place, cases[i].place);
		check_text(problem->text, cases[i].problem);
	}
}

static void first_key_wins(void **state)
{
	struct finding_list findings = parse_good(
		*state, IN_PROCESS("\"pid\":1,\"Pid\":2,\"pid\":3"));

	check_number(findings.at[0].process.pid, 1);
}

static void odd_texts_are_kept(void **state)
{
	struct finding_list findings = parse_good(
		*state, IN_PROCESS("\"name\":\"a\\nb\",\"pwd\":\"\xff\""));

	check_text(findings.at[0].process.name, "a\nb");
	check_text(findings.at[0].process.pwd, "\xff");
	assert_int_equal(findings.at[0].problems.n, 2);
}

/* ---- bounds ---- */

/* `count` times `item`, a comma between. To free. */
static char *repeat(const char *before, const char *item, size_t count,
		    const char *between, const char *after)
{
	size_t size = strlen(before) + strlen(after) + 1 +
		      count * (strlen(item) + strlen(between));
	char *text = malloc(size);
	char *at;

	assert_non_null(text);
	at = stpcpy(text, before);
	for (size_t i = 0; i < count; i++) {
		at = stpcpy(at, item);
		if (i + 1 < count)
			at = stpcpy(at, between);
	}
	strcpy(at, after);
	return text;
}

static void check_repeated(char *text, size_t n, const char *error_text)
{
	struct finding_list findings;
	struct arena arena;
	struct error error;

	arena_init(&arena, (size_t)32 << 20);
	parse(&arena, text, strlen(text), &findings, &error);
	arena_free(&arena);
	free(text);
	check_text(error.text, error_text);
	assert_int_equal(findings.n, n);
}

static void bounds_of_a_file(void **state)
{
	(void)state;
	check_repeated(repeat("[", "{\"type\":\"a\"}", 10000, ",", "]"), 10000,
		       "");
	check_repeated(repeat("", "{\"type\":\"a\"}", 10000, "\n", ""),
		       10000, "");
	check_repeated(repeat("[", "{\"type\":\"a\"}", 10001, ",", "]"), 0,
		       "more than 10000 findings");
	check_repeated(repeat("", "{\"type\":\"a\"}", 10001, "\n", ""),
		       0, "more than 10000 findings");
	check_repeated(repeat("{\"type\":\"a\",\"b\":[", "1", 999998, ",", "]}"),
		       1, "");
	check_repeated(repeat("{\"type\":\"a\",\"b\":[", "1", 999999, ",", "]}"),
		       0,
		       "line 1, column 2000013 (byte 2000012): too many values in one JSON text");
	check_repeated(repeat("", " ", 16 << 20, "", ""), 0,
		       "no finding in it: it is empty, or its list is");
	check_repeated(repeat("", " ", (16 << 20) + 1, "", ""), 0,
		       "16777217 bytes; a file of findings has at most 16777216");
}

static void bounds_of_depth(void **state)
{
	char *open = repeat("{\"type\":\"a\",\"b\":", "[", 999, "", "");

	(void)state;
	check_repeated(repeat(open, "]", 999, "", "}"), 1, "");
	free(open);
	check_repeated(repeat("", "[", 1000000, "", ""), 0,
		       "line 1, column 1001 (byte 1000): nested too deep");
	open = repeat("", "[", 1000, "", "");
	check_repeated(repeat(open, "]", 1000, "", ""), 0,
		       "line 1, column 1 (byte 0): findings in too many envelopes");
	free(open);
}

static void bounds_of_a_text(void **state)
{
	for (size_t over = 0; over < 2; over++) {
		char *text = repeat("{\"type\":\"a\",\"id\":\"", "x",
				    4096 + over, "", "\"}");
		struct finding_list findings = parse_good(*state, text);
		const struct finding *finding = &findings.at[0];

		free(text);
		assert_int_equal(finding->problems.n, over);
		if (!over) {
			assert_int_equal(strlen(finding->id), 4096);
			continue;
		}
		assert_null(finding->id);
		check_text(finding->problems.at[0].text,
			   "is 4097 bytes long, more than 4096: dropped");
	}
}

static void bounds_of_a_list(void **state)
{
	for (size_t over = 0; over < 2; over++) {
		char *text = repeat(
			"{\"type\":\"a\",\"service\":{\"runtimeDetails\":"
			"{\"process\":{\"lineage\":[",
			"{\"name\":\"x\"}", 64 + over, ",", "]}}}}");
		struct finding_list findings = parse_good(*state, text);
		const struct finding *finding = &findings.at[0];

		free(text);
		assert_int_equal(finding->process.lineage.n, 64);
		assert_int_equal(finding->problems.n, over);
		if (over) {
			check_text(finding->problems.at[0].place,
				   AT_PROCESS "/lineage");
			check_text(finding->problems.at[0].text,
				   "has more than 64 items: the rest is dropped");
		}
	}
}

static void bounds_of_problems(void **state)
{
	for (size_t over = 0; over < 2; over++) {
		char *text = repeat(
			"{\"type\":\"a\",\"service\":{\"runtimeDetails\":"
			"{\"process\":{\"lineage\":[",
			"5", 64 + over, ",", "]}}}}");
		struct finding_list findings = parse_good(*state, text);

		free(text);
		assert_int_equal(findings.at[0].problems.n, 64);
		assert_int_equal(findings.at[0].problems_cut, over);
	}
}

/* A place is cut, and says so, wherever the keys' lengths put its end. */
static void bounds_of_a_place(void **state)
{
	for (size_t len = 230; len < 270; len++) {
		char *before = repeat("{\"type\":\"a\",\"", "/", len / 2, "", "");
		char *key = repeat(before, "x", len % 2, "",
				   "\":{\"y\":{\"zz\":1,\"zz\":2}}}");
		struct finding_list findings = parse_good(*state, key);
		const char *place = findings.at[0].problems.at[0].place;

		assert_int_equal(findings.at[0].problems.n, 1);
		assert_in_range(strlen(place), 230, 255);
		if (has_suffix(place, "..."))
			assert_true(len > 240);
		else
			assert_true(has_suffix(place, "/y/zz"));
		free(before);
		free(key);
	}
}

static void bounds_of_memory(void **state)
{
	char *text = fixture("findings/list.json", NULL);
	bool enough = false;

	(void)state;
	for (size_t limit = 0; !enough; limit += 16) {
		struct finding_list findings;
		struct arena arena;
		struct error error;

		arena_init(&arena, limit);
		enough = !parse(&arena, text, strlen(text), &findings, &error);
		if (!enough)
			check_text(error.text,
				   "the findings need more memory than a run may take");
		arena_free(&arena);
		assert_true(limit < 65536);
	}
	free(text);
}

/* ---- what is refused, and where ---- */

#define MORE_TEXT                                                              \
	"more text behind a JSON text, and this is no JSON Lines (one JSON "   \
	"text a line)"
#define NOT_JSON                                                               \
	"neither a JSON object nor a list begins here (a compressed or "       \
	"UTF-16 file must be converted first)"

static void refused_with_the_place(void **state)
{
	static const struct {
		const char *text;
		size_t len; /* 0: strlen */
		const char *error;
	} cases[] = {
		{ "", 0, "no finding in it: it is empty, or its list is" },
		{ "{\"Findings\":[]}", 0,
		  "no finding in it: it is empty, or its list is" },
		{ "{}", 0,
		  "line 1, column 1 (byte 0): not a GuardDuty finding: it has no type (finding 1 of the file)" },
		{ "{\"type\":\"a\"}\n[5]", 0,
		  "line 2, column 1 (byte 13): not a GuardDuty finding: not an object (finding 2 of the file)" },
		{ "{\"type\":5}", 0,
		  "line 1, column 1 (byte 0): not a GuardDuty finding: it has no type (finding 1 of the file)" },
		{ "hello", 0, "line 1, column 1 (byte 0): " NOT_JSON },
		{ "\x1f\x8b\x08", 0, "line 1, column 1 (byte 0): " NOT_JSON },
		{ "5", 0, "line 1, column 1 (byte 0): " NOT_JSON },
		{ "{\"type\":\"a\",\n \"id\":\"x", 0,
		  "line 2, column 9 (byte 21): the JSON text ends here, but is not complete: was it cut?" },
		{ "{\"type\":\"a\\", 0,
		  "line 1, column 12 (byte 11): the JSON text ends here, but is not complete: was it cut?" },
		{ "{\"type\":\"a\",\n\"id\":\"x\\u0000y\"}", 0,
		  "line 2, column 8 (byte 20): NUL in a text" },
		{ "{\"type\":\"a\0\"}", 13,
		  "line 1, column 11 (byte 10): NUL in a text" },
		{ "{\0\"type\":\"a\"}", 13,
		  "line 1, column 2 (byte 1): NUL: not a JSON text" },
		{ "{\"type\":\"a\",\n\n  \"id\":tru}", 0,
		  "line 3, column 8 (byte 21): not valid JSON" },
		{ "{\"type\":\"\\ud800\"}", 0,
		  "line 1, column 10 (byte 9): not valid JSON" },
		{ "{\"type\":\"a\"]", 0,
		  "line 1, column 12 (byte 11): not valid JSON" },
		{ "{\"type\":\"a\"} {\"type\":\"b\"}", 0,
		  "line 1, column 14 (byte 13): " MORE_TEXT },
		{ "{\"type\":\"a\"}}", 0,
		  "line 1, column 13 (byte 12): " MORE_TEXT },
		{ "{\n\"type\":\"a\"}\n{\"type\":\"b\"}", 0,
		  "line 3, column 1 (byte 14): " MORE_TEXT },
		{ "{\"type\":\"a\"}\n{\n\"type\":\"b\"}", 0,
		  "line 2, column 1 (byte 13): " MORE_TEXT },
		{ "{\"findings\":[],\"Findings\":[{\"type\":\"a\"}]}", 0,
		  "line 1, column 1 (byte 0): an envelope holds its findings twice" },
		{ "{\"detail-type\":\"a\",\"detail\":{},\"detail\":{}}", 0,
		  "line 1, column 1 (byte 0): an envelope holds its findings twice" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct finding_list findings;
		struct error error;
		size_t len = cases[i].len ? cases[i].len : strlen(cases[i].text);

		assert_int_equal(parse(*state, cases[i].text, len, &findings,
				       &error),
				 EXIT_BAD_INPUT);
		check_text(error.text, cases[i].error);
	}
}

/* ---- generated ---- */

static const char *const layouts[] = {
	"findings/cli.json",	    "findings/eventbridge.json",
	"findings/s3-export.jsonl", "findings/asff-bare.json",
	"findings/ocsf.json",
};

/* One arena a parse: what thousands of them keep would be the test's limit. */
static int parse_alone(const char *text, size_t len, size_t *n,
		       struct error *error)
{
	struct finding_list findings;
	struct arena arena;
	int status;

	arena_init(&arena, 1 << 20);
	status = parse(&arena, text, len, &findings, error);
	*n = findings.n;
	arena_free(&arena);
	return status;
}

static size_t lines_in(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

/* Every cut is refused but one behind a whole JSON text. */
static void check_cut(const char *text, size_t len, bool lines)
{
	size_t whole = strlen(text);
	struct error error;
	size_t n;
	int status = parse_alone(text, len, &n, &error);

	if (lines && len && (text[len] == '\n' || text[len - 1] == '\n')) {
		assert_int_equal(status, 0);
		assert_int_equal(n, lines_in(text, len) + (text[len] == '\n'));
		return;
	}
	assert_int_equal(status, len == whole - 1 ? 0 : EXIT_BAD_INPUT);
	if (status && len)
		assert_non_null(strstr(error.text, "was it cut?"));
}

static void cut_at_every_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		char *text = fixture(layouts[i], NULL);

		for (size_t len = 0; len < strlen(text); len++)
			check_cut(text, len,
				  has_suffix(layouts[i], ".jsonl"));
		free(text);
	}
}

/* Every byte becomes, in turn, something that JSON cares about. */
static void changed_at_every_byte(void **state)
{
	static const char changes[] = { '"', '\\', '\0', '{', ']', '\xff' };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		size_t len;
		char *text = fixture(layouts[i], &len);

		for (size_t at = 0; at < len; at++) {
			char was = text[at];
			struct error error;
			size_t n;

			text[at] = changes[at % sizeof(changes)];
			parse_alone(text, len, &n, &error);
			text[at] = was;
		}
		free(text);
	}
}

/* A value of each type that JSON has, and of each size. */
static const char *const odd_values[] = {
	"null",	  "true",      "-1",	 "5",	     "1e308",  "0.5",
	"\"\"",   "\"word\"",  "\"5\"",  "\"\\n\"",  "[]",     "[null]",
	"[[]]",   "[5]",       "{}",	 "{\"a\":1}", "[{}]",  "\"\xff\"",
};

/* Puts each odd value in the place of `item`, and parses the whole. */
static void try_odd_values(cJSON *root, cJSON *parent, cJSON *item)
{
	for (size_t i = 0; i < ARRAY_SIZE(odd_values); i++) {
		cJSON *odd = cJSON_Parse(odd_values[i]);
		struct error error;
		char *text;
		size_t n;

		assert_non_null(odd);
		if (item->string)
			odd->string = strdup(item->string);
		assert_true(cJSON_ReplaceItemViaPointer(parent, item, odd));
		text = cJSON_PrintUnformatted(root);
		parse_alone(text, strlen(text), &n, &error);
		free(text);
		item = odd;
	}
}

static void try_everywhere(cJSON *root, cJSON *parent)
{
	for (int i = 0; i < cJSON_GetArraySize(parent); i++) {
		cJSON *item = cJSON_GetArrayItem(parent, i);
		cJSON *spare = cJSON_Duplicate(item, true);

		assert_non_null(spare);
		if (item->child)
			try_everywhere(root, item);
		/* the item is gone after this, and its spare comes back */
		try_odd_values(root, parent, item);
		assert_true(cJSON_ReplaceItemViaPointer(
			parent, cJSON_GetArrayItem(parent, i), spare));
	}
}

static void odd_value_at_every_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		char *text = fixture(layouts[i], NULL);
		cJSON *root = cJSON_Parse(text);

		free(text);
		assert_non_null(root);
		try_everywhere(root, root);
		cJSON_Delete(root);
	}
}

/* ---- a wrong type in each field of the model in turn ---- */

enum kind { TEXT, NUMBER, TRUTH, TIME, OBJECT, LIST };

struct model_field {
	const char *place;
	enum kind kind;
};

#define PROCESS "/service/runtimeDetails/process"
#define CONTEXT "/service/runtimeDetails/context"
#define WORKLOAD "/resource/kubernetesDetails/kubernetesWorkloadDetails"

static const struct model_field guardduty_model[] = {
	{ "/id", TEXT },
	{ "/accountId", TEXT },
	{ "/region", TEXT },
	{ "/title", TEXT },
	{ "/service", OBJECT },
	{ "/service/count", NUMBER },
	{ "/service/archived", TRUTH },
	{ "/service/eventFirstSeen", TIME },
	{ "/service/eventLastSeen", TIME },
	{ "/service/additionalInfo", OBJECT },
	{ "/service/additionalInfo/value", TEXT },
	{ "/service/runtimeDetails", OBJECT },
	{ "/resource", OBJECT },
	{ "/resource/resourceType", TEXT },
	{ "/resource/instanceDetails", OBJECT },
	{ "/resource/instanceDetails/instanceId", TEXT },
	{ "/resource/eksClusterDetails", OBJECT },
	{ "/resource/eksClusterDetails/name", TEXT },
	{ "/resource/eksClusterDetails/arn", TEXT },
	{ "/resource/kubernetesDetails", OBJECT },
	{ "/resource/containerDetails", OBJECT },
	{ WORKLOAD, OBJECT },
	{ WORKLOAD "/name", TEXT },
	{ WORKLOAD "/type", TEXT },
	{ WORKLOAD "/uid", TEXT },
	{ WORKLOAD "/namespace", TEXT },
	{ WORKLOAD "/serviceAccountName", TEXT },
	{ WORKLOAD "/hostNetwork", TRUTH },
	{ WORKLOAD "/hostPID", TRUTH },
	{ WORKLOAD "/hostIPC", TRUTH },
	{ WORKLOAD "/containers", LIST },
	{ WORKLOAD "/containers/0", OBJECT },
	{ WORKLOAD "/containers/0/id", TEXT },
	{ WORKLOAD "/containers/0/name", TEXT },
	{ WORKLOAD "/containers/0/image", TEXT },
	{ WORKLOAD "/containers/0/imagePrefix", TEXT },
	{ WORKLOAD "/containers/0/containerRuntime", TEXT },
	{ WORKLOAD "/containers/0/securityContext", OBJECT },
	{ WORKLOAD "/containers/0/securityContext/privileged", TRUTH },
	{ WORKLOAD "/containers/0/volumeMounts", LIST },
	{ WORKLOAD "/containers/0/volumeMounts/1", OBJECT },
	{ WORKLOAD "/containers/0/volumeMounts/1/name", TEXT },
	{ WORKLOAD "/containers/0/volumeMounts/1/mountPath", TEXT },
	{ WORKLOAD "/volumes", LIST },
	{ WORKLOAD "/volumes/1", OBJECT },
	{ WORKLOAD "/volumes/1/name", TEXT },
	{ WORKLOAD "/volumes/1/hostPath", OBJECT },
	{ WORKLOAD "/volumes/1/hostPath/path", TEXT },
	{ PROCESS, OBJECT },
	{ PROCESS "/name", TEXT },
	{ PROCESS "/executablePath", TEXT },
	{ PROCESS "/executableSha256", TEXT },
	{ PROCESS "/pid", NUMBER },
	{ PROCESS "/namespacePid", NUMBER },
	{ PROCESS "/startTime", TIME },
	{ PROCESS "/user", TEXT },
	{ PROCESS "/userId", NUMBER },
	{ PROCESS "/euid", NUMBER },
	{ PROCESS "/pwd", TEXT },
	{ PROCESS "/uuid", TEXT },
	{ PROCESS "/parentUuid", TEXT },
	{ PROCESS "/lineage", LIST },
	{ PROCESS "/lineage/0", OBJECT },
	{ PROCESS "/lineage/0/name", TEXT },
	{ PROCESS "/lineage/0/executablePath", TEXT },
	{ CONTEXT, OBJECT },
	{ CONTEXT "/socketPath", TEXT },
	{ CONTEXT "/addressFamily", TEXT },
	{ CONTEXT "/mountSource", TEXT },
	{ CONTEXT "/mountTarget", TEXT },
	{ NULL, TEXT },
};

#define PRODUCT "/ProductFields/aws~1guardduty~1service~1"

/* Texts that stand for numbers are right in these, other texts are not. */
static const struct model_field asff_model[] = {
	{ "/Id", TEXT },
	{ "/AwsAccountId", TEXT },
	{ "/Region", TEXT },
	{ "/Title", TEXT },
	{ "/Sample", TRUTH },
	{ "/FirstObservedAt", TIME },
	{ "/LastObservedAt", TIME },
	{ "/ProductFields", OBJECT },
	{ PRODUCT "count", NUMBER },
	{ PRODUCT "archived", TRUTH },
	{ PRODUCT "eventFirstSeen", TIME },
	{ PRODUCT "runtimeDetails~1process~1name", TEXT },
	{ PRODUCT "runtimeDetails~1process~1executablePath", TEXT },
	{ PRODUCT "runtimeDetails~1process~1pid", NUMBER },
	{ PRODUCT "runtimeDetails~1process~1userId", NUMBER },
	{ PRODUCT "runtimeDetails~1process~1startTime", TIME },
	{ PRODUCT "runtimeDetails~1process~1lineage.1_~1name", TEXT },
	{ PRODUCT "runtimeDetails~1context~1socketPath", TEXT },
	{ "/Resources", LIST },
	{ "/Resources/0", OBJECT },
	{ "/Resources/0/Type", TEXT },
	{ "/Resources/0/Details", OBJECT },
	{ "/Resources/0/Details/AwsEksCluster/Name", TEXT },
	{ "/Resources/1/Id", TEXT },
	{ "/Resources/2/Id", TEXT },
	{ "/Resources/2/Details/Container/ImageName", TEXT },
	{ "/Resources/2/Details/Container/Privileged", TRUTH },
	{ "/Resources/2/Details/Container/VolumeMounts", LIST },
	{ "/Resources/2/Details/Container/VolumeMounts/0", OBJECT },
	{ "/Resources/2/Details/Container/VolumeMounts/0/MountPath", TEXT },
	{ NULL, TEXT },
};

#define ACTOR "/evidences/1/actor"

static const struct model_field ocsf_model[] = {
	{ "/finding_info/uid", TEXT },
	{ "/finding_info/title", TEXT },
	{ "/finding_info/first_seen_time", NUMBER },
	{ "/finding_info/last_seen_time_dt", TIME },
	{ "/cloud", OBJECT },
	{ "/cloud/region", TEXT },
	{ "/cloud/account/uid", TEXT },
	{ "/count", NUMBER },
	{ "/evidences", LIST },
	{ "/evidences/0", OBJECT },
	{ ACTOR, OBJECT },
	{ ACTOR "/process", OBJECT },
	{ ACTOR "/process/name", TEXT },
	{ ACTOR "/process/pid", NUMBER },
	{ ACTOR "/process/namespace_pid", NUMBER },
	{ ACTOR "/process/uid", TEXT },
	{ ACTOR "/process/euid", NUMBER },
	{ ACTOR "/process/working_directory", TEXT },
	{ ACTOR "/process/created_time", NUMBER },
	{ ACTOR "/process/file", OBJECT },
	{ ACTOR "/process/file/path", TEXT },
	{ ACTOR "/process/file/hashes", LIST },
	{ ACTOR "/process/file/hashes/1", OBJECT },
	{ ACTOR "/process/file/hashes/1/value", TEXT },
	{ ACTOR "/process/parent_process/uid", TEXT },
	{ ACTOR "/process/ancestry", LIST },
	{ ACTOR "/process/ancestry/1", OBJECT },
	{ ACTOR "/process/ancestry/1/path", TEXT },
	{ ACTOR "/user", OBJECT },
	{ ACTOR "/user/name", TEXT },
	{ ACTOR "/user/uid", NUMBER },
	{ "/observables", LIST },
	{ "/observables/0", OBJECT },
	{ "/observables/0/value", TEXT },
	{ "/resources", LIST },
	{ "/resources/0", OBJECT },
	{ "/resources/0/type", TEXT },
	{ "/resources/0/name", TEXT },
	{ "/resources/1/uid", TEXT },
	{ "/resources/2/device", OBJECT },
	{ "/resources/2/device/container", OBJECT },
	{ "/resources/2/device/container/uid", TEXT },
	{ "/resources/2/device/container/name", TEXT },
	{ "/resources/2/device/container/runtime", TEXT },
	{ "/resources/2/device/container/image/name", TEXT },
	{ NULL, TEXT },
};

/* A value of each type, and the kinds it is right for. */
static const struct {
	const char *value;
	unsigned int right; /* bits of enum kind */
} typed_values[] = {
	{ "true", 1U << TRUTH },
	{ "5", 1U << NUMBER | 1U << TIME },
	{ "\"word\"", 1U << TEXT },
	{ "[]", 1U << LIST },
	{ "[5]", 0 },
	{ "{}", 1U << OBJECT },
};

/* The item at a JSON pointer, in either spelling of GuardDuty's. */
static cJSON *walk(cJSON *item, const char *pointer, cJSON **parent)
{
	while (item && *pointer) {
		char key[128];
		size_t len = 0;

		for (pointer++; *pointer && *pointer != '/'; pointer++)
			key[len++] = *pointer == '~' ?
					     (*++pointer == '0' ? '~' : '/') :
					     *pointer;
		key[len] = '\0';
		*parent = item;
		item = cJSON_IsArray(item) ?
			       cJSON_GetArrayItem(item, atoi(key)) :
			       cJSON_GetObjectItem(item, key);
	}
	return item;
}

static bool has_problem_at(const struct finding *finding, const char *place)
{
	for (size_t i = 0; i < finding->problems.n; i++) {
		if (strcasecmp(finding->problems.at[i].place, place) == 0 ||
		    (strncasecmp(finding->problems.at[i].place, place,
				 strlen(place)) == 0 &&
		     finding->problems.at[i].place[strlen(place)] == '/'))
			return true;
	}
	return false;
}

static void check_typed(cJSON *root, const struct model_field *field,
			size_t value)
{
	cJSON *parent = NULL;
	cJSON *item = walk(root, field->place, &parent);
	cJSON *odd = cJSON_Parse(typed_values[value].value);
	bool right = typed_values[value].right & 1U << field->kind;
	struct finding_list findings;
	struct arena arena;
	char *text;

	if (!item)
		fail_msg("the fixture has no %s", field->place);
	if (item->string)
		odd->string = strdup(item->string);
	assert_true(cJSON_ReplaceItemViaPointer(parent, item, odd));
	text = cJSON_PrintUnformatted(root);
	arena_init(&arena, 1 << 20);
	findings = parse_good(&arena, text);
	assert_int_equal(findings.n, 1);
	if (has_problem_at(&findings.at[0], field->place) == right)
		fail_msg("%s = %s: %zu problems", field->place,
			 typed_values[value].value, findings.at[0].problems.n);
	free(text);
	arena_free(&arena);
}

static void check_model(const char *file, const struct model_field *model)
{
	char *text = fixture(file, NULL);

	for (; model->place; model++) {
		for (size_t i = 0; i < ARRAY_SIZE(typed_values); i++) {
			cJSON *root = cJSON_Parse(text);
			/* the CLI's one finding, out of its envelope */
			cJSON *list = cJSON_GetObjectItem(root, "Findings");
			cJSON *finding =
				list ? cJSON_DetachItemFromArray(list, 0) :
				       NULL;

			check_typed(finding ? finding : root, model, i);
			cJSON_Delete(finding);
			cJSON_Delete(root);
		}
	}
	free(text);
}

static void wrong_type_in_every_field(void **state)
{
	(void)state;
	check_model("findings/bare.json", guardduty_model);
	check_model("findings/cli.json", guardduty_model);
	check_model("findings/asff.json", asff_model);
	check_model("findings/ocsf.json", ocsf_model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(guardduty_dialects),
		arena_test(list_of_two_dialects),
		arena_test(s3_export),
		arena_test(security_hub),
		arena_test(ocsf),
		arena_test(envelopes),
		arena_test(security_hub_types),
		arena_test(times),
		arena_test(problems_have_their_place),
		arena_test(first_key_wins),
		arena_test(odd_texts_are_kept),
		arena_test(bounds_of_a_file),
		arena_test(bounds_of_depth),
		arena_test(bounds_of_a_text),
		arena_test(bounds_of_a_list),
		arena_test(bounds_of_problems),
		arena_test(bounds_of_a_place),
		arena_test(bounds_of_memory),
		arena_test(refused_with_the_place),
		arena_test(cut_at_every_byte),
		arena_test(changed_at_every_byte),
		arena_test(odd_value_at_every_place),
		arena_test(wrong_type_in_every_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
