// SPDX-License-Identifier: Apache-2.0
/*
 * What a filter may match on: the finding's own words, less those that the
 * evidence speaks against, and with a list of those that it does not confirm.
 */
#include "judge/scope.h"

#include <errno.h>
#include <string.h>

#include "judge/verdict.h"
#include "sockprobe/workload.h"

enum { REVIEW_DAYS = 90, SCOPE_MEMBERS = 16 };

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

/* ---- what the evidence says to a text of the finding ---- */

enum backing {
	BACKING_NONE, /* the evidence does not have it */
	BACKING_CONFIRMS,
	BACKING_DIFFERS,
};

static enum backing compare(const char *finding, const char *evidence)
{
	if (!evidence)
		return BACKING_NONE;
	return same_text(finding, evidence) ? BACKING_CONFIRMS
					    : BACKING_DIFFERS;
}

static enum backing back_namespace(const struct judged *judged)
{
	const struct doc_pod *pod = judged->container->pod;

	return compare(judged->finding->name_space,
		       pod ? pod->name_space : NULL);
}

static enum backing back_workload(const struct judged *judged)
{
	const struct finding *finding = judged->finding;
	const struct doc_pod *pod = judged->container->pod;
	const struct doc_node *node = judged->doc->node;

	if (!pod || !pod->name)
		return BACKING_NONE;
	return workload_fits_pod(workload_kind(finding->workload_type),
				 finding->workload_name, pod->name,
				 node ? node->hostname : NULL)
		       ? BACKING_CONFIRMS
		       : BACKING_DIFFERS;
}

static enum backing back_container_name(const struct judged *judged)
{
	if (is_named_by_ecs(judged))
		return BACKING_CONFIRMS;
	return compare(bare_name(judged->finding->container_name),
		       bare_name(judged->container->name));
}

static enum backing back_task_definition(const struct judged *judged)
{
	return is_named_by_ecs(judged) ? BACKING_CONFIRMS : BACKING_NONE;
}

/* The part of an image's name that Docker Hub's images are known by. */
static const char *short_image(const char *image)
{
	static const char *const defaults[] = { "docker.io/", "library/" };

	for (size_t i = 0; image && i < ARRAY_SIZE(defaults); i++) {
		if (has_prefix(image, defaults[i]))
			image += strlen(defaults[i]);
	}
	return image;
}

/* A filter is for the image that was looked at, and for no other. */
static enum backing back_image(const struct judged *judged)
{
	return same_text(short_image(judged->finding->image),
			 short_image(judged->container->image))
		       ? BACKING_CONFIRMS
		       : BACKING_DIFFERS;
}

static enum backing back_image_prefix(const struct judged *judged)
{
	const char *prefix = judged->finding->image_prefix;
	const char *image = judged->container->image;
	size_t len = prefix ? strlen(prefix) : 0;

	return len && image && has_prefix(image, prefix) && image[len] == '/' &&
			       !strchr(image + len + 1, '/')
		       ? BACKING_CONFIRMS
		       : BACKING_DIFFERS;
}

/* Only of processes at a socket the document has the program. */
static enum backing back_executable(const struct judged *judged)
{
	const struct doc_connection_list *list = &judged->doc->connections;

	for (size_t i = 0; i < list->n; i++) {
		const struct doc_process *client = list->at[i].client;

		if (client && is_judged_container(judged, client->container) &&
		    same_text(judged->finding->executable_path, client->exe))
			return BACKING_CONFIRMS;
	}
	return BACKING_NONE;
}

static enum backing back_socket_path(const struct judged *judged)
{
	const struct doc_name_list *names = &judged->doc->names;

	for (size_t i = 0; i < names->n; i++) {
		if (is_judged_container(judged, names->at[i].container) &&
		    same_text(names->at[i].name, judged->finding->socket_path))
			return BACKING_CONFIRMS;
	}
	return BACKING_NONE;
}

/* ---- the scope ---- */

/*
 * A text that a filter may match on. Account and cluster are not of the node:
 * nothing backs them, nor without a container anything else.
 */
static const struct {
	const char *key;
	size_t from; /* in struct finding */
	size_t to;   /* in struct doc_scope */
	enum backing (*back)(const struct judged *judged);
} texts[] = {
#define TEXT(member, name, back)                                               \
	{                                                                      \
		name, offsetof(struct finding, member),                        \
			offsetof(struct doc_scope, member), back               \
	}
	TEXT(account_id, "account_id", NULL),
	TEXT(cluster_name, "cluster_name", NULL),
	TEXT(cluster_arn, "cluster_arn", NULL),
	TEXT(ecs_cluster_name, "ecs_cluster_name", NULL),
	TEXT(task_definition_arn, "task_definition_arn", back_task_definition),
	TEXT(name_space, "namespace", back_namespace),
	TEXT(workload_name, "workload_name", back_workload),
	TEXT(container_name, "container_name", back_container_name),
	TEXT(image, "image", back_image),
	TEXT(image_prefix, "image_prefix", back_image_prefix),
	TEXT(executable_path, "executable_path", back_executable),
	TEXT(socket_path, "socket_path", back_socket_path),
#undef TEXT
};
_Static_assert(ARRAY_SIZE(texts) <= SCOPE_MEMBERS, "all may be unconfirmed");

static void note_unconfirmed(struct judged *judged, struct doc_scope *scope,
			     const char *key)
{
	const char **place = list_add(
		&judged->doc->arena, &scope->from_finding_alone, SCOPE_MEMBERS);

	if (place)
		*place = key;
	else
		judged->err = -ENOMEM;
}

static void scope_fill_text(struct judged *judged, struct doc_scope *scope,
			    size_t i)
{
	const char *value =
		*(const char *const *)((const char *)judged->finding +
				       texts[i].from);
	enum backing backing = BACKING_NONE;

	if (!value)
		return;
	if (judged->container && texts[i].back)
		backing = texts[i].back(judged);
	if (backing == BACKING_DIFFERS)
		return;
	*(const char **)((char *)scope + texts[i].to) = value;
	if (backing == BACKING_NONE)
		note_unconfirmed(judged, scope, texts[i].key);
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
		.region = finding->region,
		.workload_type = finding->workload_type,
		.executable_sha256 = finding->executable_sha256,
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		scope_fill_text(judged, scope, i);
	judged->verdict->scope = scope;
	fill_valid_until(judged);
}
