// SPDX-License-Identifier: Apache-2.0
/*
 * The confinement in force. In each phase, a process of its own tries each
 * system call that the machine has: the kernel kills it unless the call is
 * listed here. Then the arguments of calls that are allowed with some arguments
 * only, and the capabilities that the kernel reports.
 */
#include "unit.h"

#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* cmocka's macros of this name would hide the probe's function. */
#undef fail
#define FAIL_WITH(...)                                                         \
	do {                                                                   \
		print_error(__VA_ARGS__);                                      \
		assert_true(false);                                            \
	} while (0)
#include "confine/confine.h"

enum { COULD_NOT_CONFINE = 42, LAST_CALL = 470 };

static const int everywhere[] = {
	SYS_brk,	  SYS_mmap,	      SYS_munmap,
	SYS_mremap,	  SYS_sysinfo,	      SYS_clock_gettime,
	SYS_getrandom,	  SYS_rt_sigreturn,   SYS_restart_syscall,
	SYS_exit_group,	  SYS_read,	      SYS_write,
	SYS_close,	  SYS_pread64,	      SYS_fstat,
	SYS_newfstatat,
#ifdef __SANITIZE_ADDRESS__
	SYS_madvise,	  SYS_mprotect,	      SYS_sigaltstack,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_gettid,
	SYS_getpid,	  SYS_futex,	      SYS_sched_yield,
#endif
};

static const int reading[] = {
	SYS_openat,   SYS_readlinkat, SYS_getdents64, SYS_lseek,
	SYS_statx,    SYS_fstatfs,    SYS_getxattr,   SYS_fcntl,
#ifdef SYS_readlink
	SYS_readlink,
#endif
	-1,
};

/* One phase: how it is reached, and which calls it may make in addition. */
struct phase_case {
	enum phase phase;
	enum phase route[3]; /* after collect; ends with the phase itself */
	uint64_t caps;
	bool reads;
	int more[20]; /* ends with 0; -1 stands for call number 0 */
};

static const struct phase_case cases[] = {
	{ PHASE_COLLECT,
	  { PHASE_COLLECT },
	  0x280004,
	  true,
	  { SYS_ioctl,	     SYS_poll,	     SYS_ppoll,
	    SYS_setns,	     SYS_socket,     SYS_bind,
	    SYS_getsockname, SYS_setsockopt, SYS_sendto,
	    SYS_recvmsg,     SYS_uname,	     SYS_sched_getaffinity,
	    SYS_pipe2,	     SYS_clone,	     SYS_set_robust_list,
	    SYS_getpid,	     SYS_getppid,    SYS_prctl,
	    SYS_kill,	     SYS_wait4 } },
	{ PHASE_KEEPER,
	  { PHASE_KEEPER },
	  0x80004,
	  true,
	  { SYS_poll, SYS_ppoll, SYS_clone, SYS_set_robust_list, SYS_getpid,
	    SYS_getppid, SYS_prctl, SYS_kill, SYS_wait4, SYS_capget, SYS_capset,
	    SYS_seccomp } },
	{ PHASE_READER,
	  { PHASE_KEEPER, PHASE_READER },
	  0x80004,
	  true,
	  { SYS_set_robust_list, SYS_getppid, SYS_prctl } },
	{ PHASE_CORRELATE,
	  { PHASE_CORRELATE },
	  0,
	  false,
	  { SYS_ioctl, SYS_poll, SYS_ppoll, SYS_sendto, SYS_recvmsg, SYS_wait4,
	    SYS_seccomp } },
	{ PHASE_REPORT,
	  { PHASE_CORRELATE, PHASE_REPORT },
	  0,
	  false,
	  { SYS_ioctl, SYS_wait4 } },
	{ PHASE_WRITE,
	  { PHASE_WRITE },
	  0x2,
	  false,
	  { SYS_fsync, SYS_renameat, SYS_renameat2, SYS_unlinkat } },
};

/* The calls that enter the next phase, and those of the first phase only. */
static const int collect_leaves[] = { SYS_capget, SYS_capset, SYS_seccomp,
				      SYS_landlock_create_ruleset,
				      SYS_landlock_restrict_self };

static bool lists(const int *list, size_t n, int call)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == call)
			return true;
	}
	return false;
}

static bool is_listed(const struct phase_case *phase, int call)
{
	if (lists(everywhere, ARRAY_SIZE(everywhere), call) ||
	    (phase->reads && lists(reading, ARRAY_SIZE(reading), call)))
		return true;
	if (phase->phase == PHASE_COLLECT &&
	    lists(collect_leaves, ARRAY_SIZE(collect_leaves), call))
		return true;
	/* the lists end with 0, which is read(), allowed in all phases */
	return lists(phase->more, ARRAY_SIZE(phase->more), call);
}

