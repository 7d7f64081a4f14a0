/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How facts stand in the document. What is not known is null; a text that is
 * not UTF-8 is escaped reversibly and its key listed in "escaped".
 */
#ifndef SOCKPROBE_VALUES_H
#define SOCKPROBE_VALUES_H

#include <cjson/cJSON.h>

#include "sockprobe/evidence.h"

void put_text(cJSON *object, const char *key, const char *text);
void put_list(cJSON *object, const char *key, const struct string_list *list);
void put_time(cJSON *object, const char *key, struct timespec when);
void put_tri(cJSON *object, const char *key, enum tristate fact);

/* A number that may pass 2^53, which JSON's readers cannot hold: as text. */
void put_u64(cJSON *object, const char *key, uint64_t number);

/* A count, which stays below that. */
void put_count(cJSON *object, const char *key, uint64_t number);

/* One item of a list; the caller says whether the list's texts are escaped. */
void push_text(cJSON *array, const char *text, bool escape);

/* A JSON pointer (RFC 6901) to an item of one of the document's lists. */
void push_pointer(cJSON *array, const char *list, size_t idx);

#endif
