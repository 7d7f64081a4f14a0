// SPDX-License-Identifier: Apache-2.0
/*
 * The walk of walk.h. Every component is opened alone, with O_PATH and
 * O_NOFOLLOW, relative to the descriptor of the directory before it; a link's
 * text is read from its own descriptor and expanded here. So nothing is looked
 * up twice, and no link, however it changes meanwhile, leads out of the root.
 * openat2(2) would add nothing to that, and seccomp cannot see its flags: the
 * kernel could then no longer guarantee that readers open nothing for writing.
 */
#include "collect/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* No path that the kernel accepts has more components. */
enum { MAX_DEPTH = PATH_MAX / 2 + 2 };

struct walker {
	int fds[MAX_DEPTH]; /* fds[0]: the root; fds[depth]: the current directory */
	size_t ends[MAX_DEPTH]; /* length of `here` at each depth */
	size_t depth;
	char here[PATH_MAX];	/* canonical path of fds[depth], "" the root */
	char rest[PATH_MAX];	/* still to walk */
	bool last_is_link;	/* we are inside the text of a final link */
	struct timespec newest; /* change of what was walked */
	uint64_t mnt_id;	/* of what was walked last */
	struct inode at;	/* of fds[depth], where at_known */
	bool at_known;
	uint32_t magic;	    /* of its file system; 0 unknown */
	bool times_foreign; /* some of it is as somebody else says */
	uint64_t outside_mnt;
	enum walk_links links;
	struct walk_result *result;
};

/*
 * Opens one component other than ".."; a link is opened itself, not followed.
 */
static int open_component(int dirfd, const char *name)
{
	return openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* Attributes of an O_PATH descriptor can only be asked for through procfs. */
static ssize_t get_attribute(int fd, const char *name, char *buf, size_t size)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return getxattr(link, name, buf, size);
}

static struct timespec from_statx(struct statx_timestamp when)
{
	return (struct timespec){ .tv_sec = when.tv_sec,
				  .tv_nsec = when.tv_nsec };
}

static int look_at(int fd, struct inode *inode)
{
	struct statx sx;

	if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
		  STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID, &sx) < 0)
		return -errno;
	*inode = (struct inode){
		.dev = makedev(sx.stx_dev_major, sx.stx_dev_minor),
		.ino = sx.stx_ino,
		.mnt_id = (sx.stx_mask & STATX_MNT_ID) ? sx.stx_mnt_id : 0,
		.mode = sx.stx_mode,
		.nlink = sx.stx_nlink,
		.uid = sx.stx_uid,
		.gid = sx.stx_gid,
		.change = from_statx(sx.stx_ctime),
		.modify = from_statx(sx.stx_mtime),
	};
	if (sx.stx_mask & STATX_BTIME)
		inode->birth = from_statx(sx.stx_btime);
	inode->encrypted = sx.stx_attributes & STATX_ATTR_ENCRYPTED;
	return 0;
}

/* 0: not known. */
static uint32_t magic_of(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) < 0 ? 0 : (uint32_t)fs.f_type;
}

/* Remembers a directory that is searched: who may pass it matters later. */
static void note_step(struct walker *w, int fd, const struct inode *inode)
{
	struct walk_result *result = w->result;

	if (w->links & WALK_BARE)
		return;
	if (result->nsteps == MAX_STEPS) {
		result->steps_cut = true;
		return;
	}
	result->steps[result->nsteps++] = (struct path_step){
		.mode = inode->mode,
		.uid = inode->uid,
		.gid = inode->gid,
		.acl = get_attribute(fd, "system.posix_acl_access", NULL, 0) >
		       0,
	};
}

/*
 * File systems whose server chooses the times. A container may be that server,
 * so nothing can be dated by them.
 */
static bool has_foreign_times(uint32_t magic)
{
	static const uint32_t types[] = {
		FUSE_SUPER_MAGIC, NFS_SUPER_MAGIC,  V9FS_MAGIC,
		SMB2_SUPER_MAGIC, CIFS_SUPER_MAGIC, CEPH_SUPER_MAGIC,
		AFS_FS_MAGIC,	  CODA_SUPER_MAGIC,
	};
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (magic == types[i])
			return true;
	}
	return magic == 0;
}

