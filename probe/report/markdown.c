// SPDX-License-Identifier: Apache-2.0
/*
 * The case as Markdown, for a ticket. Text from the node or a finding is in
 * code spans only, in printable ASCII and without backquotes, so that no name
 * can become a link, a mention, HTML or a heading; a name that is not plain is
 * quoted as well (quote_text()).
 */
#include "report/markdown.h"

#include <string.h>

#include "document/members.h"
#include "document/names.h"
#include "report/decision.h"
#include "report/finish.h"
#include "report/left_out.h"
#include "sockprobe/text_safe.h"

#define SCRATCH_MAX ((size_t)256 << 20)

struct ticket {
	FILE *out;
	const struct doc *doc;
	struct arena scratch; /* of one span; put_code() empties it */
	bool failed;	      /* out of memory: a text is missing */
};

/*
 * Appends a sentence in a code span. A backquote would end the span, a bar a
 * table's cell: both are escaped like unprintable characters.
 */
static void put_code(struct ticket *ticket, const char *text)
{
	char *at = arena_strdup(&ticket->scratch, text ? text : "not known");

	ticket->failed |= !at;
	fputc('`', ticket->out);
	while (at && *at) {
		size_t len = strcspn(at, "`|");
		char mark = at[len];

		at[len] = '\0';
		print_safe(ticket->out, at);
		at += len;
		if (mark) {
			fprintf(ticket->out, "\\u{%x}", (unsigned char)mark);
			at++;
		}
	}
	fputc('`', ticket->out);
	arena_free(&ticket->scratch);
}

static void md_name(struct ticket *ticket, const char *name)
{
	put_code(ticket, quote_text(&ticket->scratch, name));
}

static void put_time(struct ticket *ticket, struct timespec when)
{
	char text[TIME_TEXT_SIZE];

	format_time(when, text);
	put_code(ticket, when.tv_sec ? text : NULL);
}

/* ---- fields: one a line, none where it is not known ---- */

static void put_field(struct ticket *ticket, const char *key, const char *name)
{
	if (!name)
		return;
	fprintf(ticket->out, "- %s: ", key);
	md_name(ticket, name);
	fputc('\n', ticket->out);
}

static void put_time_field(struct ticket *ticket, const char *key,
			   struct timespec when)
{
	if (!when.tv_sec)
		return;
	fprintf(ticket->out, "- %s: ", key);
	put_time(ticket, when);
	fputc('\n', ticket->out);
}

static void put_unknown_field(struct ticket *ticket, const char *key)
{
	fprintf(ticket->out, "- %s: ", key);
	put_code(ticket, NULL);
	fputc('\n', ticket->out);
}

static void md_finding(struct ticket *ticket, int64_t idx)
{
	const struct finding_list *findings = &ticket->doc->findings;
	const struct finding *finding;

	if (idx < 0 || (uint64_t)idx >= findings->n) {
		put_unknown_field(ticket, "finding");
		return;
	}
	finding = &findings->at[idx];
	put_field(ticket, "finding", finding->type);
	put_field(ticket, "id", finding->id);
	put_field(ticket, "path it names", finding->socket_path);
	put_field(ticket, "program", finding->executable_path);
	put_field(ticket, "namespace", finding->name_space);
	put_field(ticket, "workload", finding->workload_name);
	put_field(ticket, "image", finding->image);
	put_time_field(ticket, "first event", finding->event_first_seen);
	put_time_field(ticket, "last event", finding->event_last_seen);
}

static void put_question(struct ticket *ticket,
			 const struct doc_verdict *verdict)
{
	const struct doc_node *node = ticket->doc->node;
	const struct doc_probe *probe = ticket->doc->probe;

	fputs("## Question\n\nMay this finding be suppressed?\n\n",
	      ticket->out);
	md_finding(ticket, verdict->finding);
	if (node) {
		put_field(ticket, "node", node->hostname);
		put_field(ticket, "instance", node->instance_id);
	} else {
		put_unknown_field(ticket, "node");
	}
	if (probe)
		put_time_field(ticket, "evidence taken", probe->started_at);
	else
		put_unknown_field(ticket, "evidence taken");
}

/* ---- the answer ---- */

static const char *md_mark_of(enum tristate holds)
{
	return holds == TRI_YES ? "yes" : holds == TRI_NO ? "no" : "not known";
}

