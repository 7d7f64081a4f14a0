/* SPDX-License-Identifier: Apache-2.0 */
/* The options and operands of a command line. */
#ifndef SOCKPROBE_OPTIONS_H
#define SOCKPROBE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "report/emit.h"
#include "sockprobe/error.h"
#include "sockprobe/util.h"

enum { DEFAULT_TIMEOUT_S = 30, MAX_TIMEOUT_S = 3600, MAX_OPERANDS = 8 };

/* Limits of --max-bytes. The least has space for a verdict and left_out. */
enum { LEAST_MAX_BYTES = 2000, MOST_MAX_BYTES = 1 << 30 };

struct options {
	struct arena *arena; /* owns the strings */
	const char *root;    /* NULL: chosen by options_default_root() */
	struct string_list paths;
	struct string_list operands;
	const char *format;	 /* as given; NULL: the command's own default */
	const char *output_file; /* NULL: standard output */
	size_t max_bytes;	 /* of JSON; 0: no limit */
	const char *expect;	 /* file of declared clients */
	const char *scope;
	const char *detector;
	const char *account, *cluster;
	bool pretty;
	bool strict; /* what would be assumed is unknown */
	bool nice;
	unsigned int timeout_s;
};

/*
 * Parses options and operands of one command from argv, without argv[0]. 0, or
 * fails with EXIT_USAGE, also for an option that this command does not use.
 */
int options_parse(struct options *options, const char *command, int argc,
		  char *argv[], struct error *error);

/*
 * Sets *format to the index of options->format in `names` (which ends with
 * NULL), or 0 if no format was given. 0, or fails with EXIT_USAGE.
 */
int options_format(const struct options *options, const char *const *names,
		   int *format, struct error *error);

/*
 * Sets how evidence is printed: the index among evidence_formats, and the
 * options that belong to it. 0, or fails with EXIT_USAGE.
 */
int options_form(const struct options *options, struct emit_form *form,
		 struct error *error);

/* "/host" if the node's /var/run is mounted there, else "/". */
const char *options_default_root(void);

#endif
