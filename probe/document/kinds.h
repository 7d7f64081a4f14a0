/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How each kind of value is represented in C and in JSON, with both conversions
 * side by side. The writer and the loader walk objects and lists; the values
 * here have no members.
 */
#ifndef SOCKPROBE_KINDS_H
#define SOCKPROBE_KINDS_H

#include <cjson/cJSON.h>

#include "document/members.h"
#include "sockprobe/util.h"

/* The message if the arena's limit is met. */
extern const char value_out_of_memory[];

/* The JSON of a value, null if it is unknown; NULL: out of memory. */
cJSON *value_write(const struct member *member, const void *value);

/*
 * Loads a value that is not null. Returns NULL, or what is wrong with it (a
 * constant text). Texts are copied into the arena.
 */
const char *value_load(struct arena *arena, const struct member *member,
		       const cJSON *json, void *value);

/* Sets the value to unknown. */
void value_forget(const struct member *member, void *value);

/* Is the value unknown, so that its JSON is null? */
bool value_is_unknown(const struct member *member, const void *value);

#endif
