/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the probe gives up rights before it reads anything, and again after each
 * phase (sockprobe/confinement.h): capabilities, system calls, files. The state
 * is read back from the kernel, and the evidence reports that.
 */
#ifndef SOCKPROBE_CONFINE_H
#define SOCKPROBE_CONFINE_H

#include <stdio.h>

#include "sockprobe/confinement.h"
#include "sockprobe/error.h"

/*
 * Called once, before anything foreign is read. Raises the limit of open files,
 * rules out new privileges, empties the bounding and ambient sets, locks the
 * securebits, then enters PHASE_COLLECT. Initializes *confinement. 0, or fails
 * with EXIT_INTERNAL.
 */
int confine_begin(struct confinement *confinement, struct error *error);

/*
 * Enters a phase from the one before it. Gives up the capabilities that it does
 * not need, access to files by Landlock if the phase has none and the kernel
 * has Landlock, and every system call that is not in the phase's table
 * (phases.c): such a call kills the process. Adds what the kernel reports then.
 * 0, or fails with EXIT_INTERNAL, also if the kernel reports what was given up.
 */
int confine_enter(struct confinement *confinement, enum phase phase,
		  struct error *error);

/*
 * The same for a process that writes one file: PHASE_WRITE, with Landlock
 * allowing it to rename and remove files in the directory `dirfd` only.
 */
int confine_writer(int dirfd, struct error *error);

/* Adds a phase that another process of this run has entered. */
void confine_note(struct confinement *confinement,
		  const struct phase_facts *facts);

/* Prints phases, capabilities and allowed calls, for people. */
void confine_print(FILE *out);

#endif
