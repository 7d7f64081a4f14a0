/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How text from the node is written: into JSON, to a terminal, and in our own
 * sentences. Containers choose names, paths and comm.
 */
#ifndef SOCKPROBE_TEXT_SAFE_H
#define SOCKPROBE_TEXT_SAFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Is the text well-formed UTF-8 (no overlong forms, no surrogates)? */
bool is_utf8(const char *text);

/*
 * A reversible form of a text that is not UTF-8: a byte outside of a
 * well-formed character becomes \xHH, a backslash \\. Returns a string to free,
 * or NULL.
 */
char *escape_bytes(const char *text);

/*
 * Writes text so that a terminal only shows it: printable ASCII as it is, other
 * characters as \u{HEX}, other bytes as \xHH.
 */
void print_safe(FILE *out, const char *text);

/* The number of columns that print_safe() takes. */
size_t safe_width(const char *text);

struct arena;

/*
 * A foreign text for a sentence, so that it can forge no second item and no
 * words of ours: as it is where it is printable ASCII without blanks, quotes,
 * parentheses, what parts items (comma, semicolon, a colon at the end) and what
 * a shell expands; else in quotes, as ls(1) writes it: 'a b', "it's",
 * 'it'\''s "x"'; '' where it is empty. Characters that cannot be printed stay:
 * print_safe() and JSON escape them. NULL is "not known", which no foreign text
 * becomes. Never NULL: past the arena's limit it is '...'.
 */
const char *quote_text(struct arena *arena, const char *text);

/* The same, but always in quotes. */
const char *quote_always(struct arena *arena, const char *text);

enum { QUOTED_MAX = 255 };

/* By value: a call may stand among printf()'s arguments, as quote_short(x).text */
struct quoted {
	char text[QUOTED_MAX + 1];
};

/*
 * As quote_text(), of at most QUOTED_MAX bytes: "..." replaces the middle of a
 * longer text. For error messages, whose reason must not be cut off.
 */
struct quoted quote_short(const char *text);

/*
 * The length of the sentence's first word in bytes: up to a blank outside of a
 * quoted text, or up to the end. Lines are broken there.
 */
size_t sentence_word(const char *sentence);

/*
 * JSON in ASCII: other characters, and DEL, become \uXXXX. In valid JSON they
 * are in strings only, so its meaning stays.
 */
void print_ascii_json(FILE *out, const char *json);

/* The number of bytes that print_ascii_json() writes. */
size_t ascii_json_size(const char *json);

#endif
