// SPDX-License-Identifier: Apache-2.0
/*
 * The evidence as text: each object that exists, what it is, who listens, who
 * reaches it, who is connected; then what does not exist, then the gaps. Names
 * from the node, a finding or a file are quoted if they are not plain
 * (quote_text()), so that none can pass for our words.
 */
#include "report/text.h"

#include <stdarg.h>
#include <string.h>

#include "document/names.h"
#include "report/decision.h"
#include "report/finish.h"
#include "report/left_out.h"
#include "sockprobe/text_safe.h"

enum { COLUMNS = 80, MOST_ROWS = 12 };

#define SCRATCH_MAX ((size_t)256 << 20)

static const char bold[] = "\033[1m";
static const char yellow[] = "\033[33m";
static const char plain[] = "\033[0m";

struct page {
	FILE *out;
	bool color;
	const struct doc *doc;
	struct arena scratch; /* of one line; put_line() empties it */
	bool failed;	      /* out of memory: a line is missing */
};

/* ---- writing lines ---- */

static void set_color(const struct page *page, const char *sequence)
{
	if (page->color)
		fputs(sequence, page->out);
}

/*
 * Writes text from column `indent`, broken at blanks before column 80, with two
 * columns more from the second line on. A longer word is not broken, nor is a
 * quoted name: it must be copied as it is.
 */
static void put_line(struct page *page, size_t indent, const char *text)
{
	char *at = text ? arena_strdup(&page->scratch, text) : NULL;
	size_t column = indent;
	bool first = true;

	page->failed |= !at;
	fprintf(page->out, "%*s", (int)indent, "");
	while (at && *at) {
		size_t len = sentence_word(at);
		char blank = at[len];
		size_t width;

		at[len] = '\0';
		width = safe_width(at);
		if (!first && column + 1 + width > COLUMNS) {
			fprintf(page->out, "\n%*s", (int)indent + 2, "");
			column = indent + 2;
		} else if (!first) {
			fputc(' ', page->out);
			column++;
		}
		print_safe(page->out, at);
		column += width;
		first = false;
		at[len] = blank;
		at += len;
		at += strspn(at, " ");
	}
	fputc('\n', page->out);
	arena_free(&page->scratch);
}

static void put_format(struct page *page, size_t indent, const char *format,
		       ...) __attribute__((format(printf, 3, 4)));

static void put_format(struct page *page, size_t indent, const char *format,
		       ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	put_line(page, indent, text);
	free(text);
}

/* ---- names ---- */

static const char *quote(struct page *page, const char *text)
{
	return quote_text(&page->scratch, text);
}

