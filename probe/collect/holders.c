// SPDX-License-Identifier: Apache-2.0
/*
 * One pass over the descriptors of all processes for the sockets that matter.
 * The reader looks, since it may; the probe takes over what it found.
 */
#include "collect/holders.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>

/* What the reader answers: this, then `n` holdings. */
struct found {
	size_t read; /* processes */
	size_t denied;
	size_t failed;
	bool timed_out;
	bool cut; /* more holdings than are kept */
	size_t n;
	struct holding holdings[];
};

struct search {
	const struct evidence *ev;
	const uint32_t *wanted;
	size_t nwanted;
	int64_t deadline;
	struct found *found;
	size_t room;
	size_t part, parts; /* every so manieth process, from this one */
	size_t first;	    /* holding of the process that is looked through */
	size_t tidy;	    /* at so many of them the doubles go out */
};

/* "socket:[12345]" to the number. 0 where the text is not of that form. */
static uint32_t socket_number(const char *text)
{
	static const char prefix[] = "socket:[";
	unsigned long number;
	char *end;

	if (!has_prefix(text, prefix))
		return 0;
	number = strtoul(text + strlen(prefix), &end, 10);
	return *end == ']' && number <= UINT32_MAX ? (uint32_t)number : 0;
}

static int compare_holdings(const void *a, const void *b)
{
	const struct holding *first = a;
	const struct holding *second = b;

	if (first->ino != second->ino)
		return first->ino < second->ino ? -1 : 1;
	return first->process < second->process
		       ? -1
		       : first->process > second->process;
}

/* A socket may be held many times by one process; one row says it. */
static void drop_doubles(struct search *search)
{
	struct holding *at = search->found->holdings + search->first;
	size_t n = search->found->n - search->first;
	size_t kept = 0;

	if (n)
		qsort(at, n, sizeof(*at), compare_holdings);
	for (size_t i = 0; i < n; i++) {
		if (!kept || at[kept - 1].ino != at[i].ino)
			at[kept++] = at[i];
	}
	search->found->n = search->first + kept;
	search->tidy = kept < search->tidy / 2 ? search->tidy : kept * 2;
}

static int add_holding(struct search *search, uint32_t ino, size_t process)
{
	struct found *found = search->found;

	if (found->n - search->first >= search->tidy ||
	    found->n == search->room)
		drop_doubles(search);
	if (found->n == search->room)
		return -EOVERFLOW;
	found->holdings[found->n++] = (struct holding){
		.ino = ino,
		.process = process,
	};
	return 0;
}

static bool is_wanted(const struct search *search, uint32_t ino)
{
	return ino && bsearch(&ino, search->wanted, search->nwanted,
			      sizeof(ino), compare_u32);
}

/* Looks through the descriptors of one process. 0 or -errno. */
static int search_process(struct search *search, size_t idx)
{
	int fd = openat(search->ev->processes.at[idx].dirfd, "fd",
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	unsigned int seen = 0;
	char text[64];

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		ssize_t len;
		uint32_t ino;
		int err;

		if (entry->d_name[0] == '.')
			continue;
		if (++seen % 1024 == 0 && now_ms() > search->deadline)
			return -ETIMEDOUT;
		len = read_link_at(dirfd(dir), entry->d_name, text,
				   sizeof(text));
		/* The directory may be open to all, what is in it is not. */
		if (len == -EACCES || len == -EPERM)
			return (int)len;
		/* Longer texts than the buffer are paths, not sockets. */
		if (len < 0)
			continue;
		ino = socket_number(text);
		err = is_wanted(search, ino) ? add_holding(search, ino, idx)
					     : 0;
		if (err)
			return err;
	}
	return 0;
}

static void tally(struct found *found, int err)
{
	if (err == -EACCES || err == -EPERM)
		found->denied++;
	else if (err == -ETIMEDOUT)
		found->timed_out = true;
	else if (err == -EOVERFLOW)
		found->cut = true;
	else if (err && err != -ENOENT && err != -ESRCH)
		found->failed++;
	else
		found->read++;
}

static void search_all(struct search *search)
{
	const struct process_list *processes = &search->ev->processes;
	struct found *found = search->found;

	for (size_t i = search->part; i < processes->n && !found->timed_out;
	     i += search->parts) {
		if (processes->at[i].kthread)
			continue;
		search->first = found->n;
		tally(found, search_process(search, i));
		drop_doubles(search);
		if (now_ms() > search->deadline)
			found->timed_out = true;
	}
	if (found->n)
		qsort(found->holdings, found->n, sizeof(*found->holdings),
		      compare_holdings);
}

