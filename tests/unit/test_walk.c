// SPDX-License-Identifier: Apache-2.0
/*
 * The walk inside a root, in a directory made here that serves as root. Some
 * tests need root: devices are made, and a child without rights is denied.
 */
#include "unit.h"

#include <dirent.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "collect/walk.h"

struct scene {
	char dir[64];
	int rootfd;
	int before;		    /* where the tests were started */
	struct walk_result *result; /* a third of a megabyte */
};

static int scene_setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	if (!s)
		return -1;
	strcpy(s->dir, "/tmp/sockprobe-unit-XXXXXX");
	s->result = calloc(1, sizeof(*s->result));
	s->before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!s->result || s->before < 0 || !mkdtemp(s->dir) ||
	    chmod(s->dir, 0755) || chdir(s->dir))
		return -1;
	s->rootfd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	umask(022);
	/* A walk that blocks is the bug, so the test must end. */
	alarm(600);
	*state = s;
	return s->rootfd < 0 ? -1 : 0;
}

/* The first name in the working directory; false where it is empty. */
static bool first_name(char name[static NAME_MAX + 1])
{
	cleanup_closedir DIR *dir = opendir(".");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		strcpy(name, entry->d_name);
		return true;
	}
	return false;
}

/*
 * Empties the working directory, however deep: the tests make trees for which
 * neither a path nor the table of descriptors is long enough.
 */
static int empty_here(void)
{
	char name[NAME_MAX + 1];
	size_t depth = 0;

	for (;;) {
		if (first_name(name)) {
			if (unlink(name) == 0 || rmdir(name) == 0)
				continue;
			if (chdir(name) < 0)
				return -1;
			depth++;
		} else if (depth == 0) {
			return 0;
		} else {
			depth--;
			if (chdir("..") < 0)
				return -1;
		}
	}
}

static int scene_teardown(void **state)
{
	struct scene *s = *state;
	int err = fchdir(s->rootfd);

	alarm(0);
	if (!err)
		err = empty_here();
	if (fchdir(s->before) < 0 || rmdir(s->dir) < 0)
		err = -1;
	close(s->rootfd);
	close(s->before);
	free(s->result);
	free(s);
	return err;
}

static void make_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void make_socket(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	strcpy(address.sun_path, name);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	close(fd);
}

static void make_dir(const char *name)
{
	assert_int_equal(mkdir(name, 0755), 0);
}

static void make_link(const char *target, const char *name)
{
	assert_int_equal(symlink(target, name), 0);
}

/* Walks; the caller closes what is returned. */
static int walk_from(struct scene *s, int rootfd, const char *path,
		     uint64_t outside)
{
	memset(s->result, 0, sizeof(*s->result));
	return walk(rootfd, path, outside, WALK_FOLLOWS, s->result);
}

static void check_found(struct scene *s, const char *path, enum path_kind kind,
			const char *resolved)
{
	int fd = walk_from(s, s->rootfd, path, 0);

	if (s->result->kind != kind)
		fail_msg("%s: kind %d (errno %d), not %d", path,
			 (int)s->result->kind, s->result->err, (int)kind);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(s->result->err, 0);
	assert_true(s->result->has_inode);
	assert_string_equal(s->result->resolved, resolved);
}

static void check_not_found(struct scene *s, const char *path,
			    enum path_kind kind, int err)
{
	int fd = walk_from(s, s->rootfd, path, 0);

	if (s->result->kind != kind || s->result->err != err)
		fail_msg("%s: kind %d (errno %d), not %d (errno %d)", path,
			 (int)s->result->kind, s->result->err, (int)kind, err);
	assert_int_equal(fd, -1);
	assert_false(s->result->has_inode);
	assert_string_equal(s->result->resolved, "");
}

/* ---- kinds ---- */

