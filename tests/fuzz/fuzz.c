// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzzing of every parser and of what is made from its result: one libFuzzer
 * program, which does as the name says that it is called by (fuzz-mountinfo,
 * fuzz-finding, ...). A target ends the program where a promise is broken; the
 * sanitizers do for the rest.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collect/mounts.h"
#include "collect/node.h"
#include "collect/procs.h"
#include "collect/records.h"
#include "collect/sockdiag.h"
#include "correlate/identity.h"
#include "document/load.h"
#include "document/shorten.h"
#include "document/write.h"
#include "finding/dialects.h"
#include "finding/expect.h"
#include "judge/judge.h"
#include "judge/relocate.h"
#include "report/emit.h"
#include "report/filter.h"
#include "sockprobe/mount_table.h"
#include "sockprobe/text_safe.h"

enum { FUZZ_ARENA = 64 << 20 };

#define PROMISE(holds)                                                         \
	do {                                                                   \
		if (!(holds)) {                                                \
			fprintf(stderr, "broken: %s\n", #holds);               \
			abort();                                               \
		}                                                              \
	} while (0)

typedef void target_function(struct arena *arena, char *text, size_t len);

/* ---- the kernel's texts ---- */

/* The table of one thread, which is taken whole or not at all. */
static void fuzz_thread_mounts(struct arena *arena, const char *text,
			       size_t len)
{
	struct mount_view view = { 0 };
	struct mount_more_list more = { 0 };
	size_t serving;

	if (parse_mountinfo(arena, text, len, &view, &more))
		return;
	PROMISE(more.n == view.mounts.n);
	serving = mount_serving(&view, "/var/run/docker.sock");
	PROMISE(serving == NO_INDEX || serving < view.mounts.n);
	for (size_t i = 0; i < more.n; i++)
		PROMISE(!more.at[i].upper || strlen(more.at[i].upper) <= len);
}

static void fuzz_mountinfo(struct arena *arena, char *text, size_t len)
{
	struct mount_view view = { 0 };
	struct mount_list scratch = { 0 };
	int fd = memfd_create("mountinfo", MFD_CLOEXEC);
	size_t serving;

	if (fd < 0 || write(fd, text, len) != (ssize_t)len ||
	    lseek(fd, 0, SEEK_SET) != 0)
		abort();
	read_mountinfo(arena, fd, INT64_MAX, &scratch, &view);
	close(fd);
	serving = mount_serving(&view, "/var/run/docker.sock");
	PROMISE(serving == NO_INDEX || serving < view.mounts.n);
	for (size_t i = 0; i < view.mounts.n; i++)
		PROMISE(view.mounts.at[i].point[0] == '/');
	fuzz_thread_mounts(arena, text, len);
}

static void fuzz_stat(struct arena *arena, char *text, size_t len)
{
	struct process process = { 0 };
	struct stat_extra extra;

	(void)arena;
	(void)len;
	if (!parse_stat(text, &process, &extra))
		PROMISE(strlen(extra.comm) < sizeof(extra.comm));
}

static void fuzz_status(struct arena *arena, char *text, size_t len)
{
	struct process process = { 0 };

	if (!parse_status(arena, text, &process))
		PROMISE(process.ngroups <= len);
}

static void fuzz_idmap(struct arena *arena, char *text, size_t len)
{
	struct id_map map = { 0 };

	(void)len;
	parse_id_map(arena, text, &map);
}

static void fuzz_cgroup(struct arena *arena, char *text, size_t len)
{
	struct cgroup_identity identity = { 0 };
	int version = 0;
	const char *path = parse_cgroup(arena, text, &version);

	(void)len;
	PROMISE(!path || path[0] == '/');
	PROMISE(!path || version == 1 || version == 2);
	if (path && !cgroup_identify(arena, path, &identity))
		PROMISE(!identity.id || strlen(identity.id) == 64);
}

static void fuzz_netunix(struct arena *arena, char *text, size_t len)
{
	struct unix_socket socket;

	(void)arena;
	if (!parse_net_unix_line(text, &socket))
		PROMISE(socket.name > text && socket.name <= text + len);
}

/*
 * A datagram as the kernel sends it: aligned messages, one after another. The
 * kernel never sends lengths above 2 GiB, which mnl_nlmsg_ok() treats as
 * negative.
 */
static void fuzz_netlink(struct arena *arena, char *text, size_t len)
{
	const struct nlmsghdr *message = (const void *)text;
	int left = (int)len;

	while (mnl_nlmsg_ok(message, left) &&
	       message->nlmsg_len <= (size_t)left) {
		char name[SOCKET_NAME_SIZE];
		struct unix_socket socket;

		if (!parse_unix_diag(arena, message, &socket, name))
			PROMISE(strlen(socket.name) < SOCKET_NAME_SIZE);
		message = mnl_nlmsg_next(message, &left);
	}
}

/* ---- files of the node ---- */

static void fuzz_one_record(struct arena *arena, enum record_format format,
			    const char *text, size_t len)
{
	struct container container = {
		.id = "aaaa1111aaaa1111aaaa1111aaaa1111aaaa1111aaaa1111aaaa1111aaaa1111",
	};
	const struct sourced *const fields[] = {
		&container.runtime,	  &container.name,
		&container.image,	  &container.pod_name,
		&container.pod_namespace, &container.pod_uid,
		&container.created_at,	  &container.privileged,
	};

	if (parse_record(arena, format, text, len, "/record", &container))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		PROMISE(!fields[i]->value || fields[i]->source);
	if (!container.bundle)
		return;
	PROMISE(container.bundle->source && container.bundle->dir);
	for (size_t i = 0; i < container.bundle->mounts.n; i++)
		PROMISE(container.bundle->mounts.at[i].destination);
}

static void fuzz_record(struct arena *arena, char *text, size_t len)
{
	static const enum record_format formats[] = {
		RECORD_OCI,
		RECORD_DOCKER,
		RECORD_DOCKER_HOST,
		RECORD_STORAGE_INDEX,
	};

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		fuzz_one_record(arena, formats[i], text, len);
}

static void fuzz_node(struct arena *arena, char *text, size_t len)
{
	static const int formats[] = { KUBELET_JSON, KUBELET_YAML,
				       KUBELET_FLAGS };

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		const char *path = parse_kubelet(arena, formats[i], text, len);

		PROMISE(!path || path[0] == '/');
	}
	parse_os_release(arena, text, "PRETTY_NAME");
}

