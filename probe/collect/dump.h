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
 * Does this kernel answer such requests? If unix_diag is a module that is not
 * loaded and cannot be, the answer is -ENOENT. 0 or -errno.
 */
int dump_is_known(struct mnl_socket *netlink, int64_t deadline);

/*
 * Called with each message of a dump. Returns 0, or -errno, which ends the
 * dump.
 */
typedef int (*dump_take)(const struct nlmsghdr *message, void *data);

struct dump_request {
	unsigned int seq; /* different for each request on a socket */
	int64_t deadline; /* in now_ms() time */
	dump_take take;
	void *data;
	char *buffer; /* for one receive */
	size_t size;
};

/*
 * Asks for all unix sockets and passes each to `take`. A dump that lost a part
 * is read to its end all the same, because no other can be asked for before
 * that; so after these three errors the caller may ask again: -EINTR, the table
 * changed while it was read, or a signal came; -ENOBUFS, the kernel had no
 * memory for a part; -ENOSPC, a part was larger than the buffer. Of the other
 * errors, -ETIMEDOUT is the deadline, which root in the namespace can bring
 * about, and -EAGAIN a kernel that does not answer.
 */
int dump_sockets(struct mnl_socket *netlink,
		 const struct dump_request *request);

#endif
