/* SPDX-License-Identifier: Apache-2.0 */
/* Reads JSON values that may be of any type, or missing. */
#ifndef SOCKPROBE_JSON_H
#define SOCKPROBE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <string.h>

enum { JSON_FILE_VALUES_MAX = 500000 };

/*
 * Parses a file of the node. cJSON takes about a hundred bytes for each value,
 * even for one of two bytes, so a file with more than JSON_FILE_VALUES_MAX
 * values is not parsed. They are counted by their first bytes, which may occur
 * in texts too. Returns NULL for that and for what is not JSON. Free with
 * cJSON_Delete().
 */
static inline cJSON *json_of_file(const char *text, size_t len)
{
	size_t values = 0;

	for (size_t i = 0; i < len; i++)
		values += text[i] == ',' || text[i] == '[' || text[i] == '{';
	return values > JSON_FILE_VALUES_MAX ? NULL
					     : cJSON_ParseWithLength(text, len);
}

/* The member, or NULL. NULL has no members. */
static inline const cJSON *json_get(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* The member's text, or NULL. */
static inline const char *json_text(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(json_get(object, key));
}

/* Is the member exactly this text? Never true for NULL. */
static inline bool json_is(const cJSON *object, const char *key,
			   const char *value)
{
	const char *text = json_text(object, key);

	return text && value && strcmp(text, value) == 0;
}

#endif
