/* SPDX-License-Identifier: Apache-2.0 */
/* The dialects of findings, as tables: where each has each field. */
#ifndef SOCKPROBE_DIALECT_FIELDS_H
#define SOCKPROBE_DIALECT_FIELDS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

enum field_kind { FIELD_TEXT, FIELD_TIME, FIELD_NUMBER, FIELD_BOOL };

/*
 * Several rows for one key are alternatives: the first that is there counts. A
 * path is of steps separated by '>': a member's name; of a list a position, "*"
 * (any item), or "KEY=VALUE" (an item with this member).
 */
struct finding_field {
	const char *key; /* normalized */
	const char *path;
	enum field_kind kind;
};

struct dialect {
	const char *name;
	bool any_case;	   /* of the first letter of a member's name */
	bool milliseconds; /* numeric times are, and not seconds */
	const struct finding_field *fields;
	/* What no table says: called last with the raw finding. NULL: nothing. */
	void (*finish)(cJSON *finding, const cJSON *raw);
};

/* All normalized keys but dialect, index and problems; ends with NULL. */
extern const char *const finding_keys[];

/* The dialect of a raw finding; GuardDuty's own where none other fits. */
const struct dialect *finding_dialect(const cJSON *raw);

/* Does a text hold control characters, or is it not UTF-8? */
bool finding_text_is_odd(const char *text);

/* A JSON text of it, escaped reversibly where it is not UTF-8. */
cJSON *finding_text(const char *text);

#endif
