/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files named on the command line: read while that may take privileges, parsed
 * after these were given up.
 */
#ifndef SOCKPROBE_INPUT_H
#define SOCKPROBE_INPUT_H

#include <stddef.h>

#include "sockprobe/document.h"
#include "sockprobe/error.h"

enum { EVIDENCE_FILE_MAX = 256 * 1024 * 1024, EXPECT_FILE_MAX = 1024 * 1024 };

/* A file's bytes, NUL-terminated. */
struct input {
	const char *path; /* as given; NULL: none */
	char *text;
	size_t len;
};

/*
 * Reads a file of at most `max` bytes, or standard input for "-", or nothing
 * for NULL. End it with input_free(). 0, or fails with EXIT_BAD_INPUT.
 */
int input_read(struct input *input, const char *path, size_t max,
	       struct error *error);
void input_free(struct input *input);

/*
 * Loads evidence, checks every member, and frees its text. Free the document
 * with arena_free(&doc->arena) in every case.
 */
int input_evidence(struct input *input, struct doc *doc, struct error *error);

#endif
