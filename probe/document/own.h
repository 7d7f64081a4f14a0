/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes each value what the document promises: texts are UTF-8 and owned by the
 * document, times are whole milliseconds within the calendar, numbers are exact
 * in JSON.
 */
#ifndef SOCKPROBE_OWN_H
#define SOCKPROBE_OWN_H

#include "document/members.h"
#include "sockprobe/util.h"

/*
 * Copies all texts of an object, and of the objects in it, into the arena. A
 * text that is not UTF-8 is escaped reversibly, and its member listed in
 * `escaped`. 0 or -ENOMEM.
 */
int doc_own(struct arena *arena, const struct object_type *type, void *object);

/* Can this time be written? One that cannot is unknown. */
bool time_is_writable(struct timespec when);

/* The nearest number that JSON holds exactly. */
int64_t number_bounded(int64_t number);

#endif