static void every_kind_is_known(void **state)
{
	struct scene *s = *state;

	needs_root();
	make_socket("sock");
	make_dir("dir");
	make_file("file", "x");
	assert_int_equal(mkfifo("fifo", 0644), 0);
	assert_int_equal(mknod("chr", S_IFCHR | 0600, makedev(1, 3)), 0);
	assert_int_equal(mknod("blk", S_IFBLK | 0600, makedev(7, 0)), 0);
	check_found(s, "/sock", KIND_SOCKET, "/sock");
	check_found(s, "/dir", KIND_DIRECTORY, "/dir");
	check_found(s, "/file", KIND_REGULAR, "/file");
	check_found(s, "/fifo", KIND_FIFO, "/fifo");
	check_found(s, "/chr", KIND_DEVICE, "/chr");
	check_found(s, "/blk", KIND_DEVICE, "/blk");
	check_found(s, "/", KIND_DIRECTORY, "/");
	check_not_found(s, "/none", KIND_MISSING, ENOENT);
	check_not_found(s, "/none/below", KIND_MISSING, ENOENT);
	check_not_found(s, "/dir/none", KIND_MISSING, ENOENT);
}

static void the_inode_is_the_objects(void **state)
{
	struct scene *s = *state;
	struct stat st;

	needs_root();
	make_socket("sock");
	assert_int_equal(chown("sock", 12, 34), 0);
	assert_int_equal(chmod("sock", 0660), 0);
	assert_int_equal(lstat("sock", &st), 0);
	check_found(s, "/sock", KIND_SOCKET, "/sock");
	assert_true(s->result->inode.ino == st.st_ino);
	assert_true(s->result->inode.dev == st.st_dev);
	assert_int_equal(s->result->inode.mode, 0140660);
	assert_int_equal(s->result->inode.uid, 12);
	assert_int_equal(s->result->inode.gid, 34);
	assert_int_equal(s->result->inode.nlink, 1);
	assert_true(s->result->inode.mnt_id != 0);
	assert_true(s->result->inode.change.tv_sec == st.st_ctim.tv_sec);
	assert_true(s->result->inode.modify.tv_sec == st.st_mtim.tv_sec);
}

static void odd_spellings_resolve(void **state)
{
	struct scene *s = *state;

	make_dir("dir");
	make_socket("dir/sock");
	check_found(s, "//dir///sock", KIND_SOCKET, "/dir/sock");
	check_found(s, "/./dir/./sock", KIND_SOCKET, "/dir/sock");
	check_found(s, "/dir/../dir/sock", KIND_SOCKET, "/dir/sock");
	check_found(s, "/dir/", KIND_DIRECTORY, "/dir");
	check_found(s, "/dir/.", KIND_DIRECTORY, "/dir");
	check_found(s, "/dir/..", KIND_DIRECTORY, "/");
	check_found(s, "", KIND_DIRECTORY, "/");
}

static void what_is_no_directory_is_not_passed(void **state)
{
	struct scene *s = *state;

	make_file("file", "x");
	make_socket("sock");
	make_link("file", "link");
	check_not_found(s, "/file/", KIND_ERROR, ENOTDIR);
	check_not_found(s, "/file/x", KIND_ERROR, ENOTDIR);
	check_not_found(s, "/file/.", KIND_ERROR, ENOTDIR);
	check_not_found(s, "/file/..", KIND_ERROR, ENOTDIR);
	check_not_found(s, "/sock/", KIND_ERROR, ENOTDIR);
	check_not_found(s, "/link/", KIND_ERROR, ENOTDIR);
	check_not_found(s, "/link/x", KIND_ERROR, ENOTDIR);
}

static void long_names_and_paths(void **state)
{
	struct scene *s = *state;
	char path[2 * PATH_MAX];

	memset(path, 'n', sizeof(path));
	path[0] = '/';
	path[256] = '\0'; /* 255 bytes, the most */
	check_not_found(s, path, KIND_MISSING, ENOENT);
	path[256] = 'n';
	path[257] = '\0';
	check_not_found(s, path, KIND_ERROR, ENAMETOOLONG);
	for (size_t i = 0; i < sizeof(path); i += 2) {
		path[i] = '/';
		path[i + 1] = '.';
	}
	path[PATH_MAX] = '\0';
	check_not_found(s, path, KIND_ERROR, ENAMETOOLONG);
	path[PATH_MAX - 2] = '\0';
	check_found(s, path, KIND_DIRECTORY, "/");
}

