// SPDX-License-Identifier: Apache-2.0
/* Writing a verdict into the arena of its document. */
#include "judge/verdict.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sockprobe/text_safe.h"

enum {
	NAMED_MAX = 1024, /* bytes of one foreign text */
	REASONS_MAX = 4096,
	RISKS_MAX = 4096,
};

const char *verdict_pointer(struct judged *judged, const char *format, ...)
{
	char text[96];
	const char *pointer;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	pointer = arena_intern(&judged->doc->arena, text);
	if (!pointer)
		judged->err = -ENOMEM;
	return pointer ? pointer : "";
}

/* The text, cut to the length allowed in a sentence. */
static const char *cut_text(struct judged *judged, const char *text)
{
	size_t len = NAMED_MAX;
	const char *cut;

	if (strnlen(text, NAMED_MAX + 1) <= NAMED_MAX)
		return text;
	/*
	 * Do not cut within a character: its further bytes begin with the bits
	 * 10.
	 */
	while (len && (text[len] & 0xc0) == 0x80)
		len--;
	cut = arena_printf(&judged->doc->arena, "%.*s...", (int)len, text);
	if (!cut)
		judged->err = -ENOMEM;
	return cut ? cut : "...";
}

const char *verdict_name(struct judged *judged, const char *name)
{
	return name ? quote_text(&judged->doc->arena, cut_text(judged, name))
		    : "unknown";
}

const char *verdict_words(struct judged *judged, const char *words)
{
	return words ? cut_text(judged, words) : "unknown";
}

/* Many findings give the same sentence, which is kept once. */
const char *verdict_sentence(struct judged *judged, const char *format,
			     va_list args)
{
	const char *kept = NULL;
	char *text;

	if (vasprintf(&text, format, args) >= 0) {
		kept = arena_intern(&judged->doc->arena, text);
		free(text);
	}
	if (!kept)
		judged->err = -ENOMEM;
	return kept ? kept : "";
}

struct string_list verdict_pointers(struct judged *judged, const char *first,
				    const char *second)
{
	struct string_list list = { .room = 2 };

	list.at =
		arena_alloc(&judged->doc->arena, list.room * sizeof(*list.at));
	if (!list.at) {
		judged->err = -ENOMEM;
		return (struct string_list){ 0 };
	}
	if (*first)
		list.at[list.n++] = first;
	if (*second)
		list.at[list.n++] = second;
	return list;
}

void add_reason(struct judged *judged, const char *rule, enum tristate holds,
		const char *evidence, const char *format, ...)
{
	struct doc_reason *reason = list_add(
		&judged->doc->arena, &judged->verdict->reasons, REASONS_MAX);
	va_list args;

	if (!reason) {
		judged->err = -ENOMEM;
		return;
	}
	va_start(args, format);
	*reason = (struct doc_reason){
		.rule = rule,
		.holds = holds,
		.text = verdict_sentence(judged, format, args),
		.evidence = verdict_pointers(judged, evidence, ""),
	};
	va_end(args);
}

void add_risk(struct judged *judged, const char *evidence, const char *more,
	      const char *format, ...)
{
	struct doc_risk *risk = list_add(&judged->doc->arena,
					 &judged->verdict->residual_risks,
					 RISKS_MAX);
	va_list args;

	if (!risk) {
		judged->err = -ENOMEM;
		return;
	}
	va_start(args, format);
	*risk = (struct doc_risk){
		.text = verdict_sentence(judged, format, args),
		.evidence = verdict_pointers(judged, evidence, more),
	};
	va_end(args);
}

void verdict_note_change(struct judged *judged, struct timespec when)
{
	if (time_diff_ms(when, judged->changed) > 0)
		judged->changed = when;
}

bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

const char *bare_name(const char *name)
{
	return name && *name == '/' ? name + 1 : name;
}

bool is_named_by_ecs(const struct judged *judged)
{
	const char *arn = judged->finding->task_definition_arn;
	const char *wanted = bare_name(judged->finding->container_name);
	const char *name = bare_name(judged->container->name);
	const char *family = arn ? strrchr(arn, '/') : NULL;
	const char *revision = family ? strchr(family, ':') : NULL;
	char prefix[NAMED_MAX];
	int len;

	if (!revision || !wanted || !name)
		return false;
	len = snprintf(prefix, sizeof(prefix), "ecs-%.*s-%s-%s-",
		       (int)(revision - family - 1), family + 1, revision + 1,
		       wanted);
	if (len < 0 || (size_t)len >= sizeof(prefix) ||
	    !has_prefix(name, prefix))
		return false;
	name += len;
	return *name && !name[strspn(name, "0123456789abcdef")];
}

bool is_judged_container(const struct judged *judged, struct container_ref ref)
{
	return judged->container && ref.at == judged->container_idx;
}

bool is_connected_to(const struct judged *judged, size_t path)
{
	for (size_t i = 0; i < judged->doc->connections.n; i++) {
		const struct doc_connection *connection =
			&judged->doc->connections.at[i];

		if (connection->path == path && connection->client &&
		    is_judged_container(judged, connection->client->container))
			return true;
	}
	return false;
}

bool path_has_name(const struct doc_path *path, const char *name)
{
	for (size_t i = 0; i < path->names.n; i++) {
		if (same_text(path->names.at[i], name))
			return true;
	}
	return false;
}
