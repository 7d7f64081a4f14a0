/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every rule needs: the case that is being judged, and functions that
 * write its verdict. Knows no rule.
 */
#ifndef SOCKPROBE_VERDICT_H
#define SOCKPROBE_VERDICT_H

#include <stdbool.h>

#include "sockprobe/document.h"

/* One finding against one document. */
struct judged {
	struct doc *doc; /* read only; its arena owns the verdict */
	const struct finding *finding;
	const struct doc_container *container; /* NULL not found */
	size_t container_idx;
	const struct doc_path
		*path; /* the object at its socket path there; or NULL */
	size_t path_idx;
	const char *reached_as; /* the container's path of it, if another */
	size_t own_path_idx;	/* in that case: the path with nothing at it */
	struct doc_verdict *verdict;
	int err; /* 0, or -ENOMEM: the verdict is incomplete */
};

/*
 * A JSON pointer, formatted into the document's arena; "" if its limit is met.
 */
const char *verdict_pointer(struct judged *judged, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * A foreign name for a sentence: quoted if it could pass for our words
 * (quote_text()), "unknown" for NULL. A long one is cut, and ends with "...".
 */
const char *verdict_name(struct judged *judged, const char *name);

/* The same for words of the document's own sentences: never quoted. */
const char *verdict_words(struct judged *judged, const char *words);

/*
 * Adds a rule's outcome. `holds` TRI_UNKNOWN: it cannot be decided. `evidence`
 * is a JSON pointer, or "".
 */
void add_reason(struct judged *judged, const char *rule, enum tristate holds,
		const char *evidence, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/*
 * Adds a risk that remains though the finding itself is explained. `evidence`
 * and `more` are JSON pointers, or "".
 */
void add_risk(struct judged *judged, const char *evidence, const char *more,
	      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* ---- small readers ---- */

/* Are both texts known, and the same? */
bool same_text(const char *a, const char *b);

/* Is this the container that is judged? */
bool is_judged_container(const struct judged *judged, struct container_ref ref);

/* Is this one of the object's names? */
bool path_has_name(const struct doc_path *path, const char *name);

#endif
