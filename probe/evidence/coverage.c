// SPDX-License-Identifier: Apache-2.0
/* Counts gaps and makes coverage lines of them, in the words of the table. */
#include "sockprobe/coverage.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "evidence/coverage_words.h"
#include "sockprobe/evidence.h"
#include "sockprobe/text_safe.h"

enum { COVERAGE_DETAIL = 1024 };

/* ---- from words to a line ---- */

/* One field of the words: {name:singular:plural}, or {name}. */
struct field {
	char name[16], singular[32], plural[32];
};

static const char *read_field(const char *at, struct field *field)
{
	*field = (struct field){ 0 };
	sscanf(at, "{%15[a-z]:%31[^:}]:%31[^}]}", field->name, field->singular,
	       field->plural);
	return strchr(at, '}') + 1;
}

static void put_number(FILE *out, const struct field *field, size_t n)
{
	const char *noun = n == 1 ? field->singular : field->plural;

	fprintf(out, "%zu%s%s", n, *noun ? " " : "", noun);
}

static void put_who(FILE *out, const struct field *field,
		    const struct gap_count *count)
{
	size_t others = count->n - 1;

	if (count->pid)
		fprintf(out, "pid %d", (int)count->pid);
	else if (count->name)
		fprintf(out, "%s", quote_short(count->name).text);
	else
		return put_number(out, field, count->n);
	if (others)
		fprintf(out, " and %zu other %s", others,
			others == 1 ? field->singular : field->plural);
}

static void put_ended(FILE *out, const struct field *field, size_t n)
{
	if (!n)
		return;
	fprintf(out, "; ");
	put_number(out, field, n);
	fprintf(out, " had ended");
}

static void put_tally_field(FILE *out, const struct field *field,
			    const struct coverage_tally *tally,
			    enum coverage_gap gap)
{
	const struct gap_count *count = &tally->gaps[gap];

	if (strcmp(field->name, "read") == 0)
		put_number(out, field, tally->read);
	else if (strcmp(field->name, "extra") == 0)
		put_number(out, field, tally->extra);
	else if (strcmp(field->name, "n") == 0)
		put_number(out, field, count->n);
	else if (strcmp(field->name, "who") == 0)
		put_who(out, field, count);
	else if (strcmp(field->name, "ended") == 0)
		put_ended(out, field, tally->gaps[GAP_ENDED].n);
	else if (strcmp(field->name, "from") == 0)
		fprintf(out, "%s", tally->from ? tally->from : "?");
	else
		fprintf(out, "%s", strerror(count->err));
}

static void put_words(FILE *out, const char *at,
		      const struct coverage_tally *tally, enum coverage_gap gap)
{
	struct field field;

	while (*at) {
		size_t plain = strcspn(at, "{");

		fwrite(at, 1, plain, out);
		at += plain;
		if (!*at)
			break;
		at = read_field(at, &field);
		put_tally_field(out, &field, tally, gap);
	}
}

void coverage_report_gap(struct evidence *ev, enum coverage_source source,
			 const char *extent, const struct coverage_tally *tally,
			 enum coverage_gap gap)
{
	const struct coverage_words *row = coverage_words(source, gap);
	char text[COVERAGE_DETAIL] = "";
	FILE *out = row->detail ? fmemopen(text, sizeof(text), "w") : NULL;

	if (!row->detail)
		return;
	if (out) {
		put_words(out, row->detail, tally, gap);
		fclose(out);
	}
	coverage_add(ev, source, extent, row->status, row->fix, "%s",
		     *text ? text : row->detail);
}

void coverage_report(struct evidence *ev, enum coverage_source source,
		     const char *extent, const struct coverage_tally *tally)
{
	bool complete = true;

	for (enum coverage_gap gap = GAP_NONE + 1; gap < COVERAGE_GAPS; gap++) {
		if (!tally->gaps[gap].n)
			continue;
		complete &= coverage_words(source, gap)->status ==
			    COVERAGE_COMPLETE;
		coverage_report_gap(ev, source, extent, tally, gap);
	}
	if (complete)
		coverage_report_gap(ev, source, extent, tally, GAP_NONE);
}

