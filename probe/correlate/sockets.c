// SPDX-License-Identifier: Apache-2.0
/* The joins of sockets.h. */
#include "correlate/sockets.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum { STATE_ESTABLISHED = 1, STATE_LISTEN = 10, SHUT_RECEIVE = 1 };

/* ---- holders ---- */

int sockets_wanted(struct evidence *ev, const uint32_t **inos, size_t *n)
{
	uint32_t *wanted;
	size_t room = 0;

	*n = 0;
	for (size_t i = 0; i < ev->sockets.n; i++)
		room += 2 + ev->sockets.at[i].pending.n;
	*inos = wanted = arena_alloc(&ev->arena, (room + 1) * sizeof(*wanted));
	if (!wanted)
		return -ENOMEM;
	for (size_t i = 0; i < ev->sockets.n; i++) {
		const struct unix_socket *socket = &ev->sockets.at[i];

		wanted[(*n)++] = socket->ino;
		if (socket->peer)
			wanted[(*n)++] = socket->peer;
		for (size_t k = 0; k < socket->pending.n; k++)
			wanted[(*n)++] = (uint32_t)socket->pending.at[k];
	}
	qsort(wanted, *n, sizeof(*wanted), compare_u32);
	return 0;
}

int socket_holders(struct evidence *ev, uint32_t ino,
		   struct index_list *processes)
{
	size_t low = 0;
	size_t high = ev->holdings.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ev->holdings.at[middle].ino < ino)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < ev->holdings.n && ev->holdings.at[low].ino == ino; low++) {
		int err = index_list_add_once(&ev->arena, processes,
					      ev->holdings.at[low].process);

		if (err)
			return err;
	}
	return 0;
}

/* ---- what a connect would return ---- */

bool socket_is_at(const struct unix_socket *socket,
		  const struct path_look *look)
{
	/* unix_diag gives the inode number's low 32 bits only. */
	return socket->has_vfs && look->inode.sb_dev &&
	       socket->vfs_dev == look->inode.sb_dev &&
	       socket->vfs_ino == (uint32_t)look->inode.ino;
}

bool socket_is_listening(const struct unix_socket *socket)
{
	return socket->state == STATE_LISTEN;
}

/*
 * Could a socket that is bound there be in a namespace whose dump is
 * incomplete?
 */
static bool may_be_unseen(const struct evidence *ev)
{
	if (!ev->netns.n || ev->netns_hidden || ev->netns_cut ||
	    !ev->probe.is_node)
		return true;
	for (size_t i = 0; i < ev->netns.n; i++) {
		if (ev->netns.at[i].dump != DUMP_DIAG ||
		    ev->netns.at[i].gap != GAP_NONE)
			return true;
	}
	return false;
}

static bool is_bound(const struct unix_socket *socket)
{
	/*
	 * An accepted socket has the listener's name but is not bound. (A
	 * client that bound a name of its own looks the same: nobody can
	 * connect to that name either.)
	 */
	return socket->state != STATE_ESTABLISHED || socket->type == SOCK_DGRAM;
}

static size_t find_bound(const struct evidence *ev,
			 const struct path_look *look)
{
	size_t found = NO_INDEX;

	for (size_t i = 0; i < ev->sockets.n; i++) {
		const struct unix_socket *socket = &ev->sockets.at[i];

		if (!socket_is_at(socket, look) || !is_bound(socket))
			continue;
		if (found == NO_INDEX || socket->state == STATE_LISTEN)
			found = i;
	}
	return found;
}

static struct socket_answer answer_of_socket(const struct unix_socket *socket,
					     size_t idx)
{
	struct socket_answer answer = {
		.state = socket->state == STATE_LISTEN ? STATE_LISTENING
						       : STATE_BOUND,
		.type = socket->type,
		.socket = idx,
	};

	if (socket->type != SOCK_STREAM) {
		answer.connect_result = "EPROTOTYPE";
		answer.why = "the socket there is not a stream socket";
	} else if (socket->state != STATE_LISTEN) {
		answer.connect_result = "ECONNREFUSED";
		answer.why = "bound, but nothing listens";
	} else if (socket->shutdown & SHUT_RECEIVE) {
		answer.connect_result = "ECONNREFUSED";
		answer.why = "the listener has shut down";
	} else if (socket->rqueue > socket->wqueue) {
		answer.connect_result = "EAGAIN";
		answer.why =
			"the listener's queue is full: a blocking connect waits";
	} else {
		answer.connect_result = "OK";
		answer.why = "a listener answers";
	}
	return answer;
}

