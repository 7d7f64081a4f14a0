/* SPDX-License-Identifier: Apache-2.0 */
/* What both sides of fetch.h share: limits, and the form of a job. */
#ifndef SOCKPROBE_FETCH_JOB_H
#define SOCKPROBE_FETCH_JOB_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Limits: bytes of one file or of one directory's names; milliseconds for one
 * answer; readers, lost ones included.
 */
enum {
	FETCH_MAX = 8 * 1024 * 1024,
	FETCH_STEP_MS = 2000,
	FETCH_READERS = 16,
	FETCH_PARTS = 4, /* parallel parts of a job */
};

/* `bytes` has `len` bytes of input, and space for `room` bytes of output. */
struct fetch_work {
	char *bytes;
	size_t len, room;
	size_t part, parts; /* part number, number of parts */
};

/*
 * A function that a reader runs, on the probe's memory as it was when
 * fetch_start() was called. Returns the number of output bytes, or -errno.
 */
struct fetch_job {
	ssize_t (*run)(const void *data, const struct fetch_work *work);
	const void *data;
};

#endif
