/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the probe shares with the keeper and the readers of fetch.h: the form of
 * requests and answers, and the channels.
 */
#ifndef SOCKPROBE_FETCH_CHANNEL_H
#define SOCKPROBE_FETCH_CHANNEL_H

#include <limits.h>

#include "collect/fetch_job.h"
#include "collect/walk.h"
#include "confine/confine.h"
#include "sockprobe/confinement.h"

enum operation { OP_LOOK, OP_READ, OP_LIST, OP_JOB, OP_TASKS, OP_MOUNTS };

struct request {
	enum operation op;
	int proc_dirfd;
	pid_t tid; /* whose root, 0: the process's; of OP_TASKS the pid */
	enum walk_links links;
	size_t len;	      /* of a job's input */
	size_t part, parts;   /* of a job */
	char below[PATH_MAX]; /* a directory that is the root; "": none */
	char path[PATH_MAX];
};

enum { ANSWER_DONE, ANSWER_FAILED };

struct shared {
	struct phase_facts keeper, reader;
	struct walk_result look;
	ssize_t len; /* of bytes, or -errno */
	bool cut;
	_Alignas(16) char bytes[FETCH_MAX + 1];
};

/* Pipe ends: requests are read from [0] and written to [1], answers too. */
struct channel {
	int requests[2];
	int answers[2];
	struct shared *shared;
};

/* The last channels are for the second and later parts of a job. */
enum { CHANNELS = FETCH_READERS + FETCH_PARTS - 1 };

struct fetch {
	struct channel channels[CHANNELS];
	size_t now; /* the channel in use; FETCH_READERS: none is left */
	pid_t keeper;
	int to_keeper;
	int rootfd;
	uint64_t outside_mnt;
	int64_t deadline;
	struct fetch_job job;
	struct confinement *confinement;
	bool noted; /* keeper and reader were added to the confinement */
};

/*
 * Runs the keeper, in its own process. Each byte from `commands` is a channel's
 * number: its reader is started, or killed if it runs. Ends with the probe.
 */
__attribute__((noreturn)) void fetch_keep(struct fetch *fetch, int commands);

/* Has the kernel kill this process when its parent ends. */
void fetch_follow(pid_t parent);

#endif
