/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AF_UNIX sockets of every network namespace on the node: NETLINK_SOCK_DIAG
 * (unix_diag) through libmnl, or /proc/PID/net/unix if that is unavailable. A
 * connection's server end is in the client's network namespace, so a dump of
 * the node's own namespace would miss every pod.
 */
#ifndef SOCKPROBE_SOCKDIAG_H
#define SOCKPROBE_SOCKDIAG_H

#include "sockprobe/evidence.h"

/* Which sockets to keep: those with a known name, or bound to a given inode. */
struct socket_filter {
	const struct path_object_list *paths;
};

/* The source of one namespace's sockets: one of the two, or neither. */
struct socket_table {
	struct mnl_socket *netlink;
	int net_unix; /* /proc/PID/net/unix, open; -1 none */
	int err;      /* why there is no netlink socket: -errno */
};
struct socket_tables {
	struct socket_table *at; /* as many as ev->netns, in its order */
	size_t n;
};

/*
 * Finds the network namespaces of all processes and of bind mounts in the
 * probe's own mount table, fills ev->netns, and opens a netlink socket in each,
 * which it enters for that (CAP_SYS_ADMIN). A netlink socket stays in its
 * namespace: asking it later takes no privileges. Adds the coverage line
 * "network_namespaces". 0 or -errno; close *tables in either case.
 */
int sockdiag_open(struct evidence *ev, struct socket_tables *tables,
		  int64_t deadline);

/*
 * Takes one dump of each and fills ev->sockets. Adds the coverage line
 * "sockets". 0 or -errno.
 */
int sockdiag_collect(struct evidence *ev, struct socket_tables *tables,
		     const struct socket_filter *filter, int64_t deadline);
void sockdiag_close(struct socket_tables *tables);

/* Is this socket one that the filter keeps? */
bool socket_wanted(const struct socket_filter *filter,
		   const struct unix_socket *socket);

/* sun_path has 108 bytes and need not end with NUL. */
enum { SOCKET_NAME_SIZE = 108 + 1 };

/*
 * Decodes one unix_diag message into *socket. socket->name points to `name`;
 * the arena owns the pending list. 0; -ENODATA for a socket without a path in a
 * file system; -EINVAL for a malformed message; -ENOMEM.
 */
struct nlmsghdr;
int parse_unix_diag(struct arena *arena, const struct nlmsghdr *message,
		    struct unix_socket *socket,
		    char name[static SOCKET_NAME_SIZE]);

/*
 * The fallback can be forged: a name with a newline looks like another line. So
 * its sockets are mentioned, and nothing is concluded from them.
 *
 * Decodes one line of /proc/net/unix (without its newline) into *socket, whose
 * name points into the line. 0; -ENODATA without a path; -EINVAL for another
 * form.
 */
int parse_net_unix_line(const char *line, struct unix_socket *socket);

#endif
