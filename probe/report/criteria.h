/* SPDX-License-Identifier: Apache-2.0 */
/* What a filter matches on, and what is too wide. */
#ifndef SOCKPROBE_CRITERIA_H
#define SOCKPROBE_CRITERIA_H

#include <stdbool.h>

#include "sockprobe/document.h"
#include "sockprobe/error.h"

enum { MAX_VALUE = 512, MAX_CRITERIA = 13 };

/* Where a value comes from. */
enum criterion_source {
	CRITERION_CONFIRMED, /* by the evidence */
	CRITERION_FINDING,   /* the finding alone has it */
	CRITERION_OPERATOR,
};

struct criterion {
	const char *key; /* of the verdict's scope */
	const char
		*attribute; /* the filter's, which differs from the finding's */
	char value[MAX_VALUE + 1];
	bool pattern;	   /* Matches instead of Equals */
	bool archive_only; /* only filters that archive may match on it */
	enum criterion_source source;
};

struct criteria {
	struct criterion at[MAX_CRITERIA];
	size_t n;
	/* Why the name of the workload will not last, in a sentence; or NULL. */
	const char *short_lived;
};

/* What the operator asks for; each NULL: as the scope has it. */
struct criteria_request {
	const char *keys; /* to match on, separated by commas */
	const char *account;
	const char *cluster;
};

/* Is the text printable ASCII? */
bool is_plain_value(const char *text);

/*
 * From a verdict's scope, in a fixed order. Account and cluster are always among
 * them. Fails with EXIT_USAGE for a key that is none, and for an account or a
 * cluster that is not the finding's; EXIT_BAD_INPUT for a value that no filter
 * can hold; EXIT_NOT_SUPPORTED where the filter would hide more than the evidence
 * is about.
 */
int criteria_collect(struct criteria *criteria, const struct doc_scope *scope,
		     const struct criteria_request *request,
		     struct error *error);

#endif
