// SPDX-License-Identifier: Apache-2.0
/*
 * The kernel's discretionary checks on made evidence: who may connect to a
 * socket, who may follow /proc/PID/root. Expectations are from the kernel's
 * fs/namei.c (generic_permission) and kernel/ptrace.c.
 */
#include "unit.h"

#include <linux/capability.h>

#include "correlate/dac.h"

#define CAP(name) (1ULL << CAP_##name)

/* One process, a look of at most four steps, and evidence that holds them. */
struct scene {
	struct evidence ev;
	struct process processes[3];
	struct path_step steps[4];
	struct path_look look;
	size_t indexes[3];
	struct index_list list;
	gid_t groups[4];
	struct id_range uids[2], gids[2];
};

static void set_ids(struct process *process, uid_t uid, gid_t gid)
{
	for (int i = 0; i < 4; i++) {
		process->uid[i] = uid;
		process->gid[i] = gid;
	}
}

/* Root's / and /run, both 0755, and root:docker's socket, 0660. */
static int scene_setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	if (!s)
		return -1;
	evidence_init(&s->ev, 1 << 20);
	s->ev.processes.at = s->processes;
	s->ev.processes.n = 3;
	for (size_t i = 0; i < 3; i++) {
		s->indexes[i] = i;
		s->processes[i].pid = 100 + (pid_t)i;
		set_ids(&s->processes[i], 1000, 1000);
		s->processes[i].groups = s->groups;
	}
	s->list = (struct index_list){ .at = s->indexes, .n = 1 };
	s->steps[0] = (struct path_step){ .mode = 040755 };
	s->steps[1] = (struct path_step){ .mode = 040755 };
	s->steps[2] = (struct path_step){ .mode = 0140660, .gid = 998 };
	s->look.kind = KIND_SOCKET;
	s->look.steps.at = s->steps;
	s->look.steps.n = 3;
	*state = s;
	return 0;
}

static int scene_teardown(void **state)
{
	struct scene *s = *state;

	evidence_free(&s->ev);
	free(s);
	return 0;
}

static void check(struct scene *s, enum tristate allowed, const char *why)
{
	struct dac_answer answer =
		dac_may_connect(&s->ev, &s->list, &s->look, false);

	assert_int_equal(answer.allowed, allowed);
	assert_non_null(answer.why);
	if (!strstr(answer.why, why))
		fail_msg("\"%s\" does not say \"%s\"", answer.why, why);
}

/* ---- bits ---- */

static void others_bits_decide_for_others(void **state)
{
	struct scene *s = *state;

	check(s, TRI_NO, "uid 1000 gid 1000 may not write to it (mode 0660");
	s->steps[2].mode = 0140662;
	check(s, TRI_YES, "may write to it");
	/* connect(2) asks to write, nothing else */
	s->steps[2].mode = 0140665;
	check(s, TRI_NO, "may not");
}

static void groups_bits_decide_for_a_member(void **state)
{
	struct scene *s = *state;

	s->processes[0].gid[3] = 998;
	check(s, TRI_YES, "may write");
	/* a group member does not get the rights of others */
	s->steps[2].mode = 0140602;
	check(s, TRI_NO, "may not write");
}

static void supplementary_groups_count(void **state)
{
	struct scene *s = *state;

	s->groups[0] = 4;
	s->groups[1] = 998;
	s->processes[0].ngroups = 1;
	check(s, TRI_NO, "may not");
	s->processes[0].ngroups = 2;
	check(s, TRI_YES, "may");
}

static void only_the_file_system_group_counts(void **state)
{
	struct scene *s = *state;

	s->processes[0].gid[0] = 998;
	s->processes[0].gid[1] = 998;
	s->processes[0].gid[2] = 998;
	check(s, TRI_NO, "may not");
}

static void owners_bits_decide_for_the_owner(void **state)
{
	struct scene *s = *state;

	s->steps[2] = (struct path_step){ .mode = 0140200, .uid = 1000 };
	check(s, TRI_YES, "may write");
	/*
	 * an owner without the right gets neither the group's nor others'
	 * rights
	 */
	s->steps[2].mode = 0140466;
	s->steps[2].gid = 1000;
	check(s, TRI_NO, "may not write");
}