/* Enters a phase as the probe does. */
static bool enter(const struct phase_case *phase,
		  struct confinement *confinement)
{
	struct error error = { 0 };

	if (phase->phase == PHASE_WRITE)
		return !confine_writer(AT_FDCWD, &error);
	if (confine_begin(confinement, &error))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(phase->route); i++) {
		enum phase next = phase->route[i];

		if (next != PHASE_COLLECT &&
		    confine_enter(confinement, next, &error))
			return false;
		if (next == phase->phase)
			return true;
	}
	return false;
}

/* The wait status of a process that runs `act` in the phase. */
static int in_phase(const struct phase_case *phase,
		    int (*act)(const struct confinement *, const void *),
		    const void *data)
{
	struct confinement confinement;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		if (!enter(phase, &confinement))
			_exit(COULD_NOT_CONFINE);
		_exit(act(&confinement, data) ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void skip_without_filters(void)
{
	/* valgrind 3.19 loads no filter (scripts/valgrind-unit). */
	if (getenv("UNIT_UNDER_VALGRIND"))
		skip();
}

static bool is_killed(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

/* ---- every call there is ---- */

static int do_call(const struct confinement *confinement, const void *data)
{
	(void)confinement;
	return (int)syscall(*(const int *)data, -1L, -1L, -1L, -1L, -1L, -1L);
}

/*
 * The kernel's own trampolines make these two, and from Linux 6.14 on no filter
 * sees them; from anywhere else they are SIGILL.
 */
static bool is_uprobe(int call)
{
#ifdef __x86_64__
	return call == 335 || call == 336;
#else
	return call < 0;
#endif
}

static void every_other_call_is_death(void **state)
{
	skip_without_filters();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (int call = 0; call <= LAST_CALL; call++) {
			if (is_uprobe(call) || is_listed(&cases[i], call))
				continue;
			if (!is_killed(in_phase(&cases[i], do_call, &call)))
				FAIL_WITH("%s: call %d is not killed\n",
					  phase_name(cases[i].phase), call);
		}
	}
	(void)state;
}

/* ---- arguments ---- */

struct attempt {
	const char *what;
	long call;
	long args[6];
};

static const struct attempt forbidden[] = {
	{ "open for writing",
	  SYS_openat,
	  { AT_FDCWD, (long)"/dev/null", O_WRONLY } },
	{ "open for both", SYS_openat, { AT_FDCWD, (long)"/dev/null", O_RDWR } },
	{ "create", SYS_openat, { AT_FDCWD, (long)"/dev/null", O_CREAT } },
	{ "truncate", SYS_openat, { AT_FDCWD, (long)"/dev/null", O_TRUNC } },
	{ "append", SYS_openat, { AT_FDCWD, (long)"/dev/null", O_APPEND } },
	{ "unix socket", SYS_socket, { AF_UNIX, SOCK_STREAM, 0 } },
	{ "unix socket by its other protocol",
	  SYS_socket,
	  { AF_UNIX, SOCK_STREAM, NETLINK_SOCK_DIAG } },
	{ "inet socket", SYS_socket, { AF_INET, SOCK_STREAM, 0 } },
	{ "route netlink", SYS_socket, { AF_NETLINK, SOCK_RAW, NETLINK_ROUTE } },
	{ "mount namespace", SYS_setns, { -1, CLONE_NEWNS } },
	{ "any namespace", SYS_setns, { -1, 0 } },
	{ "new user namespace", SYS_clone, { CLONE_NEWUSER | SIGCHLD } },
	{ "new network namespace", SYS_clone, { CLONE_NEWNET | SIGCHLD } },
	{ "thread", SYS_clone, { CLONE_VM | CLONE_THREAD | CLONE_SIGHAND } },
	{ "executable memory",
	  SYS_mmap,
	  { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	    0 } },
	{ "put into a terminal", SYS_ioctl, { 0, TIOCSTI, (long)"x" } },
	{ "signal but SIGKILL", SYS_kill, { 1, SIGTERM } },
	{ "dumpable", SYS_prctl, { PR_SET_DUMPABLE, 1 } },
	{ "lock a file", SYS_fcntl, { 0, F_SETLK } },
	{ "other socket options", SYS_setsockopt, { -1, SOL_NETLINK, 1 } },
};

static int do_attempt(const struct confinement *confinement, const void *data)
{
	const struct attempt *try = data;

	(void)confinement;
	return (int)syscall(try->call, try->args[0], try->args[1], try->args[2],
			    try->args[3], try->args[4], try->args[5]);
}

/* A phase that does not allow the call at all passes too. */
static void arguments_are_held_too(void **state)
{
	skip_without_filters();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(forbidden); k++) {
			if (!is_killed(in_phase(&cases[i], do_attempt,
						&forbidden[k])))
				FAIL_WITH("%s: %s is not killed\n",
					  phase_name(cases[i].phase),
					  forbidden[k].what);
		}
	}
	(void)state;
}