/* ---- links ---- */

static void links_are_followed_and_told(void **state)
{
	struct scene *s = *state;

	make_dir("run");
	make_dir("var");
	make_socket("run/real.sock");
	make_link("/run", "var/run");
	make_link("real.sock", "run/docker.sock");
	check_found(s, "/var/run/docker.sock", KIND_SOCKET, "/run/real.sock");
	assert_int_equal(s->result->nlinks, 2);
	assert_string_equal(s->result->links[0].at, "/var/run");
	assert_string_equal(s->result->links[0].target, "/run");
	assert_string_equal(s->result->links[1].at, "/run/docker.sock");
	assert_string_equal(s->result->links[1].target, "real.sock");
	check_found(s, "/run/real.sock", KIND_SOCKET, "/run/real.sock");
	assert_int_equal(s->result->nlinks, 0);
}

static void links_do_not_leave_the_root(void **state)
{
	struct scene *s = *state;

	make_dir("etc");
	make_dir("deep");
	make_dir("deep/er");
	make_file("etc/inside", "x");
	make_link("/etc/inside", "abs");
	make_link("../../../../../../../../../../etc/inside", "deep/er/up");
	make_link("/../../..", "top");
	check_found(s, "/abs", KIND_REGULAR, "/etc/inside");
	check_found(s, "/deep/er/up", KIND_REGULAR, "/etc/inside");
	check_found(s, "/../../../../etc/inside", KIND_REGULAR, "/etc/inside");
	check_found(s, "/top/etc/inside", KIND_REGULAR, "/etc/inside");
	check_found(s, "/top", KIND_DIRECTORY, "/");
	/* these exist outside of this root, not in it */
	make_link("/proc/self", "outside");
	check_not_found(s, "/outside", KIND_DANGLING_SYMLINK, ENOENT);
	check_not_found(s, "/../proc", KIND_MISSING, ENOENT);
}

static void dangling_is_told_from_missing(void **state)
{
	struct scene *s = *state;

	make_dir("dir");
	make_link("nothing", "dead");
	make_link("/no/such/place", "far");
	make_link("dead", "chain");
	make_link("dir", "alive");
	check_not_found(s, "/dead", KIND_DANGLING_SYMLINK, ENOENT);
	assert_int_equal(s->result->nlinks, 1);
	assert_string_equal(s->result->links[0].target, "nothing");
	check_not_found(s, "/far", KIND_DANGLING_SYMLINK, ENOENT);
	check_not_found(s, "/chain", KIND_DANGLING_SYMLINK, ENOENT);
	assert_int_equal(s->result->nlinks, 2);
	check_not_found(s, "/dead/below", KIND_MISSING, ENOENT);
	check_not_found(s, "/alive/none", KIND_MISSING, ENOENT);
}

static void loops_end(void **state)
{
	struct scene *s = *state;

	make_link("b", "a");
	make_link("a", "b");
	make_link("self", "self");
	make_link("grow/grow", "grow");
	check_not_found(s, "/a", KIND_SYMLINK_LOOP, ELOOP);
	check_not_found(s, "/self", KIND_SYMLINK_LOOP, ELOOP);
	check_not_found(s, "/self/x", KIND_SYMLINK_LOOP, ELOOP);
	check_not_found(s, "/grow", KIND_SYMLINK_LOOP, ELOOP);
}

