// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a command once, with its output to a file, and prints: seconds of wall,
 * user and system time, the peak RSS of its largest process in KiB, its exit
 * status. This program is small, because a process's peak RSS begins with that
 * of the process it was forked from. Usage: once FILE COMMAND...
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void be_command(const char *file, char *command[])
{
	int in = open("/dev/null", O_RDONLY);
	int out = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 ||
	    dup2(in, 2) < 0)
		err(1, "%s", file);
	execvp(command[0], command);
	_exit(127);
}

int main(int argc, char *argv[])
{
	struct timespec begin, end;
	struct rusage usage;
	int status;
	pid_t child;

	if (argc < 3)
		errx(64, "usage: once FILE COMMAND...");
	clock_gettime(CLOCK_MONOTONIC, &begin);
	child = fork();
	if (child == 0)
		be_command(argv[1], argv + 2);
	if (child < 0 || wait4(child, &status, 0, &usage) != child)
		err(1, "%s", argv[2]);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%.6f %.6f %.6f %ld %d\n",
	       (double)(end.tv_sec - begin.tv_sec) +
		       (double)(end.tv_nsec - begin.tv_nsec) / 1e9,
	       seconds(usage.ru_utime), seconds(usage.ru_stime),
	       usage.ru_maxrss,
	       WIFEXITED(status) ? WEXITSTATUS(status)
				 : 128 + WTERMSIG(status));
	return 0;
}
