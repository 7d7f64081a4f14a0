// SPDX-License-Identifier: Apache-2.0
/*
 * The parts of config.json that a verdict may rest on: mounts, user, rights.
 * Environment, arguments and labels are never looked at: they hold secrets.
 */
#include "collect/bundle.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/capability.h>

#include "sockprobe/json.h"

enum { MOST_MOUNTS = 1024, MOST_GROUPS = 1024, MOST_TEXT = 4096 };

static const uint64_t all_capabilities = ~0ULL;

/* A copy of the member's text: NULL with *err 0 where it has none. */
static const char *copy_text(struct arena *arena, const cJSON *object,
			     const char *key, int *err)
{
	const char *text = cJSON_GetStringValue(json_get(object, key));
	const char *copy;

	if (!text || !*text || strlen(text) > MOST_TEXT)
		return NULL;
	copy = arena_intern(arena, text);
	if (!copy)
		*err = -ENOMEM;
	return copy;
}

static bool list_has(const cJSON *list, const char *wanted)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list) {
		const char *text = cJSON_GetStringValue(item);

		if (text && strcmp(text, wanted) == 0)
			return true;
	}
	return false;
}

/* ---- mounts ---- */

static bool list_has_any(const cJSON *list, const char *const *wanted)
{
	for (; *wanted; wanted++) {
		if (list_has(list, *wanted))
			return true;
	}
	return false;
}

static int bundle_add_mount(struct arena *arena, const cJSON *item,
			    struct bundle *bundle)
{
	static const char *const propagating[] = { "slave", "rslave", "shared",
						   "rshared", NULL };
	const cJSON *options = json_get(item, "options");
	struct record_mount *mount;
	int err = 0;

	mount = list_add(arena, &bundle->mounts, MOST_MOUNTS);
	if (!mount && errno == EOVERFLOW) {
		bundle->mounts_cut = true;
		return 0;
	}
	if (!mount)
		return -ENOMEM;
	*mount = (struct record_mount){
		.destination = copy_text(arena, item, "destination", &err),
		.source = copy_text(arena, item, "source", &err),
		.type = copy_text(arena, item, "type", &err),
		.recursive = list_has(options, "rbind"),
		.propagates = list_has_any(options, propagating),
	};
	mount->bind = mount->recursive || list_has(options, "bind") ||
		      (mount->type && strcmp(mount->type, "bind") == 0);
	if (!mount->destination) {
		/* one that cannot be read may be any: the list is not whole */
		bundle->mounts.n--;
		bundle->mounts_cut = true;
	}
	return err;
}

/* ---- rights ---- */

static uint64_t capability_set(const cJSON *capabilities, const char *key)
{
	const cJSON *item;
	uint64_t set = 0;

	cJSON_ArrayForEach(item, json_get(capabilities, key)) {
		const char *name = cJSON_GetStringValue(item);
		cap_value_t value;

		/* One that is not known could be any. */
		if (!name || cap_from_name(name, &value) || value < 0 ||
		    value > 63)
			return all_capabilities;
		set |= 1ULL << value;
	}
	return set;
}

/* An id of the record; false for anything that is no such number. */
static bool take_id(const cJSON *item, uint32_t *id)
{
	double number = cJSON_IsNumber(item) ? item->valuedouble : -1;

	if (number < 0 || number > UINT32_MAX ||
	    number != (double)(uint32_t)number)
		return false;
	*id = (uint32_t)number;
	return true;
}

static int bundle_take_user(struct arena *arena, const cJSON *user,
			    struct bundle *bundle)
{
	const cJSON *item;

	bundle->user_known = take_id(json_get(user, "uid"), &bundle->uid) &&
			     take_id(json_get(user, "gid"), &bundle->gid);
	cJSON_ArrayForEach(item, json_get(user, "additionalGids")) {
		uint32_t gid;
		size_t *slot;

		if (!take_id(item, &gid)) {
			bundle->groups_cut = true;
			continue;
		}
		slot = list_add(arena, &bundle->groups, MOST_GROUPS);
		if (!slot && errno != EOVERFLOW)
			return -ENOMEM;
		if (slot)
			*slot = gid;
		else
			bundle->groups_cut = true;
	}
	return 0;
}

/* ---- the seccomp profile ---- */

