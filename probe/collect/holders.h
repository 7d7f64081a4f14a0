/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes hold given sockets, by their descriptors in procfs. */
#ifndef SOCKPROBE_HOLDERS_H
#define SOCKPROBE_HOLDERS_H

#include "collect/fetch.h"
#include "sockprobe/evidence.h"

/* What holders_job() works on: the processes, held since procs_collect(). */
struct holders_search {
	const struct evidence *ev;
	int64_t deadline; /* in now_ms() time */
	size_t parts;
};

/*
 * The reader's part: a struct fetch_job's run(), whose data is a struct
 * holders_search and whose input are the sorted inode numbers of sockets.
 */
ssize_t holders_job(const void *data, const struct fetch_work *work);

/*
 * The number of parts to divide the search into: at most the processors that
 * this process may use, and one if there are few processes.
 */
size_t holders_parts(const struct evidence *ev);

/*
 * Fills ev->holdings with the processes that hold one of the sockets `wanted`
 * (sorted inode numbers), searched in `parts` parallel parts. Adds the coverage
 * line "file_descriptors".
 */
void holders_find(struct evidence *ev, struct fetch *fetch, size_t parts,
		  const uint32_t *wanted, size_t n);

#endif
