/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One dump of the unix sockets of a network namespace, over a netlink socket
 * that was opened in it.
 */
#ifndef SOCKPROBE_DUMP_H
#define SOCKPROBE_DUMP_H

#include <stddef.h>
#include <stdint.h>

struct mnl_socket;
struct nlmsghdr;

/* Opens a netlink socket in the present network namespace. 0 or -errno. */
int dump_open(struct mnl_socket **netlink);

/*
 * Does this kernel answer such requests at all? unix_diag may be a module that
 * is not there: then the answer is -ENOENT. 0 or -errno.
 */
int dump_is_known(struct mnl_socket *netlink, int64_t deadline);

/* What is done with each message of a dump: 0, or -errno, which ends it. */
typedef int (*dump_take)(const struct nlmsghdr *message, void *data);

struct dump_request {
	unsigned int seq; /* another one for each request on a socket */
	int64_t deadline; /* in now_ms() time */
	dump_take take;
	void *data;
	char *buffer; /* for one receive */
	size_t size;
};

/*
 * Asks for all unix sockets and takes what comes. A dump of which a part was
 * lost is read to its end all the same, because no other can be asked for
 * before that. So after these three the caller may ask again: -EINTR where the
 * table changed while it was read or a signal came, -ENOBUFS where the kernel
 * had no memory for a part, -ENOSPC where a part was larger than the buffer.
 * Of the other errors, -ETIMEDOUT is the deadline, which whoever is root of the
 * namespace can bring about, and -EAGAIN a kernel that does not answer.
 */
int dump_sockets(struct mnl_socket *netlink,
		 const struct dump_request *request);

#endif
