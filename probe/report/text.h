/* SPDX-License-Identifier: Apache-2.0 */
/* The evidence as text. */
#ifndef SOCKPROBE_TEXT_H
#define SOCKPROBE_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "sockprobe/document.h"
#include "sockprobe/error.h"

/*
 * Writes the evidence for a person, on one screen if possible; 80 columns
 * unless a name is longer. 0, or fails with EXIT_OUTPUT or EXIT_INTERNAL.
 */
int emit_text(FILE *out, const struct doc *doc, bool color,
	      struct error *error);

#endif
