// SPDX-License-Identifier: Apache-2.0
/*
 * What a container's config.json says of how it was started: where it does not
 * say, or says what is not understood, the container has most.
 */
#include "unit.h"

#include "collect/bundle.h"

static const char source[] = "/run/b/config.json";

/* The bundle of this text; NULL where it is none. */
static struct bundle *bundle_of(struct arena *arena, const char *text)
{
	cJSON *json = cJSON_Parse(text);
	struct bundle *bundle;

	assert_non_null(json);
	assert_int_equal(bundle_parse(arena, json, source, &bundle), 0);
	cJSON_Delete(json);
	return bundle;
}

static struct bundle *with(struct arena *arena, const char *process,
			   const char *more)
{
	char text[8192];
	struct bundle *bundle;

	assert_true(
		(size_t)snprintf(
			text, sizeof(text),
			"{\"root\":{\"path\":\"rootfs\"},\"process\":{%s}%s}",
			process, more) < sizeof(text));
	bundle = bundle_of(arena, text);
	assert_non_null(bundle);
	return bundle;
}

static void no_configuration(void **state)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"7",
		"{\"root\":{\"path\":\"r\"}}",
		"{\"process\":{}}",
		"{\"root\":\"r\",\"process\":{}}",
		"{\"root\":{},\"process\":[]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_null(bundle_of(*state, texts[i]));
}

static void what_is_not_told_is_most(void **state)
{
	struct bundle *bundle = with(*state, "", "");

	assert_string_equal(bundle->source, "/run/b/config.json");
	assert_string_equal(bundle->dir, "/run/b");
	assert_string_equal(bundle->root, "rootfs");
	assert_false(bundle->user_known);
	assert_false(bundle->no_new_privileges);
	assert_false(bundle->seccomp_closes_namespaces);
	assert_false(bundle->mounts_cut);
	assert_int_equal(bundle->mounts.n, 0);
}

/* ---- user and rights ---- */

static void user_and_groups(void **state)
{
	struct bundle *bundle = with(
		*state,
		"\"noNewPrivileges\":true,\"user\":{\"uid\":1000,\"gid\":4294967295,\"additionalGids\":[0,7]}",
		"");

	assert_true(bundle->user_known);
	assert_int_equal(bundle->uid, 1000);
	assert_int_equal(bundle->gid, 4294967295U);
	assert_int_equal(bundle->groups.n, 2);
	assert_int_equal(bundle->groups.at[1], 7);
	assert_false(bundle->groups_cut);
	assert_true(bundle->no_new_privileges);
}

static void users_that_are_none(void **state)
{
	static const char *const users[] = {
		"{}",
		"{\"uid\":1}",
		"{\"uid\":-1,\"gid\":1}",
		"{\"uid\":1.5,\"gid\":1}",
		"{\"uid\":4294967296,\"gid\":1}",
		"{\"uid\":\"1\",\"gid\":1}",
		"{\"uid\":1,\"gid\":null}",
		"{\"uid\":1e999,\"gid\":1}",
	};
	char process[256];

	for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
		snprintf(process, sizeof(process), "\"user\":%s", users[i]);
		assert_false(with(*state, process, "")->user_known);
	}
	assert_true(with(*state, "\"user\":{\"additionalGids\":[\"x\"]}", "")
			    ->groups_cut);
	/* "true" is no true */
	assert_false(with(*state, "\"noNewPrivileges\":\"true\"", "")
			     ->no_new_privileges);
}

static void capabilities(void **state)
{
	struct bundle *bundle = with(
		*state,
		"\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_SYS_ADMIN\"],\"effective\":[\"CAP_KILL\"]}",
		"");

	assert_int_equal(bundle->cap_bounding, 0x200001);
	assert_int_equal(bundle->cap_effective, 0x20);
	/* one that is not known could be any */
	bundle = with(
		*state,
		"\"capabilities\":{\"bounding\":[\"CAP_OF_TOMORROW\"],\"effective\":[7]}",
		"");
	assert_int_equal(bundle->cap_bounding, UINT64_MAX);
	assert_int_equal(bundle->cap_effective, UINT64_MAX);
	bundle = with(*state, "\"capabilities\":{\"bounding\":[]}", "");
	assert_int_equal(bundle->cap_bounding, 0);
}

