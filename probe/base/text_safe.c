// SPDX-License-Identifier: Apache-2.0
/* Escaping for JSON and for terminals. */
#include "sockprobe/text_safe.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * Decodes one character (RFC 3629). Returns its length in bytes, 0 where the
 * bytes are no character.
 */
static size_t decode(const char *text, uint32_t *code)
{
	const unsigned char *at = (const unsigned char *)text;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len;

	if (at[0] < 0x80) {
		*code = at[0];
		return 1;
	}
	if (at[0] >= 0xc2 && at[0] <= 0xdf)
		len = 2;
	else if (at[0] >= 0xe0 && at[0] <= 0xef)
		len = 3;
	else if (at[0] >= 0xf0 && at[0] <= 0xf4)
		len = 4;
	else
		return 0;
	*code = at[0] & (0xffU >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (at[i] & 0x3f);
	}
	if (*code < least[len] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return len;
}

bool is_utf8(const char *text)
{
	uint32_t code;
	size_t len;

	for (; *text; text += len) {
		len = decode(text, &code);
		if (!len)
			return false;
	}
	return true;
}

char *escape_bytes(const char *text)
{
	/* The longest form of one byte is \xHH. */
	size_t size = strlen(text) * 4 + 1;
	char *escaped = malloc(size);
	char *out = escaped;
	uint32_t code;

	if (!escaped)
		return NULL;
	while (*text) {
		size_t len = decode(text, &code);

		if (!len) {
			out += snprintf(out, size - (size_t)(out - escaped),
					"\\x%02x", (unsigned char)*text);
			text++;
		} else if (*text == '\\') {
			*out++ = '\\';
			*out++ = '\\';
			text++;
		} else {
			memcpy(out, text, len);
			out += len;
			text += len;
		}
	}
	*out = '\0';
	return escaped;
}

/* One character in its safe form, at most `size` bytes. */
static size_t safe_form(const char *text, char *form, size_t size,
			size_t *width)
{
	uint32_t code;
	size_t len = decode(text, &code);

	if (!len)
		*width = (size_t)snprintf(form, size, "\\x%02x",
					  (unsigned char)*text);
	else if (code >= 0x20 && code < 0x7f)
		*width = (size_t)snprintf(form, size, "%c", (char)code);
	else
		*width = (size_t)snprintf(form, size, "\\u{%x}", code);
	return len ? len : 1;
}

void print_safe(FILE *out, const char *text)
{
	char form[16];
	size_t width;

	while (*text) {
		text += safe_form(text, form, sizeof(form), &width);
		fputs(form, out);
	}
}

size_t safe_width(const char *text)
{
	char form[16];
	size_t total = 0;
	size_t width;

	while (*text) {
		text += safe_form(text, form, sizeof(form), &width);
		total += width;
	}
	return total;
}

/*
 * What stands for the character at `json` in ASCII, into `form`. Returns how
 * many bytes of `json` it takes. Bytes that are no character are not to be met:
 * strings are made UTF-8 before.
 */
static size_t ascii_form(const char *json, char form[static 16])
{
	uint32_t code;
	size_t len = decode(json, &code);

	if (!len)
		snprintf(form, 16, "\\ufffd");
	else if (code < 0x10000)
		snprintf(form, 16, "\\u%04x", code);
	else
		snprintf(form, 16, "\\u%04x\\u%04x",
			 0xd800 + ((code - 0x10000) >> 10),
			 0xdc00 + ((code - 0x10000) & 0x3ff));
	return len ? len : 1;
}

static bool is_ascii(char byte)
{
	return byte > 0 && byte < 0x7f;
}

void print_ascii_json(FILE *out, const char *json)
{
	char form[16];

	while (*json) {
		if (is_ascii(*json)) {
			fputc(*json++, out);
			continue;
		}
		json += ascii_form(json, form);
		fputs(form, out);
	}
}

size_t ascii_json_size(const char *json)
{
	size_t size = 0;
	char form[16];

	while (*json) {
		if (is_ascii(*json)) {
			size++;
			json++;
			continue;
		}
		json += ascii_form(json, form);
		size += strlen(form);
	}
	return size;
}
