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
#include "report/in_toto.h"

#include <cjson/cJSON.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "document/write.h"
#include "report/finish.h"
#include "sockprobe/sha256.h"
#include "sockprobe/text_safe.h"

#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define PREDICATE_TYPE "https://sockprobe.dev/evidence/v1"

enum { LINE_SIZE = 32768 };

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

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

static void add_socket(cJSON *subjects, const struct doc_path *path,
		       const char *node)
{
	const struct doc_inode *inode = path->inode;
	char line[LINE_SIZE];
	char ids[64] = "dev - ino -";

	if (inode)
		snprintf(ids, sizeof(ids), "dev %u:%u ino %llu",
			 major(inode->dev), minor(inode->dev),
			 (unsigned long long)inode->ino);
	snprintf(line, sizeof(line), "socket %s %s %s", or_dash(path->path),
		 node, ids);
	add_subject(subjects, line);
}

static void add_subjects(cJSON *subjects, const struct doc *doc)
{
	const struct doc_node *node = doc->node;
	char line[LINE_SIZE / 2];

	snprintf(line, sizeof(line), "node %s boot %s",
		 or_dash(node ? node->hostname : NULL),
		 or_dash(node ? node->boot_id : NULL));
	add_subject(subjects, line);
	for (size_t i = 0; i < doc->paths.n; i++) {
		if (doc->paths.at[i].kind == KIND_SOCKET)
			add_socket(subjects, &doc->paths.at[i], line);
	}
}

/* The statement up to its predicate, without the closing bracket. */
static char *print_head(const struct doc *doc, bool pretty)
{
	cJSON *statement = cJSON_CreateObject();
	char *text;

	cJSON_AddStringToObject(statement, "_type", STATEMENT_TYPE);
	add_subjects(cJSON_AddArrayToObject(statement, "subject"), doc);
	cJSON_AddStringToObject(statement, "predicateType", PREDICATE_TYPE);
	text = pretty ? cJSON_Print(statement)
		      : cJSON_PrintUnformatted(statement);
	cJSON_Delete(statement);
	if (text)
		text[strlen(text) - strlen(pretty ? "\n}" : "}")] = '\0';
	return text;
}

int emit_in_toto(FILE *out, const struct doc *doc, bool pretty,
		 struct error *error)
{
	char *head = print_head(doc, pretty);

	if (!head)
		return fail(error, EXIT_INTERNAL, "output: out of memory");
	print_ascii_json(out, head);
	cJSON_free(head);
	fputs(pretty ? ",\n\t\"predicate\":\t" : ",\"predicate\":", out);
	if (doc_write_inside(out, doc, pretty, 1))
		return fail(error, EXIT_INTERNAL,
			    "output: out of memory; it is not whole");
	fputs(pretty ? "\n}\n" : "}\n", out);
	return output_check(out, error);
}