/* ---- mounts ---- */

static void mounts(void **state)
{
	struct bundle *bundle = with(
		*state, "",
		",\"mounts\":["
		"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\",\"options\":[\"nosuid\"]},"
		"{\"destination\":\"/d\",\"type\":\"none\",\"source\":\"/srv\",\"options\":[\"rbind\",\"rslave\"]},"
		"{\"destination\":\"e\",\"type\":\"bind\",\"source\":\"/f\",\"options\":[\"rprivate\"]},"
		"{\"destination\":\"/g\",\"source\":\"/h\",\"options\":[\"bind\",\"shared\",7]}]");
	const struct record_mount *list = bundle->mounts.at;

	assert_int_equal(bundle->mounts.n, 4);
	assert_false(bundle->mounts_cut);
	assert_string_equal(list[0].type, "proc");
	assert_false(list[0].bind || list[0].recursive || list[0].propagates);
	assert_string_equal(list[1].source, "/srv");
	assert_true(list[1].bind && list[1].recursive && list[1].propagates);
	assert_string_equal(list[2].destination, "e");
	assert_true(list[2].bind);
	assert_false(list[2].recursive || list[2].propagates);
	assert_null(list[3].type);
	assert_true(list[3].bind && list[3].propagates);
	assert_false(list[3].recursive);
}

/* One that cannot be read may be any: the list is not whole. */
static void mounts_that_cannot_be_read(void **state)
{
	static const char *const items[] = {
		"{}",
		"7",
		"{\"destination\":7}",
		"{\"destination\":\"\"}",
	};
	char more[128];

	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		struct bundle *bundle;

		snprintf(more, sizeof(more),
			 ",\"mounts\":[%s,{\"destination\":\"/a\"}]", items[i]);
		bundle = with(*state, "", more);
		assert_true(bundle->mounts_cut);
		assert_int_equal(bundle->mounts.n, 1);
		assert_string_equal(bundle->mounts.at[0].destination, "/a");
	}
}

static void too_many_mounts(void **state)
{
	cJSON *json = cJSON_Parse("{\"root\":{},\"process\":{}}");
	cJSON *list = cJSON_AddArrayToObject(json, "mounts");
	struct bundle *bundle;

	for (int i = 0; i < 1025; i++) {
		cJSON *item = cJSON_CreateObject();

		cJSON_AddStringToObject(item, "destination", "/a");
		cJSON_AddItemToArray(list, item);
	}
	assert_int_equal(bundle_parse(*state, json, source, &bundle), 0);
	assert_int_equal(bundle->mounts.n, 1024);
	assert_true(bundle->mounts_cut);
	cJSON_Delete(json);
}

/* ---- seccomp ---- */

#define PROFILE(otherwise, rules)                                              \
	"{\"defaultAction\":\"SCMP_ACT_" otherwise "\"," ARCHITECTURES         \
	"\"syscalls\":[" rules "]}"
#define ARCHITECTURES                                                          \
	"\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],"
#define RULE(action, names, more)                                              \
	"{\"names\":[" names "],\"action\":\"SCMP_ACT_" action "\"" more "}"

/* Docker's and containerd's: what each of the two lets through of these calls. */
#define HARMLESS RULE("ALLOW", "\"read\",\"chroot\",\"openat\"", "")
#define CLONE_WITHOUT_FLAGS                                                    \
	RULE("ALLOW", "\"clone\"",                                             \
	     ",\"args\":[{\"index\":0,\"value\":2114060288,\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]")
#define CLONE3_ENOSYS RULE("ERRNO", "\"clone3\"", ",\"errnoRet\":38")
#define FOR_SYS_ADMIN                                                                    \
	RULE("ALLOW",                                                                    \
	     "\"bpf\",\"clone\",\"clone3\",\"mount\",\"setns\",\"umount2\",\"unshare\"", \
	     "")
#define ALL_BUT(missing)                                                       \
	"\"setns\",\"mount\",\"umount2\",\"open_tree\",\"move_mount\",\"fsmount\",\"pivot_root\",\"clone\"," missing

