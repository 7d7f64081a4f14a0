// SPDX-License-Identifier: Apache-2.0
/* What a filter may match on: only what both finding and evidence confirm. */
#include "judge/scope.h"

#include <errno.h>
#include <string.h>

enum { REVIEW_DAYS = 90 };

static void fill_valid_until(struct judged *judged)
{
	struct arena *arena = &judged->doc->arena;
	const char *path = judged->finding->socket_path;
	char text[TIME_TEXT_SIZE];
	struct timespec when = { 0 };

	if (judged->doc->probe)
		when = judged->doc->probe->started_at;
	when.tv_sec += (time_t)REVIEW_DAYS * 24 * 3600;
	format_time(when, text);
	text[strlen("2026-01-01")] = '\0';
	judged->verdict->review_by = arena_intern(arena, text);
	judged->verdict->valid_until = arena_printf(
		arena,
		"until what stands at %s changes, a runtime that serves there is installed, or the workload's image or mounts change; review by %s",
		path ? verdict_name(judged, path) : "the path", text);
	if (!judged->verdict->review_by || !judged->verdict->valid_until)
		judged->err = -ENOMEM;
}

void scope_fill(struct judged *judged)
{
	const struct finding *finding = judged->finding;
	struct doc_scope *scope =
		arena_alloc(&judged->doc->arena, sizeof(*scope));

	if (!scope) {
		judged->err = -ENOMEM;
		return;
	}
	*scope = (struct doc_scope){
		.finding_type = finding->type,
		.account_id = finding->account_id,
		.region = finding->region,
		.cluster_name = finding->cluster_name,
		.name_space = finding->name_space,
		.workload_name = finding->workload_name,
		.workload_type = finding->workload_type,
		.container_name = finding->container_name,
		.image = finding->image,
		.image_prefix = finding->image_prefix,
		.executable_path = finding->executable_path,
		.executable_sha256 = finding->executable_sha256,
		.socket_path = finding->socket_path,
	};
	judged->verdict->scope = scope;
	fill_valid_until(judged);
}
