// SPDX-License-Identifier: Apache-2.0
/* The steps of confine.h, each checked, then read back from the kernel. */
#include "confine/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/securebits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "confine/phases.h"
#include "sockprobe/util.h"

/* ---- Landlock ---- */

/* The linux/landlock.h of the oldest supported build machine ends at ABI 2. */
struct ruleset {
	uint64_t fs;
	uint64_t net;	 /* from ABI 4 */
	uint64_t scoped; /* from ABI 6 */
};

enum { NET_ALL = 0x3, SCOPED_ALL = 0x3 };

/* The file rights that each version of the ABI knows, from version 1. */
static const uint64_t fs_rights[] = { 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff };

/* The rights needed to rename or remove a file that is open already. */
#define WRITER_RIGHTS                                                          \
	(LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE)

static struct ruleset ruleset_of(long abi)
{
	size_t last = ARRAY_SIZE(fs_rights) - 1;
	size_t idx = (size_t)abi - 1;

	return (struct ruleset){
		.fs = fs_rights[idx < last ? idx : last],
		.net = abi >= 4 ? NET_ALL : 0,
		.scoped = abi >= 6 ? SCOPED_ALL : 0,
	};
}

static int allow_dir(int ruleset, int dirfd, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = rights,
		.parent_fd = dirfd,
	};

	return syscall(SYS_landlock_add_rule, ruleset,
		       LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0
		       ? -errno
		       : 0;
}

/*
 * From now on no file but in the directory `dirfd` (-1: none), no network and
 * no other process. Not for the phases that read: a process under Landlock may
 * not look into /proc/PID of one that is not, whatever its capabilities.
 * Returns 1 if it is in force, 0 if the kernel has no Landlock, or -errno.
 */
static int restrict_files(int dirfd)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
			   LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset rules;
	cleanup_close int fd = -1;
	int err = 0;

	if (abi < 1)
		return 0;
	rules = ruleset_of(abi);
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules),
			  0);
	if (fd < 0)
		return -errno;
	if (dirfd >= 0)
		err = allow_dir(fd, dirfd, WRITER_RIGHTS & rules.fs);
	if (err)
		return err;
	return syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : 1;
}

/* ---- capabilities ---- */

/*
 * Empties the bounding set, which takes CAP_SETPCAP. A process without it
 * cannot, and gains nothing from the set under no_new_privs.
 */
static int drop_bounding(void)
{
	for (cap_value_t cap = 0; cap_get_bound(cap) >= 0; cap++) {
		if (cap_drop_bound(cap) < 0)
			return errno == EPERM ? 0 : -errno;
	}
	return 0;
}

/* Uid 0 gives no capabilities, and that cannot be changed any more. */
static int lock_securebits(void)
{
	if (prctl(PR_SET_SECUREBITS,
		  SECBIT_NOROOT | SECBIT_NOROOT_LOCKED |
			  SECBIT_KEEP_CAPS_LOCKED |
			  SECBIT_NO_SETUID_FIXUP_LOCKED |
			  SECBIT_NO_CAP_AMBIENT_RAISE |
			  SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
		  0, 0, 0) < 0)
		return errno == EPERM ? 0 : -errno;
	return 0;
}

static int keep_cap(cap_t caps, cap_value_t cap)
{
	if (cap_set_flag(caps, CAP_PERMITTED, 1, &cap, CAP_SET) < 0 ||
	    cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_SET) < 0)
		return -errno;
	return 0;
}

/* Keeps those present capabilities that are in `mask`. */
static int keep_caps(uint64_t mask)
{
	cap_t now = cap_get_proc();
	cap_t next = cap_init();
	int err = now && next ? 0 : -ENOMEM;

	for (cap_value_t cap = 0; cap < 64 && !err; cap++) {
		cap_flag_value_t has = CAP_CLEAR;

		if (!((mask >> cap) & 1))
			continue;
		if (cap_get_flag(now, cap, CAP_PERMITTED, &has) < 0)
			err = -errno;
		else if (has == CAP_SET)
			err = keep_cap(next, cap);
	}
	if (!err && cap_set_proc(next) < 0)
		err = -errno;
	cap_free(now);
	cap_free(next);
	return err;
}

/* ---- what the kernel says ---- */

static void take_line(struct phase_facts *facts, const char *line)
{
	unsigned long long mask;
	int number;

	if (sscanf(line, "CapPrm: %llx", &mask) == 1)
		facts->cap_permitted = mask;
	else if (sscanf(line, "CapEff: %llx", &mask) == 1)
		facts->cap_effective = mask;
	else if (sscanf(line, "CapBnd: %llx", &mask) == 1)
		facts->cap_bounding = mask;
	else if (sscanf(line, "Seccomp: %d", &number) == 1)
		facts->seccomp_mode = number;
	else if (sscanf(line, "NoNewPrivs: %d", &number) == 1)
		facts->no_new_privs = number == 1;
}

