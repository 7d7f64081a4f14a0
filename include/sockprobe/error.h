/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An error as a person reads it: what failed, why, and the fix if there is one.
 * It is made where it happens, returned, and printed once, in main().
 */
#ifndef SOCKPROBE_ERROR_H
#define SOCKPROBE_ERROR_H

/* Exit statuses; those from 64 up are sysexits(3)'s. */
enum exit_status {
	EXIT_COMPLETE = 0, /* evidence complete; suppression supported */
	EXIT_NOT_SUPPORTED = 1,
	EXIT_INCOMPLETE = 2, /* evidence incomplete or verdict inconclusive */
	EXIT_USAGE = 64,
	EXIT_BAD_INPUT = 65,
	EXIT_INTERNAL = 70,
	EXIT_OUTPUT = 74, /* the output could not be written */
};

struct error {
	int status; /* enum exit_status */
	char text[512];
};

/* Fills *error and returns `status`, so that callers can `return fail(...)`. */
int fail(struct error *error, enum exit_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
