/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that read findings share: text bounds, and typed fields. */
#ifndef SOCKPROBE_FINDING_READ_H
#define SOCKPROBE_FINDING_READ_H

#include <cjson/cJSON.h>

#include "finding.h"

/* ---- finding_scan.c: before a JSON parser sees the text ---- */

/*
 * Finds the end of the JSON text that starts at text[from] and checks what
 * cJSON would not: no NUL (raw, or \u0000 in a string, which would cut a text
 * silently), complete, nested and filled within bounds.
 */
int finding_scan(const char *text, size_t len, size_t from, size_t *end,
		 struct error *error);

/* Fails with "line L, column C (byte B): why". */
int finding_fail_at(const char *text, size_t at, struct error *error,
		    const char *why);

/* ---- finding_read.c ---- */

enum { PLACE_SIZE = 256 };

/* An item and its JSON pointer in the finding. */
struct spot {
	const cJSON *item;
	char place[PLACE_SIZE];
};

/* One finding being read. */
struct reader {
	struct arena *arena;
	struct finding *finding;
	bool any_case; /* PascalCase and lowerCamelCase are the same name */
	bool as_texts; /* numbers and truths may be written as texts */
	bool full;     /* the arena is */
};

/* Reads one value; what is there already, from a better source, stays. */
typedef void field_reader(struct reader *reader, const struct spot *from,
			  void *to);
field_reader read_text;
field_reader read_last_part; /* the text behind the last '/' */
field_reader read_truth;     /* enum tristate */
field_reader read_sample_text; /* the same: {"sample":true} in a text */
field_reader read_count;     /* struct finding_number, as the next two */
field_reader read_pid;
field_reader read_uid;
field_reader read_time;    /* RFC 3339, or seconds since 1970 */
field_reader read_time_ms; /* milliseconds since 1970 */

/* Where a field is written and where it is kept; ends with a NULL pointer. */
struct field {
	const char *pointer; /* JSON pointer from where the reader stands */
	field_reader *read;
	size_t offset;
};

void read_fields(struct reader *reader, const struct spot *from,
		 const struct field *fields, void *to);

/* The item at a JSON pointer; false for none, null, or not to be reached. */
bool find_spot(struct reader *reader, const struct spot *from,
	       const char *pointer, struct spot *found);

/* The items of a list, one after the other. */
struct items {
	struct spot list;
	struct spot spot; /* the one it stands at */
	const cJSON *next;
	size_t idx;
};

/* Nothing to step through where the pointer leads to no list. */
void open_items(struct reader *reader, const struct spot *from,
		const char *pointer, struct items *items);
bool next_value(struct items *items); /* whatever it is */
bool next_item(struct reader *reader, struct items *items);

/*
 * list_add() to one of the finding's lists: NULL past FINDING_MAX_ITEMS, which
 * is a problem, or past the arena's limit.
 */
#define reader_add(reader, items, into)                                        \
	({                                                                     \
		typeof((into)->at) added_ = list_add((reader)->arena, (into),  \
						     FINDING_MAX_ITEMS);       \
		if (!added_)                                                   \
			reader_no_room((reader), &(items)->list);              \
		added_;                                                        \
	})
void reader_no_room(struct reader *reader, const struct spot *spot);

void add_problem(struct reader *reader, const char *place, const char *format,
		 ...) __attribute__((format(printf, 3, 4)));

/* Reports every key that an object holds twice. */
void report_duplicates(struct reader *reader, const cJSON *finding);

/* ---- the dialects ---- */

void read_guardduty(struct reader *reader, const struct spot *finding);
void read_asff(struct reader *reader, const struct spot *finding);
void read_ocsf(struct reader *reader, const struct spot *finding);

#endif
