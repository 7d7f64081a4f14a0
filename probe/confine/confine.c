// SPDX-License-Identifier: Apache-2.0
/* The steps of confine(), each checked, then read back from the kernel. */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <seccomp.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const cap_value_t kept_caps[] = { CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE,
					 CAP_SYS_ADMIN };

/*
 * Calls that a reader has no use for. connect is the first: a connect from a
 * container to a runtime socket is what raises the finding.
 */
static const int forbidden[] = {
	SCMP_SYS(connect),	     SCMP_SYS(listen),
	SCMP_SYS(accept),	     SCMP_SYS(accept4),
	SCMP_SYS(socketpair),	     SCMP_SYS(execve),
	SCMP_SYS(execveat),	     SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),  SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_getfd),	     SCMP_SYS(mount),
	SCMP_SYS(umount2),	     SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),	     SCMP_SYS(move_mount),
	SCMP_SYS(fsopen),	     SCMP_SYS(open_tree),
	SCMP_SYS(mount_setattr),     SCMP_SYS(bpf),
	SCMP_SYS(init_module),	     SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),     SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),   SCMP_SYS(perf_event_open),
	SCMP_SYS(open_by_handle_at), SCMP_SYS(creat),
	SCMP_SYS(mknod),	     SCMP_SYS(mknodat),
	SCMP_SYS(mkdir),	     SCMP_SYS(mkdirat),
	SCMP_SYS(rmdir),	     SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),	     SCMP_SYS(rename),
	SCMP_SYS(renameat),	     SCMP_SYS(renameat2),
	SCMP_SYS(link),		     SCMP_SYS(linkat),
	SCMP_SYS(symlink),	     SCMP_SYS(symlinkat),
	SCMP_SYS(truncate),	     SCMP_SYS(ftruncate),
	SCMP_SYS(fallocate),	     SCMP_SYS(chmod),
	SCMP_SYS(fchmod),	     SCMP_SYS(fchmodat),
	SCMP_SYS(chown),	     SCMP_SYS(fchown),
	SCMP_SYS(lchown),	     SCMP_SYS(fchownat),
	SCMP_SYS(setxattr),	     SCMP_SYS(lsetxattr),
	SCMP_SYS(fsetxattr),	     SCMP_SYS(removexattr),
	SCMP_SYS(lremovexattr),	     SCMP_SYS(fremovexattr),
	SCMP_SYS(utimensat),	     SCMP_SYS(reboot),
	SCMP_SYS(io_uring_setup),
};

/* Any of these in open's flags would write or make something. */
static const unsigned int writing_flags[] = { O_WRONLY, O_RDWR, O_CREAT,
					      O_TRUNC, O_APPEND };

/* Calls that open by path, and which argument holds the flags. */
static const struct {
	int call;
	unsigned int flags_arg;
} opening_calls[] = {
	{ SCMP_SYS(open), 1 },
	{ SCMP_SYS(openat), 2 },
};

static int forbid_writing(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < ARRAY_SIZE(opening_calls); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(writing_flags); k++) {
			int err = seccomp_rule_add(
				filter, SCMP_ACT_KILL_PROCESS,
				opening_calls[i].call, 1,
				SCMP_CMP(opening_calls[i].flags_arg,
					 SCMP_CMP_MASKED_EQ, writing_flags[k],
					 writing_flags[k]));

			if (err)
				return err;
		}
	}
	return 0;
}

/* The one socket there may be is the socket-table query's. */
static int forbid_sockets(scmp_filter_ctx filter)
{
	int err = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS,
				   SCMP_SYS(socket), 1,
				   SCMP_A0(SCMP_CMP_NE, AF_NETLINK));

	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS,
				       SCMP_SYS(socket), 1,
				       SCMP_A2(SCMP_CMP_NE,
					       NETLINK_SOCK_DIAG));
	return err;
}

static int load_filter(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int err = filter ? 0 : -ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(forbidden) && !err; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS,
				       forbidden[i], 0);
	if (!err)
		err = forbid_writing(filter);
	if (!err)
		err = forbid_sockets(filter);
	if (!err)
		err = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	return err;
}

/*
 * The bounding set is emptied while CAP_SETPCAP is still there; a process
 * without it cannot, and has nothing to gain from it under no_new_privs.
 */
static int drop_bounding(void)
{
	for (cap_value_t cap = 0; cap_get_bound(cap) >= 0; cap++) {
		if (cap_drop_bound(cap) < 0)
			return errno == EPERM ? 0 : -errno;
	}
	return 0;
}

static int keep_cap(cap_t caps, cap_value_t cap)
{
	if (cap_set_flag(caps, CAP_PERMITTED, 1, &cap, CAP_SET) < 0 ||
	    cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_SET) < 0)
		return -errno;
	return 0;
}

static int keep_needed_caps(void)
{
	cap_t now = cap_get_proc();
	cap_t next = cap_init();
	int err = now && next ? 0 : -ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(kept_caps) && !err; i++) {
		cap_flag_value_t has = CAP_CLEAR;

		if (cap_get_flag(now, kept_caps[i], CAP_PERMITTED, &has) < 0)
			err = -errno;
		else if (has == CAP_SET)
			err = keep_cap(next, kept_caps[i]);
	}
	if (!err && cap_set_proc(next) < 0)
		err = -errno;
	cap_free(now);
	cap_free(next);
	return err;
}

static uint64_t kept_mask(void)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kept_caps); i++)
		mask |= 1ULL << kept_caps[i];
	return mask;
}

void confine_read_back(struct evidence *ev)
{
	struct probe_facts *probe = &ev->probe;
	char text[8192];
	char *save = NULL;

	probe->seccomp_mode = -1;
	if (read_file_at(AT_FDCWD, "/proc/self/status", text, sizeof(text)) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		unsigned long long mask;
		int number;

		if (sscanf(line, "CapPrm: %llx", &mask) == 1)
			probe->cap_permitted = mask;
		else if (sscanf(line, "CapEff: %llx", &mask) == 1)
			probe->cap_effective = mask;
		else if (sscanf(line, "CapBnd: %llx", &mask) == 1)
			probe->cap_bounding = mask;
		else if (sscanf(line, "Seccomp: %d", &number) == 1)
			probe->seccomp_mode = number;
		else if (sscanf(line, "NoNewPrivs: %d", &number) == 1)
			probe->no_new_privs = number == 1;
	}
}

/* What was meant to be dropped must be gone by the kernel's own word. */
static int check(struct error *error)
{
	struct evidence ev = { 0 };

	confine_read_back(&ev);
	if (ev.probe.seccomp_mode != -1 &&
	    (ev.probe.seccomp_mode != 2 || !ev.probe.no_new_privs ||
	     (ev.probe.cap_permitted & ~kept_mask())))
		return fail(error, EXIT_INTERNAL,
			    "confinement: the kernel reports privileges that were given up");
	return 0;
}

int confine(struct error *error)
{
	int err;

	if (close_range(3, ~0U, 0) < 0 && errno != ENOSYS)
		return fail(error, EXIT_INTERNAL, "close_range: %s",
			    strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(error, EXIT_INTERNAL, "no_new_privs: %s",
			    strerror(errno));
	err = drop_bounding();
	if (!err && cap_reset_ambient() < 0)
		err = -errno;
	if (!err)
		err = keep_needed_caps();
	if (err)
		return fail(error, EXIT_INTERNAL, "capabilities: %s",
			    strerror(-err));
	err = load_filter();
	if (err)
		return fail(error, EXIT_INTERNAL, "seccomp: %s",
			    strerror(-err));
	return check(error);
}
