/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every rule of the judge needs: the case that is being judged, and how its
 * verdict is written. Knows no rule.
 */
#ifndef SOCKPROBE_VERDICT_H
#define SOCKPROBE_VERDICT_H

#include <stdbool.h>

#include "sockprobe/document.h"

/* One finding against one document. */
struct judged {
	struct doc *doc; /* read; its arena owns what is written */
	const struct finding *finding;
	const struct doc_container *container; /* NULL not found */
	size_t container_idx;
	const struct doc_path *path; /* what its socket path is there; or NULL */
	size_t path_idx;
	const char *reached_as; /* the container's name for it, if another */
	size_t own_path_idx; /* where that is so: the one that has nothing there */
	struct doc_verdict *verdict;
	int err; /* 0, or -ENOMEM: the verdict is not whole */
};

/* A JSON pointer, formatted into the document's arena; "" past its limit. */
const char *verdict_pointer(struct judged *judged, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * A name that others chose, for a sentence: quoted where it could be taken for
 * words of ours (quote_text()), "unknown" for NULL. A long one is cut, which "..."
 * at its end shows.
 */
const char *verdict_name(struct judged *judged, const char *name);

/* The same for a part of a sentence of the document: never quoted. */
const char *verdict_words(struct judged *judged, const char *words);

/*
 * Adds a rule's outcome. `holds` TRI_UNKNOWN: cannot be said. `evidence` is a
 * JSON pointer, or "".
 */
void add_reason(struct judged *judged, const char *rule, enum tristate holds,
		const char *evidence, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/*
 * Adds what is left of the risk though the finding itself is explained. `evidence`
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
