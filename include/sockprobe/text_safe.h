/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two exits of everything that was read from the node: one into JSON, one
 * onto a terminal. Names, paths and comm are whatever a container likes.
 */
#ifndef SOCKPROBE_TEXT_SAFE_H
#define SOCKPROBE_TEXT_SAFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Is the text well-formed UTF-8 (no overlong forms, no surrogates)? */
bool is_utf8(const char *text);

/*
 * A reversible form of a text that is not UTF-8: a byte that is part of no
 * well-formed character becomes \xHH, a backslash \\. Returns a string to
 * free, or NULL.
 */
char *escape_bytes(const char *text);

/*
 * Writes text so that a terminal shows it and does nothing else: printable
 * ASCII as it is, other characters as \u{HEX}, other bytes as \xHH.
 */
void print_safe(FILE *out, const char *text);

/* How many columns print_safe() takes. */
size_t safe_width(const char *text);

/*
 * JSON in ASCII: characters past it, DEL among them, become \uXXXX. Valid JSON
 * has such characters in strings only, so its meaning stays.
 */
void print_ascii_json(FILE *out, const char *json);

/* How many bytes print_ascii_json() writes. */
size_t ascii_json_size(const char *json);

#endif
