// SPDX-License-Identifier: Apache-2.0
/* What a filter may match on: only what finding and evidence both pin. */
#include <stdio.h>
#include <string.h>

#include "judge/verdict.h"

enum { REVIEW_DAYS = 90 };

/* scope key, and the finding's key that it comes from */
static const struct {
	const char *key;
	const char *from;
} fields[] = {
	{ "finding_type", "type" },
	{ "account_id", "account_id" },
	{ "region", "region" },
	{ "cluster_name", "cluster_name" },
	{ "namespace", "namespace" },
	{ "workload_name", "workload_name" },
	{ "workload_type", "workload_type" },
	{ "container_name", "container_name" },
	{ "image", "image" },
	{ "image_prefix", "image_prefix" },
	{ "executable_path", "executable_path" },
	{ "executable_sha256", "executable_sha256" },
	{ "socket_path", "socket_path" },
};

static void put_valid_until(struct judged *judged)
{
	char text[TIME_TEXT_SIZE];
	char sentence[512];
	struct timespec when = { 0 };
	const char *path = json_text(judged->finding, "socket_path");

	json_time(json_get(judged->document, "probe"), "started_at", &when);
	when.tv_sec += (time_t)REVIEW_DAYS * 24 * 3600;
	format_time(when, text);
	text[strlen("2026-01-01")] = '\0';
	snprintf(
		sentence, sizeof(sentence),
		"until what stands at %.200s changes, a runtime that serves there is installed, or the workload's image or mounts change; review by %s",
		path ? path : "the path", text);
	cJSON_AddStringToObject(judged->verdict, "valid_until", sentence);
	cJSON_AddStringToObject(judged->verdict, "review_by", text);
}

void scope_fill(struct judged *judged)
{
	cJSON *scope = cJSON_AddObjectToObject(judged->verdict, "scope");

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		json_put(scope, fields[i].key,
			 json_text(judged->finding, fields[i].from));
	put_valid_until(judged);
}