/* The kernel follows 40 links, not 41. */
static void forty_links_are_followed(void **state)
{
	struct scene *s = *state;
	char name[16];
	char target[16];

	make_socket("l0");
	for (int i = 1; i <= 41; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		snprintf(target, sizeof(target), "l%d", i - 1);
		make_link(target, name);
	}
	check_found(s, "/l40", KIND_SOCKET, "/l0");
	assert_int_equal(s->result->nlinks, 40);
	assert_string_equal(s->result->links[39].at, "/l1");
	assert_int_equal(access("l40", F_OK), 0);
	check_not_found(s, "/l41", KIND_SYMLINK_LOOP, ELOOP);
	assert_int_equal(s->result->nlinks, 40);
	assert_int_equal(access("l41", F_OK), -1);
	assert_int_equal(errno, ELOOP);
}

/*
 * The kernel limits each link's text, not the rest of the walk. If a limit of
 * the walk is met, the error must not be one that connect(2) would return.
 */
static void links_that_grow_too_long(void **state)
{
	struct scene *s = *state;
	char target[PATH_MAX];

	memset(target, '/', sizeof(target));
	for (size_t i = 0; i < sizeof(target); i += 2)
		target[i] = '.';
	strcpy(target + sizeof(target) - 6, "dir");
	make_dir("dir");
	make_socket("dir/sock");
	make_link(target, "link");
	check_found(s, "/link", KIND_DIRECTORY, "/dir");
	assert_int_equal(access("link/sock", F_OK), 0);
	close(walk_from(s, s->rootfd, "/link/sock", 0));
	if (s->result->kind == KIND_ERROR)
		assert_int_not_equal(s->result->err, ENAMETOOLONG);
	else
		assert_int_equal(s->result->kind, KIND_SOCKET);
}

/*
 * A container may make a tree deeper than PATH_MAX and reach into it by links.
 * connect(2) arrives there, so the walk must not report that it cannot.
 */
static void check_deep(struct scene *s, int times)
{
	enum { DEEP = 100 };
	char target[2 * DEEP + 1] = "";
	char path[128] = "";
	int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < DEEP; i++)
		strcat(target, "d/");
	for (int k = 0; k < times; k++) {
		make_link(target, "l");
		strcat(path, "/l");
		for (int i = 0; i < DEEP; i++) {
			make_dir("d");
			assert_int_equal(chdir("d"), 0);
		}
	}
	make_socket("sock");
	strcat(path, "/sock");
	assert_int_equal(fchdir(here), 0);
	close(here);
	assert_int_equal(access(path + 1, F_OK), 0);
	check_not_found(s, "/l/sock", KIND_MISSING, ENOENT);
	close(walk_from(s, s->rootfd, path, 0));
	if (s->result->kind == KIND_ERROR)
		assert_int_not_equal(s->result->err, ENAMETOOLONG);
	else
		assert_int_equal(s->result->kind, KIND_SOCKET);
}

static void deep_trees_are_followed(void **state)
{
	check_deep(*state, 3);
	assert_int_equal(((struct scene *)*state)->result->kind, KIND_SOCKET);
}

static void trees_deeper_than_any_path(void **state)
{
	check_deep(*state, 22);
}

/* ---- steps ---- */

static void steps_are_what_is_searched(void **state)
{
	struct scene *s = *state;

	needs_root();
	make_dir("run");
	make_dir("run/x");
	make_socket("run/x/sock");
	make_link("/run/x", "link");
	assert_int_equal(chmod("run", 0711), 0);
	assert_int_equal(chmod("run/x", 0750), 0);
	assert_int_equal(chown("run/x", 12, 34), 0);
	assert_int_equal(chmod("run/x/sock", 0600), 0);
	check_found(s, "/run/x/sock", KIND_SOCKET, "/run/x/sock");
	assert_int_equal(s->result->nsteps, 4);
	assert_false(s->result->steps_cut);
	assert_int_equal(s->result->steps[0].mode, 040755);
	assert_int_equal(s->result->steps[1].mode, 040711);
	assert_int_equal(s->result->steps[2].mode, 040750);
	assert_int_equal(s->result->steps[2].uid, 12);
	assert_int_equal(s->result->steps[2].gid, 34);
	assert_int_equal(s->result->steps[3].mode, 0140600);
	/* by the link: the root twice, for it lies there and leads there */
	check_found(s, "/link/sock", KIND_SOCKET, "/run/x/sock");
	assert_int_equal(s->result->nsteps, 5);
	assert_int_equal(s->result->steps[4].mode, 0140600);
	/* ".." is looked up in the directory that it leaves */
	check_found(s, "/run/x/../x/sock", KIND_SOCKET, "/run/x/sock");
	assert_int_equal(s->result->nsteps, 6);
	assert_int_equal(s->result->steps[2].mode, 040750);
	assert_int_equal(s->result->steps[3].mode, 040711);
}

