/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of what each phase may do, and the seccomp filter made of them. */
#ifndef SOCKPROBE_PHASES_H
#define SOCKPROBE_PHASES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sockprobe/confinement.h"

/* The mask of capabilities that the phase keeps, if the process has them. */
uint64_t phase_caps(enum phase phase);

/* Does the phase, or one that comes after it, open files by name? */
bool phase_opens_files(enum phase phase);

/*
 * Loads the phase's filter; every call outside it kills the process. 0 or
 * -errno: -ENOSYS or -EINVAL if the kernel has no filters.
 */
int phase_load_filter(enum phase phase);

/* Prints the tables. */
void phases_print(FILE *out);

#endif
