/* SPDX-License-Identifier: Apache-2.0 */
/* The words of each kind of gap in each source. */
#ifndef SOCKPROBE_COVERAGE_WORDS_H
#define SOCKPROBE_COVERAGE_WORDS_H

#include "sockprobe/coverage.h"

/*
 * In `detail`, a number N with its noun is {N:singular:plural}:
 *   {read}   how many were read         {extra}  the tally's other number
 *   {n}      how many this gap has      {ended}  "; N singular ended ...", or ""
 *   {who}    the first that this gap has, by pid or name, and how many others
 * and a text is {from} (ours) or {error} (the first's).
 */
struct coverage_words {
	enum coverage_source source; /* COVERAGE_SOURCES: any */
	enum coverage_gap gap;
	enum coverage_status status;
	const char *detail, *fix;
};

/*
 * The words of a kind of gap in a source: its own, or those of any source.
 * GAP_NONE has those of a source that is complete.
 */
const struct coverage_words *coverage_words(enum coverage_source source,
					    enum coverage_gap gap);

#endif
