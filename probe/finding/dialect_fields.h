/* SPDX-License-Identifier: Apache-2.0 */
/* The dialects of findings as tables: where each has each field. */
#ifndef SOCKPROBE_DIALECT_FIELDS_H
#define SOCKPROBE_DIALECT_FIELDS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "sockprobe/finding.h"

enum field_kind { FIELD_TEXT, FIELD_TIME, FIELD_NUMBER, FIELD_BOOL };

/*
 * Several rows for one member are alternatives: the first that exists counts. A
 * path has steps separated by '>': the name of a member; in a list an index,
 * "*" (any item), or "KEY=VALUE" (an item with this member).
 */
struct finding_field {
	size_t offset;	  /* of the member in struct finding */
	const char *path; /* NULL: the row that ends the table */
	enum field_kind kind;
};

/*
 * A list of which only one item may be there, or several that agree in `key`
 * (NULL: one): only one can be looked at, and what is not must be reported.
 */
struct single_list {
	const char *path; /* NULL: behind the last row */
	const char *key;
};

struct dialect {
	const char *name;
	bool any_case; /* the first letter of member names may have any case */
	bool milliseconds; /* numeric times are in milliseconds, not seconds */
	const struct finding_field *fields;
	const struct single_list *singles; /* NULL: none */
	/* Paths to the id of the container, up to NULL; NULL: only one. */
	const char *const *container_ids;
	/*
	 * Called last with the raw finding, for what a table cannot express. 0
	 * or -ENOMEM. NULL: nothing.
	 */
	int (*finish)(struct arena *arena, struct finding *finding,
		      const cJSON *raw);
};

/* The dialect of a raw finding; GuardDuty's own if no other fits. */
const struct dialect *finding_dialect(const cJSON *raw);

/* Does a text have control characters, or is it not UTF-8? */
bool finding_text_is_odd(const char *text);

/*
 * A copy, escaped reversibly if it is not UTF-8. NULL if the arena's limit is
 * met.
 */
const char *finding_text(struct arena *arena, const char *text);

#endif
