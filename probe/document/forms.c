// SPDX-License-Identifier: Apache-2.0
/* Forms of texts, each an exact check of the whole text. */
#include "document/forms.h"

#include <string.h>
#include <time.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool is_only(const char *text, const char *bytes)
{
	return text[strspn(text, bytes)] == '\0';
}

static bool is_filled(const char *text)
{
	return *text != '\0';
}

static bool is_absolute(const char *text)
{
	return *text == '/';
}

static bool is_mask(const char *text)
{
	return strlen(text) == 16 && is_only(text, DIGITS "abcdef");
}

static bool is_sha256(const char *text)
{
	return strlen(text) == 64 && is_only(text, DIGITS "abcdef");
}

/* Is it a day of the calendar? If so, formatting it gives the same text. */
static bool is_date(const char *text)
{
	struct tm tm = { 0 };
	char again[16];
	const char *end = strptime(text, "%Y-%m-%d", &tm);

	if (!end || *end)
		return false;
	timegm(&tm);
	return strftime(again, sizeof(again), "%Y-%m-%d", &tm) &&
	       strcmp(again, text) == 0;
}

static bool is_connect_result(const char *text)
{
	return strcmp(text, "OK") == 0 ||
	       (text[0] == 'E' && text[1] && is_only(text, UPPER DIGITS));
}

static bool is_rule(const char *text)
{
	return *text && is_only(text, LOWER "_") && text[0] != '_' &&
	       text[strlen(text) - 1] != '_' && !strstr(text, "__");
}

/* RFC 6901: '~' is followed by 0 or 1. */
static bool is_pointer(const char *text)
{
	if (*text != '/')
		return false;
	for (; *text; text++) {
		if (*text == '~' && text[1] != '0' && text[1] != '1')
			return false;
	}
	return true;
}

const struct form form_filled = { "empty", is_filled };
const struct form form_absolute = { "not an absolute path", is_absolute };
const struct form form_mask = { "not 16 hexadecimal digits", is_mask };
const struct form form_sha256 = { "not a SHA-256 in hexadecimal", is_sha256 };
const struct form form_date = { "not a date (YYYY-MM-DD)", is_date };
const struct form form_connect_result = { "neither OK nor the name of an errno",
					  is_connect_result };
const struct form form_rule = { "not the name of a rule", is_rule };
const struct form form_pointer = { "not a JSON pointer", is_pointer };
const struct form form_place = { "not a place in a finding", is_absolute };
