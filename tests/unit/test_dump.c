// SPDX-License-Identifier: Apache-2.0
/*
 * Dumps of the kernel's own socket table, with injected errors: this program's
 * recvmsg() replaces libc's.
 */
#include "unit.h"

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "collect/sockdiag.h"

enum { SOCKETS = 900, MOST_RECEIVES = 64 };

enum fault {
	FAULT_NONE,
	FAULT_LOST,	   /* ENOBUFS: the kernel had no memory for a part */
	FAULT_SIGNAL,	   /* EINTR */
	FAULT_INTERRUPTED, /* the table changed while it was read */
	FAULT_CUT,	   /* a message larger than the buffer */
};

/* What recvmsg() does, and how often it was called. */
static struct {
	enum fault fault;
	unsigned int first, last; /* of the receives, from 1 */
	unsigned int receives;
} injected;

static void mark_interrupted(struct msghdr *message, ssize_t got)
{
	struct nlmsghdr *at = message->msg_iov->iov_base;
	int left = (int)got;

	for (; mnl_nlmsg_ok(at, left); at = mnl_nlmsg_next(at, &left))
		at->nlmsg_flags |= NLM_F_DUMP_INTR;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	size_t whole = message->msg_iov->iov_len;
	enum fault fault = FAULT_NONE;
	ssize_t got;

	injected.receives++;
	if (injected.receives >= injected.first &&
	    injected.receives <= injected.last)
		fault = injected.fault;
	if (fault == FAULT_LOST || fault == FAULT_SIGNAL) {
		errno = fault == FAULT_LOST ? ENOBUFS : EINTR;
		return -1;
	}
	if (fault == FAULT_CUT)
		message->msg_iov->iov_len = 100;
	got = syscall(SYS_recvmsg, fd, message, flags);
	message->msg_iov->iov_len = whole;
	if (fault == FAULT_INTERRUPTED)
		mark_interrupted(message, got);
	return got;
}

/* ---- sockets to be seen ---- */

static char directory[] = "/tmp/sockprobe-dump-XXXXXX";
static char bound[64];
static int held[SOCKETS];

static int bind_all(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct rlimit files;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (!mkdtemp(directory))
		return -1;
	snprintf(bound, sizeof(bound), "%s/docker.sock", directory);
	strcpy(address.sun_path, bound);
	for (size_t i = 0; i < SOCKETS; i++) {
		held[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (bind(held[i], (struct sockaddr *)&address,
			 sizeof(address)) < 0)
			return -1;
		unlink(bound);
	}
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < SOCKETS; i++)
		close(held[i]);
	return rmdir(directory);
}

struct scene {
	struct evidence ev;
	struct socket_tables tables;
};

static void open_scene(struct scene *scene)
{
	struct process *self;
	struct stat st;

	*scene = (struct scene){ 0 };
	injected.fault = FAULT_NONE;
	evidence_init(&scene->ev, (size_t)64 << 20);
	scene->ev.own_view = NO_INDEX;
	self = list_add(&scene->ev.arena, &scene->ev.processes, 1);
	assert_non_null(self);
	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	*self = (struct process){
		.pid = getpid(),
		.dirfd = open("/proc/self", O_PATH | O_CLOEXEC),
		.ns_net = st.st_ino,
	};
	assert_int_equal(
		sockdiag_open(&scene->ev, &scene->tables, now_ms() + 10000), 0);
	assert_int_equal(scene->tables.n, 1);
	assert_int_equal(scene->tables.at[0].err, 0);
}

/*
 * The number of our sockets that a dump shows with the fault at these receives.
 */
static size_t collect(struct scene *scene, enum fault fault, unsigned int first,
		      unsigned int last)
{
	const struct path_object_list none = { 0 };
	const struct socket_filter filter = { .paths = &none };
	size_t seen = 0;

	injected.fault = fault;
	injected.first = first;
	injected.last = last;
	injected.receives = 0;
	assert_int_equal(sockdiag_collect(&scene->ev, &scene->tables, &filter,
					  now_ms() + 10000),
			 0);
	for (size_t i = 0; i < scene->ev.sockets.n; i++)
		seen += strcmp(scene->ev.sockets.at[i].name, bound) == 0;
	return seen;
}

static void close_scene(struct scene *scene)
{
	sockdiag_close(&scene->tables);
	close(scene->ev.processes.at[0].dirfd);
	evidence_free(&scene->ev);
}

static unsigned int receives_of_one_dump(void)
{
	struct scene scene;

	open_scene(&scene);
	assert_int_equal(collect(&scene, FAULT_NONE, 0, 0), SOCKETS);
	assert_int_equal(scene.ev.netns.at[0].dump, DUMP_DIAG);
	close_scene(&scene);
	return injected.receives;
}

/* ---- tests ---- */

