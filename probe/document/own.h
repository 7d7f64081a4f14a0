/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a document promises of each value, made so where the node gave another:
 * texts are UTF-8 and owned by the document, times are whole milliseconds of the
 * calendar, numbers are exact in JSON.
 */
#ifndef SOCKPROBE_OWN_H
#define SOCKPROBE_OWN_H

#include "document/members.h"
#include "sockprobe/util.h"

/*
 * Copies all texts of an object, and of those in it, into the arena. One that is
 * not UTF-8 is escaped reversibly, and its member listed in `escaped`. 0 or
 * -ENOMEM.
 */
int doc_own(struct arena *arena, const struct object_type *type, void *object);

/* Has this time a form in the document? One that has not is not known. */
bool time_is_writable(struct timespec when);

/* The nearest number that JSON holds exactly. */
int64_t number_bounded(int64_t number);

#endif
