// SPDX-License-Identifier: Apache-2.0
/* The dumps of dump.h, each read to its end. */
#include "collect/dump.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "sockprobe/util.h"

enum {
	RECEIVE_BUFFER = 4 * 1024 * 1024,
	RECEIVE_SECONDS = 2,
	/* After so many errors in one dump the socket is given up. */
	MOST_ERRORS = 64,
};

/* How far the reading of one dump has come. */
struct reading {
	const struct dump_request *request;
	bool done;
	int err; /* the first */
};

static void note_error(struct reading *reading, int err)
{
	if (!reading->err)
		reading->err = err;
}

int dump_open(struct mnl_socket **netlink)
{
	struct timeval wait = { .tv_sec = RECEIVE_SECONDS };
	int size = RECEIVE_BUFFER;
	struct mnl_socket *made =
		mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);

	*netlink = NULL;
	if (!made)
		return -errno;
	if (mnl_socket_bind(made, 0, MNL_SOCKET_AUTOPID) < 0) {
		int err = -errno;

		mnl_socket_close(made);
		return err;
	}
	setsockopt(mnl_socket_get_fd(made), SOL_SOCKET, SO_RCVTIMEO, &wait,
		   sizeof(wait));
	/* Best effort: a lost part is noticed and the dump repeated anyway. */
	if (setsockopt(mnl_socket_get_fd(made), SOL_SOCKET, SO_RCVBUFFORCE,
		       &size, sizeof(size)) < 0)
		setsockopt(mnl_socket_get_fd(made), SOL_SOCKET, SO_RCVBUF,
			   &size, sizeof(size));
	*netlink = made;
	return 0;
}

/* Asks for the sockets in these states (one bit each). */
static int send_dump_request(struct mnl_socket *netlink, uint32_t states,
			     unsigned int seq)
{
	char buffer[128] = { 0 };
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct unix_diag_req *request;

	header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header->nlmsg_seq = seq;
	request = mnl_nlmsg_put_extra_header(header, sizeof(*request));
	request->sdiag_family = AF_UNIX;
	request->udiag_states = states;
	request->udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS |
			      UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS |
			      UDIAG_SHOW_RQLEN;
	return mnl_socket_sendto(netlink, header, header->nlmsg_len) < 0
		       ? -errno
		       : 0;
}

/*
 * Receives once. Returns the number of bytes, 0 for a message that is not the
 * kernel's, or -errno; -ENOSPC if it was truncated. Root in the namespace can
 * send to this socket, and could end a dump in the kernel's name.
 */
static ssize_t receive(struct mnl_socket *netlink, char *buffer, size_t size)
{
	struct sockaddr_nl from = { 0 };
	struct iovec part = { .iov_base = buffer, .iov_len = size };
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &part,
		.msg_iovlen = 1,
	};
	ssize_t got = recvmsg(mnl_socket_get_fd(netlink), &message, 0);

	if (got < 0)
		return -errno;
	if (message.msg_namelen != sizeof(from) || from.nl_pid != 0)
		return 0;
	return (message.msg_flags & MSG_TRUNC) ? -ENOSPC : got;
}

/* The error number in a message that ends a dump: 0 or -errno. */
static int payload_error(const struct nlmsghdr *message)
{
	const int *err = mnl_nlmsg_get_payload(message);

	return mnl_nlmsg_get_payload_len(message) < sizeof(*err) ? 0 : *err;
}

static void take_message(struct reading *reading,
			 const struct nlmsghdr *message)
{
	const struct dump_request *request = reading->request;
	int err = 0;

	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		note_error(reading, -EINTR);
	if (message->nlmsg_type == NLMSG_DONE ||
	    message->nlmsg_type == NLMSG_ERROR) {
		err = payload_error(message);
		/* If the first part did not fit, the rest is still to come. */
		reading->done = message->nlmsg_type == NLMSG_DONE ||
				err != -ENOBUFS;
	} else if (message->nlmsg_type == SOCK_DIAG_BY_FAMILY &&
		   request->take) {
		err = request->take(message, request->data);
		reading->done = err != 0;
	}
	if (err < 0)
		note_error(reading, err);
}

static void take_messages(struct reading *reading, size_t len)
{
	const struct nlmsghdr *at = (void *)reading->request->buffer;
	int left = (int)len;

	for (; !reading->done && mnl_nlmsg_ok(at, left);
	     at = mnl_nlmsg_next(at, &left)) {
		if (at->nlmsg_seq == reading->request->seq)
			take_message(reading, at);
	}
}

static int read_to_end(struct mnl_socket *netlink, struct reading *reading)
{
	const struct dump_request *request = reading->request;
	unsigned int errors = 0;

	while (!reading->done) {
		ssize_t got = receive(netlink, request->buffer, request->size);

		if (got == -EAGAIN || (got < 0 && ++errors > MOST_ERRORS))
			return -EAGAIN;
		if (got < 0)
			note_error(reading, (int)got);
		else
			take_messages(reading, (size_t)got);
		if (!reading->done && now_ms() > request->deadline)
			return -ETIMEDOUT;
	}
	return reading->err;
}

int dump_sockets(struct mnl_socket *netlink, const struct dump_request *request)
{
	struct reading reading = { .request = request };
	int err = send_dump_request(netlink, UINT32_MAX, request->seq);

	return err ? err : read_to_end(netlink, &reading);
}

/* Asks for sockets in no state: the dump is empty. */
int dump_is_known(struct mnl_socket *netlink, int64_t deadline)
{
	_Alignas(struct nlmsghdr) char buffer[8192];
	const struct dump_request request = {
		.deadline = deadline,
		.buffer = buffer,
		.size = sizeof(buffer),
	};
	struct reading reading = { .request = &request };
	int err = send_dump_request(netlink, 0, request.seq);

	return err ? err : read_to_end(netlink, &reading);
}
