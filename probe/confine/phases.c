// SPDX-License-Identifier: Apache-2.0
/*
 * What each phase may do, as data. A row is a system call, the phases that make
 * it, and what its arguments must be; a call that is in no row kills the
 * process. A phase is also allowed what the phases entered from it need,
 * because the kernel's filters only add up.
 */
#include "confine/phases.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "sockprobe/util.h"

#define CAP_BIT(cap) (1ULL << (cap))

static const struct {
	const char *name;
	uint64_t caps;
	enum phase before; /* itself: the first phase of its process */
	bool opens_files;
} phases[PHASE_COUNT] = {
	/* SYS_ADMIN for setns(2) only */
	[PHASE_COLLECT] = { "collect",
			    CAP_BIT(CAP_DAC_READ_SEARCH) |
				    CAP_BIT(CAP_SYS_PTRACE) |
				    CAP_BIT(CAP_SYS_ADMIN),
			    PHASE_COLLECT, true },
	[PHASE_KEEPER] = { "keeper",
			   CAP_BIT(CAP_DAC_READ_SEARCH) |
				   CAP_BIT(CAP_SYS_PTRACE),
			   PHASE_COLLECT, true },
	[PHASE_READER] = { "reader",
			   CAP_BIT(CAP_DAC_READ_SEARCH) |
				   CAP_BIT(CAP_SYS_PTRACE),
			   PHASE_KEEPER, true },
	[PHASE_CORRELATE] = { "correlate", 0, PHASE_COLLECT, false },
	[PHASE_REPORT] = { "report", 0, PHASE_CORRELATE, false },
	/* as root's shell would when it redirects: into anyone's directory */
	[PHASE_WRITE] = { "write", CAP_BIT(CAP_DAC_OVERRIDE), PHASE_WRITE,
			  true },
};

const char *phase_name(enum phase phase)
{
	return phases[phase].name;
}

uint64_t phase_caps(enum phase phase)
{
	return phases[phase].caps;
}

bool phase_opens_files(enum phase phase)
{
	return phases[phase].opens_files;
}

#define IN(phase) (1U << PHASE_##phase)
#define PROBE (IN(COLLECT) | IN(CORRELATE) | IN(REPORT))
#define HELPERS (IN(KEEPER) | IN(READER))
#define READING (IN(COLLECT) | IN(READER))
#define ALL (PROBE | HELPERS | IN(WRITE))

/* Flags of open() that write or create. */
#define OPEN_WRITES (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND)

/* Flags of clone() that share or leave anything. SIGCHLD is not among them. */
#define CLONE_PLAIN                                                            \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |    \
	 CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |         \
	 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_PARENT |          \
	 CLONE_UNTRACED)

/* The argument's bits in the mask must equal the value. */
#define BITS(arg, mask, value)                                                 \
	{                                                                      \
		(arg), SCMP_CMP_MASKED_EQ, (scmp_datum_t)(mask),               \
			(scmp_datum_t)(value)                                  \
	}
/* Of an int argument only the low 32 bits are compared. */
#define IS(arg, value) BITS(arg, UINT32_MAX, value)

