// SPDX-License-Identifier: Apache-2.0
/*
 * The socket collector: finds the network namespaces, enters each just long
 * enough to open a netlink socket there, and later takes one dump of each.
 */
#include "collect/sockdiag.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
	MAX_NETNS = 16384,
	DUMP_TRIES = 3,
	DUMP_BUFFER = 256 * 1024,
	RECEIVE_BUFFER = 4 * 1024 * 1024,
	RECEIVE_SECONDS = 2,
};

#define MEND_DUMP                                                              \
	"run as root with CAP_SYS_ADMIN and CAP_SYS_PTRACE (kubectl debug: "   \
	"--profile=sysadmin)"

/* ---- which namespaces there are ---- */

static int add_netns(struct evidence *ev, uint64_t ino, size_t process,
		     const char *mount_path)
{
	struct netns *netns = list_add(&ev->arena, &ev->netns, MAX_PROCESSES);

	if (!netns)
		return -errno;
	*netns = (struct netns){
		.ino = ino,
		.process = process,
		.mount_path = mount_path,
		.dump = DUMP_NONE,
		.status = COVERAGE_UNAVAILABLE,
	};
	return 0;
}

/* A namespace may be kept by a mount alone: ip netns and CNI make such. */
static int add_mounted(struct evidence *ev, size_t view)
{
	if (view == NO_INDEX)
		return 0;
	for (size_t i = 0; i < ev->views.at[view].mounts.n; i++) {
		const struct mount *mount = &ev->views.at[view].mounts.at[i];
		unsigned long long ino;
		int err;

		if (strcmp(mount->fstype, "nsfs") != 0 ||
		    sscanf(mount->root, "net:[%llu]", &ino) != 1)
			continue;
		err = add_netns(ev, ino, NO_INDEX, mount->point);
		if (err)
			return err;
	}
	return 0;
}

/* Of one namespace the first process stands first, a mount last. */
static int compare_netns(const void *a, const void *b)
{
	const struct netns *first = a;
	const struct netns *second = b;

	if (first->ino != second->ino)
		return first->ino < second->ino ? -1 : 1;
	return first->process < second->process
		       ? -1
		       : first->process > second->process;
}

static void drop_doubles(struct netns_list *list)
{
	size_t kept = 0;

	if (list->n)
		qsort(list->at, list->n, sizeof(*list->at), compare_netns);
	for (size_t i = 0; i < list->n; i++) {
		if (!kept || list->at[kept - 1].ino != list->at[i].ino)
			list->at[kept++] = list->at[i];
	}
	list->n = kept;
}

/* What is past the bound is left out, and said. */
static void bound_netns(struct evidence *ev, bool cut)
{
	if (ev->netns.n > MAX_NETNS) {
		ev->netns.n = MAX_NETNS;
		cut = true;
	}
	ev->netns_cut = cut;
}

static void mark_node(struct evidence *ev)
{
	uint64_t ino = 0;

	for (size_t i = 0; i < ev->processes.n; i++) {
		if (ev->processes.at[i].pid == 1 &&
		    ev->probe.extent != EXTENT_CONTAINER)
			ino = ev->processes.at[i].ns_net;
	}
	for (size_t i = 0; i < ev->netns.n; i++)
		ev->netns.at[i].node = ino && ev->netns.at[i].ino == ino;
}

static void find_namespaces(struct evidence *ev)
{
	int err = 0;

	for (size_t i = 0; i < ev->processes.n && !err; i++) {
		const struct process *process = &ev->processes.at[i];

		if (process->kthread)
			continue;
		if (process->ns_net)
			err = add_netns(ev, process->ns_net, i, NULL);
		else
			ev->netns_hidden++;
	}
	if (!err)
		err = add_mounted(ev, ev->own_view);
	drop_doubles(&ev->netns);
	bound_netns(ev, err != 0);
	mark_node(ev);
}

/* ---- one dump ---- */

struct dump {
	struct evidence *ev;
	const struct socket_filter *filter;
	size_t netns;
	int err;
};

static int keep_socket(struct dump *dump, const struct unix_socket *socket)
{
	struct evidence *ev = dump->ev;
	struct unix_socket *slot;

	if (!socket_wanted(dump->filter, socket))
		return 0;
	slot = list_add(&ev->arena, &ev->sockets, MAX_SOCKETS);
	if (!slot)
		return -errno;
	*slot = *socket;
	slot->netns = dump->netns;
	slot->name = arena_strdup(&ev->arena, socket->name);
	if (slot->name)
		return 0;
	ev->sockets.n--;
	return -ENOMEM;
}