static void put_reasons(struct ticket *ticket,
			const struct doc_verdict *verdict)
{
	fputs("\n\n## Why\n\n| rule | holds | |\n|---|---|---|\n", ticket->out);
	for (size_t i = 0; i < verdict->reasons.n; i++) {
		const struct doc_reason *reason = &verdict->reasons.at[i];

		fputs("| ", ticket->out);
		put_code(ticket, reason->rule);
		fprintf(ticket->out, " | %s | ", md_mark_of(reason->holds));
		put_code(ticket, reason->text);
		fputs(" |\n", ticket->out);
	}
}

/* Only "verdict" is shortened inside; the items of "verdicts" are complete. */
static bool has_left_out(const struct ticket *ticket,
			 const struct doc_verdict *verdict, const char *pointer)
{
	return verdict == ticket->doc->verdict &&
	       is_left_out(ticket->doc, pointer);
}

static void put_risks(struct ticket *ticket, const struct doc_verdict *verdict)
{
	fputs("\n## Risk that is left\n\n", ticket->out);
	for (size_t i = 0; i < verdict->residual_risks.n; i++) {
		fputs("- ", ticket->out);
		put_code(ticket, verdict->residual_risks.at[i].text);
		fputc('\n', ticket->out);
	}
	if (has_left_out(ticket, verdict, "/verdict/residual_risks"))
		fputs("- Others are not known: they were left out.\n",
		      ticket->out);
	else if (!verdict->residual_risks.n)
		fputs("None was found.\n", ticket->out);
}

static void md_assumption(struct ticket *ticket,
			  const struct doc_assumption *item)
{
	fputs("- assuming ", ticket->out);
	put_code(ticket, item->id);
	fputs(": ", ticket->out);
	put_code(ticket, item->text);
	for (size_t i = 0; i < item->means.n; i++) {
		fputs(i ? "; " : " (means: ", ticket->out);
		put_code(ticket, item->means.at[i]);
	}
	fputs(item->means.n ? "); to prove: " : "; to prove: ", ticket->out);
	put_code(ticket, item->how_to_prove);
	fputc('\n', ticket->out);
}

/* A verdict without any has no such section. */
static void put_assumptions(struct ticket *ticket,
			    const struct doc_verdict *verdict)
{
	bool cut = has_left_out(ticket, verdict, "/verdict/assumptions");

	if (verdict->assumptions.n || cut)
		fputs("\n## What is assumed\n\n", ticket->out);
	for (size_t i = 0; i < verdict->assumptions.n; i++)
		md_assumption(ticket, &verdict->assumptions.at[i]);
	if (cut)
		fputs("- Others are not known: they were left out.\n",
		      ticket->out);
}

/* Sentences hold names: they stand in code spans too. */
static void put_answer(struct ticket *ticket, const struct doc_verdict *verdict)
{
	fputs("\n## Answer\n\n", ticket->out);
	put_code(ticket,
		 arena_printf(&ticket->scratch, "%s%s%s",
			      decision_word(verdict), decision_joint(verdict),
			      decision_sentence(verdict)));
	put_reasons(ticket, verdict);
	put_assumptions(ticket, verdict);
	put_risks(ticket, verdict);
}

static void put_scope_field(struct ticket *ticket, const char *key,
			    const char *value)
{
	if (!value)
		return;
	fputs("- ", ticket->out);
	put_code(ticket, key);
	fputs(": ", ticket->out);
	md_name(ticket, value);
	fputc('\n', ticket->out);
}

static const struct object_type *scope_type(void)
{
	const struct member *verdict = member_find(&doc_object, "verdict");

	return member_find(verdict->object, "scope")->object;
}

static void put_unconfirmed(struct ticket *ticket,
			    const struct doc_scope *scope)
{
	const struct string_list *keys = scope ? &scope->from_finding_alone
					       : NULL;

	for (size_t i = 0; keys && i < keys->n; i++) {
		fputs(i ? ", " : "\nFrom the finding alone: ", ticket->out);
		put_code(ticket, keys->at[i]);
	}
	if (keys && keys->n)
		fputc('\n', ticket->out);
}