static void steps_have_a_bound(void **state)
{
	struct scene *s = *state;
	char path[2048] = "";

	make_dir("d");
	for (int i = 0; i < 200; i++)
		strcat(path, "/d/..");
	check_found(s, path, KIND_DIRECTORY, "/");
	assert_int_equal(s->result->nsteps, 256);
	assert_true(s->result->steps_cut);
}

static void acls_are_seen(void **state)
{
	/* Version 2; owner rw, uid 1000 r, group r, mask r, others none. */
	static const unsigned char acl[] = {
		2,    0, 0, 0,			       /**/
		1,    0, 6, 0, 0xff, 0xff, 0xff, 0xff, /**/
		2,    0, 4, 0, 0xe8, 0x03, 0x00, 0x00, /**/
		4,    0, 4, 0, 0xff, 0xff, 0xff, 0xff, /**/
		0x10, 0, 4, 0, 0xff, 0xff, 0xff, 0xff, /**/
		0x20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
	};
	struct scene *s = *state;

	needs_root();
	make_dir("dir");
	make_socket("dir/sock");
	check_found(s, "/dir/sock", KIND_SOCKET, "/dir/sock");
	assert_false(s->result->steps[1].acl);
	assert_false(s->result->steps[2].acl);
	if (setxattr("dir/sock", "system.posix_acl_access", acl, sizeof(acl),
		     0) < 0) {
		assert_int_equal(errno, EOPNOTSUPP);
		print_message("%s: no ACLs on this file system\n", __func__);
		skip();
	}
	check_found(s, "/dir/sock", KIND_SOCKET, "/dir/sock");
	assert_false(s->result->steps[1].acl);
	assert_true(s->result->steps[2].acl);
	assert_int_equal(setxattr("dir", "system.posix_acl_access", acl,
				  sizeof(acl), 0),
			 0);
	check_found(s, "/dir/sock", KIND_SOCKET, "/dir/sock");
	assert_true(s->result->steps[1].acl);
}

/* ---- rights ---- */

/* Runs `look` in a child without any right; its status is the child's. */
static int without_rights(struct scene *s, int (*look)(struct scene *s))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		if (setresgid(65534, 65534, 65534) ||
		    setresuid(65534, 65534, 65534))
			_exit(100);
		_exit(look(s));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int look_below_closed(struct scene *s)
{
	if (walk_from(s, s->rootfd, "/closed/sock", 0) >= 0)
		return 1;
	if (s->result->kind != KIND_DENIED || s->result->err != EACCES)
		return 2;
	if (s->result->has_inode || s->result->inode.ino)
		return 3;
	/* the last step is the directory that may not be searched */
	if (s->result->nsteps != 2 || s->result->steps[1].mode != 040700)
		return 4;
	/* it may be looked at, but not searched */
	if (walk_from(s, s->rootfd, "/closed", 0) < 0 ||
	    s->result->kind != KIND_DIRECTORY)
		return 5;
	return 0;
}

static void closed_directories_deny(void **state)
{
	struct scene *s = *state;

	needs_root();
	make_dir("closed");
	make_socket("closed/sock");
	assert_int_equal(chmod("closed", 0700), 0);
	assert_int_equal(without_rights(s, look_below_closed), 0);
	/* with the right to it */
	check_found(s, "/closed/sock", KIND_SOCKET, "/closed/sock");
}

