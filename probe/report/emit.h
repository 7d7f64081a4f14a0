/* SPDX-License-Identifier: Apache-2.0 */
/* A document to bytes, in the format asked for. */
#ifndef SOCKPROBE_EMIT_H
#define SOCKPROBE_EMIT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

#include "sockprobe/error.h"

/*
 * Writes the document as ASCII JSON and a newline. 0, or fails with
 * EXIT_OUTPUT or EXIT_INTERNAL.
 */
int emit_json(FILE *out, const cJSON *document, bool pretty,
	      struct error *error);

/*
 * Writes what a person wants on one screen. `color`: with SGR sequences. Lines
 * are at most 80 columns where names allow. 0, or fails with EXIT_OUTPUT.
 */
int emit_text(FILE *out, const cJSON *document, bool color,
	      struct error *error);

/* Flushes and checks: a full disk or closed pipe shows only here. */
int emit_finish(FILE *out, struct error *error);

#endif
