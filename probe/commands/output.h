/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a report goes: standard output, or the file of --output, which is
 * written whole or not at all by a process of its own, so that the probe itself
 * never has the right to write one.
 */
#ifndef SOCKPROBE_OUTPUT_H
#define SOCKPROBE_OUTPUT_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "sockprobe/error.h"

struct output {
	FILE *stream;	  /* to print to */
	const char *path; /* NULL: standard output */
	char *text;
	size_t len;
	int to_writer;
	int from_writer;
	pid_t writer;
};

/*
 * Before the confinement: for a path, starts the writer, which makes a temporary
 * file in its directory. No symbolic link is followed anywhere on the way, and
 * what stands at the path may only be a regular file. 0, or fails with
 * EXIT_OUTPUT or EXIT_USAGE. To be ended with output_finish() in either case.
 */
int output_start(struct output *output, const char *path, struct error *error);

/*
 * With `status` 0 puts the whole of what was printed in its place, durably;
 * otherwise leaves nothing. Returns `status`, or fails with EXIT_OUTPUT.
 */
int output_finish(struct output *output, int status, struct error *error);

#endif
