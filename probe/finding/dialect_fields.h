/* SPDX-License-Identifier: Apache-2.0 */
/* The dialects of findings, as tables: where each has each field. */
#ifndef SOCKPROBE_DIALECT_FIELDS_H
#define SOCKPROBE_DIALECT_FIELDS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "sockprobe/finding.h"

enum field_kind { FIELD_TEXT, FIELD_TIME, FIELD_NUMBER, FIELD_BOOL };

/*
 * Several rows for one member are alternatives: the first that is there counts.
 * A path is of steps separated by '>': a member's name; of a list a position, "*"
 * (any item), or "KEY=VALUE" (an item with this member).
 */
struct finding_field {
	size_t offset;	  /* of the member in struct finding */
	const char *path; /* NULL: behind the last row */
	enum field_kind kind;
};

struct dialect {
	const char *name;
	bool any_case;	   /* of the first letter of a member's name */
	bool milliseconds; /* numeric times are, and not seconds */
	const struct finding_field *fields;
	/*
	 * What no table says: called last with the raw finding. 0 or -ENOMEM.
	 * NULL: nothing.
	 */
	int (*finish)(struct arena *arena, struct finding *finding,
		      const cJSON *raw);
};

/* The dialect of a raw finding; GuardDuty's own where none other fits. */
const struct dialect *finding_dialect(const cJSON *raw);

/* Does a text hold control characters, or is it not UTF-8? */
bool finding_text_is_odd(const char *text);

/* A copy, escaped reversibly where it is not UTF-8. NULL past the limit. */
const char *finding_text(struct arena *arena, const char *text);

#endif