static void only_the_file_system_user_counts(void **state)
{
	struct scene *s = *state;

	s->steps[2] = (struct path_step){ .mode = 0140600, .uid = 7 };
	s->processes[0].uid[0] = 7;
	s->processes[0].uid[1] = 7;
	s->processes[0].uid[2] = 7;
	check(s, TRI_NO, "may not");
	set_ids(&s->processes[0], 1000, 1000);
	s->processes[0].uid[3] = 7;
	check(s, TRI_YES, "uid 7 ");
}

/* uid 0 without the capability is an ordinary user. */
static void root_without_capability_is_nobody_special(void **state)
{
	struct scene *s = *state;

	set_ids(&s->processes[0], 0, 0);
	s->steps[2] = (struct path_step){ .mode = 0140600, .uid = 5, .gid = 5 };
	check(s, TRI_NO, "uid 0");
	s->steps[2].uid = 0;
	check(s, TRI_YES, "uid 0");
}

static void every_directory_must_be_searched(void **state)
{
	struct scene *s = *state;

	s->steps[2].mode = 0140666;
	s->steps[1].mode = 040700;
	check(s, TRI_NO, "may not search a directory above it (mode 0700");
	s->steps[1].mode = 040711;
	check(s, TRI_YES, "may write");
	/*
	 * the right to read or write a directory is not the right to search it
	 */
	s->steps[0].mode = 040776;
	check(s, TRI_NO, "may not search");
}

/* ---- capabilities ---- */

static void dac_override_passes_all(void **state)
{
	struct scene *s = *state;

	s->steps[0].mode = s->steps[1].mode = 040000;
	s->steps[2].mode = 0140000;
	s->processes[0].cap_effective = CAP(DAC_OVERRIDE);
	check(s, TRI_YES, "CAP_DAC_OVERRIDE (pid 100)");
}

static void only_effective_capabilities_count(void **state)
{
	struct scene *s = *state;

	s->processes[0].cap_permitted = CAP(DAC_OVERRIDE);
	check(s, TRI_NO, "may not");
	s->processes[0].cap_effective = ~CAP(DAC_OVERRIDE) &
					~CAP(DAC_READ_SEARCH);
	check(s, TRI_NO, "may not");
}

static void dac_read_search_passes_directories(void **state)
{
	struct scene *s = *state;

	s->steps[0].mode = s->steps[1].mode = 040000;
	s->processes[0].cap_effective = CAP(DAC_READ_SEARCH);
	check(s, TRI_NO, "may not write to it");
	s->steps[2].mode = 0140662;
	check(s, TRI_YES, "may write to it");
}

/* ---- user namespaces ---- */

static void map_ids(struct scene *s, uint32_t first, uint32_t count)
{
	struct process *process = &s->processes[0];

	process->mapped = true;
	s->uids[0] = s->gids[0] =
		(struct id_range){ .outside = first, .count = count };
	process->uid_map.at = s->uids;
	process->gid_map.at = s->gids;
	process->uid_map.n = process->gid_map.n = 1;
	process->cap_effective = ~0ULL;
	set_ids(process, first, first);
}

static void a_capability_over_ids_that_are_not_mapped(void **state)
{
	struct scene *s = *state;

	map_ids(s, 100000, 65536);
	check(s, TRI_NO, "uid 100000 gid 100000 may not write");
	s->steps[2].mode = 0140666;
	check(s, TRI_YES, "may write");
}

static void a_capability_over_ids_that_are_mapped(void **state)
{
	struct scene *s = *state;

	map_ids(s, 100000, 65536);
	s->steps[2] = (struct path_step){ .mode = 0140600,
					  .uid = 165535,
					  .gid = 100001 };
	check(s, TRI_YES, "CAP_DAC_OVERRIDE");
	/* the range ends there */
	s->steps[2].uid = 165536;
	check(s, TRI_NO, "may not");
	s->steps[2].uid = 99999;
	check(s, TRI_NO, "may not");
	/* the group must be mapped too */
	s->steps[2].uid = 100001;
	s->steps[2].gid = 998;
	check(s, TRI_NO, "may not");
}

static void every_range_of_a_map_counts(void **state)
{
	struct scene *s = *state;

	map_ids(s, 100000, 65536);
	s->uids[1] = s->gids[1] = (struct id_range){ .inside = 70000,
						     .outside = 0,
						     .count = 999 };
	s->processes[0].uid_map.n = s->processes[0].gid_map.n = 2;
	check(s, TRI_YES, "CAP_DAC_OVERRIDE");
	s->processes[0].gid_map.n = 1;
	check(s, TRI_NO, "may not");
}