/* ---- what people hand in, and what is made of it ---- */

/* Printable ASCII and line ends; indented JSON has tabs besides. */
static void check_plain(const char *text, size_t len, bool tabs)
{
	for (size_t i = 0; i < len; i++)
		PROMISE((text[i] >= ' ' && text[i] <= '~') || text[i] == '\n' ||
			(tabs && text[i] == '\t'));
}

/* Outside of code spans there is nothing that Markdown or HTML interprets. */
static void check_spans(const char *text, size_t len)
{
	bool inside = false;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '`')
			inside = !inside;
		PROMISE(inside || !strchr("<>[]@&\\", text[i]));
		PROMISE(!inside || text[i] != '\n');
	}
	PROMISE(!inside);
}

static char *emit_as(struct doc *doc, const struct emit_form *form, size_t *len)
{
	struct error error = { 0 };
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		abort();
	PROMISE(emit(out, doc, form, &error) == 0);
	fclose(out);
	check_plain(text, *len, false);
	return text;
}

static void check_form(struct doc *doc, enum output_format format)
{
	const struct emit_form form = { .format = format };
	size_t len;
	char *text = emit_as(doc, &form, &len);

	if (format == OUTPUT_MARKDOWN)
		check_spans(text, len);
	free(text);
}

static void check_conclusion(const struct doc *doc)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	emit_conclusion(out, doc);
	fclose(out);
	check_plain(text, len, false);
	free(text);
}

static void filter_as(const struct doc *doc, enum filter_format format)
{
	const struct filter_request request = { .format = format };
	struct error error = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	if (filter_emit(out, out, doc, &request, &error))
		PROMISE(error.status && error.text[0]);
	fclose(out);
	check_plain(text, len, true);
	free(text);
}

static void fuzz_finding(struct arena *arena, char *text, size_t len)
{
	struct error error = { 0 };
	struct finding_list findings;

	if (findings_parse(arena, text, len, &findings, &error)) {
		PROMISE(error.status == EXIT_BAD_INPUT && error.text[0]);
		return;
	}
	PROMISE(findings.n > 0);
	for (size_t i = 0; i < findings.n; i++)
		PROMISE(findings.at[i].type);
}

static void fuzz_expect(struct arena *arena, char *text, size_t len)
{
	struct error error = { 0 };
	struct expected_list expected;

	if (expect_parse(arena, text, len, &expected, &error)) {
		PROMISE(error.status == EXIT_BAD_INPUT && error.text[0]);
		return;
	}
	for (size_t i = 0; i < expected.n; i++)
		PROMISE(expected.at[i].name_space && expected.at[i].socket);
}

static char *write_doc(const struct doc *doc, bool pretty, size_t *len)
{
	struct error error = { 0 };
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		abort();
	PROMISE(doc_write(out, doc, pretty, &error) == 0);
	fclose(out);
	PROMISE(doc_size(doc, pretty) == *len);
	check_plain(text, *len, pretty);
	return text;
}

/* What was written loads, and is written again as the same bytes. */
static void check_loads_again(const struct doc *doc, bool pretty)
{
	struct error error = { 0 };
	size_t len;
	size_t again_len;
	char *text = write_doc(doc, pretty, &len);
	struct doc again;
	char *written;

	PROMISE(doc_load(&again, "again", text, len, &error) == 0);
	written = write_doc(&again, pretty, &again_len);
	PROMISE(strcmp(text, written) == 0);
	arena_free(&again.arena);
	free(written);
	free(text);
}

