// SPDX-License-Identifier: Apache-2.0
/* Threads of processes of this test's own, one without its first thread. */
#include "unit.h"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "collect/tasks.h"

/* A process with a second thread, whose id is `tid`; its first one has ended. */
struct headless {
	pid_t pid;
	pid_t tid;
};

static void *tell_and_wait(void *data)
{
	const int *told = data;
	pid_t tid = (pid_t)syscall(SYS_gettid);

	if (write(*told, &tid, sizeof(tid)) != sizeof(tid))
		_exit(1);
	for (;;)
		pause();
}

static bool first_has_ended(pid_t pid)
{
	char name[64];
	char text[512];
	ssize_t len;
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/stat", pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[len > 0 ? len : 0] = '\0';
	return strstr(text, ") Z ");
}

static int start_headless(void **state)
{
	static struct headless made;
	int told[2];

	if (pipe2(told, O_CLOEXEC) < 0)
		return -1;
	made.pid = fork();
	if (made.pid == 0) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, tell_and_wait, &told[1]))
			_exit(1);
		/* pthread_exit() would end the process's buffers as well. */
		syscall(SYS_exit, 0);
	}
	close(told[1]);
	if (read(told[0], &made.tid, sizeof(made.tid)) != sizeof(made.tid))
		return -1;
	close(told[0]);
	for (int i = 0; i < 1000 && !first_has_ended(made.pid); i++)
		usleep(1000);
	*state = &made;
	return 0;
}

static int end_headless(void **state)
{
	const struct headless *made = *state;

	kill(made->pid, SIGKILL);
	waitpid(made->pid, NULL, 0);
	return 0;
}

/* Of a process, or of one of its threads. */
static int open_directory(pid_t pid, pid_t tid)
{
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "/proc/%d", pid);
	if (tid)
		snprintf(name, sizeof(name), "/proc/%d/task/%d", pid, tid);
	fd = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void a_thread_stands_for_its_process(void **state)
{
	const struct headless *made = *state;
	int dirfd = open_directory(made->pid, made->tid);
	static char text[1 << 20];
	struct task tasks[8];
	bool cut;

	assert_int_equal(tasks_read(dirfd, made->pid, tasks, sizeof(tasks),
				    &cut),
			 sizeof(tasks[0]));
	assert_false(cut);
	assert_int_equal(tasks[0].tid, made->tid);
	assert_int_equal(tasks[0].err, 0);
	assert_true(tasks_read_mounts(dirfd, made->tid, text, sizeof(text)) >
		    0);
	close(dirfd);
}

/* One thread is read without a list of all; of two, none is missed. */
static void all_threads_are_read(void **state)
{
	const struct headless *made = *state;
	int headless = open_directory(made->pid, 0);
	int own = open_directory(getpid(), 0);
	struct task tasks[8];
	bool cut;

	assert_int_equal(tasks_read(headless, made->pid, tasks, sizeof(tasks),
				    &cut),
			 sizeof(tasks[0]));
	assert_int_equal(tasks[0].tid, made->tid);
	assert_int_equal(tasks_read(own, getpid(), tasks, sizeof(tasks), &cut),
			 sizeof(tasks[0]));
	assert_int_equal(tasks[0].tid, getpid());
	assert_int_equal(tasks[0].err, 0);
	close(headless);
	close(own);
}

static void an_ended_process_has_no_threads(void **state)
{
	struct task tasks[8];
	bool cut;
	pid_t pid = fork();
	int dirfd;

	(void)state;
	if (pid == 0)
		for (;;)
			pause();
	dirfd = open_directory(pid, 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(tasks_read(dirfd, pid, tasks, sizeof(tasks), &cut),
			 -ESRCH);
	close(dirfd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_thread_stands_for_its_process,
						start_headless, end_headless),
		cmocka_unit_test_setup_teardown(all_threads_are_read,
						start_headless, end_headless),
		cmocka_unit_test(an_ended_process_has_no_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
