/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The phases of a run, each with fewer rights than the one before it, and what
 * the kernel reported when each began. A process only goes down this tree:
 *
 *   collect ---> correlate ---> report     the probe itself
 *      `-------> keeper ------> reader     reads for it what may never answer
 *   write                                  writes the file of --output
 */
#ifndef SOCKPROBE_CONFINEMENT_H
#define SOCKPROBE_CONFINEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum phase {
	PHASE_COLLECT,	 /* opens all that needs privileges */
	PHASE_KEEPER,	 /* starts and kills readers */
	PHASE_READER,	 /* walks paths, reads files: parses nothing */
	PHASE_CORRELATE, /* no privileges: parses records and findings */
	PHASE_REPORT,	 /* no privileges, no input: judges and prints */
	PHASE_WRITE,	 /* writes the output file: parses nothing */
	PHASE_COUNT,
};

/* One phase as /proc/self/status showed it just after it was entered. */
struct phase_facts {
	enum phase phase;
	bool known;	  /* false: status could not be read */
	int seccomp_mode; /* 2: a filter is in force */
	bool no_new_privs;
	uint64_t cap_permitted, cap_effective, cap_bounding;
	bool landlock; /* the kernel accepted the ruleset; status does not show it */
};

/* The phases that were entered, in order, by all processes of the run. */
struct confinement {
	int status_fd; /* of /proc/self/status; -1: none */
	bool entered;  /* this process is in a phase: */
	enum phase now;
	size_t n;
	struct phase_facts phases[PHASE_COUNT];
};

/* The word for a phase in evidence and in --confinement. */
const char *phase_name(enum phase phase);

#endif
