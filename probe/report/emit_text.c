// SPDX-License-Identifier: Apache-2.0
/*
 * The evidence for a person: each object that exists, what it is, who listens,
 * who reaches it, who is connected; then what is not there, then the gaps.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report/emit.h"
#include "sockprobe/json.h"
#include "sockprobe/text_safe.h"

enum { COLUMNS = 80, ITEM_SIZE = 2048, MOST_ROWS = 12 };

static const char bold[] = "\033[1m";
static const char yellow[] = "\033[33m";
static const char plain[] = "\033[0m";

struct page {
	FILE *out;
	bool color;
	const cJSON *document;
};

static const cJSON *find_container(const struct page *page, const char *id)
{
	const cJSON *container;

	cJSON_ArrayForEach(container, json_get(page->document, "containers")) {
		if (json_is(container, "id", id))
			return container;
	}
	return NULL;
}

/* ---- writing lines ---- */

static void set_color(const struct page *page, const char *sequence)
{
	if (page->color)
		fputs(sequence, page->out);
}

static size_t word_length(const char *text)
{
	return strcspn(text, " ");
}

/*
 * Writes text from column `indent`, broken at blanks before column 80, with
 * two columns more from the second line on. A word that is longer stays whole:
 * a path must be copied as it is.
 */
static void put_line(const struct page *page, size_t indent, const char *text)
{
	size_t column = indent;
	char word[ITEM_SIZE];
	bool first = true;

	fprintf(page->out, "%*s", (int)indent, "");
	while (*text) {
		size_t len = word_length(text);
		size_t width;

		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		width = safe_width(word);
		if (!first && column + 1 + width > COLUMNS) {
			fprintf(page->out, "\n%*s", (int)indent + 2, "");
			column = indent + 2;
		} else if (!first) {
			fputc(' ', page->out);
			column++;
		}
		print_safe(page->out, word);
		column += width;
		first = false;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', page->out);
}

static void put_format(const struct page *page, size_t indent,
		       const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void put_format(const struct page *page, size_t indent,
		       const char *format, ...)
{
	char text[ITEM_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put_line(page, indent, text);
}

/* namespace/pod container, or the container's name, or its short id. */
static void name_container(const struct page *page, const char *id, char *name,
			   size_t size)
{
	const cJSON *container = id ? find_container(page, id) : NULL;
	const cJSON *pod = json_get(container, "pod");
	const char *own = json_text_or(container, "name", NULL);
	const char *self = cJSON_IsTrue(json_get(container, "self")) ? " (self)"
								     : "";

	if (!own && cJSON_IsTrue(json_get(container, "sandbox")))
		own = "(sandbox)";
	if (!id)
		snprintf(name, size, "host");
	else if (cJSON_IsObject(pod) && json_text_or(pod, "name", NULL))
		snprintf(name, size, "%s/%s %s%s",
			 json_text_or(pod, "namespace", "?"),
			 json_text_or(pod, "name", "?"), own ? own : "?", self);
	else if (own)
		snprintf(name, size, "%s%s", own, self);
	else
		snprintf(name, size, "%.12s%s", id, self);
}

static void name_process(const struct page *page, const cJSON *process,
			 char *name, size_t size)
{
	char container[512];

	if (!cJSON_IsObject(process)) {
		snprintf(name, size, "a process that was not found");
		return;
	}
	name_container(page, json_text_or(process, "container", NULL),
		       container, sizeof(container));
	snprintf(name, size, "%s[%d] %s in %s",
		 json_text_or(process, "comm", "?"), json_int(process, "pid"),
		 json_text_or(process, "exe", "(exe denied)"), container);
}

/* ---- one object ---- */

static void put_what(const struct page *page, const cJSON *path)
{
	const cJSON *inode = json_get(path, "inode");
	const char *result = json_text_or(path, "connect_result", "unknown");
	char entries[48] = "";

	if (cJSON_IsNumber(json_get(path, "entries")) &&
	    json_int(path, "entries"))
		snprintf(entries, sizeof(entries), ", %d entries%s",
			 json_int(path, "entries"),
			 cJSON_IsTrue(json_get(path, "entries_cut"))
				 ? " or more"
				 : "");
	else if (cJSON_IsNumber(json_get(path, "entries")))
		snprintf(entries, sizeof(entries), ", empty");
	put_format(page, 2,
		   "%s%s%s%s; mode %s, owner %d:%d; connect would give %s",
		   json_text_or(path, "kind", "?"),
		   json_is(path, "kind", "socket") ? ", " : "",
		   json_is(path, "kind", "socket")
			   ? json_text_or(path, "state", "?")
			   : "",
		   entries, json_text_or(inode, "mode", "?"),
		   json_int(inode, "uid"), json_int(inode, "gid"), result);
	if (!cJSON_IsString(json_get(path, "connect_result")))
		put_line(page, 4, json_text_or(path, "connect_why", ""));
	put_format(page, 2, "unchanged since %s (%s)",
		   json_text_or(json_get(path, "unchanged_since"), "time", "?"),
		   json_text_or(json_get(path, "unchanged_since"), "basis",
				"?"));
}

static void put_listener(const struct page *page, const cJSON *path)
{
	const cJSON *listener = json_get(path, "listener");
	char name[ITEM_SIZE];

	if (!cJSON_IsObject(listener)) {
		if (json_is(path, "state", "listening"))
			put_line(page, 2,
				 "listener: a process that was not found");
		return;
	}
	name_process(page, json_get(listener, "process"), name, sizeof(name));
	put_format(page, 2, "listener: %s%s", name,
		   cJSON_IsObject(json_get(listener, "activated_by"))
			   ? " (socket-activated)"
			   : "");
}

static void put_origin(const struct page *page, const cJSON *path)
{
	const cJSON *origin = json_get(path, "origin");
	const cJSON *candidate;

	if (!cJSON_IsObject(origin))
		return;
	put_format(page, 2, "origin: %s", json_text_or(origin, "text", "?"));
	cJSON_ArrayForEach(candidate, json_get(origin, "candidates")) {
		char name[512];

		name_container(page, json_text_or(candidate, "container", NULL),
			       name, sizeof(name));
		put_format(page, 4, "%s: %s; %s", name,
			   json_text_or(candidate, "mechanism",
					"runtime unknown"),
			   json_text_or(candidate, "why", "?"));
	}
}

static void put_access(const struct page *page, const cJSON *access)
{
	const cJSON *dac = json_get(access, "dac");
	char name[512];

	name_container(page, json_text_or(access, "container", NULL), name,
		       sizeof(name));
	put_format(page, 4, "%s: %s (%s%s)%s%s, connect would give %s", name,
		   json_text_or(access, "container_path", "?"),
		   json_text_or(access, "via", "?"),
		   cJSON_IsTrue(json_get(access, "read_only")) ? ", read-only"
							       : "",
		   cJSON_IsTrue(json_get(access, "hidden")) ? ", covered" : "",
		   cJSON_IsTrue(json_get(access, "stale")) ? ", stale inode"
							   : "",
		   json_text_or(access, "connect_result", "unknown"));
	if (cJSON_IsFalse(json_get(dac, "allowed")))
		put_line(page, 6, json_text_or(dac, "why", ""));
}

/* The rows of `list` about one object, the first few of them in full. */
static void put_rows(const struct page *page, int idx, const char *list,
		     const char *title,
		     void (*put_row)(const struct page *, const cJSON *))
{
	const cJSON *row;
	char ref[32];
	int n = 0;

	snprintf(ref, sizeof(ref), "/paths/%d", idx);
	cJSON_ArrayForEach(row, json_get(page->document, list)) {
		if (!json_is(row, "path_ref", ref))
			continue;
		if (n++ == 0)
			put_line(page, 2, title);
		if (n <= MOST_ROWS)
			put_row(page, row);
	}
	if (n > MOST_ROWS)
		put_format(page, 4, "and %d more: see %s in the JSON",
			   n - MOST_ROWS, list);
}

static void put_connection(const struct page *page, const cJSON *connection)
{
	char name[ITEM_SIZE];

	name_process(page, json_get(connection, "client"), name, sizeof(name));
	put_format(page, 4, "%d x %s%s", json_int(connection, "count"), name,
		   cJSON_IsTrue(json_get(connection, "pending"))
			   ? " (not accepted yet)"
			   : "");
}

static bool is_absent(const cJSON *path)
{
	return json_is(path, "kind", "missing");
}

static void put_names(const struct page *page, const cJSON *path)
{
	const cJSON *name;
	char view[512];
	bool first = true;

	fputc('\n', page->out);
	set_color(page, bold);
	put_line(page, 0, json_text_or(path, "path", "?"));
	set_color(page, plain);
	cJSON_ArrayForEach(name, json_get(path, "names")) {
		if (!first)
			put_format(page, 2, "also %s",
				   cJSON_GetStringValue(name));
		first = false;
	}
	if (!cJSON_IsString(json_get(path, "view")))
		return;
	name_container(page, json_text_or(path, "view", NULL), view,
		       sizeof(view));
	put_format(page, 2, "as seen in %s", view);
}

static void put_path(const struct page *page, const cJSON *path, int idx)
{
	const cJSON *link;

	put_names(page, path);
	cJSON_ArrayForEach(link, json_get(path, "links"))
		put_format(page, 2, "link %s -> %s",
			   json_text_or(link, "path", "?"),
			   json_text_or(link, "target", "?"));
	if (cJSON_IsTrue(json_get(path, "unlinked")))
		put_line(
			page, 2,
			"the name is gone or leads elsewhere; who had it before still reaches it");
	if (cJSON_IsObject(json_get(path, "inode")))
		put_what(page, path);
	else
		put_format(page, 2, "%s; connect would give %s",
			   json_text_or(path, "kind", "?"),
			   json_text_or(path, "connect_result", "unknown"));
	put_listener(page, path);
	put_origin(page, path);
	put_rows(page, idx, "access", "reached by", put_access);
	put_rows(page, idx, "connections", "connected", put_connection);
}

/* ---- the page ---- */

static void put_head(const struct page *page)
{
	const cJSON *node = json_get(page->document, "node");

	put_format(page, 0, "node %s, %s, kernel %s, booted %s",
		   json_text_or(node, "hostname", "?"),
		   json_text_or(node, "os", "unknown system"),
		   json_text_or(node, "kernel", "?"),
		   json_text_or(node, "booted_at", "?"));
	set_color(page, bold);
	put_line(page, 0,
		 json_text_or(json_get(page->document, "summary"), "text",
			      "?"));
	set_color(page, plain);
}

/* One finding's verdict: the decision, then each rule, then what is left. */
static void put_verdict(const struct page *page, const cJSON *verdict)
{
	const cJSON *finding =
		cJSON_GetArrayItem(json_get(page->document, "findings"),
				   json_int(verdict, "finding"));
	const cJSON *item;

	fputc('\n', page->out);
	put_format(page, 0, "finding %s: %s at %s by %s",
		   json_text_or(finding, "id", "without id"),
		   json_text_or(finding, "type", "?"),
		   json_text_or(finding, "socket_path", "(no path)"),
		   json_text_or(finding, "executable_path", "(no program)"));
	set_color(page, bold);
	put_format(page, 0, "%s: %s", json_text_or(verdict, "decision", "?"),
		   json_text_or(verdict, "text", "?"));
	set_color(page, plain);
	cJSON_ArrayForEach(item, json_get(verdict, "reasons")) {
		const cJSON *holds = json_get(item, "holds");

		put_format(page, 2, "%s %s: %s",
			   cJSON_IsTrue(holds)	  ? "[yes]"
			   : cJSON_IsFalse(holds) ? "[no]"
						  : "[?]",
			   json_text_or(item, "rule", "?"),
			   json_text_or(item, "text", "?"));
	}
	cJSON_ArrayForEach(item, json_get(verdict, "residual_risks"))
		put_format(page, 2, "risk left: %s",
			   json_text_or(item, "text", "?"));
	if (json_is(verdict, "decision", "supported"))
		put_format(page, 2, "holds %s",
			   json_text_or(verdict, "valid_until", "?"));
}

/* Paths at which nothing stands, as one paragraph: they are many. */
static void put_absent(const struct page *page)
{
	const cJSON *path;
	size_t column = 0;

	cJSON_ArrayForEach(path, json_get(page->document, "paths")) {
		const char *name = json_text_or(path, "path", "?");

		if (!is_absent(path))
			continue;
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
	}
	if (column)
		fputc('\n', page->out);
}

static void put_gaps(const struct page *page)
{
	const cJSON *line;
	bool first = true;

	cJSON_ArrayForEach(line, json_get(page->document, "coverage")) {
		if (json_is(line, "status", "complete"))
			continue;
		if (first) {
			set_color(page, yellow);
			fputs("\nnot seen\n", page->out);
			set_color(page, plain);
		}
		first = false;
		put_format(page, 2, "%s %s (%s): %s%s%s",
			   json_text_or(line, "source", "?"),
			   json_text_or(line, "status", "?"),
			   json_text_or(line, "scope", "?"),
			   json_text_or(line, "detail", "?"),
			   cJSON_IsString(json_get(line, "fix")) ? "; to fix: "
								 : "",
			   json_text_or(line, "fix", ""));
	}
	if (first)
		fputs("\nnothing was kept from view\n", page->out);
}

int emit_text(FILE *out, const cJSON *document, bool color, struct error *error)
{
	const struct page page = { .out = out,
				   .color = color,
				   .document = document };
	const cJSON *verdict;
	const cJSON *path;
	int idx = 0;

	put_head(&page);
	cJSON_ArrayForEach(verdict, json_get(document, "verdicts"))
		put_verdict(&page, verdict);
	cJSON_ArrayForEach(path, json_get(document, "paths")) {
		if (!is_absent(path))
			put_path(&page, path, idx);
		idx++;
	}
	put_absent(&page);
	put_gaps(&page);
	return emit_finish(out, error);
}
