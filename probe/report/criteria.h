/* SPDX-License-Identifier: Apache-2.0 */
/* What a filter matches on, and what is too wide. */
#ifndef SOCKPROBE_CRITERIA_H
#define SOCKPROBE_CRITERIA_H

#include <stdbool.h>

#include "sockprobe/document.h"
#include "sockprobe/error.h"

enum { MAX_VALUE = 512, MAX_CRITERIA = 8 };

struct criterion {
	const char *key; /* of the verdict's scope */
	const char
		*attribute; /* the filter's, which differs from the finding's */
	char value[MAX_VALUE + 1];
	bool pattern;	   /* Matches instead of Equals */
	bool archive_only; /* only filters that archive may match on it */
};

struct criteria {
	struct criterion at[MAX_CRITERIA];
	size_t n;
};

/* Is the text printable ASCII? */
bool is_plain_value(const char *text);

bool criteria_has(const struct criteria *criteria, const char *key);

/*
 * Makes criteria of a verdict's scope, in a fixed order. `keys`: the keys to
 * use, separated by commas; NULL: all. Fails with EXIT_USAGE for an unknown
 * key, EXIT_BAD_INPUT for a value that a filter cannot have, EXIT_NOT_SUPPORTED
 * if the filter would hide more than the evidence is about.
 */
int criteria_collect(struct criteria *criteria, const struct doc_scope *scope,
		     const char *keys, struct error *error);

#endif
