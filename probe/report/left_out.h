/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was left out of shortened evidence, and so must not be reported as none.
 */
#ifndef SOCKPROBE_LEFT_OUT_H
#define SOCKPROBE_LEFT_OUT_H

#include <stdbool.h>

#include "sockprobe/document.h"

/* Did --max-bytes leave out this member ("/access"), or items of this list? */
bool is_left_out(const struct doc *doc, const char *pointer);

/*
 * "left out by --max-bytes: 12 of access, 3 of paths", in the arena. NULL if
 * nothing was, or if the arena's limit is met.
 */
const char *left_out_text(struct arena *arena, const struct doc *doc);

#endif