/* Formats a text in the scratch arena; names in it are quoted already. */
static const char *compose(struct page *page, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static const char *compose(struct page *page, const char *format, ...)
{
	const char *made;
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	made = text ? arena_strdup(&page->scratch, text) : NULL;
	free(text);
	page->failed |= !made;
	return made ? made : "...";
}

static const char *known(const char *text)
{
	return text ? text : "not known";
}

static const char *time_text(struct page *page, struct timespec when)
{
	char text[TIME_TEXT_SIZE];

	if (!when.tv_sec)
		return "not known";
	format_time(when, text);
	return compose(page, "%s", text);
}

/* The container's own name; "host" is our word for the node. NULL: none. */
static const char *own_name(struct page *page,
			    const struct doc_container *container)
{
	if (!container)
		return NULL;
	if (!container->name)
		return container->sandbox ? "(sandbox)" : NULL;
	return strcmp(container->name, "host") == 0
		       ? quote_always(&page->scratch, container->name)
		       : quote(page, container->name);
}

/* namespace/pod container, or the container's name, or its short id. */
static const char *container_name(struct page *page, struct container_ref ref)
{
	const struct doc_container *container =
		doc_container_at(page->doc, ref);
	const struct doc_pod *pod = container ? container->pod : NULL;
	const char *own = own_name(page, container);
	const char *self = container && container->self ? " (self)" : "";
	char *id;

	if (!ref.id)
		return "host";
	if (pod && pod->name)
		return compose(page, "%s/%s %s%s",
			       pod->name_space ? quote(page, pod->name_space)
					       : "?",
			       quote(page, pod->name), own ? own : "?", self);
	if (own)
		return compose(page, "%s%s", own, self);
	id = arena_printf(&page->scratch, "%.12s", ref.id);
	return compose(page, "%s%s", quote(page, id), self);
}

static const char *process_name(struct page *page,
				const struct doc_process *process)
{
	if (!process)
		return "a process that was not found";
	return compose(page, "%s[%lld] %s in %s", quote(page, process->comm),
		       (long long)process->pid,
		       process->exe ? quote(page, process->exe)
				    : "(exe denied)",
		       container_name(page, process->container));
}

/* ---- one object ---- */

static void put_unchanged(struct page *page, const struct doc_unchanged *since)
{
	if (since)
		put_format(page, 2, "unchanged since %s (%s)",
			   time_text(page, since->time),
			   known(name_of(&basis_names, since->basis)));
	else
		put_format(page, 2, "unchanged since: not known");
}

static const char *entries_text(struct page *page, const struct doc_path *path)
{
	if (path->entries == NUMBER_UNKNOWN)
		return "";
	if (!path->entries)
		return ", empty";
	return compose(page, ", %lld entries%s", (long long)path->entries,
		       path->entries_cut ? " or more" : "");
}

static void put_what(struct page *page, const struct doc_path *path)
{
	const struct doc_inode *inode = path->inode;
	bool socket = path->kind == KIND_SOCKET;

	put_format(
		page, 2,
		"%s%s%s%s; mode %04o, owner %lld:%lld; connect would give %s",
		known(name_of(&kind_names, path->kind)), socket ? ", " : "",
		socket ? known(name_of(&state_names, path->state)) : "",
		entries_text(page, path), inode->mode & 07777U,
		(long long)inode->uid, (long long)inode->gid,
		path->connect_result ? path->connect_result : "unknown");
	if (!path->connect_result && path->connect_why)
		put_line(page, 4, path->connect_why);
	put_unchanged(page, path->unchanged_since);
}

static void put_listener(struct page *page, const struct doc_path *path)
{
	const struct doc_listener *listener = path->listener;

	if (!listener) {
		if (path->state == STATE_LISTENING)
			put_line(page, 2,
				 "listener: a process that was not found");
		return;
	}
	put_format(page, 2, "listener: %s%s",
		   process_name(page, listener->process),
		   listener->activated_by ? " (socket-activated)" : "");
}

static void put_origin(struct page *page, const struct doc_path *path)
{
	const struct doc_origin *origin = path->origin;

	if (!origin)
		return;
	put_format(page, 2, "origin: %s", known(origin->text));
	for (size_t i = 0; i < origin->candidates.n; i++) {
		const struct doc_candidate *candidate =
			&origin->candidates.at[i];

		put_format(page, 4, "%s: %s; %s",
			   container_name(page, candidate->container),
			   candidate->mechanism ? candidate->mechanism
						: "runtime unknown",
			   known(candidate->why));
	}
}

static void put_access(struct page *page, const struct doc_access *access)
{
	put_format(page, 4, "%s: %s (%s%s)%s%s, connect would give %s",
		   container_name(page, access->container),
		   quote(page, access->container_path),
		   known(name_of(&via_names, access->via)),
		   access->read_only == TRI_YES ? ", read-only" : "",
		   access->hidden ? ", covered" : "",
		   access->stale ? ", stale inode" : "",
		   access->connect_result ? access->connect_result : "unknown");
	if (access->dac.allowed == TRI_NO && access->dac.why)
		put_line(page, 6, access->dac.why);
}

static void put_connection(struct page *page,
			   const struct doc_connection *connection)
{
	put_format(page, 4, "%lld x %s%s", (long long)connection->count,
		   process_name(page, connection->client),
		   connection->pending ? " (not accepted yet)" : "");
}

/* Writes how many of the list's `n` rows are not shown, or were left out. */
static void put_rest(struct page *page, const char *list, size_t n,
		     const char *title)
{
	const char *pointer = compose(page, "/%s", list);
	bool left_out = is_left_out(page->doc, pointer);

	if (n > MOST_ROWS)
		put_format(page, 4, "and %zu more: see %s in the JSON",
			   n - MOST_ROWS, list);
	if (left_out && !n)
		put_format(page, 2, "%s: not known, left out by --max-bytes",
			   title);
	else if (left_out)
		put_line(page, 4, "and what was left out by --max-bytes");
	arena_free(&page->scratch);
}

static void put_reached_by(struct page *page, size_t idx)
{
	const struct doc_access_list *list = &page->doc->access;
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (list->at[i].path != idx)
			continue;
		if (n++ == 0)
			put_line(page, 2, "reached by");
		if (n <= MOST_ROWS)
			put_access(page, &list->at[i]);
	}
	put_rest(page, "access", n, "reached by");
}

