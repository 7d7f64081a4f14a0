// SPDX-License-Identifier: Apache-2.0
/*
 * What connect(2) would return for each object and socket state, against what
 * Linux returned when it was tried; and the joins of sockets with processes.
 */
#include "unit.h"

#include <sys/socket.h>
#include <sys/sysmacros.h>

#include "correlate/sockets.h"

enum { ESTABLISHED = 1, CLOSED = 7, LISTEN = 10 };

/* A node whose one network namespace was dumped, with up to four sockets. */
struct scene {
	struct evidence ev;
	struct netns netns[2];
	struct unix_socket sockets[4];
	struct path_look look;
};

static int scene_setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	if (!s)
		return -1;
	evidence_init(&s->ev, 1 << 20);
	s->ev.probe.extent = EXTENT_HOST;
	s->ev.probe.is_node = true;
	s->netns[0] =
		(struct netns){ .ino = 1, .dump = DUMP_DIAG, .gap = GAP_NONE };
	s->netns[1] = s->netns[0];
	s->ev.netns.at = s->netns;
	s->ev.netns.n = 1;
	s->ev.sockets.at = s->sockets;
	s->look.kind = KIND_SOCKET;
	s->look.inode.sb_dev = makedev(0, 25);
	s->look.inode.ino = 77;
	*state = s;
	return 0;
}

static int scene_teardown(void **state)
{
	struct scene *s = *state;

	evidence_free(&s->ev);
	free(s);
	return 0;
}

/* Adds a socket that is bound to the object looked at. */
static struct unix_socket *add(struct scene *s, int type, int state)
{
	struct unix_socket *socket = &s->sockets[s->ev.sockets.n++];

	*socket = (struct unix_socket){
		.name = "/run/docker.sock",
		.type = (uint8_t)type,
		.state = (uint8_t)state,
		.has_vfs = true,
		.vfs_dev = makedev(0, 25),
		.vfs_ino = 77,
		.wqueue = 128,
	};
	return socket;
}

static void check(struct scene *s, enum socket_state state, int type,
		  const char *result, size_t socket)
{
	struct socket_answer answer = socket_answer_for(&s->ev, &s->look);

	assert_int_equal(answer.state, state);
	assert_int_equal(answer.type, type);
	if (result)
		assert_string_equal(answer.connect_result, result);
	else
		assert_null(answer.connect_result);
	assert_non_null(answer.why);
	assert_true(answer.socket == socket);
}

/* ---- objects that are no sockets ---- */

static void what_is_no_socket_refuses(void **state)
{
	static const enum path_kind kinds[] = { KIND_DIRECTORY, KIND_REGULAR,
						KIND_FIFO, KIND_DEVICE };
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		s->look.kind = kinds[i];
		check(s, STATE_NOT_A_SOCKET, 0, "ECONNREFUSED", NO_INDEX);
	}
	/* a socket that has this inode's number is on another object */
	add(s, SOCK_STREAM, LISTEN);
	s->look.kind = KIND_DIRECTORY;
	check(s, STATE_NOT_A_SOCKET, 0, "ECONNREFUSED", NO_INDEX);
}

static void what_is_missing_is_not_there(void **state)
{
	struct scene *s = *state;

	s->look.kind = KIND_MISSING;
	check(s, STATE_NOT_A_SOCKET, 0, "ENOENT", NO_INDEX);
	s->look.kind = KIND_DANGLING_SYMLINK;
	check(s, STATE_NOT_A_SOCKET, 0, "ENOENT", NO_INDEX);
}

static void a_loop_of_links(void **state)
{
	struct scene *s = *state;

	s->look.kind = KIND_SYMLINK_LOOP;
	check(s, STATE_NOT_A_SOCKET, 0, "ELOOP", NO_INDEX);
}

static void a_walk_that_fails(void **state)
{
	struct scene *s = *state;

	s->look.kind = KIND_ERROR;
	s->look.err = ENOTDIR;
	check(s, STATE_NOT_A_SOCKET, 0, "ENOTDIR", NO_INDEX);
}

/*
 * An error of the probe's own walk is not one of the kernel's: connect(2) does
 * follow /proc/PID/root, and has another limit of open files.
 */
static void what_only_the_probe_cannot_walk_is_unknown(void **state)
{
	static const int errors[] = { EXDEV,  EMFILE,	 ENFILE,
				      ENOMEM, EOVERFLOW, ENOSYS };
	struct scene *s = *state;

	s->look.kind = KIND_ERROR;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		s->look.err = errors[i];
		check(s, STATE_UNKNOWN, 0, NULL, NO_INDEX);
	}
}

static void what_was_not_seen_is_unknown(void **state)
{
	static const enum path_kind kinds[] = { KIND_OUTSIDE_VIEW, KIND_DENIED,
						KIND_TIMED_OUT };
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		s->look.kind = kinds[i];
		check(s, STATE_UNKNOWN, 0, NULL, NO_INDEX);
	}
}