/* ---- counting ---- */

enum coverage_gap coverage_gap_of(int err)
{
	switch (err < 0 ? -err : err) {
	case 0:
		return GAP_NONE;
	case EACCES:
	case EPERM:
		return GAP_DENIED;
	case ESRCH:
	case ENOENT:
		return GAP_ENDED;
	case EOVERFLOW:
	case EFBIG:
	case ENOMEM:
		return GAP_CUT;
	case EINTR:
	case ENOBUFS:
	case ENOSPC:
		return GAP_LOST;
	case ETIME:
	case ETIMEDOUT:
		return GAP_TIMED_OUT;
	case EXDEV:
		return GAP_OUTSIDE;
	case EMFILE:
	case ENFILE:
		return GAP_LIMITED;
	default:
		return GAP_FAILED;
	}
}

static void count_gap(struct coverage_tally *tally, enum coverage_gap gap,
		      const struct gap_count *first)
{
	struct gap_count *count = &tally->gaps[gap];

	if (gap == GAP_NONE)
		return;
	if (count->n)
		count->n += first->n;
	else
		*count = *first;
}

void coverage_count(struct coverage_tally *tally, enum coverage_gap gap,
		    pid_t pid, int err)
{
	const struct gap_count first = { 1, err < 0 ? -err : err, pid, NULL };

	count_gap(tally, gap, &first);
}

void coverage_count_name(struct coverage_tally *tally, enum coverage_gap gap,
			 const char *name, int err)
{
	const struct gap_count first = { 1, err < 0 ? -err : err, 0, name };

	count_gap(tally, gap, &first);
}

void coverage_sum(struct coverage_tally *sum,
		  const struct coverage_tally *other)
{
	sum->read += other->read;
	sum->extra += other->extra;
	for (enum coverage_gap gap = GAP_NONE + 1; gap < COVERAGE_GAPS; gap++) {
		struct gap_count first = other->gaps[gap];

		first.name = NULL;
		if (first.n)
			count_gap(sum, gap, &first);
	}
}

/* ---- the list ---- */

static const struct coverage coverage_overflow = {
	.source = "coverage",
	.extent = "node",
	.status = COVERAGE_PARTIAL,
	.detail = "more gaps than are listed here",
	.fix = "fix the gaps listed and run again",
};

/*
 * Prepares the list for a line of this status. Returns false if the source
 * already has a line that excludes it: beside a gap a source is not complete.
 */
static bool may_be_listed(struct coverage_list *list, const char *source,
			  enum coverage_status status)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct coverage *line = &list->at[i];

		if (strcmp(line->source, source) != 0)
			continue;
		if (status == COVERAGE_COMPLETE)
			return false;
		if (line->status != COVERAGE_COMPLETE)
			continue;
		list->n--;
		memmove(&list->at[i], &list->at[i + 1],
			(list->n - i) * sizeof(*list->at));
		break;
	}
	return true;
}

void coverage_add(struct evidence *ev, enum coverage_source source,
		  const char *extent, enum coverage_status status,
		  const char *fix, const char *detail, ...)
{
	struct arena *arena = &ev->coverage_arena;
	char text[COVERAGE_DETAIL];
	struct coverage *line;
	va_list args;

	if (!may_be_listed(&ev->coverage, coverage_source_names[source],
			   status))
		return;
	line = list_add(arena, &ev->coverage, MAX_COVERAGE);
	if (!line) {
		if (ev->coverage.n)
			ev->coverage.at[ev->coverage.n - 1] = coverage_overflow;
		return;
	}
	va_start(args, detail);
	vsnprintf(text, sizeof(text), detail, args);
	va_end(args);
	*line = (struct coverage){
		.source = coverage_source_names[source],
		.extent = arena_strdup(arena, extent),
		.status = status,
		.detail = arena_strdup(arena, text),
		.fix = fix,
	};
	if (!line->extent || !line->detail)
		*line = coverage_overflow;
}
