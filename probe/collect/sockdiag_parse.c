// SPDX-License-Identifier: Apache-2.0
/*
 * Decodes one unix_diag message (linux/unix_diag.h, net/unix/diag.c) and one
 * line of /proc/net/unix (net/unix/af_unix.c), and decides which sockets are
 * kept.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include "collect/sockdiag.h"
#include "sockprobe/vocabulary.h"

enum {
	KERNEL_MINOR_BITS = 20,
	TCP_ESTABLISHED_STATE = 1,
	TCP_CLOSE_STATE = 7,
	TCP_LISTEN_STATE = 10,
	SS_CONNECTED_STATE = 3,	       /* linux/net.h */
	SOCKET_LISTENS_FLAG = 0x10000, /* __SO_ACCEPTCON */
	MAX_PENDING = 65536,
};

struct attributes {
	const struct nlattr *by_type[UNIX_DIAG_MAX + 1];
};

/*
 * -EINVAL where the attributes do not fill the message exactly. libmnl rounds
 * the message's length up before it looks for its end.
 */
static int take_attributes(const struct nlmsghdr *message,
			   struct attributes *attributes)
{
	const char *end = mnl_nlmsg_get_payload_offset(
		message, sizeof(struct unix_diag_msg));
	const char *limit = (const char *)message + message->nlmsg_len;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(struct unix_diag_msg))
	{
		uint16_t type = mnl_attr_get_type(attr);

		if ((const char *)attr + attr->nla_len > limit)
			return -EINVAL;
		if (type <= UNIX_DIAG_MAX)
			attributes->by_type[type] = attr;
		end = (const char *)mnl_attr_next(attr);
	}
	return end >= (const char *)mnl_nlmsg_get_payload_tail(message)
		       ? 0
		       : -EINVAL;
}

/* The attribute's bytes if there are at least `size`, NULL otherwise. */
static const void *payload(const struct attributes *attributes, int type,
			   size_t size)
{
	const struct nlattr *attr = attributes->by_type[type];

	if (!attr || mnl_attr_get_payload_len(attr) < size)
		return NULL;
	return mnl_attr_get_payload(attr);
}

/* The kernel's own dev_t, not the encoding that st_dev has. */
static dev_t decode_dev(uint32_t dev)
{
	return makedev(dev >> KERNEL_MINOR_BITS,
		       dev & ((1U << KERNEL_MINOR_BITS) - 1));
}

static int take_pending(struct arena *arena,
			const struct attributes *attributes,
			struct unix_socket *socket)
{
	const struct nlattr *attr = attributes->by_type[UNIX_DIAG_ICONS];
	const char *bytes;
	size_t n;

	if (!attr)
		return 0;
	bytes = mnl_attr_get_payload(attr);
	n = mnl_attr_get_payload_len(attr) / sizeof(uint32_t);
	for (size_t i = 0; i < n; i++) {
		size_t *slot = list_add(arena, &socket->pending, MAX_PENDING);
		uint32_t ino;

		if (!slot)
			return -errno;
		memcpy(&ino, bytes + i * sizeof(ino), sizeof(ino));
		*slot = ino;
	}
	return 0;
}

static int take_name(const struct attributes *attributes, char *name)
{
	const struct nlattr *attr = attributes->by_type[UNIX_DIAG_NAME];
	size_t len;

	if (!attr)
		return -ENODATA;
	/* The kernel may count a final NUL that it adds itself. */
	len = strnlen(mnl_attr_get_payload(attr),
		      mnl_attr_get_payload_len(attr));
	if (len >= SOCKET_NAME_SIZE)
		return -EINVAL;
	memcpy(name, mnl_attr_get_payload(attr), len);
	name[len] = '\0';
	/* An abstract name begins with NUL: it is no path. */
	return name[0] ? 0 : -ENODATA;
}

int parse_unix_diag(struct arena *arena, const struct nlmsghdr *message,
		    struct unix_socket *socket,
		    char name[static SOCKET_NAME_SIZE])
{
	struct attributes attributes = { 0 };
	const struct unix_diag_msg *diag;
	const struct unix_diag_rqlen *queue;
	const struct unix_diag_vfs *vfs;
	const uint32_t *peer;
	const uint8_t *shutdown;
	int err;

	*socket = (struct unix_socket){ .name = name };
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*diag))
		return -EINVAL;
	diag = mnl_nlmsg_get_payload(message);
	if (diag->udiag_family != AF_UNIX ||
	    take_attributes(message, &attributes))
		return -EINVAL;
	socket->type = diag->udiag_type;
	socket->state = diag->udiag_state;
	socket->ino = diag->udiag_ino;
	vfs = payload(&attributes, UNIX_DIAG_VFS, sizeof(*vfs));
	if (vfs) {
		socket->has_vfs = true;
		socket->vfs_ino = vfs->udiag_vfs_ino;
		socket->vfs_dev = decode_dev(vfs->udiag_vfs_dev);
	}
	peer = payload(&attributes, UNIX_DIAG_PEER, sizeof(*peer));
	if (peer)
		socket->peer = *peer;
	queue = payload(&attributes, UNIX_DIAG_RQLEN, sizeof(*queue));
	if (queue) {
		socket->rqueue = queue->udiag_rqueue;
		socket->wqueue = queue->udiag_wqueue;
	}
	shutdown = payload(&attributes, UNIX_DIAG_SHUTDOWN, sizeof(*shutdown));
	if (shutdown)
		socket->shutdown = *shutdown;
	err = take_name(&attributes, name);
	return err ? err : take_pending(arena, &attributes, socket);
}

int parse_net_unix_line(const char *line, struct unix_socket *socket)
{
	unsigned int flags;
	unsigned int type;
	unsigned int state;
	unsigned long ino;
	int at = 0;

	*socket = (struct unix_socket){ 0 };
	if (sscanf(line, "%*x: %*x %*x %x %x %x %lu%n", &flags, &type, &state,
		   &ino, &at) != 4 ||
	    at == 0)
		return -EINVAL;
	if (line[at] != ' ' || line[at + 1] == '@' || line[at + 1] == '\0')
		return -ENODATA;
	socket->ino = (uint32_t)ino;
	socket->type = (uint8_t)type;
	/* This file gives the socket layer's state, not the protocol's. */
	if (flags & SOCKET_LISTENS_FLAG)
		socket->state = TCP_LISTEN_STATE;
	else
		socket->state = state == SS_CONNECTED_STATE
					? TCP_ESTABLISHED_STATE
					: TCP_CLOSE_STATE;
	socket->name = line + at + 1;
	return 0;
}

bool socket_wanted(const struct socket_filter *filter,
		   const struct unix_socket *socket)
{
	const char *basename = path_basename(socket->name);

	if (known_basename(basename))
		return true;
	for (size_t i = 0; i < filter->paths->n; i++) {
		const struct path_object *path = &filter->paths->at[i];

		if (socket->has_vfs && path->look.kind == KIND_SOCKET &&
		    path->look.inode.sb_dev == socket->vfs_dev &&
		    (uint32_t)path->look.inode.ino == socket->vfs_ino)
			return true;
		for (size_t k = 0; k < path->names.n; k++) {
			if (strcmp(path_basename(path->names.at[k]),
				   basename) == 0)
				return true;
		}
	}
	return false;
}