/* ---- sockets ---- */

static void a_listener_answers(void **state)
{
	struct scene *s = *state;

	add(s, SOCK_STREAM, LISTEN);
	check(s, STATE_LISTENING, SOCK_STREAM, "OK", 0);
}

static void a_stale_inode_refuses(void **state)
{
	struct scene *s = *state;

	check(s, STATE_STALE, 0, "ECONNREFUSED", NO_INDEX);
}

static void bound_without_listening_refuses(void **state)
{
	struct scene *s = *state;

	add(s, SOCK_STREAM, CLOSED);
	check(s, STATE_BOUND, SOCK_STREAM, "ECONNREFUSED", 0);
}

static void other_types_are_the_wrong_type(void **state)
{
	struct scene *s = *state;

	add(s, SOCK_DGRAM, CLOSED);
	check(s, STATE_BOUND, SOCK_DGRAM, "EPROTOTYPE", 0);
	s->sockets[0].state = ESTABLISHED;
	check(s, STATE_BOUND, SOCK_DGRAM, "EPROTOTYPE", 0);
	s->ev.sockets.n = 0;
	add(s, SOCK_SEQPACKET, LISTEN);
	check(s, STATE_LISTENING, SOCK_SEQPACKET, "EPROTOTYPE", 0);
}

static void a_listener_that_shut_down_refuses(void **state)
{
	struct scene *s = *state;

	add(s, SOCK_STREAM, LISTEN)->shutdown = 1;
	check(s, STATE_LISTENING, SOCK_STREAM, "ECONNREFUSED", 0);
	s->sockets[0].shutdown = 3;
	check(s, STATE_LISTENING, SOCK_STREAM, "ECONNREFUSED", 0);
	/* a socket that is shut down for writing still receives */
	s->sockets[0].shutdown = 2;
	check(s, STATE_LISTENING, SOCK_STREAM, "OK", 0);
}

static void a_full_queue_makes_it_wait(void **state)
{
	struct scene *s = *state;
	struct unix_socket *socket = add(s, SOCK_STREAM, LISTEN);

	socket->wqueue = 2;
	socket->rqueue = 2;
	check(s, STATE_LISTENING, SOCK_STREAM, "OK", 0);
	socket->rqueue = 3;
	check(s, STATE_LISTENING, SOCK_STREAM, "EAGAIN", 0);
	/* a backlog of 0 still takes one client */
	socket->wqueue = socket->rqueue = 0;
	check(s, STATE_LISTENING, SOCK_STREAM, "OK", 0);
}

static void an_accepted_connection_is_no_listener(void **state)
{
	struct scene *s = *state;

	add(s, SOCK_STREAM, ESTABLISHED);
	check(s, STATE_STALE, 0, "ECONNREFUSED", NO_INDEX);
	add(s, SOCK_STREAM, LISTEN);
	add(s, SOCK_STREAM, ESTABLISHED);
	check(s, STATE_LISTENING, SOCK_STREAM, "OK", 1);
}

static void a_listener_goes_before_what_is_only_bound(void **state)
{
	struct scene *s = *state;

	add(s, SOCK_STREAM, CLOSED);
	add(s, SOCK_STREAM, LISTEN);
	add(s, SOCK_STREAM, CLOSED);
	check(s, STATE_LISTENING, SOCK_STREAM, "OK", 1);
}

/* ---- which socket is at an inode ---- */

static void device_and_inode_are_compared(void **state)
{
	struct scene *s = *state;
	struct unix_socket *socket = add(s, SOCK_STREAM, LISTEN);

	socket->vfs_dev = makedev(0, 26);
	check(s, STATE_STALE, 0, "ECONNREFUSED", NO_INDEX);
	socket->vfs_dev = makedev(0, 25);
	socket->vfs_ino = 78;
	check(s, STATE_STALE, 0, "ECONNREFUSED", NO_INDEX);
	socket->vfs_ino = 77;
	socket->has_vfs = false;
	check(s, STATE_STALE, 0, "ECONNREFUSED", NO_INDEX);
	socket->has_vfs = true;
	/* the name proves nothing */
	socket->name = "/elsewhere";
	check(s, STATE_LISTENING, SOCK_STREAM, "OK", 0);
	/* unix_diag has the number's low 32 bits */
	s->look.inode.ino = 0x50000004dULL;
	check(s, STATE_LISTENING, SOCK_STREAM, "OK", 0);
}

static void an_unknown_device_matches_nothing(void **state)
{
	struct scene *s = *state;

	add(s, SOCK_STREAM, LISTEN)->vfs_dev = 0;
	s->look.inode.sb_dev = 0;
	check(s, STATE_UNKNOWN, 0, NULL, NO_INDEX);
}

