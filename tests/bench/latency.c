// SPDX-License-Identifier: Apache-2.0
/*
 * A latency-sensitive neighbour: every millisecond it is due to do a little
 * work, and notes how long after the due time it is done. Prints the median and
 * the 99th and 99.9th percentile in microseconds. Usage: latency SECONDS
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PERIOD_NS = 1000000, WORK = 60000 };

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	int64_t first = *(const int64_t *)a;
	int64_t second = *(const int64_t *)b;

	return first < second ? -1 : first > second;
}

int main(int argc, char *argv[])
{
	size_t n = argc == 2 ? (size_t)atoi(argv[1]) * 1000 : 0;
	int64_t *took = calloc(n + 1, sizeof(*took));
	volatile unsigned int sum = 0;
	int64_t due = now_ns();

	if (!n || !took)
		errx(64, "usage: latency SECONDS");
	for (size_t i = 0; i < n; i++) {
		struct timespec until;

		due += PERIOD_NS;
		until = (struct timespec){ due / 1000000000, due % 1000000000 };
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		for (unsigned int k = 0; k < WORK; k++)
			sum += k;
		took[i] = now_ns() - due;
		/* What was missed is missed: the next is due from now on. */
		if (took[i] > PERIOD_NS)
			due += took[i];
	}
	qsort(took, n, sizeof(*took), compare);
	printf("%.1f %.1f %.1f\n", (double)took[n / 2] / 1000,
	       (double)took[n - n / 100] / 1000,
	       (double)took[n - n / 1000] / 1000);
	free(took);
	return 0;
}
