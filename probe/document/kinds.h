/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How one value stands in C and how in JSON: for each kind of member both
 * directions, side by side. Objects and lists are walked by the writer and the
 * loader; what is here has no members.
 */
#ifndef SOCKPROBE_KINDS_H
#define SOCKPROBE_KINDS_H

#include <cjson/cJSON.h>

#include "document/members.h"
#include "sockprobe/util.h"

/* What a loader says where the arena's limit is reached. */
extern const char value_out_of_memory[];

/* The JSON of a value, null where it is not known; NULL: out of memory. */
cJSON *value_write(const struct member *member, const void *value);

/*
 * Loads a value that is not null. NULL, or what is wrong with it, a constant
 * text. Texts are copied into the arena.
 */
const char *value_load(struct arena *arena, const struct member *member,
		       const cJSON *json, void *value);

/* Makes the value one that is not known. */
void value_forget(const struct member *member, void *value);

/* Is it one that is not known, so that its JSON is null? */
bool value_is_unknown(const struct member *member, const void *value);

#endif