static void note_change(struct walker *w, int fd, const struct inode *inode)
{
	if (time_diff_ms(inode->change, w->newest) >= 0)
		w->newest = inode->change;
	/* without mount ids every step may be of another file system */
	if (!inode->mnt_id || inode->mnt_id != w->mnt_id) {
		w->magic = magic_of(fd);
		w->times_foreign |= has_foreign_times(w->magic);
	}
	w->mnt_id = inode->mnt_id;
}

static bool nothing_left(const struct walker *w)
{
	return w->rest[strspn(w->rest, "/")] == '\0';
}

/*
 * Remembers the entry `name` of the directory that is searched, whose inode
 * `parent` is; `entry` NULL where nothing bears the name.
 */
static void note_way(struct walker *w, const char *name,
		     const struct inode *parent, const struct inode *entry)
{
	struct walk_result *result = w->result;
	size_t left = sizeof(result->way_text) - result->way_text_len;
	int len = snprintf(result->way_text + result->way_text_len, left,
			   "%s/%s", w->here, name);

	if (result->nway == MAX_STEPS || (size_t)len >= left) {
		result->way_cut = true;
		return;
	}
	result->way[result->nway].at = result->way_text_len;
	result->way[result->nway].link = entry && S_ISLNK(entry->mode);
	result->way[result->nway].absent = !entry;
	result->way[result->nway].last = nothing_left(w);
	result->way[result->nway].parent_magic = w->magic;
	result->way[result->nway].parent = *parent;
	result->way[result->nway].entry = entry ? *entry : (struct inode){ 0 };
	result->nway++;
	result->way_text_len += (uint32_t)len + 1;
}

static void go_up(struct walker *w)
{
	if (w->depth == 0)
		return;
	close(w->fds[w->depth--]);
	w->at_known = false;
	w->here[w->ends[w->depth]] = '\0';
}

static void go_to_root(struct walker *w)
{
	while (w->depth)
		go_up(w);
}

/* Steps into the directory `fd`, which it owns from now on in every case. */
static int go_down(struct walker *w, int fd, const char *name)
{
	size_t len = w->ends[w->depth];
	size_t add = strlen(name);

	if (w->depth + 1 == MAX_DEPTH || len + 1 + add >= sizeof(w->here)) {
		close(fd);
		return -E2BIG;
	}
	w->here[len] = '/';
	memcpy(w->here + len + 1, name, add + 1);
	w->fds[++w->depth] = fd;
	w->ends[w->depth] = len + 1 + add;
	return 0;
}

/* Cuts the next component off `rest`; false where none is left. */
static bool next_component(struct walker *w, char name[static NAME_MAX + 1],
			   int *err)
{
	const char *start = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(start, "/");

	*err = 0;
	if (len == 0)
		return false;
	if (len > NAME_MAX) {
		*err = -ENAMETOOLONG;
		return false;
	}
	memcpy(name, start, len);
	name[len] = '\0';
	memmove(w->rest, start + len, strlen(start + len) + 1);
	return true;
}

/*
 * procfs has links that lead elsewhere than their text says, and does not show
 * which: every link there is treated as one.
 */
