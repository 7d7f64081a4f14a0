// SPDX-License-Identifier: Apache-2.0
/* Operations on the record that more than one step needs. */
#include "sockprobe/evidence.h"

#include <errno.h>
#include <string.h>

enum { COVERAGE_ROOM = 1 << 20 };

void evidence_init(struct evidence *ev, size_t room)
{
	*ev = (struct evidence){ 0 };
	arena_init(&ev->arena, room);
	arena_init(&ev->coverage_arena, COVERAGE_ROOM);
}

void evidence_free(struct evidence *ev)
{
	arena_free(&ev->arena);
	arena_free(&ev->coverage_arena);
	*ev = (struct evidence){ 0 };
}

const char *processes_extent(const struct evidence *ev)
{
	return ev->probe.extent == EXTENT_HOST ||
			       ev->probe.extent == EXTENT_NESTED
		       ? "node"
		       : "one container's pid namespace";
}

struct timespec process_start(const struct evidence *ev, size_t idx)
{
	uint64_t ticks = ev->processes.at[idx].start_ticks;
	uint64_t per_second = (uint64_t)ev->node.clock_ticks;
	struct timespec start = ev->node.booted_at;

	if (!per_second)
		return start;
	start.tv_sec += (time_t)(ticks / per_second);
	start.tv_nsec +=
		(long)((ticks % per_second) * (1000000000 / per_second));
	if (start.tv_nsec >= 1000000000) {
		start.tv_sec++;
		start.tv_nsec -= 1000000000;
	}
	return start;
}

/* The first place in containers_by_id whose id is not below this one. */
static size_t place_of_id(const struct evidence *ev, const char *id)
{
	const struct index_list *by_id = &ev->containers_by_id;
	size_t low = 0;
	size_t high = by_id->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(ev->containers.at[by_id->at[middle]].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * The container with this id, given its place_of_id(); NO_INDEX if it is not
 * there.
 */
static size_t container_at(const struct evidence *ev, size_t place,
			   const char *id)
{
	size_t idx;

	if (place == ev->containers_by_id.n)
		return NO_INDEX;
	idx = ev->containers_by_id.at[place];
	return strcmp(ev->containers.at[idx].id, id) == 0 ? idx : NO_INDEX;
}

size_t container_find(const struct evidence *ev, const char *id)
{
	return container_at(ev, place_of_id(ev, id), id);
}

size_t container_add(struct evidence *ev, const char *id)
{
	size_t place = place_of_id(ev, id);
	size_t idx = container_at(ev, place, id);
	const char *copy;
	size_t *at;

	if (idx != NO_INDEX)
		return idx;
	copy = arena_intern(&ev->arena, id);
	if (!copy || !list_add(&ev->arena, &ev->containers, MAX_CONTAINERS))
		return NO_INDEX;
	idx = ev->containers.n - 1;
	ev->containers.at[idx] = (struct container){ .id = copy };
	if (!list_add(&ev->arena, &ev->containers_by_id, MAX_CONTAINERS)) {
		ev->containers.n--;
		return NO_INDEX;
	}
	at = ev->containers_by_id.at + place;
	memmove(at + 1, at, (ev->containers_by_id.n - 1 - place) * sizeof(*at));
	*at = idx;
	return idx;
}

int conflict_add(struct arena *arena, struct container *container,
		 const char *field, const char *kernel, const char *claim,
		 const char *source)
{
	struct conflict *conflict;

	for (size_t i = 0; i < container->conflicts.n; i++) {
		conflict = &container->conflicts.at[i];
		if (strcmp(conflict->field, field) == 0 &&
		    strcmp(conflict->claim, claim) == 0)
			return 0;
	}
	conflict = list_add(arena, &container->conflicts, MAX_CONFLICTS);
	if (!conflict)
		return errno == EOVERFLOW ? 0 : -ENOMEM;
	*conflict = (struct conflict){
		.field = field,
		.kernel = arena_strdup(arena, kernel),
		.claim = arena_strdup(arena, claim),
		.source = arena_strdup(arena, source),
	};
	if (conflict->kernel && conflict->claim && conflict->source)
		return 0;
	container->conflicts.n--;
	return -ENOMEM;
}
