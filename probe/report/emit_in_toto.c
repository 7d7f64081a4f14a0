// SPDX-License-Identifier: Apache-2.0
/*
 * The evidence as the predicate of an in-toto Statement v1, ready to be signed
 * (cosign attest-blob --statement, or any DSSE signer). A node and a socket are
 * no files, so that a subject's digest is the SHA-256 of the line that names
 * it, which anybody can make again from the predicate:
 *
 *   node HOSTNAME boot BOOT_ID
 *   socket PATH node HOSTNAME boot BOOT_ID dev DEV ino INO
 *
 * Specification: in-toto attestation framework, spec/v1/statement.md.
 */
#include <string.h>

#include "report/emit.h"
#include "sockprobe/json.h"
#include "sockprobe/sha256.h"

#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define PREDICATE_TYPE "https://sockprobe.dev/evidence/v1"

enum { LINE_SIZE = 16384 };

static void add_subject(cJSON *subjects, const char *line)
{
	cJSON *subject = cJSON_CreateObject();
	char digest[SHA256_TEXT_SIZE];

	sha256_text(line, strlen(line), digest);
	cJSON_AddStringToObject(subject, "name", line);
	cJSON_AddStringToObject(cJSON_AddObjectToObject(subject, "digest"),
				"sha256", digest);
	cJSON_AddItemToArray(subjects, subject);
}

static void add_subjects(cJSON *subjects, const cJSON *document)
{
	const cJSON *node = json_get(document, "node");
	const char *hostname = json_text_or(node, "hostname", "-");
	const char *boot = json_text_or(node, "boot_id", "-");
	const cJSON *path;
	char line[LINE_SIZE];

	snprintf(line, sizeof(line), "node %s boot %s", hostname, boot);
	add_subject(subjects, line);
	cJSON_ArrayForEach(path, json_get(document, "paths")) {
		const cJSON *inode = json_get(path, "inode");

		if (!json_is(path, "kind", "socket"))
			continue;
		snprintf(line, sizeof(line),
			 "socket %s node %s boot %s dev %s ino %s",
			 json_text_or(path, "path", "-"), hostname, boot,
			 json_text_or(inode, "dev", "-"),
			 json_text_or(inode, "ino", "-"));
		add_subject(subjects, line);
	}
}

int emit_in_toto(FILE *out, cJSON *document, bool pretty, struct error *error)
{
	cJSON *statement = cJSON_CreateObject();
	int status;

	cJSON_AddStringToObject(statement, "_type", STATEMENT_TYPE);
	add_subjects(cJSON_AddArrayToObject(statement, "subject"), document);
	cJSON_AddStringToObject(statement, "predicateType", PREDICATE_TYPE);
	cJSON_AddItemReferenceToObject(statement, "predicate", document);
	status = emit_json(out, statement, pretty, error);
	cJSON_Delete(statement);
	return status;
}
