/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AF_UNIX sockets of every network namespace on the node: NETLINK_SOCK_DIAG
 * (unix_diag) through libmnl, or /proc/PID/net/unix where that is not to be
 * had. A connection's server end lives in the client's network namespace, so
 * one dump of the node's own would miss every pod.
 */
#ifndef SOCKPROBE_SOCKDIAG_H
#define SOCKPROBE_SOCKDIAG_H

#include "sockprobe/evidence.h"

/* Which sockets to keep: those of a known name, or bound to a given inode. */
struct socket_filter {
	const struct path_object_list *paths;
};

/* Where one namespace's sockets come from: one of the two, or neither. */
struct socket_table {
	struct mnl_socket *netlink;
	int net_unix; /* /proc/PID/net/unix, open; -1 none */
	int err;      /* -errno of why there is no netlink socket */
};
struct socket_tables {
	struct socket_table *at; /* as many as ev->netns, in its order */
	size_t n;
};

/*
 * Finds the network namespaces of all processes and of bind mounts in the
 * probe's own mount table, fills ev->netns, and opens a netlink socket in each,
 * being in it just so long, which needs CAP_SYS_ADMIN. A netlink socket stays
 * in its namespace: to ask it afterwards takes no privileges. Adds the coverage
 * line "network_namespaces". 0 or -errno; to be closed in either case.
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

/* sun_path holds 108 bytes and need not end with NUL. */
enum { SOCKET_NAME_SIZE = 108 + 1 };

/*
 * One unix_diag message into *socket; socket->name points to `name`, and the
 * pending list is owned by the arena. 0; -ENODATA for a socket without a path in a file system; -EINVAL
 * for a malformed message; -ENOMEM.
 */
struct nlmsghdr;
int parse_unix_diag(struct arena *arena, const struct nlmsghdr *message,
		    struct unix_socket *socket,
		    char name[static SOCKET_NAME_SIZE]);

/*
 * The fallback may be forged: a name with a newline in it looks like a
 * line of its own. So what comes from it is mentioned, and nothing is concluded.
 *
 * One line of /proc/net/unix (without its newline) into *socket, whose name
 * points into the line. 0; -ENODATA for one without a path; -EINVAL for another
 * form.
 */
int parse_net_unix_line(const char *line, struct unix_socket *socket);

#endif
