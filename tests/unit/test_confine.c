// SPDX-License-Identifier: Apache-2.0
/*
 * The confinement in force: each forbidden thing is tried by a confined child,
 * which the kernel kills; what collecting needs is still allowed.
 */
#include "unit.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

/* cmocka's macro of this name is not used here, the probe's function is. */
#undef fail
#include "confine/confine.h"

enum { COULD_NOT_CONFINE = 42 };

/* The status of a child that confines itself and then does `act`. */
static int confined(int (*act)(void))
{
	struct error error = { 0 };
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		if (confine(&error))
			_exit(COULD_NOT_CONFINE);
		_exit(act() ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	/* valgrind 3.19 loads no filter; scripts/valgrind-unit says so. */
	if (getenv("UNIT_UNDER_VALGRIND"))
		skip();
	return status;
}

static void is_killed(int (*act)(void))
{
	int status = confined(act);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

static void is_allowed(int (*act)(void))
{
	int status = confined(act);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int try_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	return connect(0, (struct sockaddr *)&address, sizeof(address));
}

static int try_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int try_inet_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int try_route_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static int try_exec(void)
{
	return execl("/bin/true", "true", NULL);
}

static int try_ptrace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int try_write_open(void)
{
	return open("/dev/null", O_WRONLY);
}

static int try_create(void)
{
	return open("/dev/null", O_RDONLY | O_CREAT, 0600);
}

static int try_unlink(void)
{
	return unlink("/nonexistent");
}

static int try_chmod(void)
{
	return chmod("/nonexistent", 0);
}

static int do_diag_socket(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
		      NETLINK_SOCK_DIAG) < 0;
}

static int do_read(void)
{
	return open("/proc/self/status", O_RDONLY | O_CLOEXEC) < 0;
}

/* Only CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE and CAP_SYS_ADMIN are left. */
static int do_read_back(void)
{
	struct evidence ev = { 0 };

	confine_read_back(&ev);
	return ev.probe.cap_permitted != 0x280004 ||
	       ev.probe.cap_effective != 0x280004 ||
	       ev.probe.cap_bounding != 0 || ev.probe.seccomp_mode != 2 ||
	       !ev.probe.no_new_privs;
}

static int do_fork(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child < 0 || waitpid(child, NULL, 0) != child;
}

static void what_would_reach_out_is_killed(void **state)
{
	(void)state;
	is_killed(try_connect);
	is_killed(try_unix_socket);
	is_killed(try_inet_socket);
	is_killed(try_route_netlink);
	is_killed(try_exec);
	is_killed(try_ptrace);
}

static void what_would_change_the_node_is_killed(void **state)
{
	(void)state;
	is_killed(try_write_open);
	is_killed(try_create);
	is_killed(try_unlink);
	is_killed(try_chmod);
}

static void what_collecting_needs_is_allowed(void **state)
{
	(void)state;
	is_allowed(do_diag_socket);
	is_allowed(do_read);
	is_allowed(do_fork);
}

static void privileges_are_gone_by_the_kernels_word(void **state)
{
	(void)state;
	is_allowed(do_read_back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_would_reach_out_is_killed),
		cmocka_unit_test(what_would_change_the_node_is_killed),
		cmocka_unit_test(what_collecting_needs_is_allowed),
		cmocka_unit_test(privileges_are_gone_by_the_kernels_word),
	};

	return cmocka_run_group_tests_name("confine", tests, NULL, NULL);
}
