/* SPDX-License-Identifier: Apache-2.0 */
/* The evidence as text. */
#ifndef SOCKPROBE_TEXT_H
#define SOCKPROBE_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "sockprobe/document.h"
#include "sockprobe/error.h"

/*
 * What a person wants on one screen; 80 columns where names allow. 0, or fails
 * with EXIT_OUTPUT or EXIT_INTERNAL.
 */
int emit_text(FILE *out, const struct doc *doc, bool color,
	      struct error *error);

#endif