static void a_range_up_to_the_last_id(void **state)
{
	struct scene *s = *state;

	map_ids(s, 4294901760, 65535);
	s->steps[2] = (struct path_step){ .mode = 0140600,
					  .uid = 4294967294,
					  .gid = 4294901760 };
	check(s, TRI_YES, "CAP_DAC_OVERRIDE");
	s->steps[2].uid = 0;
	check(s, TRI_NO, "may not");
}

/* ---- what is not evaluated ---- */

static void an_acl_makes_it_unknown(void **state)
{
	struct scene *s = *state;

	s->steps[2].acl = true;
	check(s, TRI_UNKNOWN, "POSIX ACL decides whether uid 1000 may write");
	s->steps[2].mode = 0140666;
	check(s, TRI_UNKNOWN, "POSIX ACL");
	/* the mode has the owner's entry of the ACL */
	s->steps[2].uid = 1000;
	check(s, TRI_YES, "may write");
	s->steps[2].mode = 0140066;
	check(s, TRI_NO, "may not");
	/* and a capability needs none */
	s->processes[0].cap_effective = CAP(DAC_OVERRIDE);
	check(s, TRI_YES, "CAP_DAC_OVERRIDE");
}

static void an_acl_on_a_directory(void **state)
{
	struct scene *s = *state;

	s->steps[2].mode = 0140666;
	s->steps[1].acl = true;
	check(s, TRI_UNKNOWN, "may search a directory above it");
	/* an earlier directory that nobody may search decides first */
	s->steps[0].mode = 040700;
	check(s, TRI_NO, "may not search");
}

static void what_was_not_seen_is_unknown(void **state)
{
	struct scene *s = *state;

	s->steps[2].mode = 0140666;
	s->look.steps_cut = true;
	check(s, TRI_UNKNOWN, "not every directory");
	s->look.steps_cut = false;
	s->look.steps.n = 0;
	check(s, TRI_UNKNOWN, "not every directory");
	s->look.steps.n = 3;
	s->list.n = 0;
	check(s, TRI_UNKNOWN, "not every directory");
}

static void an_idmapped_mount_is_unknown(void **state)
{
	struct scene *s = *state;
	struct dac_answer answer;

	s->steps[2].mode = 0140666;
	answer = dac_may_connect(&s->ev, &s->list, &s->look, true);
	assert_int_equal(answer.allowed, TRI_UNKNOWN);
	assert_non_null(strstr(answer.why, "maps ids"));
}

/* ---- more than one process ---- */

static void one_process_that_may_is_enough(void **state)
{
	struct scene *s = *state;

	s->list.n = 3;
	check(s, TRI_NO, "may not");
	s->processes[2].cap_effective = CAP(DAC_OVERRIDE);
	check(s, TRI_YES, "pid 102");
	s->processes[2].cap_effective = 0;
	s->processes[1].gid[3] = 998;
	check(s, TRI_YES, "gid 998 may write");
}

static void doubt_outweighs_no(void **state)
{
	struct scene *s = *state;

	/*
	 * The first process owns it without the right; for the second the ACL
	 * decides.
	 */
	s->steps[2] =
		(struct path_step){ .mode = 0140000, .uid = 1000, .acl = true };
	s->list.n = 2;
	s->processes[1].uid[3] = 1001;
	check(s, TRI_UNKNOWN, "uid 1001");
	s->processes[0].uid[3] = 1001;
	s->processes[1].uid[3] = 1000;
	check(s, TRI_UNKNOWN, "uid 1001");
	/* and yes goes before unknown */
	s->list.n = 3;
	s->processes[2].cap_effective = CAP(DAC_OVERRIDE);
	check(s, TRI_YES, "pid 102");
}

/* ---- /proc/PID/root ---- */

static void make_pair(struct process *reader, struct process *target)
{
	*reader = (struct process){ .ns_user = 5 };
	*target = (struct process){ .ns_user = 5 };
	set_ids(reader, 1000, 1000);
	set_ids(target, 1000, 1000);
}

static void the_same_user_may_read(void **state)
{
	struct process reader;
	struct process target;

	(void)state;
	make_pair(&reader, &target);
	assert_true(dac_may_read_process(&reader, &target));
	set_ids(&target, 0, 0);
	assert_false(dac_may_read_process(&reader, &target));
}

