/* SPDX-License-Identifier: Apache-2.0 */
/* Reading JSON values that may be of any type, or not there at all. */
#ifndef SOCKPROBE_JSON_H
#define SOCKPROBE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <string.h>

enum { JSON_FILE_VALUES_MAX = 500000 };

/*
 * Parses a file of the node: cJSON takes some hundred bytes for each value, be
 * it of two, so that past JSON_FILE_VALUES_MAX of them nothing is parsed. They
 * are counted by what begins them, which a text may hold too. NULL for that, and
 * for what is no JSON. To be freed with cJSON_Delete().
 */
static inline cJSON *json_of_file(const char *text, size_t len)
{
	size_t values = 0;

	for (size_t i = 0; i < len; i++)
		values += text[i] == ',' || text[i] == '[' || text[i] == '{';
	return values > JSON_FILE_VALUES_MAX ? NULL
					     : cJSON_ParseWithLength(text, len);
}

/* The member, NULL where there is none; NULL has no members. */
static inline const cJSON *json_get(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* The member's text; NULL where it has none. */
static inline const char *json_text(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(json_get(object, key));
}

/* Is the member exactly this text? Nothing is NULL. */
static inline bool json_is(const cJSON *object, const char *key,
			   const char *value)
{
	const char *text = json_text(object, key);

	return text && value && strcmp(text, value) == 0;
}

#endif