static struct socket_answer answer_of_socket_inode(const struct evidence *ev,
						   const struct path_look *look)
{
	struct socket_answer answer = { .state = STATE_UNKNOWN,
					.socket = NO_INDEX };
	size_t idx;

	if (!look->inode.sb_dev) {
		answer.why =
			"its file system's device is not known, so it cannot be matched with a socket";
		return answer;
	}
	idx = find_bound(ev, look);
	if (idx != NO_INDEX)
		return answer_of_socket(&ev->sockets.at[idx], idx);
	if (may_be_unseen(ev)) {
		answer.why =
			"no socket was seen for it, but not every network namespace could be read";
		return answer;
	}
	answer.state = STATE_STALE;
	answer.connect_result = "ECONNREFUSED";
	answer.why =
		"no socket in any network namespace is bound to this inode";
	return answer;
}

struct socket_answer socket_answer_for(const struct evidence *ev,
				       const struct path_look *look)
{
	struct socket_answer answer = { .state = STATE_NOT_A_SOCKET,
					.socket = NO_INDEX };

	switch (look->kind) {
	case KIND_SOCKET:
		return answer_of_socket_inode(ev, look);
	case KIND_DIRECTORY:
	case KIND_REGULAR:
	case KIND_FIFO:
	case KIND_DEVICE:
		answer.connect_result = "ECONNREFUSED";
		answer.why = "what is there is not a socket";
		break;
	case KIND_MISSING:
	case KIND_DANGLING_SYMLINK:
		answer.connect_result = "ENOENT";
		answer.why = "nothing is there";
		break;
	case KIND_SYMLINK_LOOP:
		answer.connect_result = "ELOOP";
		answer.why = "more symbolic links than the kernel follows";
		break;
	case KIND_ERROR:
		/* Only these two are what the kernel returns to any client. */
		if (look->err == ENOTDIR || look->err == ENAMETOOLONG)
			answer.connect_result = strerrorname_np(look->err);
		else
			answer.state = STATE_UNKNOWN;
		answer.why = "the path cannot be walked to its end";
		break;
	default:
		answer.state = STATE_UNKNOWN;
		answer.why = "what is there could not be seen";
		break;
	}
	return answer;
}

/* ---- listeners ---- */

static bool is_systemd(const struct process *process)
{
	return process->pid == 1 ||
	       (process->exe &&
		strcmp(path_basename(process->exe), "systemd") == 0);
}

/*
 * With socket activation systemd holds the listener too: alone until the
 * service starts, then beside it.
 */
static void note_activation(const struct evidence *ev, struct path_object *path)
{
	for (size_t i = 0; i < path->listener_processes.n; i++) {
		size_t idx = path->listener_processes.at[i];
		const struct process *process = &ev->processes.at[idx];

		if (is_systemd(process) &&
		    process->container == path->container)
			path->activated_by = idx;
	}
}

/*
 * The fallback, /proc/net/unix, has names only: a listener is mentioned, and
 * nothing is concluded from it.
 */
static int add_named(struct evidence *ev, struct path_object *path)
{
	for (size_t i = 0; i < ev->sockets.n; i++) {
		const struct unix_socket *socket = &ev->sockets.at[i];
		bool named = false;
		int err;

		if (socket->has_vfs || socket->state != STATE_LISTEN)
			continue;
		for (size_t k = 0; k < path->names.n; k++)
			named |= strcmp(path->names.at[k], socket->name) == 0;
		if (!named)
			continue;
		path->connect_why =
			"a socket of this name listens, but which inode it is bound to is not known";
		err = socket_holders(ev, socket->ino,
				     &path->listener_processes);
		if (err)
			return err;
	}
	return 0;
}

static int join_listener(struct evidence *ev, struct path_object *path)
{
	struct socket_answer answer = socket_answer_for(ev, &path->look);
	const struct unix_socket *socket;
	int err;

	path->state = answer.state;
	path->socket_type = answer.type;
	path->connect_result = answer.connect_result;
	path->connect_why = answer.why;
	if (path->unlinked) {
		path->connect_result = NULL;
		path->connect_why =
			"its name does not lead to it any more; only what was mounted or opened before does";
	}
	if (answer.socket == NO_INDEX)
		return path->state == STATE_UNKNOWN ? add_named(ev, path) : 0;
	socket = &ev->sockets.at[answer.socket];
	path->backlog = socket->rqueue;
	path->backlog_max = socket->wqueue;
	err = index_list_add_once(&ev->arena, &path->listeners, answer.socket);
	if (err) {
		path->state = STATE_UNKNOWN;
		path->connect_result = NULL;
		path->connect_why = "there are more listeners than are kept";
		return err;
	}
	err = socket_holders(ev, socket->ino, &path->listener_processes);
	if (!err)
		note_activation(ev, path);
	return err;
}