/* ---- what is left ---- */

static int do_diag_socket(const struct confinement *confinement,
			  const void *data)
{
	(void)confinement;
	(void)data;
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG) <
	       0;
}

static int do_open(const struct confinement *confinement, const void *data)
{
	(void)confinement;
	return open(data, O_RDONLY | O_CLOEXEC) < 0;
}

static int do_fork(const struct confinement *confinement, const void *data)
{
	pid_t child = fork();

	(void)confinement;
	(void)data;
	if (child == 0)
		_exit(0);
	return child < 0 || waitpid(child, NULL, 0) != child;
}

static const struct phase_case *case_of(enum phase phase)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (cases[i].phase == phase)
			return &cases[i];
	}
	return NULL;
}

static void what_a_phase_needs_is_allowed(void **state)
{
	const struct phase_case *collect = case_of(PHASE_COLLECT);

	(void)state;
	skip_without_filters();
	assert_int_equal(in_phase(collect, do_diag_socket, NULL), 0);
	assert_int_equal(in_phase(collect, do_open, "/proc/self/status"), 0);
	assert_int_equal(in_phase(collect, do_fork, NULL), 0);
	assert_int_equal(
		in_phase(case_of(PHASE_READER), do_open, "/etc/passwd"), 0);
}

/* ---- the kernel's word, read by this test itself ---- */

static int do_check_status(const struct confinement *confinement,
			   const void *data)
{
	const struct phase_case *phase = data;
	char text[8192];
	char line[64];
	ssize_t len = pread(confinement->status_fd, text, sizeof(text) - 1, 0);

	if (len <= 0)
		return 1;
	text[len] = '\0';
	snprintf(line, sizeof(line), "\nCapPrm:\t%016llx\nCapEff:\t%016llx\n",
		 (unsigned long long)phase->caps,
		 (unsigned long long)phase->caps);
	return !strstr(text, line) ||
	       !strstr(text, "\nCapInh:\t0000000000000000\n") ||
	       !strstr(text, "\nCapBnd:\t0000000000000000\n") ||
	       !strstr(text, "\nCapAmb:\t0000000000000000\n") ||
	       !strstr(text, "\nNoNewPrivs:\t1\n") ||
	       !strstr(text, "\nSeccomp:\t2\n");
}

/* The writer reads nothing back: it has no descriptor for that. */
static void only_the_capabilities_named_are_left(void **state)
{
	needs_root();
	(void)state;
	skip_without_filters();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (cases[i].phase == PHASE_WRITE)
			continue;
		if (in_phase(&cases[i], do_check_status, &cases[i]) != 0)
			FAIL_WITH("%s: not the capabilities of the table\n",
				  phase_name(cases[i].phase));
	}
}

/* The evidence gets what the kernel reported. */
static int do_compare_facts(const struct confinement *confinement,
			    const void *data)
{
	const struct phase_case *phase = data;
	const struct phase_facts *facts =
		&confinement->phases[confinement->n - 1];

	return !facts->known || facts->phase != phase->phase ||
	       facts->seccomp_mode != 2 || !facts->no_new_privs ||
	       facts->cap_permitted != phase->caps ||
	       facts->cap_effective != phase->caps || facts->cap_bounding != 0;
}

static void what_was_read_back_is_kept(void **state)
{
	needs_root();
	(void)state;
	skip_without_filters();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (cases[i].phase == PHASE_WRITE)
			continue;
		assert_int_equal(
			in_phase(&cases[i], do_compare_facts, &cases[i]), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_other_call_is_death),
		cmocka_unit_test(arguments_are_held_too),
		cmocka_unit_test(what_a_phase_needs_is_allowed),
		cmocka_unit_test(only_the_capabilities_named_are_left),
		cmocka_unit_test(what_was_read_back_is_kept),
	};

	return cmocka_run_group_tests_name("confine", tests, NULL, NULL);
}