static void all_ids_of_the_target_must_be_the_readers(void **state)
{
	struct process reader;
	struct process target;

	(void)state;
	for (int i = 0; i < 3; i++) {
		make_pair(&reader, &target);
		target.uid[i] = 0;
		assert_false(dac_may_read_process(&reader, &target));
		make_pair(&reader, &target);
		target.gid[i] = 0;
		assert_false(dac_may_read_process(&reader, &target));
	}
	/*
	 * the target's file system ids, and the reader's other ids, do not
	 * count
	 */
	make_pair(&reader, &target);
	target.uid[3] = target.gid[3] = 0;
	reader.uid[0] = reader.uid[1] = reader.uid[2] = 7;
	assert_true(dac_may_read_process(&reader, &target));
}

static void ptrace_capability_reads_all(void **state)
{
	struct process reader;
	struct process target;

	(void)state;
	make_pair(&reader, &target);
	set_ids(&target, 0, 0);
	target.cap_permitted = ~0ULL;
	reader.cap_permitted = CAP(SYS_PTRACE);
	assert_false(dac_may_read_process(&reader, &target));
	reader.cap_effective = CAP(SYS_PTRACE);
	assert_true(dac_may_read_process(&reader, &target));
}

static void a_target_with_more_capabilities_is_out_of_reach(void **state)
{
	struct process reader;
	struct process target;

	(void)state;
	make_pair(&reader, &target);
	target.cap_permitted = CAP(CHOWN);
	assert_false(dac_may_read_process(&reader, &target));
	reader.cap_permitted = reader.cap_effective = CAP(KILL);
	assert_false(dac_may_read_process(&reader, &target));
	reader.cap_permitted = reader.cap_effective = CAP(KILL) | CAP(CHOWN);
	assert_true(dac_may_read_process(&reader, &target));
}

/*
 * PTRACE_MODE_FSCREDS compares with the reader's file system ids and effective
 * set.
 */
static void what_the_reader_could_have_does_not_count(void **state)
{
	struct process reader;
	struct process target;

	(void)state;
	make_pair(&reader, &target);
	target.cap_permitted = CAP(CHOWN);
	reader.cap_permitted = CAP(CHOWN);
	reader.cap_effective = 0;
	assert_false(dac_may_read_process(&reader, &target));
}

static void user_namespaces_part(void **state)
{
	struct process reader;
	struct process target;

	(void)state;
	/*
	 * a reader in a user namespace has no rights over the node's processes
	 */
	make_pair(&reader, &target);
	reader.ns_user = 6;
	reader.mapped = true;
	reader.cap_permitted = reader.cap_effective = ~0ULL;
	assert_false(dac_may_read_process(&reader, &target));
	/* unknown namespaces prove nothing */
	make_pair(&reader, &target);
	reader.ns_user = 0;
	assert_false(dac_may_read_process(&reader, &target));
	make_pair(&reader, &target);
	reader.ns_user = target.ns_user = 0;
	assert_false(dac_may_read_process(&reader, &target));
}

#define scene_test(f)                                                          \
	cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(others_bits_decide_for_others),
		scene_test(groups_bits_decide_for_a_member),
		scene_test(supplementary_groups_count),
		scene_test(only_the_file_system_group_counts),
		scene_test(owners_bits_decide_for_the_owner),
		scene_test(only_the_file_system_user_counts),
		scene_test(root_without_capability_is_nobody_special),
		scene_test(every_directory_must_be_searched),
		scene_test(dac_override_passes_all),
		scene_test(only_effective_capabilities_count),
		scene_test(dac_read_search_passes_directories),
		scene_test(a_capability_over_ids_that_are_not_mapped),
		scene_test(a_capability_over_ids_that_are_mapped),
		scene_test(every_range_of_a_map_counts),
		scene_test(a_range_up_to_the_last_id),
		scene_test(an_acl_makes_it_unknown),
		scene_test(an_acl_on_a_directory),
		scene_test(what_was_not_seen_is_unknown),
		scene_test(an_idmapped_mount_is_unknown),
		scene_test(one_process_that_may_is_enough),
		scene_test(doubt_outweighs_no),
		cmocka_unit_test(the_same_user_may_read),
		cmocka_unit_test(all_ids_of_the_target_must_be_the_readers),
		cmocka_unit_test(ptrace_capability_reads_all),
		cmocka_unit_test(
			a_target_with_more_capabilities_is_out_of_reach),
		cmocka_unit_test(what_the_reader_could_have_does_not_count),
		cmocka_unit_test(user_namespaces_part),
	};

	return cmocka_run_group_tests_name("dac", tests, NULL, NULL);
}