int listeners_correlate(struct evidence *ev)
{
	int worst = 0;

	for (size_t i = 0; i < ev->paths.n; i++) {
		int err = join_listener(ev, &ev->paths.at[i]);

		if (err)
			worst = err;
	}
	return worst;
}

/* ---- connections ---- */

static bool same_list(const struct index_list *a, const struct index_list *b)
{
	return a->n == b->n &&
	       (a->n == 0 || memcmp(a->at, b->at, a->n * sizeof(*a->at)) == 0);
}

static bool same_connection(const struct connection *a,
			    const struct connection *b)
{
	return a->path == b->path && a->netns == b->netns &&
	       a->pending == b->pending &&
	       same_list(&a->clients, &b->clients) &&
	       same_list(&a->servers, &b->servers);
}

/* Connections between the same processes are one item with a count. */
static int count_connection(struct evidence *ev, const struct connection *made)
{
	struct connection *slot;

	for (size_t i = ev->connections.n; i > 0; i--) {
		slot = &ev->connections.at[i - 1];
		if (slot->path != made->path)
			break;
		if (same_connection(slot, made)) {
			slot->count++;
			return 0;
		}
	}
	slot = list_add(&ev->arena, &ev->connections, MAX_CONNECTIONS);
	if (!slot)
		return -errno;
	*slot = *made;
	slot->count = 1;
	return 0;
}

static int add_accepted(struct evidence *ev, size_t path,
			const struct unix_socket *socket)
{
	struct connection made = { .path = path, .netns = socket->netns };
	int err = socket_holders(ev, socket->peer, &made.clients);

	if (!err)
		err = socket_holders(ev, socket->ino, &made.servers);
	return err ? err : count_connection(ev, &made);
}

static size_t netns_of(const struct evidence *ev,
		       const struct index_list *processes)
{
	for (size_t i = 0; processes->n && i < ev->netns.n; i++) {
		if (ev->netns.at[i].ino ==
		    ev->processes.at[processes->at[0]].ns_net)
			return i;
	}
	return NO_INDEX;
}

/* A client in the listener's queue is connected, though not accepted yet. */
static int add_pending(struct evidence *ev, size_t path,
		       const struct unix_socket *listener)
{
	for (size_t i = 0; i < listener->pending.n; i++) {
		struct connection made = { .path = path, .pending = true };
		int err = socket_holders(ev, (uint32_t)listener->pending.at[i],
					 &made.clients);

		made.netns = netns_of(ev, &made.clients);
		if (!err)
			err = count_connection(ev, &made);
		if (err)
			return err;
	}
	return 0;
}

static int join_connections(struct evidence *ev, size_t path)
{
	for (size_t i = 0; i < ev->sockets.n; i++) {
		const struct unix_socket *socket = &ev->sockets.at[i];
		int err = 0;

		if (!socket_is_at(socket, &ev->paths.at[path].look))
			continue;
		if (socket->state == STATE_LISTEN)
			err = add_pending(ev, path, socket);
		else if (!is_bound(socket) && socket->peer)
			err = add_accepted(ev, path, socket);
		if (err)
			return err;
	}
	return 0;
}

static size_t first_of(const struct index_list *list)
{
	return list->n ? list->at[0] : NO_INDEX;
}

static int compare_connections(const void *a, const void *b)
{
	const struct connection *first = a;
	const struct connection *second = b;
	const size_t keys[][2] = {
		{ first->path, second->path },
		{ first_of(&first->clients), first_of(&second->clients) },
		{ first_of(&first->servers), first_of(&second->servers) },
		{ first->netns, second->netns },
		{ first->pending, second->pending },
		{ first->clients.n, second->clients.n },
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i][0] != keys[i][1])
			return keys[i][0] < keys[i][1] ? -1 : 1;
	}
	return 0;
}

int connections_correlate(struct evidence *ev)
{
	int err = 0;

	for (size_t i = 0; i < ev->paths.n && !err; i++) {
		if (ev->paths.at[i].look.kind == KIND_SOCKET)
			err = join_connections(ev, i);
	}
	if (ev->connections.n)
		qsort(ev->connections.at, ev->connections.n,
		      sizeof(*ev->connections.at), compare_connections);
	if (err == -EOVERFLOW) {
		struct coverage_tally tally = { .read = ev->connections.n };

		coverage_count(&tally, GAP_CUT, 0, err);
		coverage_report(ev, SOURCE_CONNECTIONS, "node", &tally);
		return 0;
	}
	return err;
}
