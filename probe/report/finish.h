/* SPDX-License-Identifier: Apache-2.0 */
/* The end of each output. */
#ifndef SOCKPROBE_FINISH_H
#define SOCKPROBE_FINISH_H

#include <stdio.h>

#include "sockprobe/error.h"

/*
 * Flushes and checks: a full disk or a closed pipe is only seen here. 0, or
 * fails with EXIT_OUTPUT.
 */
int output_check(FILE *out, struct error *error);

#endif