ssize_t holders_job(const void *data, const struct fetch_work *work)
{
	enum { FIRST_TIDY = 1024 };
	const struct holders_search *asked = data;
	/* Input and output are one memory. */
	uint32_t *wanted = malloc(work->len + 1);
	struct search search = {
		.ev = asked->ev,
		.wanted = wanted,
		.nwanted = work->len / sizeof(*wanted),
		.deadline = asked->deadline,
		.found = (struct found *)work->bytes,
		.room = (work->room - sizeof(struct found)) /
			sizeof(struct holding),
		.part = work->part,
		.parts = work->parts,
		.tidy = FIRST_TIDY,
	};

	if (!wanted)
		return -ENOMEM;
	memcpy(wanted, work->bytes, work->len);
	*search.found = (struct found){ 0 };
	if (search.room > MAX_HOLDINGS)
		search.room = MAX_HOLDINGS;
	search_all(&search);
	free(wanted);
	return (ssize_t)(sizeof(struct found) +
			 search.found->n * sizeof(struct holding));
}

size_t holders_parts(const struct evidence *ev)
{
	enum { PAYS_FROM = 64 };
	size_t parts = 1 + ev->processes.n / PAYS_FROM;
	size_t processors = 1;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		processors = (size_t)CPU_COUNT(&set);
	if (parts > processors)
		parts = processors;
	return parts > FETCH_PARTS ? FETCH_PARTS : parts;
}

static void report(struct evidence *ev, const struct found *found)
{
	const char *scope = processes_extent(ev);

	if (found->timed_out)
		coverage_add(
			ev, "file_descriptors", scope, COVERAGE_TIMED_OUT,
			"give more time with --timeout",
			"descriptors of %zu processes read before the deadline",
			found->read);
	else if (found->denied)
		coverage_add(
			ev, "file_descriptors", scope, COVERAGE_DENIED,
			"run as root with CAP_SYS_PTRACE (kubectl debug: --profile=sysadmin)",
			"descriptors of %zu processes denied, of %zu read: who holds a socket is known only for these",
			found->denied, found->read);
	else if (found->cut)
		coverage_add(
			ev, "file_descriptors", scope, COVERAGE_PARTIAL,
			"look for who holds so many connections to a runtime",
			"more holders of sockets than are kept (%zu)",
			found->n);
	else if (found->failed)
		coverage_add(
			ev, "file_descriptors", scope, COVERAGE_PARTIAL,
			"run again",
			"descriptors of %zu processes not read, of %zu read",
			found->failed, found->read);
	else
		coverage_add(ev, "file_descriptors", scope, COVERAGE_COMPLETE,
			     NULL, "descriptors of %zu processes", found->read);
}

/* Takes over what one reader found; what it did not answer is in `sum` too. */
static void take_answer(struct evidence *ev, const struct fetch_answer *answer,
			struct found *sum)
{
	const struct found *found = answer->bytes;

	if (answer->len < 0) {
		sum->timed_out |= answer->len == -ETIMEDOUT;
		sum->failed += answer->len != -ETIMEDOUT;
		return;
	}
	for (size_t i = 0; i < found->n; i++) {
		struct holding *slot =
			list_add(&ev->arena, &ev->holdings, MAX_HOLDINGS);

		if (slot)
			*slot = found->holdings[i];
		sum->cut |= !slot;
	}
	sum->read += found->read;
	sum->denied += found->denied;
	sum->failed += found->failed;
	sum->timed_out |= found->timed_out;
	sum->cut |= found->cut;
	sum->n = ev->holdings.n;
}

void holders_find(struct evidence *ev, struct fetch *fetch, size_t parts,
		  const uint32_t *wanted, size_t n)
{
	struct fetch_answer answers[FETCH_PARTS];
	struct found sum = { 0 };

	fetch_run(fetch, wanted, n * sizeof(*wanted), parts, answers);
	for (size_t i = 0; i < parts; i++)
		take_answer(ev, &answers[i], &sum);
	if (ev->holdings.n)
		qsort(ev->holdings.at, ev->holdings.n, sizeof(*ev->holdings.at),
		      compare_holdings);
	report(ev, &sum);
}
