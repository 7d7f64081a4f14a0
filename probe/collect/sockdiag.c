// SPDX-License-Identifier: Apache-2.0
/*
 * The socket collector: finds the network namespaces, enters each only to open
 * a netlink socket there, and later takes one dump of each.
 */
#include "collect/sockdiag.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <string.h>
#include <unistd.h>

#include "collect/dump.h"
#include "collect/netns.h"

enum {
	DUMP_TRIES = 3,
	DUMP_BUFFER = 256 * 1024,
};

/*
 * Root in a namespace can prolong its dump with messages to the socket. So one
 * dump gets at most this time, and at most this part of the time left.
 */
enum { DUMP_MS = 2000, PART_OF_WHAT_IS_LEFT = 4 };

/* ---- one dump ---- */

struct dump {
	struct evidence *ev;
	const struct socket_filter *filter;
	size_t netns;
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

/* For dump_sockets(). */
static int take_socket(const struct nlmsghdr *message, void *data)
{
	struct dump *dump = data;
	struct unix_socket socket;
	char name[SOCKET_NAME_SIZE];
	int err = parse_unix_diag(&dump->ev->arena, message, &socket, name);

	if (!err)
		err = keep_socket(dump, &socket);
	return err == -ENODATA ? 0 : err;
}

static bool worth_retrying(int err)
{
	return err == -EINTR || err == -ENOBUFS || err == -ENOSPC;
}

static int64_t dump_deadline(int64_t deadline)
{
	int64_t now = now_ms();
	int64_t part = (deadline - now) / PART_OF_WHAT_IS_LEFT;

	return now + (part < DUMP_MS ? part : DUMP_MS);
}

/* Repeats a dump that lost a part; each time starts from nothing. */
static int dump_netns(struct dump *dump, struct mnl_socket *netlink,
		      char *buffer, int64_t deadline)
{
	struct dump_request request = {
		.deadline = dump_deadline(deadline),
		.take = take_socket,
		.data = dump,
		.buffer = buffer,
		.size = DUMP_BUFFER,
	};
	size_t before = dump->ev->sockets.n;
	int err;

	do {
		dump->ev->sockets.n = before;
		request.seq++;
		err = dump_sockets(netlink, &request);
	} while (worth_retrying(err) && request.seq < DUMP_TRIES);
	return err;
}

/* ---- the fallback, /proc/net/unix ---- */

static int keep_line(struct dump *dump, const char *line)
{
	struct unix_socket socket;
	int err = parse_net_unix_line(line, &socket);

	if (!err)
		err = keep_socket(dump, &socket);
	return err == -ENODATA || err == -EINVAL ? 0 : err;
}

/* Takes all complete lines of a text and moves the rest to its start. */
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
		/* the kernel's lines are shorter than the buffer */
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

static int open_inside(const struct evidence *ev, struct netns *netns, int home,
		       struct mnl_socket **netlink)
{
	int entered = netns_enter(ev, netns);
	int err;

	if (entered < 0)
		return entered;
	err = dump_open(netlink);
	if (entered)
		netns_return(home);
	return err;
}

/*
 * Asks in one namespace whether this kernel has unix_diag, which holds for all.
 * The answer is 0 or an error of the kernel; none if the namespace prevents it.
 */
static void ask_if_known(struct mnl_socket *netlink, int64_t deadline,
			 int *known)
{
	int err = dump_is_known(netlink, dump_deadline(deadline));

	if (!err || err == -ENOENT || err == -EPROTONOSUPPORT)
		*known = err;
}

/* `*known`, for all tables: 1 not known yet, 0 or -errno of dump_is_known(). */
static void open_table(const struct evidence *ev, struct netns *netns, int home,
		       int *known, int64_t deadline, struct socket_table *table)
{
	table->err = open_inside(ev, netns, home, &table->netlink);
	if (!table->err && *known > 0)
		ask_if_known(table->netlink, deadline, known);
	if (!table->err && *known < 0) {
		mnl_socket_close(table->netlink);
		table->netlink = NULL;
		table->err = *known;
	}
	if (!table->err || netns->process == NO_INDEX)
		return;
	/* The fallback, opened now because later that takes privileges. */
	table->net_unix = openat(ev->processes.at[netns->process].dirfd,
				 "net/unix", O_RDONLY | O_CLOEXEC);
}

/* ---- asking them ---- */

static void fall_back(struct dump *dump, struct netns *netns,
		      const struct socket_table *table, char *buffer)
{
	struct evidence *ev = dump->ev;
	size_t before = ev->sockets.n;

	if (table->net_unix < 0)
		return;
	if (read_net_unix(dump, table->net_unix, buffer)) {
		ev->sockets.n = before;
		return;
	}
	netns->dump = DUMP_PROC_NET;
}

/*
 * The kind of gap of one namespace. `known`: it was opened, so this is of its
 * dump.
 */
static enum coverage_gap netns_gap(int err, bool known)
{
	if (err == -ENOENT || err == -EPROTONOSUPPORT)
		return GAP_MISSING;
	if (err == -ETIMEDOUT)
		return known ? GAP_SLOW : GAP_TIMED_OUT;
	return coverage_gap_of(err);
}

/* Is what was received of this incomplete dump kept? */
static bool keeps_what_came(enum coverage_gap gap)
{
	return gap == GAP_NONE || gap == GAP_LOST || gap == GAP_SLOW ||
	       gap == GAP_CUT;
}

static void collect_netns(struct dump *dump, struct netns *netns,
			  struct socket_table *table, char *buffer,
			  int64_t deadline)
{
	size_t before = dump->ev->sockets.n;
	int err = table->netlink
			  ? dump_netns(dump, table->netlink, buffer, deadline)
			  : table->err;

	netns->err = err;
	netns->gap = netns_gap(err, table->netlink);
	if (table->netlink && keeps_what_came(netns->gap)) {
		netns->dump = DUMP_DIAG;
		return;
	}
	dump->ev->sockets.n = before;
	fall_back(dump, netns, table, buffer);
}

/* ---- reporting it ---- */

/* Reports the gaps of one kind whose namespaces were read equally far. */
static void report_gap(struct evidence *ev, enum coverage_gap gap,
		       enum socket_dump dump)
{
	static const char *const instead[] = {
		[DUMP_DIAG] = "some sockets may be missing",
		[DUMP_PROC_NET] =
			"read /proc/PID/net/unix instead, which has names but neither inodes nor peers",
		[DUMP_NONE] = "no sockets read",
	};
	struct coverage_tally tally = { .from = instead[dump] };
	uint64_t first = 0;
	char extent[96];
	size_t n;

