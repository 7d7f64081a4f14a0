/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records that container runtimes keep on disk of their containers. A
 * record only names what the kernel showed; each field has the file it is from.
 */
#ifndef SOCKPROBE_RECORDS_H
#define SOCKPROBE_RECORDS_H

#include <cjson/cJSON.h>

#include "collect/fetch.h"
#include "sockprobe/evidence.h"
#include "sockprobe/vocabulary.h"

/* A record that was found but perhaps not read yet. */
struct record {
	const char *id;
	const struct runtime *runtime;
	const struct record_place *place;
	const char *path;
	/* of an index: */
	bool read;
	cJSON *index; /* NULL if it was not valid */
};
DEFINE_LIST(record_list, struct record);

struct record_index {
	struct record_list records; /* sorted by id */
	struct coverage_tally tally;
};

/* Lists the record places; reads no record yet. 0 or -errno. */
int records_find(struct evidence *ev, struct fetch *fetch,
		 struct record_index *index);

/*
 * Reads the records of container number `idx` that were not read yet, and fills
 * what is still unknown of it. 0 or -errno.
 */
int records_read(struct evidence *ev, struct fetch *fetch,
		 struct record_index *index, size_t idx);

/*
 * Fills the pid file of container number `idx`: the first that lies beside one
 * of its OCI records. 0 or -ENOMEM.
 */
int records_find_pid_file(struct evidence *ev, struct fetch *fetch,
			  const struct record_index *index, size_t idx);

/*
 * Reads all records, adding containers that no process is left of: those may
 * have made a path. 0 or -errno.
 */
int records_read_all(struct evidence *ev, struct fetch *fetch,
		     struct record_index *index);

/* Frees the index's memory; the index is empty then. */
void records_free(struct record_index *index);

/* Adds the coverage line "runtime_records". */
void records_report(struct evidence *ev, struct record_index *index);

/*
 * Fills what is unknown of *container from a record's text. `source` is the
 * record's path. 0; -EINVAL if it is not such a record; -ENOMEM.
 */
int parse_record(struct arena *arena, enum record_format format,
		 const char *text, size_t len, const char *source,
		 struct container *container);

/*
 * The two halves of parse_record(), for a record of many containers.
 * record_json() parses (NULL if it is not JSON; free with cJSON_Delete()); the
 * other takes what it has of one container. 0 or -ENOMEM.
 */
cJSON *record_json(enum record_format format, const char *text, size_t len);
int record_apply(struct arena *arena, enum record_format format,
		 const cJSON *json, const char *source,
		 struct container *container);

#endif