static void put_connected(struct page *page, size_t idx)
{
	const struct doc_connection_list *list = &page->doc->connections;
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (list->at[i].path != idx)
			continue;
		if (n++ == 0)
			put_line(page, 2, "connected");
		if (n <= MOST_ROWS)
			put_connection(page, &list->at[i]);
	}
	put_rest(page, "connections", n, "connected");
}

static void put_names(struct page *page, const struct doc_path *path)
{
	fputc('\n', page->out);
	set_color(page, bold);
	put_line(page, 0, quote(page, path->path));
	set_color(page, plain);
	for (size_t i = 1; i < path->names.n; i++)
		put_format(page, 2, "also %s", quote(page, path->names.at[i]));
	if (path->container.id)
		put_format(page, 2, "as seen in %s",
			   container_name(page, path->container));
}

static void put_path(struct page *page, size_t idx)
{
	const struct doc_path *path = &page->doc->paths.at[idx];

	put_names(page, path);
	for (size_t i = 0; i < path->links.n; i++)
		put_format(page, 2, "link %s -> %s",
			   quote(page, path->links.at[i].path),
			   quote(page, path->links.at[i].target));
	if (path->unlinked)
		put_line(
			page, 2,
			"the name was removed or leads elsewhere; whoever had the socket before still reaches it");
	if (path->inode)
		put_what(page, path);
	else
		put_format(page, 2, "%s; connect would give %s",
			   known(name_of(&kind_names, path->kind)),
			   path->connect_result ? path->connect_result
						: "unknown");
	put_listener(page, path);
	put_origin(page, path);
	put_reached_by(page, idx);
	put_connected(page, idx);
}

/* ---- the page ---- */

static void put_head(struct page *page)
{
	const struct doc_node *node = page->doc->node;
	const struct doc_summary *summary = page->doc->summary;

	if (node)
		put_format(page, 0, "node %s, %s, kernel %s, booted %s",
			   quote(page, node->hostname),
			   node->os ? quote(page, node->os) : "unknown system",
			   quote(page, node->kernel),
			   time_text(page, node->booted_at));
	else
		put_line(page, 0, "node: not known");
	set_color(page, bold);
	put_line(page, 0, known(summary ? summary->text : NULL));
	set_color(page, plain);
	if (!doc_is_shortened(page->doc))
		return;
	set_color(page, yellow);
	put_line(page, 0, left_out_text(&page->scratch, page->doc));
	set_color(page, plain);
}

static void put_finding(struct page *page, int64_t idx)
{
	const struct finding_list *findings = &page->doc->findings;
	const struct finding *finding = NULL;

	fputc('\n', page->out);
	if (idx >= 0 && (uint64_t)idx < findings->n)
		finding = &findings->at[idx];
	if (!finding) {
		put_line(page, 0, "finding: not known");
	} else {
		put_format(
			page, 0, "finding %s: %s at %s by %s",
			finding->id ? quote(page, finding->id) : "without id",
			quote(page, finding->type),
			finding->socket_path ? quote(page, finding->socket_path)
					     : "(no path)",
			finding->executable_path
				? quote(page, finding->executable_path)
				: "(no program)");
	}
}

static const char *mark_of(enum tristate holds)
{
	return holds == TRI_YES ? "[yes]" : holds == TRI_NO ? "[no]" : "[?]";
}

/* The means are sentences, in which what others named is quoted already. */
static void put_assumption(struct page *page, const struct doc_assumption *item)
{
	char *text = NULL;
	size_t len = 0;
	FILE *line = open_memstream(&text, &len);

	if (!line) {
		page->failed = true;
		return;
	}
	fprintf(line, "assuming %s: %s", known(item->id), known(item->text));
	for (size_t i = 0; i < item->means.n; i++)
		fprintf(line, "%s%s",
			i ? "; " : " (means: ", known(item->means.at[i]));
	fprintf(line, "%s; to prove: %s", item->means.n ? ")" : "",
		known(item->how_to_prove));
	put_line(page, 2, fclose(line) ? NULL : text);
	free(text);
}