	for (size_t i = ev->netns.n; i-- > 0;) {
		const struct netns *netns = &ev->netns.at[i];

		if (netns->gap != gap || netns->dump != dump)
			continue;
		first = netns->ino;
		coverage_count(&tally, gap, 0, netns->err);
	}
	n = tally.gaps[gap].n;
	if (!n)
		return;
	snprintf(extent, sizeof(extent),
		 "%zu of %zu network namespaces (net:[%llu]%s)", n, ev->netns.n,
		 (unsigned long long)first, n > 1 ? ", ..." : "");
	coverage_report_gap(ev, SOURCE_SOCKETS, extent, &tally, gap);
}

static void report_sockets(struct evidence *ev)
{
	const struct coverage_tally all = { .read = ev->netns.n };
	bool complete = true;

	for (size_t i = 0; i < ev->netns.n; i++)
		complete &= ev->netns.at[i].gap == GAP_NONE;
	for (enum coverage_gap gap = GAP_NONE + 1; gap < COVERAGE_GAPS; gap++) {
		for (enum socket_dump dump = DUMP_DIAG; dump <= DUMP_NONE;
		     dump++)
			report_gap(ev, gap, dump);
	}
	if (complete)
		coverage_report(ev, SOURCE_SOCKETS, processes_extent(ev), &all);
}

/*
 * Leaves out what ended after the processes were listed: on a node whose pods
 * come and go that is no gap. Each such question takes as long as all processes
 * take, so that only so many are asked.
 */
static bool leave_out_ended(struct evidence *ev, size_t i, int err,
			    size_t *asked)
{
	enum { MOST_ASKED = 32 };
	struct netns *netns = &ev->netns.at[i];

	if (err != -ESRCH || *asked == MOST_ASKED)
		return false;
	++*asked;
	if (!netns_is_over(ev, netns))
		return false;
	memmove(netns, netns + 1, (--ev->netns.n - i) * sizeof(*netns));
	return true;
}

int sockdiag_open(struct evidence *ev, struct socket_tables *tables,
		  int64_t deadline)
{
	cleanup_close int home =
		open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	size_t asked = 0;
	int known = 1;

	*tables = (struct socket_tables){ 0 };
	netns_find(ev);
	tables->at =
		arena_alloc(&ev->arena, ev->netns.n * sizeof(*tables->at) + 1);
	if (!tables->at)
		return -ENOMEM;
	for (size_t i = 0; i < ev->netns.n;) {
		struct socket_table *table = &tables->at[i];

		*table = (struct socket_table){ .net_unix = -1,
						.err = -ETIMEDOUT };
		if (now_ms() <= deadline)
			open_table(ev, &ev->netns.at[i], home, &known, deadline,
				   table);
		if (table->net_unix >= 0 ||
		    !leave_out_ended(ev, i, table->err, &asked))
			i++;
	}
	tables->n = ev->netns.n;
	return 0;
}

int sockdiag_collect(struct evidence *ev, struct socket_tables *tables,
		     const struct socket_filter *filter, int64_t deadline)
{
	_Alignas(8) char buffer[DUMP_BUFFER];

	/* Those that are not reached keep GAP_TIMED_OUT. */
	for (size_t i = 0; i < tables->n && now_ms() <= deadline; i++) {
		struct dump dump = { .ev = ev, .filter = filter, .netns = i };

		collect_netns(&dump, &ev->netns.at[i], &tables->at[i], buffer,
			      deadline);
	}
	report_sockets(ev);
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
