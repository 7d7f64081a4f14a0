/* SPDX-License-Identifier: Apache-2.0 */
/* Files that the operator names on the command line. */
#ifndef SOCKPROBE_INPUT_H
#define SOCKPROBE_INPUT_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "sockprobe/error.h"

enum { EVIDENCE_FILE_MAX = 256 * 1024 * 1024, EXPECT_FILE_MAX = 1024 * 1024 };

/*
 * Reads a file, or standard input for "-", of at most `max` bytes. *text is
 * NUL-terminated and to be freed. 0, or fails with EXIT_BAD_INPUT.
 */
int input_read(const char *path, size_t max, char **text, size_t *len,
	       struct error *error);

/* Reads evidence and checks that it says to be such. To be deleted. */
int input_evidence(const char *path, cJSON **document, struct error *error);

/* Reads --expect's file; NULL path gives NULL. To be deleted. */
int input_expected(const char *path, cJSON **expected, struct error *error);

/* Reads findings in any dialect, normalized. To be deleted. */
int input_findings(const char *path, cJSON **findings, struct error *error);

#endif
