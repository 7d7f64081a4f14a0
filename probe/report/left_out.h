/* SPDX-License-Identifier: Apache-2.0 */
/* What a report of shortened evidence must not call none. */
#ifndef SOCKPROBE_LEFT_OUT_H
#define SOCKPROBE_LEFT_OUT_H

#include <stdbool.h>

#include "sockprobe/document.h"

/* Did --max-bytes take anything of this list or member ("/access"), or all? */
bool is_left_out(const struct doc *doc, const char *pointer);

/*
 * "left out by --max-bytes: 12 of access, 3 of paths", in the arena. NULL where
 * nothing was, or past the arena's limit.
 */
const char *left_out_text(struct arena *arena, const struct doc *doc);

#endif