static const struct rule {
	int call;
	unsigned int phases;
	const char *condition; /* for people; NULL: any arguments */
	unsigned int n;
	struct scmp_arg_cmp args[2];
} rules[] = {
	/* memory, time, the end */
	{ SCMP_SYS(brk), ALL, NULL, 0, { { 0 } } },
	{ SCMP_SYS(mmap), ALL, "not executable", 1, { BITS(2, PROT_EXEC, 0) } },
	{ SCMP_SYS(munmap), ALL, NULL, 0, { { 0 } } },
	{ SCMP_SYS(mremap), ALL, NULL, 0, { { 0 } } },
	/* glibc's qsort() asks how much memory the machine has */
	{ SCMP_SYS(sysinfo), ALL, NULL, 0, { { 0 } } },
	{ SCMP_SYS(clock_gettime), ALL, NULL, 0, { { 0 } } },
	{ SCMP_SYS(getrandom), ALL, NULL, 0, { { 0 } } },
	{ SCMP_SYS(rt_sigreturn), ALL, NULL, 0, { { 0 } } },
	{ SCMP_SYS(restart_syscall), ALL, NULL, 0, { { 0 } } },
	{ SCMP_SYS(exit_group), ALL, NULL, 0, { { 0 } } },

	/* descriptors that are open */
	{ SCMP_SYS(read), ALL, NULL, 0, { { 0 } } },
	{ SCMP_SYS(write), ALL, NULL, 0, { { 0 } } },
	{ SCMP_SYS(close), ALL, NULL, 0, { { 0 } } },
	{ SCMP_SYS(pread64), ALL, NULL, 0, { { 0 } } },
	{ SCMP_SYS(fstat), ALL, NULL, 0, { { 0 } } },
	{ SCMP_SYS(newfstatat), ALL, NULL, 0, { { 0 } } },
	{ SCMP_SYS(ioctl), PROBE, "TCGETS", 1, { IS(1, TCGETS) } },
	{ SCMP_SYS(poll), IN(CORRELATE) | IN(KEEPER), NULL, 0, { { 0 } } },
	{ SCMP_SYS(ppoll), IN(CORRELATE) | IN(KEEPER), NULL, 0, { { 0 } } },

	/* reading files and directories */
	{ SCMP_SYS(openat),
	  READING,
	  "read-only",
	  1,
	  { BITS(2, OPEN_WRITES, O_RDONLY) } },
	{ SCMP_SYS(readlinkat), READING, NULL, 0, { { 0 } } },
	{ SCMP_SYS(readlink), READING, NULL, 0, { { 0 } } },
	{ SCMP_SYS(getdents64), READING, NULL, 0, { { 0 } } },
	{ SCMP_SYS(lseek), READING, NULL, 0, { { 0 } } },
	{ SCMP_SYS(statx), READING, NULL, 0, { { 0 } } },
	{ SCMP_SYS(fstatfs), READING, NULL, 0, { { 0 } } },
	{ SCMP_SYS(getxattr), IN(READER), NULL, 0, { { 0 } } },
	{ SCMP_SYS(fcntl), READING, "F_GETFL", 1, { IS(1, F_GETFL) } },
	{ SCMP_SYS(fcntl), READING, "F_SETFD", 1, { IS(1, F_SETFD) } },
	{ SCMP_SYS(fcntl),
	  IN(READER),
	  "F_DUPFD_CLOEXEC",
	  1,
	  { IS(1, F_DUPFD_CLOEXEC) } },

	/* socket tables: opened in each namespace, asked without privileges */
	{ SCMP_SYS(setns),
	  IN(COLLECT),
	  "CLONE_NEWNET",
	  1,
	  { IS(1, CLONE_NEWNET) } },
	{ SCMP_SYS(socket),
	  IN(COLLECT),
	  "AF_NETLINK, NETLINK_SOCK_DIAG",
	  2,
	  { IS(0, AF_NETLINK), IS(2, NETLINK_SOCK_DIAG) } },
	{ SCMP_SYS(bind), IN(COLLECT), NULL, 0, { { 0 } } },
	{ SCMP_SYS(getsockname), IN(COLLECT), NULL, 0, { { 0 } } },
	{ SCMP_SYS(setsockopt),
	  IN(COLLECT),
	  "SOL_SOCKET",
	  1,
	  { IS(1, SOL_SOCKET) } },
	{ SCMP_SYS(sendto), IN(CORRELATE), NULL, 0, { { 0 } } },
	{ SCMP_SYS(recvmsg), IN(CORRELATE), NULL, 0, { { 0 } } },

	/* the node's name and kernel */
	{ SCMP_SYS(uname), IN(COLLECT), NULL, 0, { { 0 } } },

	/* readers, and how many processors they may use */
	{ SCMP_SYS(sched_getaffinity), IN(COLLECT), NULL, 0, { { 0 } } },
	{ SCMP_SYS(pipe2), IN(COLLECT), NULL, 0, { { 0 } } },
	{ SCMP_SYS(clone),
	  IN(COLLECT) | IN(KEEPER),
	  "a plain fork",
	  1,
	  { BITS(0, CLONE_PLAIN, 0) } },
	{ SCMP_SYS(set_robust_list), HELPERS, NULL, 0, { { 0 } } },
	{ SCMP_SYS(getpid), IN(COLLECT) | IN(KEEPER), NULL, 0, { { 0 } } },
	{ SCMP_SYS(getppid), HELPERS, NULL, 0, { { 0 } } },
	{ SCMP_SYS(prctl),
	  HELPERS,
	  "PR_SET_PDEATHSIG",
	  1,
	  { IS(0, PR_SET_PDEATHSIG) } },
	{ SCMP_SYS(kill), IN(KEEPER), "SIGKILL", 1, { IS(1, SIGKILL) } },
	{ SCMP_SYS(wait4), PROBE | IN(KEEPER), NULL, 0, { { 0 } } },

	/* giving up more: each phase is entered from the one before it */
	{ SCMP_SYS(capget), IN(COLLECT) | IN(KEEPER), NULL, 0, { { 0 } } },
	{ SCMP_SYS(capset), IN(COLLECT) | IN(KEEPER), NULL, 0, { { 0 } } },
	{ SCMP_SYS(landlock_create_ruleset), IN(COLLECT), NULL, 0, { { 0 } } },
	{ SCMP_SYS(landlock_restrict_self), IN(COLLECT), NULL, 0, { { 0 } } },
	{ SCMP_SYS(seccomp),
	  IN(COLLECT) | IN(KEEPER) | IN(CORRELATE),
	  NULL,
	  0,
	  { { 0 } } },

	/* the output file, created before: synced and renamed */
	{ SCMP_SYS(fsync), IN(WRITE), NULL, 0, { { 0 } } },
	{ SCMP_SYS(renameat), IN(WRITE), NULL, 0, { { 0 } } },
	{ SCMP_SYS(renameat2), IN(WRITE), NULL, 0, { { 0 } } },
	{ SCMP_SYS(unlinkat), IN(WRITE), NULL, 0, { { 0 } } },

#ifdef __SANITIZE_ADDRESS__
	/* the sanitizers' runtime; only in builds with them */
	{ SCMP_SYS(madvise), ALL, "sanitizer", 0, { { 0 } } },
	{ SCMP_SYS(mprotect), ALL, "sanitizer", 0, { { 0 } } },
	{ SCMP_SYS(sigaltstack), ALL, "sanitizer", 0, { { 0 } } },
	{ SCMP_SYS(rt_sigaction), ALL, "sanitizer", 0, { { 0 } } },
	{ SCMP_SYS(rt_sigprocmask), ALL, "sanitizer", 0, { { 0 } } },
	{ SCMP_SYS(gettid), ALL, "sanitizer", 0, { { 0 } } },
	{ SCMP_SYS(getpid), ALL, "sanitizer", 0, { { 0 } } },
	{ SCMP_SYS(futex), ALL, "sanitizer", 0, { { 0 } } },
	{ SCMP_SYS(sched_yield), ALL, "sanitizer", 0, { { 0 } } },
#endif
};

