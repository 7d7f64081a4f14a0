/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the probe takes from itself before it looks at anything, and again after
 * each phase (sockprobe/confinement.h): capabilities, system calls, files. The
 * state is read back from the kernel, and that is what the evidence reports.
 */
#ifndef SOCKPROBE_CONFINE_H
#define SOCKPROBE_CONFINE_H

#include <stdio.h>

#include "sockprobe/confinement.h"
#include "sockprobe/error.h"

/*
 * Once, before anything foreign is read: takes as many open files as there may
 * be, rules out new privileges, empties the
 * bounding and ambient sets, locks the securebits. Then enters PHASE_COLLECT.
 * *confinement is made. 0, or fails with EXIT_INTERNAL.
 */
int confine_begin(struct confinement *confinement, struct error *error);

/*
 * Enters a phase from the one before it: gives up the capabilities that it does
 * not need, its access to files by Landlock where the phase has none and the
 * kernel knows it, and every system call but those of its row in the tables
 * (phases.c), on pain of death. Adds what the kernel then says. 0, or fails
 * with EXIT_INTERNAL, also where the kernel contradicts.
 */
int confine_enter(struct confinement *confinement, enum phase phase,
		  struct error *error);

/*
 * The same for a process that is to write one file: PHASE_WRITE, with Landlock
 * allowing to rename and take away files in the directory `dirfd` alone.
 */
int confine_writer(int dirfd, struct error *error);

/* Takes over what another process of this run found in force. */
void confine_note(struct confinement *confinement,
		  const struct phase_facts *facts);

/* Prints phases, capabilities and allowed calls, for people. */
void confine_print(FILE *out);

#endif
