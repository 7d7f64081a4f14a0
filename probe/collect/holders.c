// SPDX-License-Identifier: Apache-2.0
/*
 * One pass over the descriptors of all processes, for the sockets that matter.
 * A reader does it, because the probe no longer has the privileges; the probe
 * takes over what it found.
 */
#include "collect/holders.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "collect/procs.h"

/* The head of a reader's answer; `n` holdings follow it. */
struct found {
	struct coverage_tally tally;
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
	size_t part,
		parts; /* this reader takes processes part, part + parts, ... */
	size_t first;  /* the first holding of the current process */
	size_t tidy;   /* at this number of holdings duplicates are dropped */
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

/* A process may hold a socket many times; one row is enough. */
static void drop_duplicate_holdings(struct search *search)
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
		drop_duplicate_holdings(search);
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

/*
 * Searches the descriptors of one process or thread, by its directory in
 * procfs. 0 or -errno: -ESRCH if it has ended, in which case the list of its
 * descriptors just stops.
 */
static int search_descriptors(struct search *search, int procdir, size_t idx)
{
	enum { SEEN_AT_ONCE = 512 };
	int fd = openat(procdir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
		/*
		 * The directory may be readable though the links in it are not.
		 */
		if (len == -EACCES || len == -EPERM)
			return (int)len;
		/* A text longer than the buffer is a path, not a socket. */
		if (len < 0)
			continue;
		ino = socket_number(text);
		err = is_wanted(search, ino) ? add_holding(search, ino, idx)
					     : 0;
		if (err)
			return err;
	}
	return (!seen || seen > SEEN_AT_ONCE) && procs_ended(procdir) ? -ESRCH
								      : 0;
}

/* If the thread has ended, procfs returns EACCES as if rights were missing. */
static int search_thread(struct search *search, int procdir, size_t idx)
{
	int err = search_descriptors(search, procdir, idx);
	bool refused = err == -EACCES || err == -EPERM || err == -ENOENT;

	return refused && procs_ended(procdir) ? -ESRCH : err;
}

/* If a process's first thread has ended, another holds the same descriptors. */
static int search_process(struct search *search, size_t idx)
{
	const struct process *process = &search->ev->processes.at[idx];
	int err = search_thread(search, process->dirfd, idx);
	cleanup_close int other = -1;

	if (err != -ESRCH)
		return err;
	other = procs_other_thread(process);
	return other < 0 ? err : search_thread(search, other, idx);
}

static void count_searched(struct search *search, size_t idx, int err)
{
	struct coverage_tally *tally = &search->found->tally;

	tally->read += !err;
	coverage_count(tally, coverage_gap_of(err),
		       search->ev->processes.at[idx].pid, err);
}

static void search_all(struct search *search)
{
	const struct process_list *processes = &search->ev->processes;
	struct found *found = search->found;
	bool timed_out = false;

	for (size_t i = search->part; i < processes->n && !timed_out;
	     i += search->parts) {
		if (processes->at[i].kthread)
			continue;
		search->first = found->n;
		count_searched(search, i, search_process(search, i));
		drop_duplicate_holdings(search);
		timed_out = now_ms() > search->deadline;
	}
	if (timed_out)
		coverage_count(&found->tally, GAP_TIMED_OUT, 0, 0);
	if (found->n)
		qsort(found->holdings, found->n, sizeof(*found->holdings),
		      compare_holdings);
}

ssize_t holders_job(const void *data, const struct fetch_work *work)
{
	enum { FIRST_TIDY = 1024 };
	const struct holders_search *asked = data;
	/* Input and output share one buffer, so the input is copied. */
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

/* Takes over one reader's findings, or counts that it did not answer. */
static void take_answer(struct evidence *ev, const struct fetch_answer *answer,
			struct coverage_tally *tally)
{
	const struct found *found = answer->bytes;

	if (answer->len < 0) {
		coverage_count(tally, coverage_gap_of((int)answer->len), 0,
			       (int)answer->len);
		return;
	}
	for (size_t i = 0; i < found->n; i++) {
		struct holding *slot =
			list_add(&ev->arena, &ev->holdings, MAX_HOLDINGS);

		if (slot)
			*slot = found->holdings[i];
		else
			coverage_count(tally, GAP_CUT, 0, 0);
	}
	coverage_sum(tally, &found->tally);
}

void holders_find(struct evidence *ev, struct fetch *fetch, size_t parts,
		  const uint32_t *wanted, size_t n)
{
	struct fetch_answer answers[FETCH_PARTS];
	struct coverage_tally tally = { 0 };

	fetch_run(fetch, wanted, n * sizeof(*wanted), parts, answers);
	for (size_t i = 0; i < parts; i++)
		take_answer(ev, &answers[i], &tally);
	if (ev->holdings.n)
		qsort(ev->holdings.at, ev->holdings.n, sizeof(*ev->holdings.at),
		      compare_holdings);
	tally.extra = ev->holdings.n;
	coverage_report(ev, SOURCE_FILE_DESCRIPTORS, processes_extent(ev),
			&tally);
}
