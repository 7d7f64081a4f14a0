// SPDX-License-Identifier: Apache-2.0
/* Escaping for JSON and for terminals, quoting for sentences. */
#include "sockprobe/text_safe.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sockprobe/util.h"

/*
 * Decodes one character (RFC 3629). Returns its length in bytes, or 0 if the
 * bytes are not a character.
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
 * Writes the ASCII form of the character at `json` into `form`. Returns how
 * many bytes of `json` it takes. `json` holds well-formed UTF-8 only: strings
 * are escaped before.
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

/* The number of ASCII bytes before the first other byte. */
static size_t ascii_length(const char *json)
{
	size_t len = 0;

	while (is_ascii(json[len]))
		len++;
	return len;
}

void print_ascii_json(FILE *out, const char *json)
{
	char form[16];

	while (*json) {
		size_t len = ascii_length(json);

		fwrite(json, 1, len, out);
		json += len;
		if (!*json)
			break;
		json += ascii_form(json, form);
		fputs(form, out);
	}
}

size_t ascii_json_size(const char *json)
{
	size_t size = 0;
	char form[16];

	while (*json) {
		size_t len = ascii_length(json);

		size += len;
		json += len;
		if (!*json)
			break;
		json += ascii_form(json, form);
		size += strlen(form);
	}
	return size;
}

/* ---- sentences ---- */

static bool needs_quotes(const char *text)
{
	size_t len = strlen(text);

	if (!len || text[len - 1] == ':')
		return true;
	for (; *text; text++) {
		if (*text <= ' ' || *text >= 0x7f ||
		    strchr(",;'\"`()[]?$&*<>|!^", *text))
			return true;
	}
	return false;
}

/* Double quotes where they need no escapes: a shell expands less in them. */
static char quote_mark(const char *text)
{
	return strchr(text, '\'') && !strpbrk(text, "\"\\$`!") ? '"' : '\'';
}

static size_t quoted_size(const char *text, char mark)
{
	size_t size = strlen(text) + sizeof("''");

	for (; mark == '\'' && *text; text++)
		size += *text == '\'' ? strlen("'\\''") - 1 : 0;
	return size;
}

/* Writes quoted_size() bytes. */
static void write_quoted(char *to, const char *text, char mark)
{
	*to++ = mark;
	for (; *text; text++) {
		if (*text == mark)
			to = stpcpy(to, "'\\''");
		else
			*to++ = *text;
	}
	*to++ = mark;
	*to = '\0';
}

const char *quote_always(struct arena *arena, const char *text)
{
	char mark = quote_mark(text);
	char *quoted = arena_alloc(arena, quoted_size(text, mark));

	if (!quoted)
		return "'...'";
	write_quoted(quoted, text, mark);
	return quoted;
}

const char *quote_text(struct arena *arena, const char *text)
{
	if (!text)
		return "not known";
	return needs_quotes(text) ? quote_always(arena, text) : text;
}

/*
 * Writes both ends with "..." between, `keep` bytes in all; no character is
 * cut.
 */
static void cut_middle(char *to, const char *text, size_t keep)
{
	size_t half = (keep - strlen("...")) / 2;
	const char *tail = text + strlen(text) - half;
	size_t head = half;

	/* A character has at most three bytes after its first. */
	for (int i = 0; i < 3 && (text[head] & 0xc0) == 0x80; i++)
		head--;
	for (int i = 0; i < 3 && (*tail & 0xc0) == 0x80; i++)
		tail++;
	memcpy(to, text, head);
	to = stpcpy(to + head, "...");
	memcpy(to, tail, strlen(tail) + 1);
}

static bool quote_fits(struct quoted *quoted, const char *text)
{
	char mark = quote_mark(text);
	bool quotes = needs_quotes(text);
	size_t size = quotes ? quoted_size(text, mark) : strlen(text) + 1;

	if (size > sizeof(quoted->text))
		return false;
	if (quotes)
		write_quoted(quoted->text, text, mark);
	else
		memcpy(quoted->text, text, size);
	return true;
}

struct quoted quote_short(const char *text)
{
	/* The last one always fits: a byte takes at most four. */
	static const size_t keep[] = { QUOTED_MAX - 2, 63 };
	struct quoted quoted = { "" };
	char part[QUOTED_MAX];

	if (!text)
		return (struct quoted){ "not known" };
	if (quote_fits(&quoted, text))
		return quoted;
	for (size_t i = 0; i < ARRAY_SIZE(keep); i++) {
		if (strlen(text) > keep[i])
			cut_middle(part, text, keep[i]);
		else
			memcpy(part, text, strlen(text) + 1);
		if (quote_fits(&quoted, part))
			break;
	}
	return quoted;
}

static bool is_letter_or_digit(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9');
}

size_t sentence_word(const char *sentence)
{
	const char *at = sentence;
	const char *close;

	while (*at && *at != ' ') {
		/* That of "the runtime's record" opens nothing. */
		bool opens = (*at == '\'' || *at == '"') &&
			     (at == sentence || !is_letter_or_digit(at[-1]));

		if (at[0] == '\\' && at[1] == '\'') {
			at += 2;
			continue;
		}
		close = opens ? strchr(at + 1, *at) : NULL;
		at = close ? close + 1 : at + 1;
	}
	return (size_t)(at - sentence);
}
