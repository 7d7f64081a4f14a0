// SPDX-License-Identifier: Apache-2.0
/*
 * The case as Markdown, for a ticket. Whatever was read from the node or from
 * a finding stands in code spans only, in printable ASCII and without
 * backquotes, so that no name can become a link, a mention, HTML or a heading.
 */
#include <stdlib.h>
#include <string.h>

#include "report/emit.h"
#include "sockprobe/json.h"
#include "sockprobe/text_safe.h"

/* A code span; a backquote would end it, a bar would end a table's cell. */
static void put_code(FILE *out, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = malloc(size);

	if (!copy)
		return;
	memcpy(copy, text, size);
	for (char *at = copy; *at; at++) {
		if (*at == '`')
			*at = '\'';
		else if (*at == '|')
			*at = '!';
	}
	fputc('`', out);
	print_safe(out, *copy ? copy : " ");
	fputc('`', out);
	free(copy);
}

static void put_field(FILE *out, const char *name, const char *text)
{
	if (!text)
		return;
	fprintf(out, "- %s: ", name);
	put_code(out, text);
	fputc('\n', out);
}

static void put_question(FILE *out, const cJSON *document, const cJSON *finding)
{
	const cJSON *node = json_get(document, "node");

	fputs("## Question\n\nMay this finding be suppressed?\n\n", out);
	put_field(out, "finding", json_text_or(finding, "type", NULL));
	put_field(out, "id", json_text_or(finding, "id", NULL));
	put_field(out, "path it names",
		  json_text_or(finding, "socket_path", NULL));
	put_field(out, "program",
		  json_text_or(finding, "executable_path", NULL));
	put_field(out, "namespace", json_text_or(finding, "namespace", NULL));
	put_field(out, "workload",
		  json_text_or(finding, "workload_name", NULL));
	put_field(out, "image", json_text_or(finding, "image", NULL));
	put_field(out, "first event",
		  json_text_or(finding, "event_first_seen", NULL));
	put_field(out, "last event",
		  json_text_or(finding, "event_last_seen", NULL));
	put_field(out, "node", json_text_or(node, "hostname", NULL));
	put_field(out, "instance", json_text_or(node, "instance_id", NULL));
	put_field(out, "evidence taken",
		  json_text_or(json_get(document, "probe"), "started_at",
			       NULL));
}

static const char *mark_of(const cJSON *reason)
{
	if (cJSON_IsTrue(json_get(reason, "holds")))
		return "yes";
	return cJSON_IsFalse(json_get(reason, "holds")) ? "no" : "not known";
}

/* Sentences hold names: they stand in code spans too. */
static void put_answer(FILE *out, const cJSON *verdict)
{
	const cJSON *item;

	fputs("\n## Answer\n\n", out);
	put_code(out, json_text_or(verdict, "decision", "?"));
	fputs(": ", out);
	put_code(out, json_text_or(verdict, "text", "?"));
	fputs("\n\n## Why\n\n| rule | holds | |\n|---|---|---|\n", out);
	cJSON_ArrayForEach(item, json_get(verdict, "reasons")) {
		fputs("| ", out);
		put_code(out, json_text_or(item, "rule", "?"));
		fprintf(out, " | %s | ", mark_of(item));
		put_code(out, json_text_or(item, "text", "?"));
		fputs(" |\n", out);
	}
	fputs("\n## Risk that is left\n\n", out);
	cJSON_ArrayForEach(item, json_get(verdict, "residual_risks")) {
		fputs("- ", out);
		put_code(out, json_text_or(item, "text", "?"));
		fputc('\n', out);
	}
	if (!cJSON_GetArraySize(json_get(verdict, "residual_risks")))
		fputs("None was found.\n", out);
}

static void put_seen(FILE *out, const cJSON *document)
{
	const cJSON *path;

	fputs("\n## What was seen\n\n| path | what | connect(2) gives | reached by | connected |\n|---|---|---|---|---|\n",
	      out);
	cJSON_ArrayForEach(path, json_get(document, "paths")) {
		if (strcmp(json_text_or(path, "kind", ""), "missing") == 0)
			continue;
		fputs("| ", out);
		put_code(out, json_text_or(path, "path", "?"));
		fputs(" | ", out);
		put_code(out, json_text_or(path, "kind", "?"));
		fputs(", ", out);
		put_code(out, json_text_or(path, "state", "?"));
		fputs(" | ", out);
		put_code(out,
			 json_text_or(path, "connect_result", "not known"));
		fprintf(out, " | %d containers | %d |\n",
			cJSON_GetArraySize(json_get(path, "accessible_by")),
			cJSON_GetArraySize(json_get(path, "connections")));
	}
}

static void put_unseen(FILE *out, const cJSON *document)
{
	const cJSON *line;
	bool any = false;

	fputs("\n## What could not be seen\n\n", out);
	cJSON_ArrayForEach(line, json_get(document, "coverage")) {
		if (strcmp(json_text_or(line, "status", ""), "complete") == 0)
			continue;
		any = true;
		fputs("- ", out);
		put_code(out, json_text_or(line, "source", "?"));
		fputs(", ", out);
		put_code(out, json_text_or(line, "status", "?"));
		fputs(": ", out);
		put_code(out, json_text_or(line, "detail", "?"));
		fputs("; to fix: ", out);
		put_code(out, json_text_or(line, "fix", "-"));
		fputc('\n', out);
	}
	if (!any)
		fputs("Nothing was kept from view.\n", out);
}

/* The key comes from a saved file as its value does. */
static void put_scope_field(FILE *out, const cJSON *field)
{
	const char *value = cJSON_GetStringValue(field);

	if (!value || !field->string)
		return;
	fputs("- ", out);
	put_code(out, field->string);
	fputs(": ", out);
	put_code(out, value);
	fputc('\n', out);
}

static void put_scope(FILE *out, const cJSON *verdict)
{
	const cJSON *field;

	if (strcmp(json_text_or(verdict, "decision", ""), "supported") != 0)
		return;
	fputs("\n## Scope of a filter\n\n", out);
	cJSON_ArrayForEach(field, json_get(verdict, "scope"))
		put_scope_field(out, field);
	fputs("\nHolds ", out);
	put_code(out, json_text_or(verdict, "valid_until", "?"));
	fputs("\n", out);
}

int emit_markdown(FILE *out, const cJSON *document, struct error *error)
{
	const cJSON *findings = json_get(document, "findings");
	const cJSON *verdict;

	fputs("# Runtime sockets of a node\n\n", out);
	if (!findings) {
		put_code(out, json_text_or(json_get(document, "summary"),
					   "text", "?"));
		fputc('\n', out);
	}
	cJSON_ArrayForEach(verdict, json_get(document, "verdicts")) {
		put_question(out, document,
			     cJSON_GetArrayItem(findings,
						json_int(verdict, "finding")));
		put_answer(out, verdict);
		put_scope(out, verdict);
		fputc('\n', out);
	}
	put_seen(out, document);
	put_unseen(out, document);
	return emit_finish(out, error);
}
