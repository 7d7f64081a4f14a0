/* SPDX-License-Identifier: Apache-2.0 */
/* What both sides of fetch.h know of one another: limits, and a job's form. */
#ifndef SOCKPROBE_FETCH_JOB_H
#define SOCKPROBE_FETCH_JOB_H

#include <stddef.h>
#include <sys/types.h>

/*
 * At most this many bytes of one file, or of one directory's names; this long
 * for one answer; this many readers, the lost ones with them.
 */
enum {
	FETCH_MAX = 8 * 1024 * 1024,
	FETCH_STEP_MS = 2000,
	FETCH_READERS = 16,
	FETCH_PARTS = 4, /* of a job, side by side */
};

/* `bytes` hold `len` bytes of input and have room for `room` of output. */
struct fetch_work {
	char *bytes;
	size_t len, room;
	size_t part, parts; /* which, of how many */
};

/*
 * Something else that a reader can do. Returns how many bytes it put out, or
 * -errno. Runs in readers, on the memory of when fetch_start() was called.
 */
struct fetch_job {
	ssize_t (*run)(const void *data, const struct fetch_work *work);
	const void *data;
};

#endif
