// SPDX-License-Identifier: Apache-2.0
/*
 * The case as Markdown, for a ticket. Whatever was read from the node or from
 * a finding stands in code spans only, in printable ASCII and without
 * backquotes, so that no name can become a link, a mention, HTML or a heading.
 */
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "text_safe.h"

static const cJSON *get(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *text_of(const cJSON *object, const char *key,
			   const char *otherwise)
{
	const char *text = cJSON_GetStringValue(get(object, key));

	return text ? text : otherwise;
}

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

static void put_question(FILE *out, const cJSON *document,
			 const cJSON *finding)
{
	const cJSON *node = get(document, "node");

	fputs("## Question\n\nMay this finding be suppressed?\n\n", out);
	put_field(out, "finding", text_of(finding, "type", NULL));
	put_field(out, "id", text_of(finding, "id", NULL));
	put_field(out, "path it names", text_of(finding, "socket_path", NULL));
	put_field(out, "program", text_of(finding, "executable_path", NULL));
	put_field(out, "namespace", text_of(finding, "namespace", NULL));
	put_field(out, "workload", text_of(finding, "workload_name", NULL));
	put_field(out, "image", text_of(finding, "image", NULL));
	put_field(out, "first event", text_of(finding, "event_first_seen", NULL));
	put_field(out, "last event", text_of(finding, "event_last_seen", NULL));
	put_field(out, "node", text_of(node, "hostname", NULL));
	put_field(out, "instance", text_of(node, "instance_id", NULL));
	put_field(out, "evidence taken",
		  text_of(get(document, "probe"), "started_at", NULL));
}

static const char *mark_of(const cJSON *reason)
{
	if (cJSON_IsTrue(get(reason, "holds")))
		return "yes";
	return cJSON_IsFalse(get(reason, "holds")) ? "no" : "not known";
}

/* Sentences hold names: they stand in code spans too. */
static void put_answer(FILE *out, const cJSON *verdict)
{
	const cJSON *item;

	fprintf(out, "\n## Answer\n\n**%s**: ",
		text_of(verdict, "decision", "?"));
	print_safe(out, text_of(verdict, "text", "?"));
	fputs("\n\n## Why\n\n| rule | holds | |\n|---|---|---|\n", out);
	cJSON_ArrayForEach(item, get(verdict, "reasons"))
	{
		fputs("| ", out);
		put_code(out, text_of(item, "rule", "?"));
		fprintf(out, " | %s | ", mark_of(item));
		put_code(out, text_of(item, "text", "?"));
		fputs(" |\n", out);
	}
	fputs("\n## Risk that is left\n\n", out);
	cJSON_ArrayForEach(item, get(verdict, "residual_risks"))
	{
		fputs("- ", out);
		put_code(out, text_of(item, "text", "?"));
		fputc('\n', out);
	}
	if (!cJSON_GetArraySize(get(verdict, "residual_risks")))
		fputs("None was found.\n", out);
}

static void put_seen(FILE *out, const cJSON *document)
{
	const cJSON *path;

	fputs("\n## What was seen\n\n| path | what | connect(2) gives | reached by | connected |\n|---|---|---|---|---|\n",
	      out);
	cJSON_ArrayForEach(path, get(document, "paths"))
	{
		if (strcmp(text_of(path, "kind", ""), "missing") == 0)
			continue;
		fputs("| ", out);
		put_code(out, text_of(path, "path", "?"));
		fprintf(out, " | %s, %s | %s | %d containers | %d |\n",
			text_of(path, "kind", "?"), text_of(path, "state", "?"),
			text_of(path, "connect_result", "not known"),
			cJSON_GetArraySize(get(path, "accessible_by")),
			cJSON_GetArraySize(get(path, "connections")));
	}
}

static void put_unseen(FILE *out, const cJSON *document)
{
	const cJSON *line;
	bool any = false;

	fputs("\n## What could not be seen\n\n", out);
	cJSON_ArrayForEach(line, get(document, "coverage"))
	{
		if (strcmp(text_of(line, "status", ""), "complete") == 0)
			continue;
		any = true;
		fprintf(out, "- %s, %s: ", text_of(line, "source", "?"),
			text_of(line, "status", "?"));
		put_code(out, text_of(line, "detail", "?"));
		fputs("; to mend: ", out);
		put_code(out, text_of(line, "mend", "-"));
		fputc('\n', out);
	}
	if (!any)
		fputs("Nothing was kept from view.\n", out);
}

static void put_scope(FILE *out, const cJSON *verdict)
{
	const cJSON *field;

	if (strcmp(text_of(verdict, "decision", ""), "supported") != 0)
		return;
	fputs("\n## Scope of a filter\n\n", out);
	cJSON_ArrayForEach(field, get(verdict, "scope"))
		put_field(out, field->string, cJSON_GetStringValue(field));
	fputs("\nHolds ", out);
	print_safe(out, text_of(verdict, "valid_until", "?"));
	fputs(".\n", out);
}

int emit_markdown(FILE *out, const cJSON *document, struct error *error)
{
	const cJSON *findings = get(document, "findings");
	const cJSON *verdict;

	fputs("# Runtime sockets of a node\n\n", out);
	if (!findings) {
		print_safe(out, text_of(get(document, "summary"), "text", "?"));
		fputc('\n', out);
	}
	cJSON_ArrayForEach(verdict, get(document, "verdicts"))
	{
		const cJSON *number = get(verdict, "finding");

		put_question(out, document,
			     cJSON_GetArrayItem(findings,
						(int)cJSON_GetNumberValue(
							number)));
		put_answer(out, verdict);
		put_scope(out, verdict);
		fputc('\n', out);
	}
	put_seen(out, document);
	put_unseen(out, document);
	return emit_finish(out, error);
}