static int look_into_unreadable(struct scene *s)
{
	char buf[64];
	bool cut;
	int fd = walk_from(s, s->rootfd, "/dir", 0);

	if (fd < 0 || s->result->kind != KIND_DIRECTORY)
		return 1;
	walk_count_entries(fd, 1000, s->result);
	if (s->result->entries_known != TRI_NO || s->result->entries)
		return 2;
	if (walk_list(fd, buf, sizeof(buf), &cut) != -EACCES)
		return 3;
	fd = walk_from(s, s->rootfd, "/dir/file", 0);
	if (fd < 0 || s->result->kind != KIND_REGULAR)
		return 4;
	return walk_read(fd, buf, sizeof(buf)) == -EACCES ? 0 : 5;
}

static void unreadable_objects_deny_their_inside(void **state)
{
	struct scene *s = *state;

	needs_root();
	make_dir("dir");
	make_file("dir/file", "secret");
	assert_int_equal(chmod("dir/file", 0600), 0);
	assert_int_equal(chmod("dir", 0711), 0);
	assert_int_equal(without_rights(s, look_into_unreadable), 0);
}

static int read_what_is_anothers(struct scene *s)
{
	char buf[64];
	int fd = walk_from(s, s->rootfd, "/file", 0);

	/* O_NOATIME is the owner's alone: reading must work without it */
	if (fd < 0 || walk_read(fd, buf, sizeof(buf)) != 6)
		return 1;
	return memcmp(buf, "public", 6) ? 2 : 0;
}

static void anothers_readable_file_is_read(void **state)
{
	struct scene *s = *state;

	make_file("file", "public");
	assert_int_equal(without_rights(s, read_what_is_anothers), 0);
}

/* ---- mounts and procfs ---- */

static void what_is_on_the_outer_mount_is_outside(void **state)
{
	struct scene *s = *state;
	uint64_t mount;
	int fd;

	make_dir("dir");
	make_link("gone", "dead");
	check_found(s, "/dir", KIND_DIRECTORY, "/dir");
	mount = s->result->inode.mnt_id;
	fd = walk_from(s, s->rootfd, "/dir", mount);
	assert_int_equal(s->result->kind, KIND_OUTSIDE_VIEW);
	if (fd >= 0)
		close(fd);
	fd = walk_from(s, s->rootfd, "/none", mount);
	assert_int_equal(s->result->kind, KIND_OUTSIDE_VIEW);
	assert_int_equal(fd, -1);
	(void)walk_from(s, s->rootfd, "/dead", mount);
	assert_int_equal(s->result->kind, KIND_OUTSIDE_VIEW);
	/* the id of another mount has no effect */
	fd = walk_from(s, s->rootfd, "/dir", mount + 1);
	assert_int_equal(s->result->kind, KIND_DIRECTORY);
	close(fd);
}

/* Links of procfs that do not lead where their text says are not followed. */
static void magic_links_are_refused(void **state)
{
	static const char *const magic[] = { "/self/root", "/self/root/etc",
					     "/self/cwd", "/self/exe",
					     "/self/fd/0", "/self/ns/mnt",
					     /*
					      * an ordinary link, which cannot
					      * be told from the others
					      */
					     "/self/stat", "/mounts" };
	struct scene *s = *state;
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	assert_true(proc >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(magic); i++) {
		fd = walk_from(s, proc, magic[i], 0);
		assert_int_equal(fd, -1);
		assert_int_equal(s->result->kind, KIND_ERROR);
		assert_int_equal(s->result->err, EXDEV);
	}
	fd = walk_from(s, proc, "/1/stat", 0);
	assert_true(fd >= 0);
	assert_int_equal(s->result->kind, KIND_REGULAR);
	close(fd);
	close(proc);
}

