// SPDX-License-Identifier: Apache-2.0
/*
 * The threads of a process, of which one has a root and a mount namespace of its
 * own: threads that this test makes, held against what each sees of itself.
 */
#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "collect/tasks.h"

enum { MOST = 16 };

/* What a thread made of itself, as fstat() and gettid() tell it. */
struct self {
	pid_t tid;
	struct stat root;
	ino_t ns_mnt;
};

struct odd {
	pthread_t thread;
	pthread_barrier_t ready, done;
	struct self self;
	int err;
	bool changes;
};

static int proc_self(void)
{
	int fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static int tell_self(struct self *self)
{
	struct stat st;

	self->tid = (pid_t)syscall(SYS_gettid);
	if (stat("/", &self->root))
		return -errno;
	if (stat("/proc/thread-self/ns/mnt", &st))
		return -errno;
	self->ns_mnt = st.st_ino;
	return 0;
}

/* Its own mount namespace, a right less, and another directory for its root. */
static int become_odd(struct self *self)
{
	if (unshare(CLONE_FS | CLONE_NEWNS) ||
	    prctl(PR_CAPBSET_DROP, 21 /* CAP_SYS_ADMIN */, 0, 0, 0) ||
	    tell_self(self) || chroot("/proc") || chdir("/") ||
	    stat("/", &self->root))
		return -errno;
	return 0;
}

static void *run_odd(void *context)
{
	struct odd *odd = context;

	odd->err = odd->changes ? become_odd(&odd->self)
				: tell_self(&odd->self);
	pthread_barrier_wait(&odd->ready);
	pthread_barrier_wait(&odd->done);
	return NULL;
}

static void begin(struct odd *odd)
{
	pthread_barrier_init(&odd->ready, NULL, 2);
	pthread_barrier_init(&odd->done, NULL, 2);
	assert_int_equal(pthread_create(&odd->thread, NULL, run_odd, odd), 0);
	pthread_barrier_wait(&odd->ready);
}

static void end(struct odd *odd)
{
	pthread_barrier_wait(&odd->done);
	pthread_join(odd->thread, NULL);
	pthread_barrier_destroy(&odd->ready);
	pthread_barrier_destroy(&odd->done);
}

static size_t read_own(struct task *tasks, size_t most, bool *cut)
{
	int fd = proc_self();
	ssize_t len =
		tasks_read(fd, getpid(), tasks, most * sizeof(*tasks), cut);

	close(fd);
	assert_true(len >= 0 && len % (ssize_t)sizeof(*tasks) == 0);
	return (size_t)len / sizeof(*tasks);
}

static const struct task *task_of(const struct task *tasks, size_t n, pid_t tid)
{
	for (size_t i = 0; i < n; i++) {
		if (tasks[i].tid == tid)
			return &tasks[i];
	}
	fail_msg("thread %d was not read", tid);
	return NULL;
}

static void check_task(const struct task *task, const struct self *self)
{
	assert_int_equal(task->err, 0);
	assert_int_equal(task->root_dev, self->root.st_dev);
	assert_int_equal(task->root_ino, self->root.st_ino);
	assert_int_equal(task->ns_mnt, self->ns_mnt);
}

static void one_thread(void **state)
{
	struct task tasks[MOST];
	struct self self;
	bool cut;

	(void)state;
	assert_int_equal(tell_self(&self), 0);
	assert_int_equal(read_own(tasks, MOST, &cut), 1);
	assert_false(cut);
	assert_int_equal(tasks[0].tid, getpid());
	assert_true(tasks[0].root_mnt_id != 0);
	check_task(&tasks[0], &self);
}

/* Each is read for itself, whatever the first one of the process has. */
static void threads_with_roots_of_their_own(void **state)
{
	struct odd odd = { .changes = true };
	struct odd plain = { 0 };
	struct task tasks[MOST];
	const struct task *first;
	const struct task *task;
	struct self self;
	bool cut;
	size_t n;

	(void)state;
	needs_root();
	begin(&plain);
	begin(&odd);
	n = read_own(tasks, MOST, &cut);
	end(&odd);
	end(&plain);
	assert_int_equal(odd.err, 0);
	assert_int_equal(tell_self(&self), 0);
	assert_int_equal(n, 3);
	assert_false(cut);
	first = task_of(tasks, n, self.tid);
	check_task(first, &self);
	check_task(task_of(tasks, n, plain.self.tid), &plain.self);
	task = task_of(tasks, n, odd.self.tid);
	check_task(task, &odd.self);
	assert_true(task->ns_mnt != first->ns_mnt);
	assert_true(task->root_ino != first->root_ino ||
		    task->root_dev != first->root_dev);
	assert_true(task->root_mnt_id != first->root_mnt_id);
	assert_int_equal(first->cap_bounding & ~task->cap_bounding, 1 << 21);
}

static void more_threads_than_fit(void **state)
{
	struct odd plain[3] = { 0 };
	struct task tasks[MOST];
	bool cut;
	size_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		begin(&plain[i]);
	n = read_own(tasks, 3, &cut);
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		end(&plain[i]);
	assert_int_equal(n, 3);
	assert_true(cut);
}

static void a_process_that_ended(void **state)
{
	pid_t child = fork();
	struct task tasks[MOST];
	char text[4096];
	char path[64];
	bool cut;
	int fd;

	(void)state;
	if (child == 0) {
		pause();
		_exit(0);
	}
	assert_true(child > 0);
	snprintf(path, sizeof(path), "/proc/%d", child);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(tasks_read(fd, child, tasks, sizeof(tasks), &cut),
			 -ESRCH);
	assert_false(cut);
	assert_int_equal(tasks_read_mounts(fd, child, text, sizeof(text)),
			 -ESRCH);
	close(fd);
}

/* As the thread itself reads it. */
static void mounts_of_a_thread(void **state)
{
	static char own[1 << 20];
	static char text[1 << 20];
	int file = open("/proc/thread-self/mountinfo", O_RDONLY | O_CLOEXEC);
	int fd = proc_self();
	ssize_t len;
	size_t n = 0;

	(void)state;
	assert_true(file >= 0);
	while ((len = read(file, own + n, sizeof(own) - n - 1)) > 0)
		n += (size_t)len;
	close(file);
	assert_int_equal(tasks_read_mounts(fd, (pid_t)syscall(SYS_gettid), text,
					   sizeof(text)),
			 n);
	assert_string_equal(text, own);
	assert_int_equal(tasks_read_mounts(fd, (pid_t)syscall(SYS_gettid), text,
					   16),
			 -EFBIG);
	assert_int_equal(tasks_read_mounts(fd, 1 << 30, text, sizeof(text)),
			 -ESRCH);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_thread),
		cmocka_unit_test(threads_with_roots_of_their_own),
		cmocka_unit_test(more_threads_than_fit),
		cmocka_unit_test(a_process_that_ended),
		cmocka_unit_test(mounts_of_a_thread),
	};

	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