static void put_scope(struct ticket *ticket, const struct doc_verdict *verdict)
{
	const struct object_type *type = scope_type();

	if (verdict->decision != DECISION_SUPPORTED)
		return;
	fputs("\n## Scope of a filter\n\n", ticket->out);
	for (size_t i = 0; verdict->scope && i < type->n; i++) {
		const struct member *member = &type->members[i];
		const void *value = member_value(member, verdict->scope);

		if (member->kind == MEMBER_TEXT &&
		    !(member->flags & MEMBER_LIST))
			put_scope_field(ticket, member->name,
					*(const char *const *)value);
	}
	put_unconfirmed(ticket, verdict->scope);
	if (!verdict->scope)
		put_unknown_field(ticket, "scope");
	fputs("\nHolds ", ticket->out);
	put_code(ticket, verdict->valid_until);
	fputs("\n", ticket->out);
}

static void md_verdict(struct ticket *ticket, const struct doc_verdict *verdict)
{
	put_question(ticket, verdict);
	put_answer(ticket, verdict);
	put_scope(ticket, verdict);
	fputc('\n', ticket->out);
}

static void md_verdicts(struct ticket *ticket)
{
	const struct doc *doc = ticket->doc;

	for (size_t i = 0; i < doc->verdicts.n; i++)
		md_verdict(ticket, &doc->verdicts.at[i]);
	/*
	 * The only item of "verdicts" is left out first, because "verdict" is
	 * the same.
	 */
	if (!doc->verdicts.n && doc->verdict && is_left_out(doc, "/verdicts"))
		md_verdict(ticket, doc->verdict);
}

/* ---- what was and was not seen ---- */

static void md_path(struct ticket *ticket, const struct doc_path *path)
{
	fputs("| ", ticket->out);
	md_name(ticket, path->path);
	fputs(" | ", ticket->out);
	put_code(ticket, name_of(&kind_names, path->kind));
	fputs(", ", ticket->out);
	put_code(ticket, name_of(&state_names, path->state));
	fputs(" | ", ticket->out);
	put_code(ticket, path->connect_result);
	fprintf(ticket->out, " | %zu containers | %zu |\n",
		path->accessible_by.n, path->connections.n);
}

static void put_seen(struct ticket *ticket)
{
	const struct doc_path_list *paths = &ticket->doc->paths;

	fputs("\n## What was seen\n\n| path | what | connect(2) gives | reached by | connected |\n|---|---|---|---|---|\n",
	      ticket->out);
	for (size_t i = 0; i < paths->n; i++) {
		if (paths->at[i].kind != KIND_MISSING)
			md_path(ticket, &paths->at[i]);
	}
}

static void put_gap(struct ticket *ticket, const struct doc_coverage *line)
{
	fputs("- ", ticket->out);
	put_code(ticket, line->source);
	fputs(", ", ticket->out);
	put_code(ticket, name_of(&status_names, line->status));
	fputs(": ", ticket->out);
	put_code(ticket, line->detail);
	fputs("; to fix: ", ticket->out);
	put_code(ticket, line->fix ? line->fix : "-");
	fputc('\n', ticket->out);
}

static void put_unseen(struct ticket *ticket)
{
	const struct doc_coverage_list *coverage = &ticket->doc->coverage;
	bool any = false;

	fputs("\n## What could not be seen\n\n", ticket->out);
	for (size_t i = 0; i < coverage->n; i++) {
		if (coverage->at[i].status == COVERAGE_COMPLETE)
			continue;
		put_gap(ticket, &coverage->at[i]);
		any = true;
	}
	if (is_left_out(ticket->doc, "/coverage"))
		fputs("- What else is not known: coverage was left out.\n",
		      ticket->out);
	else if (!any)
		fputs("Nothing was kept from view.\n", ticket->out);
}

static void md_head(struct ticket *ticket)
{
	const struct doc *doc = ticket->doc;

	fputs("# Runtime sockets of a node\n\n", ticket->out);
	if (doc_is_shortened(doc)) {
		put_code(ticket, left_out_text(&ticket->scratch, doc));
		fputs("\n\n", ticket->out);
	}
	if (doc->findings.n || is_left_out(doc, "/findings"))
		return;
	put_code(ticket, doc->summary ? doc->summary->text : NULL);
	fputc('\n', ticket->out);
}

int emit_markdown(FILE *out, const struct doc *doc, struct error *error)
{
	struct ticket ticket = { .out = out, .doc = doc };

	arena_init(&ticket.scratch, SCRATCH_MAX);
	md_head(&ticket);
	md_verdicts(&ticket);
	put_seen(&ticket);
	put_unseen(&ticket);
	if (ticket.failed)
		return fail(error, EXIT_INTERNAL,
			    "output: out of memory; it is not whole");
	return output_check(out, error);
}