/* Saved evidence is refused, or treated as that of a live run. */
static void check_document(const char *text, size_t len)
{
	size_t max_bytes = len % 2 ? 2000 : 24000;
	struct error error = { 0 };
	struct doc doc;

	if (doc_load(&doc, "evidence", text, len, &error)) {
		PROMISE(error.status == EXIT_BAD_INPUT && error.text[0]);
		arena_free(&doc.arena);
		return;
	}
	check_loads_again(&doc, false);
	check_loads_again(&doc, true);
	PROMISE(doc_shorten(&doc, false, max_bytes) == 0);
	PROMISE(doc_size(&doc, false) <= max_bytes);
	check_loads_again(&doc, false);
	arena_free(&doc.arena);
}

/* What `judge` does with whole evidence, and perhaps with a finding. */
static void judge_as(struct arena *arena, struct doc *doc, const char *text,
		     size_t len)
{
	struct error error = { 0 };
	struct finding_list findings;
	int decided = -1;

	if (len && !findings_parse(arena, text, len, &findings, &error))
		relocate_findings(doc, &findings);
	error = (struct error){ 0 };
	if (judge_document(doc, false, &decided, &error)) {
		PROMISE(error.status == EXIT_BAD_INPUT && !doc->findings.n);
		return;
	}
	PROMISE(doc->verdicts.n == doc->findings.n);
	PROMISE(decided || doc->verdict->decision == DECISION_SUPPORTED);
	for (int format = FILTER_JSON; format <= FILTER_CLOUDFORMATION;
	     format++)
		filter_as(doc, (enum filter_format)format);
}

/* Evidence and, after a NUL, a finding if there is one, as for `judge`. */
static void fuzz_evidence(struct arena *arena, char *text, size_t len)
{
	size_t first = strlen(text);
	size_t more = first < len ? first + 1 : len;
	struct error error = { 0 };
	struct doc doc;

	check_document(text, first);
	if (doc_load(&doc, "evidence", text, first, &error)) {
		arena_free(&doc.arena);
		return;
	}
	if (!doc_is_shortened(&doc))
		judge_as(arena, &doc, text + more, len - more);
	for (int format = OUTPUT_JSON; format <= OUTPUT_IN_TOTO; format++)
		check_form(&doc, (enum output_format)format);
	check_conclusion(&doc);
	check_loads_again(&doc, false);
	arena_free(&doc.arena);
}

/* Any bytes as a name on the node: the output is JSON, in printable ASCII. */
static void fuzz_text(struct arena *arena, char *text, size_t len)
{
	char *escaped = escape_bytes(text);
	struct timespec when;
	cJSON *string;
	char *printed = NULL;
	char *json;
	size_t size = 0;
	FILE *out = open_memstream(&printed, &size);
	cJSON *again;

	(void)arena;
	(void)len;
	if (!escaped || !out)
		abort();
	PROMISE(is_utf8(escaped));
	parse_rfc3339(text, &when);
	string = cJSON_CreateString(is_utf8(text) ? text : escaped);
	json = cJSON_PrintUnformatted(string);
	print_ascii_json(out, json);
	fflush(out);
	check_plain(printed, size, false);
	again = cJSON_Parse(printed);
	PROMISE(cJSON_Compare(string, again, true));
	rewind(out);
	print_safe(out, text);
	fclose(out);
	check_plain(printed, size, false);
	cJSON_Delete(again);
	cJSON_Delete(string);
	free(json);
	free(printed);
	free(escaped);
}

/* ---- the table ---- */

static const struct {
	const char *name;
	target_function *run;
} targets[] = {
	{ "mountinfo", fuzz_mountinfo }, { "stat", fuzz_stat },
	{ "status", fuzz_status },	 { "idmap", fuzz_idmap },
	{ "cgroup", fuzz_cgroup },	 { "netunix", fuzz_netunix },
	{ "netlink", fuzz_netlink },	 { "record", fuzz_record },
	{ "node", fuzz_node },		 { "finding", fuzz_finding },
	{ "expect", fuzz_expect },	 { "evidence", fuzz_evidence },
	{ "text", fuzz_text },
};

static target_function *chosen;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = path_basename((*argv)[0]);

	(void)argc;
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		if (has_prefix(name, "fuzz-") &&
		    strcmp(name + strlen("fuzz-"), targets[i].name) == 0)
			chosen = targets[i].run;
	}
	if (!chosen) {
		fprintf(stderr,
			"%s: no such target; call it fuzz-TARGET:", name);
		for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
			fprintf(stderr, " %s", targets[i].name);
		fputc('\n', stderr);
		exit(EXIT_USAGE);
	}
	return 0;
}

/*
 * Each input ends where its memory ends, after one NUL as all readers add it.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct arena arena;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	arena_init(&arena, FUZZ_ARENA);
	chosen(&arena, text, size);
	arena_free(&arena);
	free(text);
	return 0;
}
