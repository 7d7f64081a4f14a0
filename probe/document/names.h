/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the document: one table for each enumeration, and for each text
 * that is one of a list. The schema has the same words, which a unit test
 * compares.
 */
#ifndef SOCKPROBE_NAMES_H
#define SOCKPROBE_NAMES_H

#include <stddef.h>

/* Words by the value of their enumerator; NULL: the value is null in JSON. */
struct names {
	const char *const *at;
	size_t n;
};

extern const struct names phase_names;
extern const struct names extent_names;
extern const struct names selinux_names;
extern const struct names source_names; /* of a line of coverage */
extern const struct names status_names;
extern const struct names listing_names;
extern const struct names kind_names;
extern const struct names state_names;
extern const struct names socket_type_names;
extern const struct names basis_names;
extern const struct names certainty_names;
extern const struct names conflict_names;
extern const struct names via_names;
extern const struct names decision_names;
extern const struct names outcome_names;
extern const struct names dialect_names;
extern const struct names matched_by_names;
extern const struct names finding_process_names;

/* The word for a value, or NULL. */
const char *name_of(const struct names *names, size_t value);

/* The value of a word, or SIZE_MAX. */
size_t name_find(const struct names *names, const char *word);

#endif