static int take_message(const struct nlmsghdr *message, void *data)
{
	struct dump *dump = data;
	struct unix_socket socket;
	char name[SOCKET_NAME_SIZE];
	int err;

	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return MNL_CB_OK;
	err = parse_unix_diag(&dump->ev->arena, message, &socket, name);
	if (!err)
		err = keep_socket(dump, &socket);
	if (err && err != -ENODATA) {
		dump->err = err;
		return MNL_CB_ERROR;
	}
	return MNL_CB_OK;
}

/* Asks for the sockets that are in one of these states, a bit each. */
static int send_request(struct mnl_socket *netlink, uint32_t states,
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
 * One whole dump. -EINTR where the table changed under it (the kernel says
 * so), -ENOBUFS or -ENOSPC where parts were lost: the caller tries again.
 */
static int dump_once(struct mnl_socket *netlink, struct dump *dump,
		     char *buffer, unsigned int seq)
{
	unsigned int port = mnl_socket_get_portid(netlink);
	int more = MNL_CB_OK;
	int err = send_request(netlink, UINT32_MAX, seq);

	dump->err = 0;
	while (!err && more > MNL_CB_STOP) {
		ssize_t got = mnl_socket_recvfrom(netlink, buffer, DUMP_BUFFER);

		if (got < 0)
			return -errno;
		more = mnl_cb_run(buffer, (size_t)got, seq, port, take_message,
				  dump);
		if (more < 0)
			err = dump->err ? dump->err : -errno;
	}
	return err;
}

static int open_netlink(struct mnl_socket **netlink)
{
	struct timeval wait = { .tv_sec = RECEIVE_SECONDS };
	int room = RECEIVE_BUFFER;
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
	/* Best effort: a loss is noticed and tried again anyway. */
	if (setsockopt(mnl_socket_get_fd(made), SOL_SOCKET, SO_RCVBUFFORCE,
		       &room, sizeof(room)) < 0)
		setsockopt(mnl_socket_get_fd(made), SOL_SOCKET, SO_RCVBUF,
			   &room, sizeof(room));
	*netlink = made;
	return 0;
}

static bool worth_retrying(int err)
{
	return err == -EINTR || err == -ENOBUFS || err == -ENOSPC;
}

/* Tries again, each time from a clean table and a fresh socket's queue. */
static int dump_netns(struct dump *dump, struct mnl_socket *netlink,
		      char *buffer)
{
	size_t before = dump->ev->sockets.n;
	int err = 0;

	for (unsigned int try = 1; try <= DUMP_TRIES; try++) {
		dump->ev->sockets.n = before;
		err = dump_once(netlink, dump, buffer, try);
		if (!worth_retrying(err))
			break;
	}
	return err;
}

/* ---- the lesser source ---- */

static int keep_line(struct dump *dump, const char *line)
{
	struct unix_socket socket;
	int err = parse_net_unix_line(line, &socket);

	if (!err)
		err = keep_socket(dump, &socket);
	return err == -ENODATA || err == -EINVAL ? 0 : err;
}

/* Keeps all whole lines of a text; what is left of it moves to its front. */
static int keep_lines(struct dump *dump, char *text, size_t *len)
{
	char *line = text;
	char *end;
	int err = 0;

	while (!err &&
	       (end = memchr(line, '\n', *len - (size_t)(line - text)))) {
		*end = '\0';
		err = keep_line(dump, line);
		line = end + 1;
	}
	*len -= (size_t)(line - text);
	memmove(text, line, *len);
	return err;
}

static int read_net_unix(struct dump *dump, int fd, char *buffer)
{
	size_t len = 0;
	int err = 0;

	while (!err) {
		/* no line of the kernel's is as long as the buffer */
		ssize_t got = read(fd, buffer + len, DUMP_BUFFER - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : 0;
		len += (size_t)got;
		err = keep_lines(dump, buffer, &len);
	}
	return err;
}

/* ---- entering a namespace ---- */

/*
 * A mount point from the table, checked to be that namespace before it is
 * opened for more than its name: links on the way there may have changed.
 */
static int open_mounted(const struct netns *netns)
{
	cleanup_close int found =
		open(netns->mount_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char link[64];
	struct statfs fs;
	struct stat st;
	int fd;

	if (found < 0)
		return -errno;
	if (fstatfs(found, &fs) < 0 || fs.f_type != NSFS_MAGIC ||
	    fstat(found, &st) < 0 || st.st_ino != netns->ino)
		return -ENOENT;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", found);
	fd = open(link, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_netns(const struct evidence *ev, const struct netns *netns)
{
	int fd;

	if (netns->process == NO_INDEX)
		return open_mounted(netns);
	fd = openat(ev->processes.at[netns->process].dirfd, "ns/net",
		    O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static uint64_t own_netns(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) == 0 ? st.st_ino : 0;
}

/*
 * Opens a netlink socket inside the namespace and comes back. A failure to
 * come back would make every later answer another namespace's: it ends the run.
 */
static int open_inside(const struct evidence *ev, const struct netns *netns,
		       int home, struct mnl_socket **netlink)
{
	cleanup_close int fd = -1;
	int err;

	*netlink = NULL;
	if (netns->ino == own_netns())
		return open_netlink(netlink);
	fd = open_netns(ev, netns);
	if (fd < 0)
		return fd;
	if (setns(fd, CLONE_NEWNET) < 0)
		return -errno;
	err = open_netlink(netlink);
	if (setns(home, CLONE_NEWNET) < 0) {
		fprintf(stderr,
			"sockprobe: return to own network namespace: %s\n",
			strerror(errno));
		_exit(70);
	}
	return err;
}

/*
 * Does this kernel know such requests? unix_diag may be a module that is not
 * there. It is asked for sockets in no state, of which there are none.
 */
static int ask_for_nothing(struct mnl_socket *netlink)
{
	enum { SEQ = 1 };
	char buffer[8192];
	int err = send_request(netlink, 0, SEQ);
	ssize_t got;

	if (err)
		return err;
	got = mnl_socket_recvfrom(netlink, buffer, sizeof(buffer));
	if (got < 0)
		return -errno;
	return mnl_cb_run(buffer, (size_t)got, SEQ,
			  mnl_socket_get_portid(netlink), NULL, NULL) < 0
		       ? -errno
		       : 0;
}

/* `*known`, of all tables: 1 not asked yet, 0 or -errno of ask_for_nothing(). */
static void open_table(const struct evidence *ev, const struct netns *netns,
		       int home, int *known, struct socket_table *table)
{
	table->err = open_inside(ev, netns, home, &table->netlink);
	if (!table->err && *known > 0)
		*known = ask_for_nothing(table->netlink);
	if (!table->err && *known < 0) {
		mnl_socket_close(table->netlink);
		table->netlink = NULL;
		table->err = *known;
	}
	if (!table->err || netns->process == NO_INDEX)
		return;
	/* The lesser source; it cannot be opened without privileges later. */
	table->net_unix = openat(ev->processes.at[netns->process].dirfd,
				 "net/unix", O_RDONLY | O_CLOEXEC);
}

/* ---- asking them ---- */

static void fall_back(struct dump *dump, struct netns *netns,
		      const struct socket_table *table, char *buffer, int err)
{
	struct evidence *ev = dump->ev;
	size_t before = ev->sockets.n;
	bool denied = err == -EPERM || err == -EACCES;

	netns->why = arena_strdup(&ev->arena, strerror(-err));
	netns->status = denied ? COVERAGE_DENIED : COVERAGE_UNAVAILABLE;
	if (table->net_unix < 0)
		return;
	if (read_net_unix(dump, table->net_unix, buffer)) {
		ev->sockets.n = before;
		return;
	}
	netns->dump = DUMP_PROC_NET;
}

static void collect_one(struct dump *dump, struct netns *netns,
			struct socket_table *table, char *buffer)
{
	size_t before = dump->ev->sockets.n;
	int err = table->netlink ? dump_netns(dump, table->netlink, buffer)
				 : table->err;

	if (!err) {
		netns->dump = DUMP_DIAG;
		netns->status = COVERAGE_COMPLETE;
		return;
	}
	if (worth_retrying(err) || err == -ENOMEM || err == -EOVERFLOW) {
		/* What came is true, if not all: it stays, and is said. */
		netns->dump = DUMP_DIAG;
		netns->status = COVERAGE_PARTIAL;
		netns->why = err == -EINTR ? "changed while it was read"
					   : strerror(-err);
		return;
	}
	dump->ev->sockets.n = before;
	fall_back(dump, netns, table, buffer, err);
}

/* ---- what is said of it ---- */

static void report_netns(struct evidence *ev)
{
	if (ev->netns_hidden)
		coverage_add(
			ev, "network_namespaces", processes_extent(ev),
			COVERAGE_DENIED, MEND_DUMP,
			"namespaces of %zu processes denied, %zu namespaces known",
			ev->netns_hidden, ev->netns.n);
	else if (ev->netns_cut)
		coverage_add(ev, "network_namespaces", processes_extent(ev),
			     COVERAGE_PARTIAL,
			     "look for who makes so many network namespaces",
			     "the first %zu network namespaces, the most kept",
			     ev->netns.n);
	else
		coverage_add(ev, "network_namespaces", processes_extent(ev),
			     COVERAGE_COMPLETE, NULL, "%zu network namespaces",
			     ev->netns.n);
}

/* One line for each outcome, naming its first namespace and how many. */
static void report_sockets(struct evidence *ev, bool timed_out)
{
	size_t complete = 0;

	for (size_t i = 0; i < ev->netns.n; i++) {
		const struct netns *netns = &ev->netns.at[i];
		size_t same = 0;
		bool first = true;
		char scope[96];

		if (netns->status == COVERAGE_COMPLETE) {
			complete++;
			continue;
		}
		for (size_t k = 0; k < ev->netns.n; k++) {
			if (ev->netns.at[k].status != netns->status ||
			    ev->netns.at[k].dump != netns->dump)
				continue;
			same++;
			first &= k >= i;
		}
		if (!first)
			continue;
		snprintf(scope, sizeof(scope),
			 "%zu of %zu network namespaces (net:[%llu]%s)", same,
			 ev->netns.n, (unsigned long long)netns->ino,
			 same > 1 ? ", ..." : "");
		coverage_add(
			ev, "sockets", scope, netns->status, MEND_DUMP,
			"%s: %s", netns->why ? netns->why : "not asked",
			netns->dump == DUMP_PROC_NET
				? "read /proc/PID/net/unix instead, which has names but neither inodes nor peers"
			: netns->dump == DUMP_DIAG
				? "some sockets may be missing"
				: "no sockets read");
	}
	if (timed_out)
		coverage_add(ev, "sockets", processes_extent(ev),
			     COVERAGE_TIMED_OUT,
			     "give more time with --timeout",
			     "not all network namespaces were reached");
	else if (complete == ev->netns.n)
		coverage_add(ev, "sockets", processes_extent(ev),
			     COVERAGE_COMPLETE, NULL,
			     "unix_diag dumps of %zu network namespaces",
			     complete);
}

int sockdiag_open(struct evidence *ev, struct socket_tables *tables,
		  int64_t deadline)
{
	cleanup_close int home =
		open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int known = 1;

	*tables = (struct socket_tables){ 0 };
	find_namespaces(ev);
	tables->at =
		arena_alloc(&ev->arena, ev->netns.n * sizeof(*tables->at) + 1);
	if (!tables->at)
		return -ENOMEM;
	for (size_t i = 0; i < ev->netns.n; i++) {
		tables->at[i] = (struct socket_table){ .net_unix = -1,
						       .err = -ETIMEDOUT };
		if (now_ms() <= deadline)
			open_table(ev, &ev->netns.at[i], home, &known,
				   &tables->at[i]);
	}
	tables->n = ev->netns.n;
	report_netns(ev);
	return 0;
}

int sockdiag_collect(struct evidence *ev, struct socket_tables *tables,
		     const struct socket_filter *filter, int64_t deadline)
{
	char buffer[DUMP_BUFFER];
	bool timed_out = false;

	for (size_t i = 0; i < tables->n && !timed_out; i++) {
		struct dump dump = { .ev = ev, .filter = filter, .netns = i };

		collect_one(&dump, &ev->netns.at[i], &tables->at[i], buffer);
		timed_out = now_ms() > deadline;
	}
	report_sockets(ev, timed_out);
	return 0;
}

void sockdiag_close(struct socket_tables *tables)
{
	for (size_t i = 0; i < tables->n; i++) {
		if (tables->at[i].netlink)
			mnl_socket_close(tables->at[i].netlink);
		if (tables->at[i].net_unix >= 0)
			close(tables->at[i].net_unix);
	}
	tables->n = 0;
}
