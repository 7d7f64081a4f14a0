// SPDX-License-Identifier: Apache-2.0
/* Counts what a document has; works on the document only. */
#include "judge/summary.h"

#include <errno.h>

#include "judge/sources.h"
#include "judge/verdict.h"

/* A finding's path is another name for an object that is counted already. */
static bool is_counted(const struct doc_path *path)
{
	return path->listed != FROM_FINDING;
}

static bool is_listening(const struct doc_path *path)
{
	return path->state == STATE_LISTENING;
}

static bool is_stale(const struct doc_path *path)
{
	return path->state == STATE_STALE;
}

static bool is_directory(const struct doc_path *path)
{
	return path->kind == KIND_DIRECTORY;
}

/* Is something at a socket's path that cannot answer? */
static bool is_inert(const struct doc_path *path)
{
	return is_stale(path) || is_directory(path) ||
	       path->kind == KIND_REGULAR || path->kind == KIND_FIFO ||
	       path->kind == KIND_DEVICE;
}

static size_t count_paths(const struct doc *doc,
			  bool (*is_one)(const struct doc_path *path))
{
	size_t n = 0;

	for (size_t i = 0; i < doc->paths.n; i++)
		n += is_counted(&doc->paths.at[i]) && is_one(&doc->paths.at[i]);
	return n;
}

/* The names of such paths, if they still have one. 0 or -ENOMEM. */
static int list_paths(struct doc *doc, struct string_list *names,
		      bool (*is_one)(const struct doc_path *path))
{
	for (size_t i = 0; i < doc->paths.n; i++) {
		const struct doc_path *path = &doc->paths.at[i];
		const char **name;

		if (!is_counted(path) || !is_one(path) || path->unlinked)
			continue;
		name = list_add(&doc->arena, names, MAX_PATHS);
		if (!name)
			return -ENOMEM;
		*name = path->path;
	}
	return 0;
}

static bool reaches_live(const struct doc *doc, size_t container)
{
	for (size_t i = 0; i < doc->access.n; i++) {
		if (doc->access.at[i].container.at == container &&
		    same_text(doc->access.at[i].connect_result, "OK"))
			return true;
	}
	return false;
}

/* Containers that can connect to a live socket, without the probe's own. */
static size_t count_reaching(const struct doc *doc)
{
	size_t n = 0;

	for (size_t i = 0; i < doc->containers.n; i++)
		n += !doc->containers.at[i].self && reaches_live(doc, i);
	return n;
}

static int64_t count_connections(const struct doc *doc)
{
	int64_t n = 0;

	for (size_t i = 0; i < doc->connections.n; i++)
		n += doc->connections.at[i].count;
	return n;
}

static const char *plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

static int fill_text(struct doc *doc, struct doc_summary *summary)
{
	size_t live = count_paths(doc, is_listening);
	size_t inert = count_paths(doc, is_inert);

	summary->text = arena_printf(
		&doc->arena,
		"%zu live runtime socket%s, %zu inert path%s; %lld container%s can connect to a live one, %lld connection%s now; evidence %s",
		live, plural((int64_t)live), inert, plural((int64_t)inert),
		(long long)summary->containers_that_can_connect,
		plural(summary->containers_that_can_connect),
		(long long)summary->connections, plural(summary->connections),
		summary->complete ? "complete" : "INCOMPLETE");
	return summary->text ? 0 : -ENOMEM;
}

int summary_fill(struct doc *doc)
{
	struct doc_summary *summary =
		arena_alloc(&doc->arena, sizeof(*summary));
	struct doc_verdict *verdict =
		arena_alloc(&doc->arena, sizeof(*verdict));

	if (!summary || !verdict)
		return -ENOMEM;
	summary->complete = sources_are_complete(doc);
	summary->containers_that_can_connect = (int64_t)count_reaching(doc);
	summary->connections = count_connections(doc);
	if (list_paths(doc, &summary->listening, is_listening) ||
	    list_paths(doc, &summary->stale, is_stale) ||
	    list_paths(doc, &summary->directories, is_directory) ||
	    fill_text(doc, summary))
		return -ENOMEM;
	*verdict = (struct doc_verdict){
		.decision = DECISION_NOT_JUDGED,
		.text = "no finding was given to judge",
		.finding = NUMBER_UNKNOWN,
	};
	doc->summary = summary;
	doc->verdict = verdict;
	return 0;
}