/* Is `phase` this one, or one that is entered from it? */
static bool leads_to(enum phase from, enum phase phase)
{
	while (phase != from && phases[phase].before != phase)
		phase = phases[phase].before;
	return phase == from;
}

static bool is_allowed(const struct rule *rule, enum phase phase)
{
	for (enum phase later = 0; later < PHASE_COUNT; later++) {
		if ((rule->phases & (1U << later)) && leads_to(phase, later))
			return true;
	}
	return false;
}

static int add_rules(scmp_filter_ctx filter, enum phase phase)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct rule *rule = &rules[i];
		int err;

		if (!is_allowed(rule, phase))
			continue;
		err = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rule->call,
					     rule->n, rule->args);
		if (err)
			return err;
	}
	return 0;
}

int phase_load_filter(enum phase phase)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int err = filter ? 0 : -ENOMEM;

	/* no_new_privs is set and checked by confine_begin() */
	if (!err)
		err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	if (!err)
		err = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
				       SCMP_ACT_KILL_PROCESS);
	/* return the kernel's errno, to recognize a kernel without filters */
	if (!err)
		err = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	if (!err)
		err = add_rules(filter, phase);
	if (!err)
		err = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	return err;
}

static void print_caps(FILE *out, uint64_t caps)
{
	bool any = false;

	for (cap_value_t cap = 0; cap < 64; cap++) {
		char *name = (caps >> cap) & 1 ? cap_to_name(cap) : NULL;

		if (!name)
			continue;
		fprintf(out, "%s%s", any ? ", " : "", name);
		any = true;
		cap_free(name);
	}
	fputs(any ? "\n" : "none\n", out);
}

static void print_calls(FILE *out, enum phase phase)
{
	enum { COLUMNS = 80 };
	size_t column = COLUMNS; /* so that the first call begins a line */

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct rule *rule = &rules[i];
		char *name;
		char text[80];
		size_t len;

		/* negative: this architecture lacks the call */
		if (!is_allowed(rule, phase) || rule->call < 0)
			continue;
		name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE,
							rule->call);
		snprintf(text, sizeof(text), rule->condition ? "%s(%s)" : "%s",
			 name ? name : "?", rule->condition);
		free(name);
		len = strlen(text) + 1;
		if (column + len > COLUMNS) {
			fputs("\n   ", out);
			column = 3;
		}
		fprintf(out, " %s", text);
		column += len;
	}
	fputc('\n', out);
}

void phases_print(FILE *out)
{
	for (enum phase phase = 0; phase < PHASE_COUNT; phase++) {
		fprintf(out, "%s%s\n  capabilities: ", phase ? "\n" : "",
			phases[phase].name);
		print_caps(out, phases[phase].caps);
		fprintf(out, "  files: %s\n",
			phase == PHASE_WRITE
				? "names in one directory (Landlock)"
			: phases[phase].opens_files
				? "read-only (seccomp)"
				: "none (seccomp, Landlock)");
		fputs("  system calls, all others kill:", out);
		print_calls(out, phase);
	}
}
