// SPDX-License-Identifier: Apache-2.0
/* Who holds a socket, if processes end while they are searched. */
#include "unit.h"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "collect/holders.h"
#include "collect/procs.h"

/* The reader's answer as it lies in memory. */
struct answer {
	struct coverage_tally tally;
	size_t n;
	struct holding holdings[16];
};

/* One process, a child of this one that holds the socket. */
struct scene {
	struct evidence ev;
	struct process process;
	uint32_t ino;
	int fd;
};

__attribute__((noreturn)) static void *wait_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

__attribute__((noreturn)) static void live(bool first_thread_ends)
{
	pthread_t other;

	if (first_thread_ends &&
	    pthread_create(&other, NULL, wait_for_ever, NULL) == 0)
		pthread_exit(NULL);
	wait_for_ever(NULL);
}

static void begin(struct scene *scene, bool first_thread_ends)
{
	char path[64];
	struct stat st;

	*scene = (struct scene){ 0 };
	scene->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(fstat(scene->fd, &st), 0);
	scene->ino = (uint32_t)st.st_ino;
	scene->process.pid = fork();
	assert_true(scene->process.pid >= 0);
	if (scene->process.pid == 0)
		live(first_thread_ends);
	snprintf(path, sizeof(path), "/proc/%d", scene->process.pid);
	scene->process.dirfd = open(path, O_PATH | O_CLOEXEC);
	assert_true(scene->process.dirfd >= 0);
	scene->ev.processes.at = &scene->process;
	scene->ev.processes.n = 1;
}

/* The process ends; where `reaped` is false, as a zombie. */
static void end(struct scene *scene, bool reaped)
{
	siginfo_t info;

	kill(scene->process.pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)scene->process.pid, &info,
				WEXITED | (reaped ? 0 : WNOWAIT)),
			 0);
}

static void finish(struct scene *scene)
{
	kill(scene->process.pid, SIGKILL);
	waitpid(scene->process.pid, NULL, 0);
	close(scene->process.dirfd);
	close(scene->fd);
}

static struct answer search(const struct scene *scene)
{
	const struct holders_search asked = {
		.ev = &scene->ev,
		.deadline = now_ms() + 10000,
		.parts = 1,
	};
	_Alignas(16) char bytes[sizeof(struct answer)] = { 0 };
	const struct fetch_work work = {
		.bytes = bytes,
		.len = sizeof(scene->ino),
		.room = sizeof(bytes),
		.parts = 1,
	};
	struct answer answer;

	memcpy(bytes, &scene->ino, sizeof(scene->ino));
	assert_true(holders_job(&asked, &work) > 0);
	memcpy(&answer, bytes, sizeof(answer));
	return answer;
}

static void a_live_process(void **state)
{
	struct answer answer;
	struct scene scene;

	(void)state;
	begin(&scene, false);
	answer = search(&scene);
	assert_int_equal(answer.n, 1);
	assert_int_equal(answer.holdings[0].ino, scene.ino);
	assert_int_equal(answer.tally.read, 1);
	assert_int_equal(answer.tally.gaps[GAP_ENDED].n, 0);
	assert_int_equal(procs_gap(&scene.process, -EACCES), GAP_DENIED);
	assert_false(procs_ended(scene.process.dirfd));
	finish(&scene);
}

/* procfs returns EACCES, though no right is missing. */
static void check_ended(bool reaped)
{
	struct answer answer;
	struct scene scene;

	begin(&scene, false);
	end(&scene, reaped);
	answer = search(&scene);
	assert_int_equal(answer.n, 0);
	assert_int_equal(answer.tally.read, 0);
	assert_int_equal(answer.tally.gaps[GAP_ENDED].n, 1);
	assert_int_equal(answer.tally.gaps[GAP_ENDED].pid, scene.process.pid);
	assert_int_equal(answer.tally.gaps[GAP_DENIED].n, 0);
	assert_int_equal(procs_gap(&scene.process, -EACCES), GAP_ENDED);
	assert_true(procs_ended(scene.process.dirfd));
	finish(&scene);
}

static void a_process_that_has_ended(void **state)
{
	(void)state;
	check_ended(true);
}

static void a_zombie(void **state)
{
	(void)state;
	check_ended(false);
}

/* Its /proc/PID/fd is empty, and yet the socket is held. */
static void a_process_whose_first_thread_has_ended(void **state)
{
	int64_t until = now_ms() + 10000;
	struct answer answer;
	struct scene scene;

	(void)state;
	begin(&scene, true);
	while (!procs_ended(scene.process.dirfd) && now_ms() < until)
		usleep(1000);
	answer = search(&scene);
	assert_int_equal(answer.n, 1);
	assert_int_equal(answer.holdings[0].ino, scene.ino);
	assert_int_equal(answer.tally.read, 1);
	assert_int_equal(answer.tally.gaps[GAP_ENDED].n, 0);
	finish(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_live_process),
		cmocka_unit_test(a_process_that_has_ended),
		cmocka_unit_test(a_zombie),
		cmocka_unit_test(a_process_whose_first_thread_has_ended),
	};

	return cmocka_run_group_tests_name("holders", tests, NULL, NULL);
}
