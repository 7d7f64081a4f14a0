// SPDX-License-Identifier: Apache-2.0
/*
 * The least that a program must ask the kernel for to know who is connected to
 * a node's sockets, and what is mounted where: one dump of AF_UNIX sockets per
 * network namespace, one mountinfo per mount namespace, the links of all
 * namespaces and descriptors. It joins nothing and answers nothing: it is the
 * floor that the benchmark measures the others against.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 65536, BUFFER = 256 * 1024 };

static char buffer[BUFFER];

/* Was this namespace seen before? Open addressing by its inode number. */
static int is_new(unsigned long *seen, unsigned long number)
{
	unsigned long at = number % MOST;

	while (seen[at] && seen[at] != number)
		at = (at + 1) % MOST;
	if (seen[at])
		return 0;
	seen[at] = number;
	return 1;
}

static unsigned long link_number(int dir, const char *name)
{
	char text[64];
	ssize_t len = readlinkat(dir, name, text, sizeof(text) - 1);
	const char *open;

	if (len < 0)
		return 0;
	text[len] = '\0';
	open = strchr(text, '[');
	return open ? strtoul(open + 1, NULL, 10) : 0;
}

static void read_all(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY);

	while (fd >= 0 && read(fd, buffer, sizeof(buffer)) > 0)
		;
	if (fd >= 0)
		close(fd);
}

static int has_end(ssize_t len)
{
	for (struct nlmsghdr *message = (void *)buffer; NLMSG_OK(message, len);
	     message = NLMSG_NEXT(message, len)) {
		if (message->nlmsg_type == NLMSG_DONE ||
		    message->nlmsg_type == NLMSG_ERROR)
			return 1;
	}
	return 0;
}

static void dump_sockets(int dir)
{
	struct {
		struct nlmsghdr header;
		struct unix_diag_req ask;
	} request = {
		.header = { sizeof(request), SOCK_DIAG_BY_FAMILY,
			    NLM_F_REQUEST | NLM_F_DUMP, 0, 0 },
		.ask = { .sdiag_family = AF_UNIX,
			 .udiag_states = -1U,
			 .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS |
				       UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS |
				       UDIAG_SHOW_RQLEN },
	};
	int ns = openat(dir, "ns/net", O_RDONLY);
	int fd;
	ssize_t len;

	if (ns < 0 || setns(ns, CLONE_NEWNET) < 0)
		err(1, "setns");
	close(ns);
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
	if (fd < 0 || send(fd, &request, sizeof(request), 0) < 0)
		err(1, "sock_diag");
	do
		len = recv(fd, buffer, sizeof(buffer), 0);
	while (len > 0 && !has_end(len));
	close(fd);
}

static void read_fds(int dir)
{
	int fd = openat(dir, "fd", O_RDONLY | O_DIRECTORY);
	DIR *fds = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	char text[64];

	while (fds && (entry = readdir(fds)))
		(void)!readlinkat(fd, entry->d_name, text, sizeof(text));
	if (fds)
		closedir(fds);
}

int main(void)
{
	static unsigned long nets[MOST], tables[MOST];
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		err(1, "/proc");
	while ((entry = readdir(proc))) {
		int dir;

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		dir = openat(dirfd(proc), entry->d_name, O_PATH | O_DIRECTORY);
		if (dir < 0)
			continue;
		if (is_new(nets, link_number(dir, "ns/net")))
			dump_sockets(dir);
		if (is_new(tables, link_number(dir, "ns/mnt")))
			read_all(dir, "mountinfo");
		read_fds(dir);
		close(dir);
	}
	return 0;
}