static const struct {
	const char *what, *profile;
	bool closes;
} profiles[] = {
	{ "none", "null", false },
	{ "empty", "{}", false },
	{ "runtime default",
	  PROFILE("ERRNO", HARMLESS "," CLONE_WITHOUT_FLAGS "," CLONE3_ENOSYS),
	  true },
	{ "the same with CAP_SYS_ADMIN",
	  PROFILE("ERRNO", HARMLESS "," FOR_SYS_ADMIN), false },
	{ "Localhost that allows all", PROFILE("ALLOW", ""), false },
	{ "that only logs", PROFILE("LOG", ""), false },
	{ "that only traces", PROFILE("TRACE", ""), false },
	{ "that asks another process", PROFILE("NOTIFY", ""), false },
	{ "of an action of tomorrow", PROFILE("WHATEVER", ""), false },
	{ "that kills", PROFILE("KILL_PROCESS", HARMLESS), true },
	{ "that traps", PROFILE("TRAP", HARMLESS), true },
	{ "that logs one of them",
	  PROFILE("ERRNO", RULE("LOG", "\"unshare\"", "")), false },
	{ "that denies all of them by name",
	  PROFILE("ALLOW",
		  RULE("ERRNO", ALL_BUT("\"unshare\",\"clone3\""), "")),
	  true },
	{ "that forgets clone3",
	  PROFILE("ALLOW", RULE("ERRNO", ALL_BUT("\"unshare\""), "")), false },
	{ "that forgets unshare",
	  PROFILE("ALLOW", RULE("ERRNO", ALL_BUT("\"clone3\""), "")), false },
	{ "that denies with some arguments",
	  PROFILE("ALLOW",
		  RULE("ERRNO", ALL_BUT("\"unshare\",\"clone3\""),
		       ",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]")),
	  false },
	{ "that denies and allows one",
	  PROFILE("ERRNO", RULE("ERRNO", "\"setns\"",
				"") "," RULE("ALLOW", "\"setns\"", "")),
	  false },
	{ "clone with any flags",
	  PROFILE("ERRNO", RULE("ALLOW", "\"clone\"", "")), false },
	{ "clone, of which a flag is not in the mask",
	  PROFILE("ERRNO",
		  RULE("ALLOW", "\"clone\"",
		       ",\"args\":[{\"index\":0,\"value\":2114060287,\"op\":\"SCMP_CMP_MASKED_EQ\"}]")),
	  false },
	{ "clone, that needs a flag of them",
	  PROFILE("ERRNO",
		  RULE("ALLOW", "\"clone\"",
		       ",\"args\":[{\"index\":0,\"value\":2114060288,\"valueTwo\":268435456,\"op\":\"SCMP_CMP_MASKED_EQ\"}]")),
	  false },
	{ "clone, by another argument",
	  PROFILE("ERRNO",
		  RULE("ALLOW", "\"clone\"",
		       ",\"args\":[{\"index\":1,\"value\":2114060288,\"op\":\"SCMP_CMP_MASKED_EQ\"}]")),
	  false },
	{ "unshare, with clone's mask",
	  PROFILE("ERRNO",
		  RULE("ALLOW", "\"unshare\"",
		       ",\"args\":[{\"index\":0,\"value\":2114060288,\"op\":\"SCMP_CMP_MASKED_EQ\"}]")),
	  false },
	{ "for 64-bit programs alone: the others may call nothing",
	  "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\"],\"syscalls\":[" HARMLESS
	  "]}",
	  true },
};

static void seccomp_profiles(void **state)
{
	char more[8192];

	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		snprintf(more, sizeof(more), ",\"linux\":{\"seccomp\":%s}",
			 profiles[i].profile);
		print_message("%s\n", profiles[i].what);
		assert_int_equal(
			with(*state, "", more)->seccomp_closes_namespaces,
			profiles[i].closes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(no_configuration),
		arena_test(what_is_not_told_is_most),
		arena_test(user_and_groups),
		arena_test(users_that_are_none),
		arena_test(capabilities),
		arena_test(mounts),
		arena_test(mounts_that_cannot_be_read),
		arena_test(too_many_mounts),
		arena_test(seccomp_profiles),
	};

	return cmocka_run_group_tests_name("bundle", tests, NULL, NULL);
}
