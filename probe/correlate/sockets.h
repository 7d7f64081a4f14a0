/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets joined with paths and processes: by device and inode, never by name.
 * Who listens, what connect(2) would return, and who is connected.
 */
#ifndef SOCKPROBE_SOCKETS_H
#define SOCKPROBE_SOCKETS_H

#include "sockprobe/evidence.h"

/* What the socket tables show of one object. */
struct socket_answer {
	enum socket_state state;
	int type;		    /* SOCK_STREAM...; 0 unknown */
	const char *connect_result; /* "OK" or an errno name; NULL unknown */
	const char *why;
	size_t socket; /* the listening or bound socket; NO_INDEX: none */
};

/*
 * The inode numbers of all sockets whose holders are needed: kept sockets,
 * their peers, and pending clients. Sorted; the arena owns them. 0 or -ENOMEM.
 */
int sockets_wanted(struct evidence *ev, const uint32_t **inos, size_t *n);

/* Adds the processes that hold socket `ino` to *processes. 0 or -errno. */
int socket_holders(struct evidence *ev, uint32_t ino,
		   struct index_list *processes);

/*
 * What connect(2) of a stream socket would return for an object that may be
 * written to. Derived from the kernel's order of checks in unix_find_other()
 * and unix_stream_connect() (net/unix/af_unix.c), never tried.
 */
struct socket_answer socket_answer_for(const struct evidence *ev,
				       const struct path_look *look);

/* Does it listen (stream or seqpacket)? */
bool socket_is_listening(const struct unix_socket *socket);

/* Is this kept socket bound to this object? */
bool socket_is_at(const struct unix_socket *socket,
		  const struct path_look *look);

/* Fills state, listeners and connect_result of every path. 0 or -errno. */
int listeners_correlate(struct evidence *ev);

/* Fills ev->connections, sorted. 0 or -errno. */
int connections_correlate(struct evidence *ev);

#endif