static void no_descriptor_is_leaked(void **state)
{
	struct scene *s = *state;
	int before = dup(s->rootfd);
	int after;

	close(before);
	make_dir("a");
	make_dir("a/b");
	make_file("a/b/file", "x");
	make_link("/a/b", "link");
	make_link("loop", "loop");
	check_found(s, "/link/../b/file", KIND_REGULAR, "/a/b/file");
	check_not_found(s, "/a/b/file/", KIND_ERROR, ENOTDIR);
	check_not_found(s, "/a/b/none", KIND_MISSING, ENOENT);
	check_not_found(s, "/a/b/../../loop", KIND_SYMLINK_LOOP, ELOOP);
	after = dup(s->rootfd);
	close(after);
	assert_int_equal(after, before);
	/* and the root's is still open */
	assert_int_equal(fcntl(s->rootfd, F_GETFD), FD_CLOEXEC);
}

/* ---- what is in a directory ---- */

static void entries_are_counted(void **state)
{
	struct scene *s = *state;
	char name[32];
	int fd;

	make_dir("empty");
	make_dir("full");
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "full/%s%d", i % 2 ? "." : "", i);
		make_file(name, "");
	}
	fd = walk_from(s, s->rootfd, "/empty", 0);
	walk_count_entries(fd, 1000, s->result);
	close(fd);
	assert_int_equal(s->result->entries_known, TRI_YES);
	assert_int_equal(s->result->entries, 0);
	fd = walk_from(s, s->rootfd, "/full", 0);
	walk_count_entries(fd, 1000, s->result);
	close(fd);
	assert_int_equal(s->result->entries_known, TRI_YES);
	assert_int_equal(s->result->entries, 300);
	assert_false(s->result->entries_cut);
	make_file("file", "");
	fd = walk_from(s, s->rootfd, "/file", 0);
	walk_count_entries(fd, 1000, s->result);
	close(fd);
	assert_int_equal(s->result->entries_known, TRI_NO);
}

static void counting_has_a_bound(void **state)
{
	struct scene *s = *state;
	int fd;

	make_dir("dir");
	make_file("dir/one", "");
	make_file("dir/two", "");
	make_file("dir/three", "");
	fd = walk_from(s, s->rootfd, "/dir", 0);
	walk_count_entries(fd, 3, s->result);
	assert_int_equal(s->result->entries, 3);
	assert_false(s->result->entries_cut);
	make_file("dir/four", "");
	s->result->entries = 0;
	walk_count_entries(fd, 3, s->result);
	close(fd);
	assert_int_equal(s->result->entries, 3);
	assert_true(s->result->entries_cut);
	assert_int_equal(s->result->entries_known, TRI_YES);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void names_are_listed(void **state)
{
	struct scene *s = *state;
	const char *names[3];
	char buf[64];
	bool cut = true;
	int fd;

	make_dir("dir");
	make_file("dir/one", "");
	make_file("dir/three", "");
	make_file("dir/.hidden", "");
	make_dir("dir/two");
	fd = walk_from(s, s->rootfd, "/dir", 0);
	assert_int_equal(walk_list(fd, buf, sizeof(buf), &cut), 14);
	assert_false(cut);
	names[0] = buf;
	names[1] = names[0] + strlen(names[0]) + 1;
	names[2] = names[1] + strlen(names[1]) + 1;
	qsort(names, 3, sizeof(*names), compare_names);
	assert_string_equal(names[0], "one");
	assert_string_equal(names[1], "three");
	assert_string_equal(names[2], "two");
	/* exactly enough space, and one byte less */
	assert_int_equal(walk_list(fd, buf, 14, &cut), 14);
	assert_false(cut);
	assert_true(walk_list(fd, buf, 13, &cut) < 14);
	assert_true(cut);
	assert_int_equal(walk_list(fd, buf, 0, &cut), 0);
	assert_true(cut);
	close(fd);
	make_dir("empty");
	fd = walk_from(s, s->rootfd, "/empty", 0);
	assert_int_equal(walk_list(fd, buf, sizeof(buf), &cut), 0);
	assert_false(cut);
	close(fd);
	make_file("file", "");
	fd = walk_from(s, s->rootfd, "/file", 0);
	assert_int_equal(walk_list(fd, buf, sizeof(buf), &cut), -ENOTDIR);
	close(fd);
}

/* ---- reading ---- */

static void files_are_read_whole(void **state)
{
	struct scene *s = *state;
	char *big = heap_room(300000);
	char *buf = heap_room(300001);
	int fd;

	memset(big, 'b', 300000);
	big[299999] = '\0';
	make_file("file", "some text");
	make_file("empty", "");
	make_file("big", big);
	fd = walk_from(s, s->rootfd, "/file", 0);
	assert_int_equal(walk_read(fd, buf, 300001), 9);
	assert_memory_equal(buf, "some text", 9);
	assert_int_equal(walk_read(fd, buf, 8), -EFBIG);
	close(fd);
	fd = walk_from(s, s->rootfd, "/empty", 0);
	assert_int_equal(walk_read(fd, buf, 300001), 0);
	close(fd);
	fd = walk_from(s, s->rootfd, "/big", 0);
	assert_int_equal(walk_read(fd, buf, 300001), 299999);
	assert_memory_equal(buf, big, 299999);
	close(fd);
	free(big);
	free(buf);
}

/* "At most max bytes", and -EFBIG only past them. */
static void a_file_of_exactly_the_most_is_read(void **state)
{
	struct scene *s = *state;
	char buf[16];
	int fd;

	make_file("file", "some text");
	fd = walk_from(s, s->rootfd, "/file", 0);
	assert_int_equal(walk_read(fd, buf, 9), 9);
	close(fd);
}

static void only_regular_files_are_read(void **state)
{
	static const char *const names[] = { "/fifo", "/sock", "/dir", "/chr" };
	struct scene *s = *state;
	char buf[16];

	needs_root();
	assert_int_equal(mkfifo("fifo", 0644), 0);
	make_socket("sock");
	make_dir("dir");
	assert_int_equal(mknod("chr", S_IFCHR | 0600, makedev(1, 5)), 0);
	/* a FIFO without a writer would keep a reader until the alarm */
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int fd = walk_from(s, s->rootfd, names[i], 0);

		assert_true(fd >= 0);
		assert_int_equal(walk_read(fd, buf, sizeof(buf)), -EINVAL);
		close(fd);
	}
}

