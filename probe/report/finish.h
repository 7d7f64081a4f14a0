/* SPDX-License-Identifier: Apache-2.0 */
/* The end of each output: was all of it written? */
#ifndef SOCKPROBE_FINISH_H
#define SOCKPROBE_FINISH_H

#include <stdio.h>

#include "sockprobe/error.h"

/*
 * Flushes and checks: a full disk or a closed pipe shows only here. 0, or fails
 * with EXIT_OUTPUT.
 */
int output_check(FILE *out, struct error *error);

#endif
