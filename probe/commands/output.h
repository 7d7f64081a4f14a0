/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where output goes: standard output, or the file of --output. A process of its
 * own writes that file, whole or not at all, so that the probe never has the
 * right to write files.
 */
#ifndef SOCKPROBE_OUTPUT_H
#define SOCKPROBE_OUTPUT_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "sockprobe/error.h"

struct output {
	FILE *stream;	  /* print to this */
	const char *path; /* NULL: standard output */
	char *text;
	size_t len;
	int to_writer;
	int from_writer;
	pid_t writer;
};

/*
 * Call it before confinement. For a path, starts the writer, which creates a
 * temporary file in its directory. No symbolic link is followed, and only a
 * regular file may be replaced. 0, or fails with EXIT_OUTPUT or EXIT_USAGE. End
 * it with output_finish() in either case.
 */
int output_start(struct output *output, const char *path, struct error *error);

/*
 * With `status` 0, puts the whole output in place durably; otherwise leaves
 * nothing. Returns `status`, or fails with EXIT_OUTPUT.
 */
int output_finish(struct output *output, int status, struct error *error);

#endif
