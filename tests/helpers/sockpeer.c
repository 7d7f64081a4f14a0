// SPDX-License-Identifier: Apache-2.0
/*
 * A test's peer: makes sockets and connections, so that their truth is known
 * independently of sockprobe, and prints what it made. Static, so that it runs
 * in any container.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "sockpeer: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s",
			     path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		die(path);
	}
	return address;
}

static int type_of(const char *name)
{
	if (strcmp(name, "stream") == 0)
		return SOCK_STREAM;
	if (strcmp(name, "dgram") == 0)
		return SOCK_DGRAM;
	if (strcmp(name, "seqpacket") == 0)
		return SOCK_SEQPACKET;
	errno = EINVAL;
	die(name);
	return -1;
}

static int connect_to(const char *path, int type)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, type, 0);

	if (fd < 0)
		die("socket");
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

static int bind_to(const char *path, int type)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, type, 0);

	if (fd < 0)
		die("socket");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die(path);
	return fd;
}

/* Tests wait for this word; after it nothing changes. */
static void rest(void)
{
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}

/* Waits for the server without a limit: the test has one. */
static int hold(char *argv[])
{
	for (int left = atoi(argv[1]); left > 0; left--)
		while (connect_to(argv[0], SOCK_STREAM) < 0)
			usleep(50000);
	rest();
	return 0;
}

static int try_once(char *argv[])
{
	int fd = connect_to(argv[0], argv[1] ? type_of(argv[1]) : SOCK_STREAM);

	puts(fd >= 0 ? "OK" : strerrorname_np(errno));
	return 0;
}

/* serve PATH TYPE MODE: MODE is accept, listen (never accepts) or bind. */
static int serve(char *argv[])
{
	int type = type_of(argv[1]);
	int fd = bind_to(argv[0], type);

	if (strcmp(argv[2], "bind") != 0 && type != SOCK_DGRAM &&
	    listen(fd, 128) < 0)
		die("listen");
	puts("ready");
	fflush(stdout);
	for (;;) {
		/* Accepted sockets are kept open on purpose. */
		if (strcmp(argv[2], "accept") != 0)
			pause();
		else if (accept(fd, NULL, NULL) < 0)
			die("accept");
	}
	return 0;
}

static int stale(char *argv[])
{
	int fd = bind_to(argv[0], SOCK_STREAM);

	return listen(fd, 1) < 0;
}

/* Two processes hold the connection, which one inherited by fork(). */
static int share(char *argv[])
{
	if (connect_to(argv[0], SOCK_STREAM) < 0)
		die(argv[0]);
	if (fork() < 0)
		die("fork");
	rest();
	return 0;
}

static void send_fd(int over, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec byte = { .iov_base = "x", .iov_len = 1 };
	struct msghdr message = { .msg_iov = &byte,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (sendmsg(over, &message, 0) < 0)
		die("sendmsg");
}

static void receive_fd(int over)
{
	char control[CMSG_SPACE(sizeof(int))];
	char byte;
	struct iovec buffer = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &buffer,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };

	if (recvmsg(over, &message, 0) < 0)
		die("recvmsg");
}

/* The client passes the descriptor to its child and closes its own. */
static int pass(char *argv[])
{
	int pair[2];
	int fd;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		die("socketpair");
	switch (fork()) {
	case -1:
		die("fork");
		break;
	case 0:
		receive_fd(pair[1]);
		rest();
		break;
	default:
		fd = connect_to(argv[0], SOCK_STREAM);
		if (fd < 0)
			die(argv[0]);
		send_fd(pair[0], fd);
		close(fd);
		for (;;)
			pause();
	}
	return 0;
}

/*
 * Socket activation as systemd does it: listens, and starts a program that
 * inherits the listener.
 */
static int activate(char *argv[])
{
	int fd = bind_to(argv[0], SOCK_STREAM);

	if (listen(fd, 16) < 0)
		die("listen");
	if (argv[1] && fork() == 0) {
		execv(argv[1], argv + 1);
		die(argv[1]);
	}
	rest();
	return 0;
}

/* ---- churn ---- */

enum { TREES_AT_ONCE = 24 };

/* Tree number n has a container's id; its comm is "t" and the number. */
static void cgroup_of(const char *base, int n, char path[static 512])
{
	snprintf(path, 512, "%s/%064x", base, n);
}

static void join(const char *cgroup)
{
	char path[600];
	FILE *procs;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	procs = fopen(path, "w");
	if (!procs || fputs("0", procs) < 0 || fclose(procs) != 0)
		die(path);
}

/*
 * Makes namespaces, a first process in them, and a process that is connected.
 */
static void live_as_tree(const char *path, const char *cgroup, int n)
{
	char name[16];

	setpgid(0, 0);
	snprintf(name, sizeof(name), "t%d", n);
	prctl(PR_SET_NAME, name);
	join(cgroup);
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID) < 0)
		die("unshare");
	if (fork() == 0) {
		if (fork() == 0 && connect_to(path, SOCK_STREAM) < 0)
			die(path);
		for (;;)
			pause();
	}
	for (;;)
		pause();
}

static void end_tree(const char *base, pid_t pid, int n)
{
	char cgroup[512];

	cgroup_of(base, n, cgroup);
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (int tries = 0; rmdir(cgroup) < 0 && tries < 500; tries++)
		usleep(2000);
}

/* churn PATH CGROUP N: makes and ends N trees, a few at a time. */
static int churn(char *argv[])
{
	pid_t trees[TREES_AT_ONCE] = { 0 };
	int n = atoi(argv[2]);
	char cgroup[512];

	puts("ready");
	fflush(stdout);
	for (int i = 0; i < n + TREES_AT_ONCE; i++) {
		pid_t *tree = &trees[i % TREES_AT_ONCE];

		if (*tree)
			end_tree(argv[1], *tree, i - TREES_AT_ONCE);
		*tree = 0;
		if (i >= n)
			continue;
		cgroup_of(argv[1], i, cgroup);
		if (mkdir(cgroup, 0755) < 0)
			die(cgroup);
		*tree = fork();
		if (*tree == 0)
			live_as_tree(argv[0], cgroup, i);
		usleep(1000);
	}
	puts("done");
	return 0;
}

/* pid 1 of the node or of a container: reaps children. */
static int init(char *argv[])
{
	(void)argv;
	signal(SIGTERM, SIG_DFL);
	puts("ready");
	fflush(stdout);
	for (;;) {
		if (wait(NULL) < 0 && errno == ECHILD)
			usleep(200000);
	}
	return 0;
}

static const struct {
	const char *name;
	int (*run)(char *argv[]);
	int least;
} commands[] = {
	{ "hold", hold, 2 },	     { "try", try_once, 1 },
	{ "serve", serve, 3 },	     { "stale", stale, 1 },
	{ "share", share, 1 },	     { "pass", pass, 1 },
	{ "activate", activate, 1 }, { "init", init, 0 },
	{ "churn", churn, 3 },
};

int main(int argc, char *argv[])
{
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands);
	     i++) {
		if (strcmp(commands[i].name, argv[1]) == 0 &&
		    argc - 2 >= commands[i].least)
			return commands[i].run(argv + 2);
	}
	fputs("usage: sockpeer hold PATH N | try PATH [TYPE] | serve PATH TYPE accept|listen|bind\n"
	      "       stale PATH | share PATH | pass PATH | activate PATH [PROGRAM...] | init\n"
	      "       churn PATH CGROUP N\n",
	      stderr);
	return 64;
}
