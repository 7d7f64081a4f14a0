// SPDX-License-Identifier: Apache-2.0
/* Putting facts into JSON: nothing unescaped, nothing unknown as a value. */
#include "document/values.h"

#include <inttypes.h>
#include <stdlib.h>

#include "sockprobe/text_safe.h"

static void flag_escaped(cJSON *object, const char *key)
{
	cJSON *list = cJSON_GetObjectItemCaseSensitive(object, "escaped");

	if (!list)
		list = cJSON_AddArrayToObject(object, "escaped");
	cJSON_AddItemToArray(list, cJSON_CreateString(key));
}

/* Keys are constants, and are not copied. */
static void put(cJSON *object, const char *key, cJSON *value)
{
	cJSON_AddItemToObjectCS(object, key, value);
}

/* Puts a text, or null. One that is not UTF-8 is escaped and listed as such. */
void put_text(cJSON *object, const char *key, const char *text)
{
	char *escaped;

	if (!text) {
		put(object, key, cJSON_CreateNull());
		return;
	}
	if (is_utf8(text)) {
		put(object, key, cJSON_CreateString(text));
		return;
	}
	escaped = escape_bytes(text);
	put(object, key, cJSON_CreateString(escaped ? escaped : ""));
	free(escaped);
	flag_escaped(object, key);
}

void push_text(cJSON *array, const char *text, bool escape)
{
	char *escaped = escape ? escape_bytes(text) : NULL;

	cJSON_AddItemToArray(array,
			     cJSON_CreateString(escaped ? escaped : text));
	free(escaped);
}

void put_time(cJSON *object, const char *key, struct timespec when)
{
	char text[TIME_TEXT_SIZE];

	if (!when.tv_sec) {
		put(object, key, cJSON_CreateNull());
		return;
	}
	format_time(when, text);
	put(object, key, cJSON_CreateString(text));
}

void put_u64(cJSON *object, const char *key, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	put(object, key, cJSON_CreateString(text));
}

void put_tri(cJSON *object, const char *key, enum tristate fact)
{
	if (fact == TRI_UNKNOWN)
		put(object, key, cJSON_CreateNull());
	else
		put(object, key, cJSON_CreateBool(fact == TRI_YES));
}

void put_count(cJSON *object, const char *key, uint64_t number)
{
	put(object, key, cJSON_CreateNumber((double)number));
}

/* A JSON pointer (RFC 6901) into this document. */
void push_pointer(cJSON *array, const char *list, size_t idx)
{
	char pointer[64];

	snprintf(pointer, sizeof(pointer), "/%s/%zu", list, idx);
	cJSON_AddItemToArray(array, cJSON_CreateString(pointer));
}

void put_list(cJSON *object, const char *key, const struct string_list *list)
{
	cJSON *array = cJSON_AddArrayToObject(object, key);
	bool escape = false;

	/* One flag for all items: then all are escaped, or none is. */
	for (size_t i = 0; i < list->n; i++)
		escape |= !is_utf8(list->at[i]);
	for (size_t i = 0; i < list->n; i++)
		push_text(array, list->at[i], escape);
	if (escape)
		flag_escaped(object, key);
}
