// SPDX-License-Identifier: Apache-2.0
/*
 * A latency-sensitive neighbour: every millisecond it has a little work to do.
 * Prints two lines, each with the median, the 99th and the 99.9th percentile in
 * microseconds: first the time from when the work was due to when it was done;
 * second, how much of that was waiting for a processor (/proc/PID/schedstat)
 * and the work itself. The second excludes what a hypervisor takes: waking an
 * idle processor, and stolen time. Usage: latency SECONDS
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { PERIOD_NS = 1000000, WORK = 60000 };

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Time waited and run so far. */
static int64_t charged_ns(int schedstat)
{
	char text[64] = { 0 };
	int64_t waited;

	if (pread(schedstat, text, sizeof(text) - 1, 0) <= 0 ||
	    sscanf(text, "%*d %ld", &waited) != 1)
		err(70, "/proc/self/schedstat");
	return waited + now_ns(CLOCK_THREAD_CPUTIME_ID);
}

static int compare(const void *a, const void *b)
{
	int64_t first = *(const int64_t *)a;
	int64_t second = *(const int64_t *)b;

	return first < second ? -1 : first > second;
}

static void print(int64_t *took, size_t n)
{
	qsort(took, n, sizeof(*took), compare);
	printf("%.1f %.1f %.1f\n", (double)took[n / 2] / 1000,
	       (double)took[n - n / 100] / 1000,
	       (double)took[n - n / 1000] / 1000);
}

int main(int argc, char *argv[])
{
	size_t n = argc == 2 ? (size_t)atoi(argv[1]) * 1000 : 0;
	int64_t *took = calloc(n + 1, sizeof(*took));
	int64_t *charged = calloc(n + 1, sizeof(*charged));
	int schedstat = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
	volatile unsigned int sum = 0;
	int64_t due = now_ns(CLOCK_MONOTONIC);

	if (!n || !took || !charged)
		errx(64, "usage: latency SECONDS");
	for (size_t i = 0; i < n; i++) {
		int64_t before = charged_ns(schedstat);
		struct timespec until;

		due += PERIOD_NS;
		until = (struct timespec){ due / 1000000000, due % 1000000000 };
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		for (unsigned int k = 0; k < WORK; k++)
			sum += k;
		took[i] = now_ns(CLOCK_MONOTONIC) - due;
		charged[i] = charged_ns(schedstat) - before;
		/*
		 * Missed turns are not made up for: the next one is due from
		 * now on.
		 */
		if (took[i] > PERIOD_NS)
			due += took[i];
	}
	print(took, n);
	print(charged, n);
	free(took);
	free(charged);
	return 0;
}
