// SPDX-License-Identifier: Apache-2.0
/*
 * The evidence for a person: each object that exists, what it is, who listens,
 * who reaches it, who is connected; then what is not there, then the gaps.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "text_safe.h"

enum { COLUMNS = 80, ITEM_SIZE = 2048, MOST_ROWS = 12 };

static const char bold[] = "\033[1m";
static const char yellow[] = "\033[33m";
static const char plain[] = "\033[0m";

struct page {
	FILE *out;
	bool color;
	const cJSON *document;
};

/* ---- reading the document ---- */

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

static bool is(const cJSON *object, const char *key, const char *value)
{
	return strcmp(text_of(object, key, ""), value) == 0;
}

static int number_of(const cJSON *object, const char *key)
{
	return (int)cJSON_GetNumberValue(get(object, key));
}

static const cJSON *find_container(const struct page *page, const char *id)
{
	const cJSON *container;

	cJSON_ArrayForEach(container, get(page->document, "containers"))
	{
		if (is(container, "id", id))
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
	const cJSON *pod = get(container, "pod");
	const char *own = text_of(container, "name", NULL);
	const char *self = cJSON_IsTrue(get(container, "self")) ? " (self)" :
								  "";

	if (!own && cJSON_IsTrue(get(container, "sandbox")))
		own = "(sandbox)";
	if (!id)
		snprintf(name, size, "host");
	else if (cJSON_IsObject(pod) && text_of(pod, "name", NULL))
		snprintf(name, size, "%s/%s %s%s", text_of(pod, "namespace", "?"),
			 text_of(pod, "name", "?"), own ? own : "?", self);
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
	name_container(page, text_of(process, "container", NULL), container,
		       sizeof(container));
	snprintf(name, size, "%s[%d] %s in %s", text_of(process, "comm", "?"),
		 number_of(process, "pid"), text_of(process, "exe", "(exe denied)"),
		 container);
}

/* ---- one object ---- */

static void put_what(const struct page *page, const cJSON *path)
{
	const cJSON *inode = get(path, "inode");
	const char *result = text_of(path, "connect_result", "unknown");
	char entries[48] = "";

	if (cJSON_IsNumber(get(path, "entries")) && number_of(path, "entries"))
		snprintf(entries, sizeof(entries), ", %d entries%s",
			 number_of(path, "entries"),
			 cJSON_IsTrue(get(path, "entries_cut")) ? " or more" :
								  "");
	else if (cJSON_IsNumber(get(path, "entries")))
		snprintf(entries, sizeof(entries), ", empty");
	put_format(page, 2, "%s%s%s%s; mode %s, owner %d:%d; connect would give %s",
		   text_of(path, "kind", "?"),
		   is(path, "kind", "socket") ? ", " : "",
		   is(path, "kind", "socket") ? text_of(path, "state", "?") : "",
		   entries, text_of(inode, "mode", "?"),
		   number_of(inode, "uid"), number_of(inode, "gid"), result);
	if (!cJSON_IsString(get(path, "connect_result")))
		put_line(page, 4, text_of(path, "connect_why", ""));
	put_format(page, 2, "unchanged since %s (%s)",
		   text_of(get(path, "unchanged_since"), "time", "?"),
		   text_of(get(path, "unchanged_since"), "basis", "?"));
}

static void put_listener(const struct page *page, const cJSON *path)
{
	const cJSON *listener = get(path, "listener");
	char name[ITEM_SIZE];

	if (!cJSON_IsObject(listener)) {
		if (is(path, "state", "listening"))
			put_line(page, 2, "listener: a process that was not found");
		return;
	}
	name_process(page, get(listener, "process"), name, sizeof(name));
	put_format(page, 2, "listener: %s%s", name,
		   cJSON_IsObject(get(listener, "activated_by")) ?
			   " (socket-activated)" :
			   "");
}

static void put_origin(const struct page *page, const cJSON *path)
{
	const cJSON *origin = get(path, "origin");
	const cJSON *candidate;

	if (!cJSON_IsObject(origin))
		return;
	put_format(page, 2, "origin: %s", text_of(origin, "text", "?"));
	cJSON_ArrayForEach(candidate, get(origin, "candidates"))
	{
		char name[512];

		name_container(page, text_of(candidate, "container", NULL),
			       name, sizeof(name));
		put_format(page, 4, "%s: %s; %s", name,
			   text_of(candidate, "mechanism", "runtime unknown"),
			   text_of(candidate, "why", "?"));
	}
}

static void put_access(const struct page *page, const cJSON *access)
{
	const cJSON *dac = get(access, "dac");
	char name[512];

	name_container(page, text_of(access, "container", NULL), name,
		       sizeof(name));
	put_format(page, 4, "%s: %s (%s%s)%s%s, connect would give %s", name,
		   text_of(access, "container_path", "?"),
		   text_of(access, "via", "?"),
		   cJSON_IsTrue(get(access, "read_only")) ? ", read-only" : "",
		   cJSON_IsTrue(get(access, "hidden")) ? ", covered" : "",
		   cJSON_IsTrue(get(access, "stale")) ? ", stale inode" : "",
		   text_of(access, "connect_result", "unknown"));
	if (cJSON_IsFalse(get(dac, "allowed")))
		put_line(page, 6, text_of(dac, "why", ""));
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
	cJSON_ArrayForEach(row, get(page->document, list))
	{
		if (!is(row, "path_ref", ref))
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

	name_process(page, get(connection, "client"), name, sizeof(name));
	put_format(page, 4, "%d x %s%s", number_of(connection, "count"), name,
		   cJSON_IsTrue(get(connection, "pending")) ?
			   " (not accepted yet)" :
			   "");
}

static bool is_absent(const cJSON *path)
{
	return is(path, "kind", "missing");
}

static void put_names(const struct page *page, const cJSON *path)
{
	const cJSON *name;
	char view[512];
	bool first = true;

	fputc('\n', page->out);
	set_color(page, bold);
	put_line(page, 0, text_of(path, "path", "?"));
	set_color(page, plain);
	cJSON_ArrayForEach(name, get(path, "names"))
	{
		if (!first)
			put_format(page, 2, "also %s",
				   cJSON_GetStringValue(name));
		first = false;
	}
	if (!cJSON_IsString(get(path, "view")))
		return;
	name_container(page, text_of(path, "view", NULL), view, sizeof(view));
	put_format(page, 2, "as seen in %s", view);
}

static void put_path(const struct page *page, const cJSON *path, int idx)
{
	const cJSON *link;

	put_names(page, path);
	cJSON_ArrayForEach(link, get(path, "links"))
		put_format(page, 2, "link %s -> %s", text_of(link, "path", "?"),
			   text_of(link, "target", "?"));
	if (cJSON_IsTrue(get(path, "unlinked")))
		put_line(page, 2,
			 "the name is gone or leads elsewhere; who had it before still reaches it");
	if (cJSON_IsObject(get(path, "inode")))
		put_what(page, path);
	else
		put_format(page, 2, "%s; connect would give %s",
			   text_of(path, "kind", "?"),
			   text_of(path, "connect_result", "unknown"));
	put_listener(page, path);
	put_origin(page, path);
	put_rows(page, idx, "access", "reached by", put_access);
	put_rows(page, idx, "connections", "connected", put_connection);
}

/* ---- the page ---- */

static void put_head(const struct page *page)
{
	const cJSON *node = get(page->document, "node");

	put_format(page, 0, "node %s, %s, kernel %s, booted %s",
		   text_of(node, "hostname", "?"),
		   text_of(node, "os", "unknown system"),
		   text_of(node, "kernel", "?"), text_of(node, "booted_at", "?"));
	set_color(page, bold);
	put_line(page, 0,
		 text_of(get(page->document, "summary"), "text", "?"));
	set_color(page, plain);
}

/* One finding's verdict: the decision, then each rule, then what is left. */
static void put_verdict(const struct page *page, const cJSON *verdict)
{
	const cJSON *finding = cJSON_GetArrayItem(get(page->document,
						      "findings"),
						  number_of(verdict,
							    "finding"));
	const cJSON *item;

	fputc('\n', page->out);
	put_format(page, 0, "finding %s: %s at %s by %s",
		   text_of(finding, "id", "without id"),
		   text_of(finding, "type", "?"),
		   text_of(finding, "socket_path", "(no path)"),
		   text_of(finding, "executable_path", "(no program)"));
	set_color(page, bold);
	put_format(page, 0, "%s: %s", text_of(verdict, "decision", "?"),
		   text_of(verdict, "text", "?"));
	set_color(page, plain);
	cJSON_ArrayForEach(item, get(verdict, "reasons"))
	{
		const cJSON *holds = get(item, "holds");

		put_format(page, 2, "%s %s: %s",
			   cJSON_IsTrue(holds)	? "[yes]" :
			   cJSON_IsFalse(holds) ? "[no]" :
						  "[?]",
			   text_of(item, "rule", "?"),
			   text_of(item, "text", "?"));
	}
	cJSON_ArrayForEach(item, get(verdict, "residual_risks"))
		put_format(page, 2, "risk left: %s", text_of(item, "text", "?"));
	if (is(verdict, "decision", "supported"))
		put_format(page, 2, "holds %s",
			   text_of(verdict, "valid_until", "?"));
}

/* Paths at which nothing stands, as one paragraph: they are many. */
static void put_absent(const struct page *page)
{
	const cJSON *path;
	size_t column = 0;

	cJSON_ArrayForEach(path, get(page->document, "paths"))
	{
		const char *name = text_of(path, "path", "?");

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

	cJSON_ArrayForEach(line, get(page->document, "coverage"))
	{
		if (is(line, "status", "complete"))
			continue;
		if (first) {
			set_color(page, yellow);
			fputs("\nnot seen\n", page->out);
			set_color(page, plain);
		}
		first = false;
		put_format(page, 2, "%s %s (%s): %s%s%s",
			   text_of(line, "source", "?"),
			   text_of(line, "status", "?"),
			   text_of(line, "scope", "?"),
			   text_of(line, "detail", "?"),
			   cJSON_IsString(get(line, "mend")) ? "; to mend: " : "",
			   text_of(line, "mend", ""));
	}
	if (first)
		fputs("\nnothing was kept from view\n", page->out);
}

int emit_text(FILE *out, const cJSON *document, bool color,
	      struct error *error)
{
	const struct page page = { .out = out,
				   .color = color,
				   .document = document };
	const cJSON *verdict;
	const cJSON *path;
	int idx = 0;

	put_head(&page);
	cJSON_ArrayForEach(verdict, get(document, "verdicts"))
		put_verdict(&page, verdict);
	cJSON_ArrayForEach(path, get(document, "paths"))
	{
		if (!is_absent(path))
			put_path(&page, path, idx);
		idx++;
	}
	put_absent(&page);
	put_gaps(&page);
	return emit_finish(out, error);
}
