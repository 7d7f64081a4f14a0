// SPDX-License-Identifier: Apache-2.0
/*
 * The writer of output.h. It creates the temporary file and answers with an
 * errno, receives the length and the bytes, and answers again. If the pipe ends
 * early, the probe has died, and the temporary file is removed.
 */
#include "commands/output.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine/confine.h"
#include "sockprobe/text_safe.h"
#include "sockprobe/util.h"

enum { BLOCK = 64 * 1024 };

/*
 * A file that is being written: in `dirfd`, first as `temporary`, then as
 * `name`.
 */
struct making {
	int dirfd;
	int fd;
	const char *name;
	char temporary[48];
};

static int write_whole(int fd, const void *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t put = write(fd, (const char *)bytes + done, len - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		done += (size_t)put;
	}
	return 0;
}

/* ---- the writer ---- */

static int copy(int in, int out)
{
	static char block[BLOCK];
	uint64_t left;
	ssize_t got = read_full(in, &left, sizeof(left));

	if (got != sizeof(left))
		return -ECANCELED;
	while (left) {
		size_t next = left < sizeof(block) ? left : sizeof(block);
		int err;

		got = read_full(in, block, next);
		if (got != (ssize_t)next)
			return -ECANCELED;
		err = write_whole(out, block, next);
		if (err)
			return err;
		left -= next;
	}
	return 0;
}

/* Sync the directory too, or the name may be lost in a crash. */
static int put_in_place(const struct making *making)
{
	if (fsync(making->fd) < 0 ||
	    renameat(making->dirfd, making->temporary, making->dirfd,
		     making->name) < 0 ||
	    fsync(making->dirfd) < 0)
		return -errno;
	return 0;
}

static int open_directory(const char *path, const char *name, int *dirfd)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	char dir[PATH_MAX] = ".";
	size_t len = (size_t)(name - path);

	if (len >= sizeof(dir))
		return -ENAMETOOLONG;
	if (len) {
		memcpy(dir, path, len);
		dir[len] = '\0';
	}
	*dirfd = (int)syscall(SYS_openat2, AT_FDCWD, dir, &how, sizeof(how));
	return *dirfd < 0 ? -errno : 0;
}

/* Only a regular file may be replaced. */
static int check_place(const struct making *making)
{
	struct stat st;

	if (fstatat(making->dirfd, making->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	return S_ISREG(st.st_mode) ? 0 : -EEXIST;
}

static int make_temporary(struct making *making)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -EIO;
	snprintf(making->temporary, sizeof(making->temporary),
		 ".sockprobe-%016llx.tmp", (unsigned long long)number);
	making->fd = openat(
		making->dirfd, making->temporary,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	return making->fd < 0 ? -errno : 0;
}

static int begin_file(struct making *making, const char *path)
{
	int err;

	making->name = path_basename(path);
	if (!*making->name)
		return -EISDIR;
	err = open_directory(path, making->name, &making->dirfd);
	if (!err)
		err = check_place(making);
	if (!err)
		err = make_temporary(making);
	return err;
}

/*
 * Reports success (0) or an errno: once after creating the file, once at the
 * end. Nonzero if nobody is there to hear it.
 */
static int reply(int out, int err)
{
	return write_whole(out, &err, sizeof(err));
}

__attribute__((noreturn)) static void serve(const char *path, int in, int out)
{
	struct making making = { .dirfd = -1, .fd = -1 };
	struct error error;
	int err = begin_file(&making, path);

	if (!err && confine_writer(making.dirfd, &error))
		err = -EPERM;
	/* a probe that was killed by now wants no file */
	if (!err)
		err = reply(out, 0);
	if (!err)
		err = copy(in, making.fd);
	if (!err)
		err = put_in_place(&making);
	if (err && making.fd >= 0)
		unlinkat(making.dirfd, making.temporary, 0);
	_exit(reply(out, err) || err ? EXIT_OUTPUT : 0);
}

/* ---- the probe ---- */

static int start_writer(struct output *output)
{
	int err = -EPIPE;
	int bytes[2];
	int answer[2];

	if (pipe2(bytes, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(answer, O_CLOEXEC) < 0) {
		close(bytes[0]);
		close(bytes[1]);
		return -errno;
	}
	output->writer = fork();
	if (output->writer == 0) {
		/*
		 * ^C ends the probe; the writer then sees the end of its pipe.
		 */
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		signal(SIGPIPE, SIG_IGN);
		close(bytes[1]);
		close(answer[0]);
		serve(output->path, bytes[0], answer[1]);
	}
	close(bytes[0]);
	close(answer[1]);
	output->to_writer = bytes[1];
	output->from_writer = answer[0];
	if (output->writer < 0)
		return -ENOMEM;
	/* fail before the run if the file cannot be created */
	return read_full(answer[0], &err, sizeof(err)) == sizeof(err) ? err
								      : -EPIPE;
}

static const char *output_explain(int err)
{
	switch (err) {
	case -ELOOP:
		return "a symbolic link stands there or on the way, and none is followed: give the real path (realpath)";
	case -EEXIST:
		return "what stands there is not a regular file";
	case -ENOSYS:
		return "needs openat2 of Linux 5.6: redirect standard output instead";
	default:
		return strerror(-err);
	}
}

int output_start(struct output *output, const char *path, struct error *error)
{
	int err;

	*output = (struct output){
		.stream = stdout,
		.path = path,
		.to_writer = -1,
		.from_writer = -1,
		.writer = -1,
	};
	if (!path)
		return 0;
	output->stream = open_memstream(&output->text, &output->len);
	err = output->stream ? start_writer(output) : -ENOMEM;
	if (err)
		return fail(error, EXIT_OUTPUT, "--output %s: %s",
			    quote_short(path).text, output_explain(err));
	return 0;
}

/* Sends the bytes. Returns the writer's answer, or why there is none. */
static int hand_over(struct output *output)
{
	uint64_t len = output->len;
	int answer = -EPIPE;
	int err = write_whole(output->to_writer, &len, sizeof(len));

	if (!err)
		err = write_whole(output->to_writer, output->text, output->len);
	if (read_full(output->from_writer, &answer, sizeof(answer)) !=
	    sizeof(answer))
		answer = -EPIPE;
	return answer ? answer : err;
}

int output_finish(struct output *output, int status, struct error *error)
{
	int err = 0;

	if (!output->path)
		return status;
	if (output->stream && fclose(output->stream) != 0)
		err = -ENOMEM;
	if (!status && !err)
		err = hand_over(output);
	if (output->to_writer >= 0)
		close(output->to_writer);
	if (output->writer > 0)
		waitpid(output->writer, NULL, 0);
	if (output->from_writer >= 0)
		close(output->from_writer);
	free(output->text);
	if (!status && err)
		return fail(error, EXIT_OUTPUT,
			    "--output %s: %s; nothing was written",
			    quote_short(output->path).text,
			    output_explain(err));
	return status;
}