/* Actions after which the call is not made, whoever asked. */
static bool action_denies(const char *action)
{
	static const char *const denying[] = {
		"SCMP_ACT_ERRNO",	"SCMP_ACT_KILL",
		"SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS",
		"SCMP_ACT_TRAP",
	};

	for (size_t i = 0; action && i < ARRAY_SIZE(denying); i++) {
		if (strcmp(action, denying[i]) == 0)
			return true;
	}
	return false;
}

/*
 * Is the rule limited to calls of clone(2) without any flag of a new namespace?
 * The flags are the first argument but on s390, where they are the second.
 */
static bool allows_no_namespace(const cJSON *rule)
{
	static const double namespaces =
		CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
		CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP;
	const cJSON *args = json_get(rule, "args");
	const cJSON *arg = cJSON_GetArrayItem(args, 0);
	const char *op = cJSON_GetStringValue(json_get(arg, "op"));

	return cJSON_GetArraySize(args) == 1 && op &&
	       strcmp(op, "SCMP_CMP_MASKED_EQ") == 0 &&
	       cJSON_GetNumberValue(json_get(arg, "index")) == 0 &&
	       cJSON_GetNumberValue(json_get(arg, "value")) == namespaces &&
	       (!json_get(arg, "valueTwo") ||
		cJSON_GetNumberValue(json_get(arg, "valueTwo")) == 0);
}

/* With what the profile answers a call, if no other rule says otherwise. */
static bool profile_closes(const cJSON *seccomp, const char *name)
{
	const char *otherwise =
		cJSON_GetStringValue(json_get(seccomp, "defaultAction"));
	bool closed = action_denies(otherwise);
	const cJSON *rule;

	cJSON_ArrayForEach(rule, json_get(seccomp, "syscalls")) {
		const char *action =
			cJSON_GetStringValue(json_get(rule, "action"));
		bool always = cJSON_GetArraySize(json_get(rule, "args")) == 0;

		if (!list_has(json_get(rule, "names"), name))
			continue;
		if (!action_denies(action)) {
			if (strcmp(name, "clone") == 0 &&
			    allows_no_namespace(rule))
				continue;
			return false;
		}
		closed |= always;
	}
	return closed;
}

static bool closes_namespaces(const cJSON *seccomp)
{
	static const char *const calls[] = {
		"unshare",    "setns",	 "mount",      "umount2", "open_tree",
		"move_mount", "fsmount", "pivot_root", "clone",	  "clone3",
	};

	if (!cJSON_IsObject(seccomp))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (!profile_closes(seccomp, calls[i]))
			return false;
	}
	return true;
}

/* ---- the whole ---- */

static int bundle_fill(struct arena *arena, const cJSON *config,
		       struct bundle *bundle)
{
	const cJSON *process = json_get(config, "process");
	const cJSON *capabilities = json_get(process, "capabilities");
	const cJSON *item;
	int err = 0;

	bundle->root = copy_text(arena, json_get(config, "root"), "path", &err);
	bundle->no_new_privileges =
		cJSON_IsTrue(json_get(process, "noNewPrivileges"));
	bundle->cap_bounding = all_capabilities;
	bundle->cap_effective = bundle->cap_ambient = all_capabilities;
	if (cJSON_IsObject(process)) {
		bundle->cap_bounding = capability_set(capabilities, "bounding");
		bundle->cap_effective =
			capability_set(capabilities, "effective");
		bundle->cap_ambient = capability_set(capabilities, "ambient");
	}
	bundle->seccomp_closes_namespaces = closes_namespaces(
		json_get(json_get(config, "linux"), "seccomp"));
	if (!err)
		err = bundle_take_user(arena, json_get(process, "user"),
				       bundle);
	cJSON_ArrayForEach(item, json_get(config, "mounts")) {
		if (!err)
			err = bundle_add_mount(arena, item, bundle);
	}
	return err;
}

int bundle_parse(struct arena *arena, const cJSON *config, const char *source,
		 struct bundle **bundle)
{
	const char *slash = strrchr(source, '/');
	struct bundle *made;

	*bundle = NULL;
	if (!cJSON_IsObject(json_get(config, "root")) ||
	    !cJSON_IsObject(json_get(config, "process")) || !slash)
		return 0;
	made = arena_alloc(arena, sizeof(*made));
	if (!made)
		return -ENOMEM;
	made->source = source;
	made->dir = arena_strndup(arena, source, (size_t)(slash - source));
	if (!made->dir || bundle_fill(arena, config, made))
		return -ENOMEM;
	*bundle = made;
	return 0;
}