/* procfs generates the text anew for each read at offset 0. */
static void read_back(int status_fd, struct phase_facts *facts)
{
	char text[8192];
	char *save = NULL;
	ssize_t len = status_fd < 0
			      ? -1
			      : pread(status_fd, text, sizeof(text) - 1, 0);

	facts->known = len > 0;
	if (!facts->known)
		return;
	text[len] = '\0';
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		take_line(facts, line);
}

/* Checks that the kernel no longer reports what was given up. */
static int check(const struct phase_facts *facts, bool filtered,
		 struct error *error)
{
	if (facts->known &&
	    ((filtered && facts->seccomp_mode != 2) || !facts->no_new_privs ||
	     (facts->cap_permitted & ~phase_caps(facts->phase))))
		return fail(
			error, EXIT_INTERNAL,
			"confinement: in phase %s the kernel reports privileges that were given up",
			phase_name(facts->phase));
	return 0;
}

void confine_note(struct confinement *confinement,
		  const struct phase_facts *facts)
{
	if (confinement->n < PHASE_COUNT)
		confinement->phases[confinement->n++] = *facts;
}

/* ---- the phases ---- */

static bool is_under_landlock(const struct confinement *confinement)
{
	for (size_t i = 0; i < confinement->n; i++) {
		if (confinement->phases[i].landlock)
			return true;
	}
	return false;
}

/* A kernel without seccomp filters is reported in the evidence, not refused. */
static int load_filter(enum phase phase, bool *filtered, struct error *error)
{
	int err = phase_load_filter(phase);

	*filtered = !err;
	if (err && err != -ENOSYS && err != -EINVAL)
		return fail(error, EXIT_INTERNAL, "seccomp: %s",
			    strerror(-err));
	return 0;
}

static int give_up(struct confinement *confinement, enum phase phase, int dirfd,
		   struct error *error)
{
	struct phase_facts facts = { .phase = phase };
	bool filtered;
	int err = 0;

	/*
	 * If there is nothing to give up, the filter does not allow capset()
	 * either.
	 */
	if (!confinement->entered ||
	    phase_caps(confinement->now) != phase_caps(phase))
		err = keep_caps(phase_caps(phase));
	if (err)
		return fail(error, EXIT_INTERNAL, "capabilities: %s",
			    strerror(-err));
	facts.landlock = is_under_landlock(confinement);
	if (!facts.landlock && (dirfd >= 0 || !phase_opens_files(phase))) {
		err = restrict_files(dirfd);
		if (err < 0)
			return fail(error, EXIT_INTERNAL, "landlock: %s",
				    strerror(-err));
		facts.landlock = err;
	}
	err = load_filter(phase, &filtered, error);
	if (err)
		return err;
	confinement->entered = true;
	confinement->now = phase;
	read_back(confinement->status_fd, &facts);
	confine_note(confinement, &facts);
	return check(&facts, filtered, error);
}

int confine_enter(struct confinement *confinement, enum phase phase,
		  struct error *error)
{
	return give_up(confinement, phase, -1, error);
}

static int rule_out_privileges(struct error *error)
{
	int err;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(error, EXIT_INTERNAL, "no_new_privs: %s",
			    strerror(errno));
	err = drop_bounding();
	if (!err && cap_reset_ambient() < 0)
		err = -errno;
	if (!err)
		err = lock_securebits();
	if (err)
		return fail(error, EXIT_INTERNAL, "capabilities: %s",
			    strerror(-err));
	return 0;
}

/*
 * Raises the limit of open files: a directory is held open for each process,
 * and a socket for each network namespace. The hard limit is raised only with
 * CAP_SYS_RESOURCE.
 */
static void raise_file_limit(void)
{
	enum { MOST_FILES = 1 << 20 }; /* fs.nr_open as kernels are shipped */
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_max < MOST_FILES) {
		struct rlimit more = { MOST_FILES, MOST_FILES };

		if (setrlimit(RLIMIT_NOFILE, &more) == 0)
			return;
	}
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int confine_begin(struct confinement *confinement, struct error *error)
{
	int status;

	*confinement = (struct confinement){ .status_fd = -1 };
	/* libc reads the time zone file once; later that is not allowed */
	tzset();
	raise_file_limit();
	status = rule_out_privileges(error);
	if (status)
		return status;
	confinement->status_fd =
		open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	return confine_enter(confinement, PHASE_COLLECT, error);
}

int confine_writer(int dirfd, struct error *error)
{
	struct confinement confinement = { .status_fd = -1 };
	int status = rule_out_privileges(error);

	if (status)
		return status;
	return give_up(&confinement, PHASE_WRITE, dirfd, error);
}

void confine_print(FILE *out)
{
	phases_print(out);
}