/* One finding's verdict: the decision, each rule, the assumptions, the risks. */
static void put_verdict(struct page *page, const struct doc_verdict *verdict)
{
	put_finding(page, verdict->finding);
	set_color(page, bold);
	put_format(page, 0, "%s%s%s", decision_word(verdict),
		   decision_joint(verdict), decision_sentence(verdict));
	set_color(page, plain);
	for (size_t i = 0; i < verdict->reasons.n; i++)
		put_format(page, 2, "%s %s: %s",
			   mark_of(verdict->reasons.at[i].holds),
			   known(verdict->reasons.at[i].rule),
			   known(verdict->reasons.at[i].text));
	for (size_t i = 0; i < verdict->assumptions.n; i++)
		put_assumption(page, &verdict->assumptions.at[i]);
	for (size_t i = 0; i < verdict->residual_risks.n; i++)
		put_format(page, 2, "risk left: %s",
			   known(verdict->residual_risks.at[i].text));
	if (verdict->decision == DECISION_SUPPORTED)
		put_format(page, 2, "holds %s", known(verdict->valid_until));
}

static void put_verdicts(struct page *page)
{
	const struct doc *doc = page->doc;

	for (size_t i = 0; i < doc->verdicts.n; i++)
		put_verdict(page, &doc->verdicts.at[i]);
	/*
	 * The only item of "verdicts" is left out first, because "verdict" is
	 * the same.
	 */
	if (!doc->verdicts.n && doc->verdict && is_left_out(doc, "/verdicts"))
		put_verdict(page, doc->verdict);
}

/*
 * Writes the paths with nothing at them as one paragraph, because they are
 * many.
 */
static void put_absent(struct page *page)
{
	const struct doc_path_list *paths = &page->doc->paths;
	size_t column = 0;

	for (size_t i = 0; i < paths->n; i++) {
		const char *name;

		if (paths->at[i].kind != KIND_MISSING)
			continue;
		name = quote(page, paths->at[i].path);
		if (!column)
			fputs("\nnot there\n", page->out);
		if (!column || column + 3 + safe_width(name) > COLUMNS) {
			fputs(column ? ",\n  " : "  ", page->out);
			column = 2;
		} else {
			fputs(", ", page->out);
			column += 2;
		}
		print_safe(page->out, name);
		column += safe_width(name);
		arena_free(&page->scratch);
	}
	if (column)
		fputc('\n', page->out);
}

static void put_gaps(struct page *page)
{
	const struct doc_coverage_list *coverage = &page->doc->coverage;
	bool first = true;

	for (size_t i = 0; i < coverage->n; i++) {
		const struct doc_coverage *line = &coverage->at[i];

		if (line->status == COVERAGE_COMPLETE)
			continue;
		if (first) {
			set_color(page, yellow);
			fputs("\nnot seen\n", page->out);
			set_color(page, plain);
		}
		first = false;
		put_format(page, 2, "%s %s (%s): %s%s%s", known(line->source),
			   known(name_of(&status_names, line->status)),
			   known(line->extent), known(line->detail),
			   line->fix ? "; to fix: " : "",
			   line->fix ? line->fix : "");
	}
	if (is_left_out(page->doc, "/coverage"))
		fputs("\nwhat else was not seen is not known: coverage was left out\n",
		      page->out);
	else if (first)
		fputs("\nnothing was kept from view\n", page->out);
}

int emit_text(FILE *out, const struct doc *doc, bool color, struct error *error)
{
	struct page page = { .out = out, .color = color, .doc = doc };

	arena_init(&page.scratch, SCRATCH_MAX);
	put_head(&page);
	put_verdicts(&page);
	for (size_t i = 0; i < doc->paths.n; i++) {
		if (doc->paths.at[i].kind != KIND_MISSING)
			put_path(&page, i);
	}
	put_absent(&page);
	put_gaps(&page);
	arena_free(&page.scratch);
	if (page.failed)
		return fail(error, EXIT_INTERNAL,
			    "output: out of memory; it is not whole");
	return output_check(out, error);
}
