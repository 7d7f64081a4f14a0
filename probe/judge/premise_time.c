// SPDX-License-Identifier: Apache-2.0
/*
 * When: does what is seen now speak of the events? All that the answer rests on
 * was last changed at some time, or when the runtime started the container; only
 * events after that are explained.
 */
#include "judge/premises.h"

enum {
	SLACK_MS = 2000, /* between the clocks of node and finding */
	COARSE_MS = 20,	 /* of a process's start, which is in ticks */
};

static enum outcome time_unknown(struct judged *judged, const char *pointer,
				 const char *why)
{
	return premise(judged, "time", "time", OUTCOME_UNKNOWN, pointer, "%s",
		       why);
}

/* Why the finding's times cannot be events of the past; NULL where they can. */
static const char *why_no_times(const struct judged *judged)
{
	const struct doc_probe *probe = judged->doc->probe;
	struct timespec first = judged->finding->event_first_seen;
	struct timespec last = judged->finding->event_last_seen;

	if (!first.tv_sec || !last.tv_sec)
		return "the finding does not say when its first and its last event were";
	if (time_diff_ms(last, first) < 0)
		return "the finding's last event is before its first";
	if (!probe || !probe->started_at.tv_sec ||
	    time_diff_ms(last, probe->started_at) > 0)
		return "the evidence was taken before the last event: take new evidence";
	return NULL;
}

/*
 * When the runtime started the container, by its pid file; tv_sec 0 where that
 * is not known: the clock was set, or the start was slow, between the process's
 * start and the file's. *step_ms: by how much at most the clock was set back
 * since, by which a time of before is too late for one of after.
 */
static struct timespec started_at(const struct doc_start *start,
				  int64_t *step_ms)
{
	int64_t later =
		time_diff_ms(start->written_at, start->process_started_at);

	*step_ms = 0;
	if (later >= -COARSE_MS && later <= SLACK_MS)
		return start->written_at;
	if (later > 0)
		*step_ms = later;
	return (struct timespec){ 0 };
}

/* The youngest of all that the answer rests on; *by_start: it is the start. */
static struct timespec youngest(const struct judged *judged, bool *by_start)
{
	int64_t step_ms;
	struct timespec start = started_at(judged->container->start, &step_ms);
	struct timespec since = judged->changed;

	*by_start = start.tv_sec && time_diff_ms(since, start) <= 0;
	if (*by_start)
		return start;
	/* Without a start that is certain the container's own is a change too. */
	if (!start.tv_sec &&
	    time_diff_ms(judged->container->started_at, since) > 0)
		since = judged->container->started_at;
	if (__builtin_add_overflow(since.tv_sec, (step_ms + 999) / 1000,
				   &since.tv_sec))
		return (struct timespec){ 0 };
	return since;
}

enum outcome premise_time(struct judged *judged)
{
	struct timespec first = judged->finding->event_first_seen;
	struct timespec last = judged->finding->event_last_seen;
	const char *why = why_no_times(judged);
	const char *pointer = verdict_pointer(judged, "/containers/%zu/start",
					      judged->container_idx);
	struct timespec since;
	bool by_start;

	if (why)
		return time_unknown(judged, "", why);
	if (!judged->container->start ||
	    !judged->container->start->process_started_at.tv_sec)
		return time_unknown(
			judged, pointer,
			"whether the node's clock was set since the container was started is not known");
	since = youngest(judged, &by_start);
	if (!since.tv_sec)
		return time_unknown(
			judged, pointer,
			"when the container was started is not known");
	if (by_start && time_diff_ms(first, since) >= -SLACK_MS)
		return premise(
			judged, "time", "time", OUTCOME_PROVEN, pointer,
			"nothing that this rests on has changed since the runtime started the container, and all events are of this container");
	if (time_diff_ms(first, since) >= SLACK_MS) {
		assume(judged, ASSUME_EVENT_TIME, NULL);
		return premise(
			judged, "time", "time", OUTCOME_ASSUMED, pointer,
			"nothing that this rests on has changed since before the first event");
	}
	if (time_diff_ms(last, since) >= (by_start ? 0 : SLACK_MS)) {
		assume(judged, ASSUME_EARLIER_EVENTS, NULL);
		return premise(
			judged, "time", "time", OUTCOME_ASSUMED, pointer,
			"what this rests on began after the first event and before the last: the support is for the events since then");
	}
	return time_unknown(
		judged, pointer,
		"what this rests on changed after the last event: what was there then is not known");
}

/* ---- a live socket ---- */

static bool may_be_after(struct timespec a, struct timespec b)
{
	return !a.tv_sec || time_diff_ms(a, b) > 0;
}

/* A change of its owner, its mode or its links makes no socket of it. */
static struct timespec made_at(const struct doc_path *path)
{
	if (path && path->inode && path->inode->birth.tv_sec)
		return path->inode->birth;
	return path && path->unchanged_since ? path->unchanged_since->time
					     : (struct timespec){ 0 };
}

bool live_since_events(struct judged *judged)
{
	const struct doc_path *path =
		doc_path_at(judged->doc, judged->live->path);
	struct timespec last = judged->finding->event_last_seen;
	const char *why = NULL;

	if (!last.tv_sec)
		why = "the finding does not say when its last event was";
	else if (may_be_after(judged->container->started_at, last))
		why = "the container started after the last event: another one raised it";
	else if (may_be_after(made_at(path), last))
		why = "the socket that is live now was made after the last event";
	if (!why) {
		premise(judged, "time", "time", OUTCOME_PROVEN, "",
			"container and socket are older than the last event");
		return true;
	}
	time_unknown(judged, "", why);
	return false;
}
