/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that the operator names on the command line: read while that may need
 * privileges, parsed when they are gone.
 */
#ifndef SOCKPROBE_INPUT_H
#define SOCKPROBE_INPUT_H

#include <stddef.h>

#include "sockprobe/document.h"
#include "sockprobe/error.h"

enum { EVIDENCE_FILE_MAX = 256 * 1024 * 1024, EXPECT_FILE_MAX = 1024 * 1024 };

/* A file's bytes, NUL-terminated. */
struct input {
	const char *path; /* as given; NULL: none was */
	char *text;
	size_t len;
};

/*
 * Reads a file, or standard input for "-", of at most `max` bytes; nothing for
 * NULL. To be ended with input_free(). 0, or fails with EXIT_BAD_INPUT.
 */
int input_read(struct input *input, const char *path, size_t max,
	       struct error *error);
void input_free(struct input *input);

/*
 * Loads evidence with every member checked, and frees its text. The document is
 * to be freed with arena_free(&doc->arena) in every case.
 */
int input_evidence(struct input *input, struct doc *doc, struct error *error);

#endif