/* If a socket may have been missed, the state is not "stale". */
static void what_may_be_unseen_is_not_stale(void **state)
{
	struct scene *s = *state;

	s->ev.netns.n = 2;
	check(s, STATE_STALE, 0, "ECONNREFUSED", NO_INDEX);
	s->netns[1].dump = DUMP_PROC_NET;
	check(s, STATE_UNKNOWN, 0, NULL, NO_INDEX);
	s->netns[1].dump = DUMP_NONE;
	check(s, STATE_UNKNOWN, 0, NULL, NO_INDEX);
	s->netns[1].dump = DUMP_DIAG;
	s->netns[1].gap = GAP_LOST;
	check(s, STATE_UNKNOWN, 0, NULL, NO_INDEX);
	s->netns[1].gap = GAP_NONE;
	s->ev.netns_hidden = 1;
	check(s, STATE_UNKNOWN, 0, NULL, NO_INDEX);
	s->ev.netns_hidden = 0;
	s->ev.netns_cut = true;
	check(s, STATE_UNKNOWN, 0, NULL, NO_INDEX);
	s->ev.netns_cut = false;
	s->ev.netns.n = 0;
	check(s, STATE_UNKNOWN, 0, NULL, NO_INDEX);
	/* a socket that was seen still counts */
	add(s, SOCK_STREAM, LISTEN);
	check(s, STATE_LISTENING, SOCK_STREAM, "OK", 0);
}

static void one_containers_view_is_not_the_nodes(void **state)
{
	struct scene *s = *state;

	s->ev.probe.extent = EXTENT_CONTAINER;
	s->ev.probe.is_node = false;
	check(s, STATE_UNKNOWN, 0, NULL, NO_INDEX);
}

/* ---- holders ---- */

static void holders_are_found_by_inode_number(void **state)
{
	static struct holding holdings[] = {
		{ 5, 0 }, { 7, 1 }, { 7, 2 }, { 7, 2 }, { 9, 0 },
	};
	struct scene *s = *state;
	struct index_list found = { 0 };

	s->ev.holdings.at = holdings;
	s->ev.holdings.n = 5;
	assert_int_equal(socket_holders(&s->ev, 7, &found), 0);
	assert_int_equal(found.n, 2);
	assert_int_equal(found.at[0], 1);
	assert_int_equal(found.at[1], 2);
	assert_int_equal(socket_holders(&s->ev, 9, &found), 0);
	assert_int_equal(found.n, 3);
	assert_int_equal(found.at[2], 0);
	assert_int_equal(socket_holders(&s->ev, 6, &found), 0);
	assert_int_equal(socket_holders(&s->ev, 4, &found), 0);
	assert_int_equal(socket_holders(&s->ev, 4294967295, &found), 0);
	assert_int_equal(found.n, 3);
}

static void wanted_are_sockets_peers_and_pending(void **state)
{
	size_t pending[] = { 400, 50 };
	struct scene *s = *state;
	const uint32_t *inos;
	size_t n;

	add(s, SOCK_STREAM, LISTEN)->ino = 300;
	s->sockets[0].pending = (struct index_list){ .at = pending, .n = 2 };
	add(s, SOCK_STREAM, ESTABLISHED)->ino = 200;
	s->sockets[1].peer = 100;
	assert_int_equal(sockets_wanted(&s->ev, &inos, &n), 0);
	assert_int_equal(n, 5);
	assert_int_equal(inos[0], 50);
	assert_int_equal(inos[1], 100);
	assert_int_equal(inos[2], 200);
	assert_int_equal(inos[3], 300);
	assert_int_equal(inos[4], 400);
}

#define scene_test(f)                                                          \
	cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(what_is_no_socket_refuses),
		scene_test(what_is_missing_is_not_there),
		scene_test(a_loop_of_links),
		scene_test(a_walk_that_fails),
		scene_test(what_only_the_probe_cannot_walk_is_unknown),
		scene_test(what_was_not_seen_is_unknown),
		scene_test(a_listener_answers),
		scene_test(a_stale_inode_refuses),
		scene_test(bound_without_listening_refuses),
		scene_test(other_types_are_the_wrong_type),
		scene_test(a_listener_that_shut_down_refuses),
		scene_test(a_full_queue_makes_it_wait),
		scene_test(an_accepted_connection_is_no_listener),
		scene_test(a_listener_goes_before_what_is_only_bound),
		scene_test(device_and_inode_are_compared),
		scene_test(an_unknown_device_matches_nothing),
		scene_test(what_may_be_unseen_is_not_stale),
		scene_test(one_containers_view_is_not_the_nodes),
		scene_test(holders_are_found_by_inode_number),
		scene_test(wanted_are_sockets_peers_and_pending),
	};

	return cmocka_run_group_tests_name("sockets", tests, NULL, NULL);
}
