/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of each source could be read. A collector counts what it read and
 * each kind of gap, and one table (coverage_words.c) has the words: each kind
 * of gap has a line of its own, and none hides another.
 */
#ifndef SOCKPROBE_COVERAGE_H
#define SOCKPROBE_COVERAGE_H

#include <stddef.h>
#include <sys/types.h>

#include "sockprobe/util.h"

enum coverage_status {
	COVERAGE_COMPLETE,
	COVERAGE_PARTIAL,
	COVERAGE_DENIED,
	COVERAGE_UNAVAILABLE,
	COVERAGE_TIMED_OUT,
};

enum coverage_source {
	SOURCE_PROCESSES,
	SOURCE_MOUNT_TABLES,
	SOURCE_KUBELET_CONFIG,
	SOURCE_PATHS,
	SOURCE_NETWORK_NAMESPACES,
	SOURCE_SOCKETS,
	SOURCE_FILE_DESCRIPTORS,
	SOURCE_PID_NAMESPACE,
	SOURCE_CONTAINERS,
	SOURCE_CONNECTIONS,
	SOURCE_CONTAINER_VIEWS,
	SOURCE_RUNTIME_RECORDS,
	SOURCE_COVERAGE,
	SOURCE_ACCESS,
	COVERAGE_SOURCES,
};

/* The document's name of each source. */
extern const char *const coverage_source_names[COVERAGE_SOURCES];

struct coverage {
	const char *source; /* of coverage_source_names */
	const char *extent; /* the part of the node that it covers */
	enum coverage_status status;
	const char *detail;
	const char *fix; /* how to get what is missing; NULL where complete */
};
DEFINE_LIST(coverage_list, struct coverage);

enum coverage_gap {
	GAP_NONE,
	GAP_DENIED,    /* rights are missing */
	GAP_HIDDEN,    /* procfs does not list it */
	GAP_ENDED,     /* it ended while it was read */
	GAP_CUT,       /* more than is kept in total */
	GAP_MANY,      /* more than is kept of one item */
	GAP_MEMORY,    /* more than the step's memory limit */
	GAP_LOST,      /* the kernel lost a part */
	GAP_SLOW,      /* one item took more than its share of the time */
	GAP_SILENT,    /* one item did not answer */
	GAP_TIMED_OUT, /* the run's deadline passed */
	GAP_OUTSIDE,   /* outside the view */
	GAP_NOTHING,   /* there is nothing to read it from */
	GAP_MISSING,   /* this kernel lacks it */
	GAP_LIMITED,   /* too many open files */
	GAP_FAILED,    /* another error */
	COVERAGE_GAPS,
};

/* How often one kind of gap occurred, and what is known of the first. */
struct gap_count {
	size_t n;
	int err;	  /* an errno; 0 not known */
	pid_t pid;	  /* 0: not of a process */
	const char *name; /* NULL: it has no name */
};

struct coverage_tally {
	size_t read;
	size_t extra;	  /* of another thing; its words say of which */
	const char *from; /* what it was read from; its words say how */
	struct gap_count gaps[COVERAGE_GAPS];
};

/* The kind of gap that an error is; 0 and -errno alike. */
enum coverage_gap coverage_gap_of(int err);

/* Counts a gap of one process, or of one item that has a name (not copied). */
void coverage_count(struct coverage_tally *tally, enum coverage_gap gap,
		    pid_t pid, int err);
void coverage_count_name(struct coverage_tally *tally, enum coverage_gap gap,
			 const char *name, int err);

/* Adds another tally to *sum, without its names. */
void coverage_sum(struct coverage_tally *sum,
		  const struct coverage_tally *other);

struct evidence;

/*
 * Adds a line for each kind of gap that was counted. Without a gap, adds one
 * line: the source is complete.
 */
void coverage_report(struct evidence *ev, enum coverage_source source,
		     const char *extent, const struct coverage_tally *tally);

/* Adds the line for one kind of gap, or for none (GAP_NONE). */
void coverage_report_gap(struct evidence *ev, enum coverage_source source,
			 const char *extent, const struct coverage_tally *tally,
			 enum coverage_gap gap);

/*
 * Adds a line of coverage whose words are not in the table. Text is formatted
 * into the arena of coverage. If the limit is met, the last line reports that
 * lines are missing, so that nothing is dropped unseen. A source that has a gap
 * has no line that it is complete.
 */
void coverage_add(struct evidence *ev, enum coverage_source source,
		  const char *extent, enum coverage_status status,
		  const char *fix, const char *detail, ...)
	__attribute__((format(printf, 6, 7)));

#endif
