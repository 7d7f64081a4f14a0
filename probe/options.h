/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line asks for. */
#ifndef SOCKPROBE_OPTIONS_H
#define SOCKPROBE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "sockprobe/error.h"
#include "sockprobe/util.h"

enum output_format { OUTPUT_JSON, OUTPUT_TEXT };

enum { DEFAULT_TIMEOUT_S = 30, MAX_TIMEOUT_S = 3600 };

struct options {
	struct arena *arena; /* owns the strings that are made here */
	const char *root;    /* NULL: chosen by options_default_root() */
	struct string_list paths;
	enum output_format output;
	bool pretty;
	unsigned int timeout_s;
};

/*
 * Reads the options of one command from argv (argv[0] is the command). Returns
 * 0 and leaves the index of the first operand in *operand, or fails with
 * EXIT_USAGE.
 */
int options_parse(struct options *options, int argc, char *argv[],
		  int *operand, struct error *error);

/* "/host" where the node's /var/run is mounted there, else "/". */
const char *options_default_root(void);

#endif