static bool may_be_magic(int dirfd)
{
	struct statfs fs;

	return fstatfs(dirfd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* Puts a link's text in front of the rest of the path. */
static int expand_link(struct walker *w, int fd, const char *name)
{
	struct walk_result *result = w->result;
	char target[PATH_MAX];
	ssize_t len;
	char *at;

	if (w->links & WALK_ENDS_AT_LINKS)
		return -ELOOP;
	if (may_be_magic(w->fds[w->depth]))
		return -EXDEV;
	len = read_link_at(fd, "", target, sizeof(target));
	if (len < 0)
		return (int)len;
	if (result->nlinks == MAX_PATH_LINKS)
		return -ELOOP;
	at = result->links[result->nlinks].at;
	if ((size_t)snprintf(at, PATH_MAX, "%s/%s", w->here, name) >= PATH_MAX)
		return -E2BIG;
	memcpy(result->links[result->nlinks].target, target, (size_t)len + 1);
	result->nlinks++;
	if (nothing_left(w))
		w->last_is_link = true;
	if ((size_t)len + strlen(w->rest) + 1 > sizeof(w->rest))
		return -E2BIG;
	memmove(w->rest + len, w->rest, strlen(w->rest) + 1);
	memcpy(w->rest, target, (size_t)len);
	if (target[0] == '/')
		go_to_root(w);
	return len ? 0 : -ENOENT;
}

/* Where the walk stands: what was just opened there has been looked at. */
static int look_here(struct walker *w, struct inode *inode)
{
	int err = w->at_known ? 0 : look_at(w->fds[w->depth], &w->at);

	w->at_known = !err;
	if (!err)
		*inode = w->at;
	return err;
}

/* Walks one component. 1: go on, 0: arrived at *final, else -errno. */
static int walk_step(struct walker *w, int *final)
{
	char name[NAME_MAX + 1];
	struct inode inode = { 0 };
	int fd;
	int err;

	if (!next_component(w, name, &err)) {
		if (err)
			return err;
		*final = w->fds[w->depth];
		return 0;
	}
	err = look_here(w, &w->result->inode);
	if (err)
		return err;
	note_change(w, w->fds[w->depth], &w->result->inode);
	note_step(w, w->fds[w->depth], &w->result->inode);
	if (strcmp(name, ".") == 0)
		return 1;
	if (strcmp(name, "..") == 0) {
		go_up(w);
		return 1;
	}
	fd = open_component(w->fds[w->depth], name);
	if (fd < 0) {
		err = -errno;
		if (err == -ENOENT)
			note_way(w, name, &w->result->inode, NULL);
		return err;
	}
	err = look_at(fd, &inode);
	if (!err)
		note_way(w, name, &w->result->inode, &inode);
	if (!err && S_ISLNK(inode.mode)) {
		note_change(w, fd, &inode);
		err = expand_link(w, fd, name);
		close(fd);
		return err ? err : 1;
	}
	if (err) {
		close(fd);
		return err;
	}
	if (!S_ISDIR(inode.mode) && w->rest[0] == '/') {
		close(fd);
		return -ENOTDIR;
	}
	err = go_down(w, fd, name);
	w->at = inode;
	w->at_known = !err;
	return err ? err : 1;
}

static enum path_kind kind_of_mode(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFSOCK:
		return KIND_SOCKET;
	case S_IFDIR:
		return KIND_DIRECTORY;
	case S_IFREG:
		return KIND_REGULAR;
	case S_IFIFO:
		return KIND_FIFO;
	default:
		return KIND_DEVICE;
	}
}

static bool is_outside(const struct walker *w, const struct inode *inode)
{
	return w->outside_mnt && inode->mnt_id == w->outside_mnt;
}

static void fail(struct walker *w, int err)
{
	struct walk_result *result = w->result;

	/*
	 * result->inode still is that of the directory in which the walk ended.
	 */
	if (err == -ENOENT && is_outside(w, &result->inode))
		result->kind = KIND_OUTSIDE_VIEW;
	else if (err == -ENOENT)
		result->kind = w->last_is_link ? KIND_DANGLING_SYMLINK
					       : KIND_MISSING;
	else if (err == -ELOOP)
		result->kind = KIND_SYMLINK_LOOP;
	else if (err == -EACCES || err == -EPERM)
		result->kind = KIND_DENIED;
	else
		result->kind = KIND_ERROR;
	if (result->kind == KIND_MISSING && !w->times_foreign)
		result->absent_since = w->newest;
	result->err = -err;
	result->inode = (struct inode){ 0 };
}

static int arrive(struct walker *w, int fd)
{
	struct walk_result *result = w->result;
	ssize_t len;
	int err = look_here(w, &result->inode);

	if (err) {
		fail(w, err);
		return -1;
	}
	result->has_inode = true;
	note_change(w, fd, &result->inode);
	result->times_foreign = w->times_foreign;
	result->kind = is_outside(w, &result->inode)
			       ? KIND_OUTSIDE_VIEW
			       : kind_of_mode(result->inode.mode);
	snprintf(result->resolved, sizeof(result->resolved), "%s",
		 w->here[0] ? w->here : "/");
	len = w->links & WALK_BARE
		      ? 0
		      : get_attribute(fd, "security.selinux", result->selinux,
				      sizeof(result->selinux) - 1);
	result->selinux[len > 0 ? len : 0] = '\0';
	/* The last step is the object itself: its ACL decides who may write. */
	note_step(w, fd, &result->inode);
	return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

int walk(int rootfd, const char *path, uint64_t outside_mnt,
	 enum walk_links links, struct walk_result *result)
{
	struct walker w = { .outside_mnt = outside_mnt,
			    .links = links,
			    .result = result };
	int final = -1;
	int found = -1;
	int err = -ENAMETOOLONG;

	w.fds[0] = rootfd;
	if ((size_t)snprintf(w.rest, sizeof(w.rest), "%s", path) <
	    sizeof(w.rest)) {
		do
			err = walk_step(&w, &final);
		while (err > 0);
	}
	if (err)
		fail(&w, err);
	else
		found = arrive(&w, final);
	go_to_root(&w);
	return found;
}

/* A readable descriptor of the same object as an O_PATH descriptor. */
static int reopen(int fd, int flags)
{
	char link[64];
	int again;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	again = open(link, flags | O_NOATIME | O_NONBLOCK | O_CLOEXEC);
	/* O_NOATIME is allowed to the owner only; read without it then. */
	if (again < 0 && errno == EPERM)
		again = open(link, flags | O_NONBLOCK | O_CLOEXEC);
	return again;
}

static DIR *open_dir(int fd)
{
	int again = reopen(fd, O_RDONLY | O_DIRECTORY);
	DIR *dir;

	if (again < 0)
		return NULL;
	dir = fdopendir(again);
	if (!dir)
		close(again);
	return dir;
}

static bool is_dot_or_dotdot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

void walk_count_entries(int fd, uint64_t most, struct walk_result *result)
{
	cleanup_closedir DIR *dir = open_dir(fd);
	struct dirent *entry;

	if (!dir) {
		result->entries_known = TRI_NO;
		return;
	}
	errno = 0;
	while ((entry = readdir(dir))) {
		if (is_dot_or_dotdot(entry->d_name))
			continue;
		if (result->entries == most) {
			result->entries_cut = true;
			break;
		}
		result->entries++;
	}
	result->entries_known = errno ? TRI_NO : TRI_YES;
}

ssize_t walk_read(int fd, char *buf, size_t max)
{
	cleanup_close int in = -1;
	struct stat st;
	size_t len = 0;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	in = reopen(fd, O_RDONLY);
	if (in < 0)
		return -errno;
	for (;;) {
		char beyond;
		bool full = len == max;
		ssize_t got = full ? read(in, &beyond, 1)
				   : read(in, buf + len, max - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return (ssize_t)len;
		if (full)
			return -EFBIG;
		len += (size_t)got;
	}
}

ssize_t walk_list(int fd, char *buf, size_t max, bool *cut)
{
	cleanup_closedir DIR *dir = open_dir(fd);
	struct dirent *entry;
	size_t used = 0;

	*cut = false;
	if (!dir)
		return -errno;
	errno = 0;
	while ((entry = readdir(dir))) {
		size_t len = strlen(entry->d_name) + 1;

		if (entry->d_name[0] == '.')
			continue;
		if (used + len > max) {
			*cut = true;
			break;
		}
		memcpy(buf + used, entry->d_name, len);
		used += len;
	}
	return errno ? -errno : (ssize_t)used;
}
