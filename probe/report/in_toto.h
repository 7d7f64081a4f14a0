/* SPDX-License-Identifier: Apache-2.0 */
/* The evidence as an in-toto statement. */
#ifndef SOCKPROBE_IN_TOTO_H
#define SOCKPROBE_IN_TOTO_H

#include <stdbool.h>
#include <stdio.h>

#include "sockprobe/document.h"
#include "sockprobe/error.h"

/*
 * Writes the evidence as the predicate of an unsigned in-toto Statement v1. 0,
 * or fails with EXIT_OUTPUT or EXIT_INTERNAL.
 */
int emit_in_toto(FILE *out, const struct doc *doc, bool pretty,
		 struct error *error);

#endif
