/* SPDX-License-Identifier: Apache-2.0 */
/* One container whose names are looked at: what names.c and name_rows.c share. */
#ifndef SOCKPROBE_COMMANDS_NAME_ROWS_H
#define SOCKPROBE_COMMANDS_NAME_ROWS_H

#include "collect/names.h"
#include "sockprobe/coverage.h"

struct name_wanted_list;
struct record_index;

/* What all containers share. */
struct names_run {
	struct evidence *ev;
	struct fetch *fetch;
	const struct record_index *records;
	const struct name_wanted_list *extra;
	struct source_cache *cache;
	struct coverage_tally tally;
};

/* One container being looked at. */
struct subject {
	struct names_run *run;
	struct evidence *ev;
	struct fetch *fetch;
	struct name_limits limits;
	struct arena arena; /* of the looks */
	size_t container;
	const struct bundle *bundle; /* NULL: no record */
	struct name_facts *facts;
	size_t first; /* its standpoints: from here to the list's end */
	struct string_list names;
	struct name_looker base; /* as the record's root shows it */
	size_t record_root;	 /* of the standpoints; NO_INDEX none */
	uint64_t root_mnt;	 /* 0: no thread stands at the record's root */
	struct mount_fact_list mounts;
	struct string_list roots; /* resolved, in the record's root */
	bool lost_root;		  /* such a means was noted */
	bool told[COVERAGE_GAPS]; /* that this is missing of it */
};

/* Counts `n` gaps of one kind, the first of which is about process `pid`. */
void subject_count_gaps(struct subject *subject, enum coverage_gap gap,
			size_t n, pid_t pid, int err);

/* Counts a gap that is about the whole container. */
void subject_count_whole(struct subject *subject, enum coverage_gap gap);

/* The kind of gap that a look left; GAP_NONE where it has an answer. */
enum coverage_gap subject_gap(const struct path_look *look);

/* Has the thread ended that the looks are taken of? */
bool subject_looker_has_ended(const struct name_looker *looker);

/* Adds the row of one name from one standpoint. 0 or -errno. */
int subject_see_name(struct subject *subject, struct name_looker *looker,
		     size_t standpoint, const char *name, bool record_root);

/*
 * Adds the rows of all names in a directory that a thread could take for its
 * root, where the name's own directory exists there. 0 or -errno.
 */
int subject_see_names_below(struct subject *subject, const char *below);

/*
 * Adds the row of a name in the node's own root, which /proc/PID/root of a process
 * of the node's leads to. 0 or -errno.
 */
int subject_see_on_node(struct subject *subject, const char *name);

#endif
