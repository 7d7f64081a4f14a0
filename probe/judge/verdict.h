/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every rule needs: the case that is being judged, and functions that
 * write its verdict. Knows no rule.
 */
#ifndef SOCKPROBE_VERDICT_H
#define SOCKPROBE_VERDICT_H

#include <stdarg.h>
#include <stdbool.h>

#include "sockprobe/document.h"

/* One finding against one document. */
struct judged {
	struct doc *doc; /* read only; its arena owns the verdict */
	const struct finding *finding;
	const struct doc_container *container; /* NULL not found */
	size_t container_idx;
	/* set by premise_name(): the socket that is at the finding's name */
	const struct doc_name *private_socket; /* the container's own */
	const struct doc_name *live;	       /* a runtime's */
	struct doc_verdict *verdict;
	bool strict; /* what would be assumed counts as unknown */
	/* the youngest change of all that was met; tv_sec 0: none */
	struct timespec changed;
	int err; /* 0, or -ENOMEM: the verdict is not whole */
};

/* A sentence, kept once however often it comes; "" past the limit. */
const char *verdict_sentence(struct judged *judged, const char *format,
			     va_list args);

/* A list of one or two JSON pointers, "" for none. */
struct string_list verdict_pointers(struct judged *judged, const char *first,
				    const char *second);

/* A JSON pointer, formatted into the document's arena; "" past its limit. */
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

/* Something that the answer rests on changed then. */
void verdict_note_change(struct judged *judged, struct timespec when);

/* ---- small readers ---- */

/* Are both texts known, and the same? */
bool same_text(const char *a, const char *b);

/* A container's name without the '/' that Docker's own begin with; or NULL. */
const char *bare_name(const char *name);

/*
 * Has the judged container the name that ECS's agent gives containers of the
 * finding's task definition and container name: ecs-FAMILY-REVISION-NAME-HEX?
 */
bool is_named_by_ecs(const struct judged *judged);

/* Is this the container that is judged? */
bool is_judged_container(const struct judged *judged, struct container_ref ref);

/* Is a process of the container connected to the socket at this path? */
bool is_connected_to(const struct judged *judged, size_t path);

/* Is this one of the object's names? */
bool path_has_name(const struct doc_path *path, const char *name);

#endif
