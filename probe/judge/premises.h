/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The premises of a verdict. A suppression is supported only where each of them
 * is proven, or assumed in so many words; what each is proven by, and what it
 * cannot prove, stands in probe/README.md.
 */
#ifndef SOCKPROBE_PREMISES_H
#define SOCKPROBE_PREMISES_H

#include "judge/verdict.h"

/* ---- writing one (premises.c) ---- */

/*
 * Adds a premise, and its sentence as a reason under the name `rule`. `evidence`
 * is a JSON pointer, or "".
 */
enum outcome premise(struct judged *judged, const char *id, const char *rule,
		     enum outcome outcome, const char *evidence,
		     const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* The assumptions that there are. */
enum assumption {
	ASSUME_MOUNTS_UNCHANGED,
	ASSUME_EVENT_TIME,
	ASSUME_EARLIER_EVENTS,
	ASSUME_NO_RELAY,
	ASSUME_EXPECTED,
};

/* Adds an assumption once; `means` may be NULL. */
void assume(struct judged *judged, enum assumption assumption,
	    const struct string_list *means);

/* ---- whose finding it is (premise_finding.c) ---- */

enum outcome premise_type(struct judged *judged);
enum outcome premise_node(struct judged *judged);
enum outcome premise_container(struct judged *judged);
enum outcome premise_agreement(struct judged *judged);
enum outcome premise_sequence(struct judged *judged);

/* ---- what the name is (premise_name.c) ---- */

enum outcome premise_name(struct judged *judged);

/* Is the live socket all that the name leads to, from whatever root? */
bool is_live_alone(const struct judged *judged);

enum outcome premise_elsewhere(struct judged *judged);
enum outcome premise_unchanged(struct judged *judged);
enum outcome premise_mounts(struct judged *judged);

/* ---- a socket that is there (premise_socket.c) ---- */

enum outcome premise_private(struct judged *judged);
enum outcome premise_permission(struct judged *judged);

/* Was nobody in the container ever permitted to connect by this way? */
bool is_closed_from_start(const struct judged *judged,
			  const struct doc_access *access);

/*
 * May nobody in the container connect to the live socket at this moment, and is
 * nobody connected? What was at the events this does not tell.
 */
bool is_closed_now(const struct judged *judged);

/* Adds a risk for each live runtime socket that the container reaches. */
void add_risks(struct judged *judged);

/* ---- when (premise_time.c) ---- */

enum outcome premise_time(struct judged *judged);

/* Was the socket that is live now reachable at the last event? */
bool live_since_events(struct judged *judged);

#endif