static void reading_leaves_the_access_time(void **state)
{
	struct scene *s = *state;
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 2000 } };
	struct stat st;
	char buf[16];
	int fd;

	make_file("file", "x");
	assert_int_equal(utimensat(AT_FDCWD, "file", old, 0), 0);
	fd = walk_from(s, s->rootfd, "/file", 0);
	assert_int_equal(walk_read(fd, buf, sizeof(buf)), 1);
	close(fd);
	assert_int_equal(stat("file", &st), 0);
	assert_int_equal(st.st_atim.tv_sec, 1000);
}

#define scene_test(f)                                                          \
	cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(every_kind_is_known),
		scene_test(the_inode_is_the_objects),
		scene_test(odd_spellings_resolve),
		scene_test(what_is_no_directory_is_not_passed),
		scene_test(long_names_and_paths),
		scene_test(links_are_followed_and_told),
		scene_test(links_do_not_leave_the_root),
		scene_test(dangling_is_told_from_missing),
		scene_test(loops_end),
		scene_test(forty_links_are_followed),
		scene_test(links_that_grow_too_long),
		scene_test(deep_trees_are_followed),
		scene_test(trees_deeper_than_any_path),
		scene_test(steps_are_what_is_searched),
		scene_test(steps_have_a_bound),
		scene_test(acls_are_seen),
		scene_test(closed_directories_deny),
		scene_test(unreadable_objects_deny_their_inside),
		scene_test(anothers_readable_file_is_read),
		scene_test(what_is_on_the_outer_mount_is_outside),
		scene_test(magic_links_are_refused),
		scene_test(no_descriptor_is_leaked),
		scene_test(entries_are_counted),
		scene_test(counting_has_a_bound),
		scene_test(names_are_listed),
		scene_test(files_are_read_whole),
		scene_test(a_file_of_exactly_the_most_is_read),
		scene_test(only_regular_files_are_read),
		scene_test(reading_leaves_the_access_time),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