/* After one error at any receive the whole table is still read. */
static void check_one(enum fault fault)
{
	unsigned int n = receives_of_one_dump();

	assert_in_range(n, 4, MOST_RECEIVES);
	for (unsigned int at = 1; at <= n; at++) {
		struct scene scene;

		open_scene(&scene);
		assert_int_equal(collect(&scene, fault, at, at), SOCKETS);
		assert_int_equal(scene.ev.netns.at[0].dump, DUMP_DIAG);
		assert_int_equal(scene.ev.netns.at[0].gap, GAP_NONE);
		close_scene(&scene);
	}
}

static void lost(void **state)
{
	(void)state;
	check_one(FAULT_LOST);
}

static void signalled(void **state)
{
	(void)state;
	check_one(FAULT_SIGNAL);
}

static void interrupted(void **state)
{
	(void)state;
	check_one(FAULT_INTERRUPTED);
}

static void cut(void **state)
{
	(void)state;
	check_one(FAULT_CUT);
}

/*
 * If each try loses a part, what was received is kept and reported as partial.
 */
static void lost_in_each_try(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	assert_in_range(collect(&scene, FAULT_INTERRUPTED, 1, UINT_MAX), 1,
			SOCKETS);
	assert_int_equal(scene.ev.netns.at[0].dump, DUMP_DIAG);
	assert_int_equal(scene.ev.netns.at[0].gap, GAP_LOST);
	close_scene(&scene);
}

/* A kernel that always returns this is not asked for ever. */
static void lost_for_ever(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	collect(&scene, FAULT_LOST, 1, UINT_MAX);
	assert_in_range(injected.receives, 1, 1000);
	assert_int_equal(scene.ev.netns.at[0].gap, GAP_FAILED);
	close_scene(&scene);
}

/*
 * Losses that the kernel itself makes, with the smallest possible receive
 * buffer.
 */
static void little_memory(void **state)
{
	struct scene scene;
	int size = 1;

	(void)state;
	open_scene(&scene);
	assert_int_equal(
		setsockopt(mnl_socket_get_fd(scene.tables.at[0].netlink),
			   SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)),
		0);
	assert_int_equal(collect(&scene, FAULT_NONE, 0, 0), SOCKETS);
	assert_int_equal(scene.ev.netns.at[0].gap, GAP_NONE);
	close_scene(&scene);
}

/*
 * Root in a network namespace may send to a netlink socket in it, whose port is
 * easy to guess. Sends ends of dumps in the kernel's name, `times` times with
 * each sequence number that a request may have. Returns false if that is
 * denied.
 */
static bool forge_ends(const struct scene *scene, unsigned int times)
{
	_Alignas(8) char bytes[MNL_NLMSG_HDRLEN + 4] = { 0 };
	struct nlmsghdr *end = mnl_nlmsg_put_header(bytes);
	struct mnl_socket *forger = mnl_socket_open(NETLINK_SOCK_DIAG);
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	bool denied = false;

	assert_non_null(forger);
	to.nl_pid = mnl_socket_get_portid(scene->tables.at[0].netlink);
	mnl_nlmsg_put_extra_header(end, 4);
	end->nlmsg_type = NLMSG_DONE;
	end->nlmsg_flags = NLM_F_MULTI;
	end->nlmsg_pid = to.nl_pid;
	for (unsigned int i = 0; i < times && !denied; i++) {
		end->nlmsg_seq = i % 8;
		denied = sendto(mnl_socket_get_fd(forger), bytes, sizeof(bytes),
				MSG_DONTWAIT, (struct sockaddr *)&to,
				sizeof(to)) < 0 &&
			 errno == EPERM;
	}
	mnl_socket_close(forger);
	return !denied;
}

static void check_forged(unsigned int times, int queue)
{
	struct scene scene;
	bool sent;

	open_scene(&scene);
	if (queue)
		setsockopt(mnl_socket_get_fd(scene.tables.at[0].netlink),
			   SOL_SOCKET, SO_RCVBUF, &queue, sizeof(queue));
	sent = forge_ends(&scene, times);
	if (sent) {
		assert_int_equal(collect(&scene, FAULT_NONE, 0, 0), SOCKETS);
		assert_int_equal(scene.ev.netns.at[0].gap, GAP_NONE);
	}
	close_scene(&scene);
	if (!sent)
		skip(); /* needs CAP_NET_ADMIN */
}

/* Only the kernel's messages are accepted. */
static void forged_ends(void **state)
{
	(void)state;
	check_forged(8, 0);
}

/* So many that the kernel's first part does not fit: a real ENOBUFS. */
static void forged_ends_fill_the_queue(void **state)
{
	(void)state;
	check_forged(100, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lost),
		cmocka_unit_test(signalled),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(cut),
		cmocka_unit_test(lost_in_each_try),
		cmocka_unit_test(lost_for_ever),
		cmocka_unit_test(little_memory),
		cmocka_unit_test(forged_ends),
		cmocka_unit_test(forged_ends_fill_the_queue),
	};

	return cmocka_run_group_tests_name("dump", tests, bind_all, close_all);
}
