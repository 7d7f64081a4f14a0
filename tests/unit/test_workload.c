// SPDX-License-Identifier: Apache-2.0
/* Which pods a workload can have made, and what a pod's name shows of it. */
#include "unit.h"

#include "sockprobe/workload.h"

#define NODE "ip-10-0-1-2.ec2.internal"

/* Names that are cut: of 58, 57, 50 and 47 letters. */
#define N47 "a234567890b234567890c234567890d234567890e234567"
#define N50 N47 "890"
#define N57 N50 "f234567"
#define N58 N57 "8"

static void kinds(void **state)
{
	(void)state;
	assert_int_equal(workload_kind("pods"), WORKLOAD_POD);
	assert_int_equal(workload_kind("Pod"), WORKLOAD_POD);
	assert_int_equal(workload_kind("POD"), WORKLOAD_POD);
	assert_int_equal(workload_kind("PODS"), WORKLOAD_POD);
	assert_int_equal(workload_kind("Deployment"), WORKLOAD_DEPLOYMENT);
	assert_int_equal(workload_kind("deployments"), WORKLOAD_DEPLOYMENT);
	assert_int_equal(workload_kind("replicasets"), WORKLOAD_REPLICASET);
	assert_int_equal(workload_kind("ReplicationController"),
			 WORKLOAD_REPLICASET);
	assert_int_equal(workload_kind("daemonsets"), WORKLOAD_DAEMONSET);
	assert_int_equal(workload_kind("StatefulSet"), WORKLOAD_STATEFULSET);
	assert_int_equal(workload_kind("jobs"), WORKLOAD_JOB);
	assert_int_equal(workload_kind("CronJob"), WORKLOAD_CRONJOB);
	assert_int_equal(workload_kind(NULL), WORKLOAD_UNKNOWN);
	assert_int_equal(workload_kind(""), WORKLOAD_UNKNOWN);
	assert_int_equal(workload_kind("podss"), WORKLOAD_UNKNOWN);
	assert_int_equal(workload_kind("podtemplates"), WORKLOAD_UNKNOWN);
	assert_int_equal(workload_kind("po"), WORKLOAD_UNKNOWN);
	assert_int_equal(workload_kind("rollouts"), WORKLOAD_UNKNOWN);
}

struct pair {
	enum workload_kind kind;
	const char *workload;
	const char *pod;
};

static void check_pairs(const struct pair *pairs, size_t n, bool wanted)
{
	for (size_t i = 0; i < n; i++) {
		char *workload = heap_text(pairs[i].workload);
		char *pod = heap_text(pairs[i].pod);

		if (workload_fits_pod(pairs[i].kind, workload, pod, NODE) !=
		    wanted)
			fail_msg("%d %s, pod %s: not %s", pairs[i].kind,
				 workload, pod, wanted ? "taken" : "refused");
		free(workload);
		free(pod);
	}
}

#define FITS(...)                                                              \
	do {                                                                   \
		static const struct pair pairs_[] = { __VA_ARGS__ };           \
		check_pairs(pairs_, ARRAY_SIZE(pairs_), true);                 \
	} while (0)
#define REFUSED(...)                                                           \
	do {                                                                   \
		static const struct pair pairs_[] = { __VA_ARGS__ };           \
		check_pairs(pairs_, ARRAY_SIZE(pairs_), false);                \
	} while (0)

static void pods(void **state)
{
	(void)state;
	FITS({ WORKLOAD_POD, "debugger", "debugger" },
	     { WORKLOAD_POD, "agent-x7k2p", "agent-x7k2p" },
	     { WORKLOAD_UNKNOWN, "debugger", "debugger" });
	REFUSED({ WORKLOAD_POD, "agent", "agent-x7k2p" },
		{ WORKLOAD_POD, "kube-proxy", "kube-proxy-" NODE },
		{ WORKLOAD_POD, "agent", "Agent" }, { WORKLOAD_POD, "", "" },
		{ WORKLOAD_UNKNOWN, "", "" },
		{ WORKLOAD_UNKNOWN, "", "-x7k2p" },
		{ WORKLOAD_DEPLOYMENT, "web", "web" },
		{ WORKLOAD_DAEMONSET, "web", "web" });
	assert_false(workload_fits_pod(WORKLOAD_UNKNOWN, NULL, "a", NULL));
	assert_false(workload_fits_pod(WORKLOAD_UNKNOWN, "a", NULL, NULL));
}

static void deployments(void **state)
{
	(void)state;
	FITS({ WORKLOAD_DEPLOYMENT, "web", "web-5d4f8c7b9-x2x4z" },
	     { WORKLOAD_DEPLOYMENT, "web", "web-5-x2x4z" },
	     { WORKLOAD_DEPLOYMENT, "web", "web-456789bcdf-x2x4z" },
	     { WORKLOAD_DEPLOYMENT, "web-admin", "web-admin-5d4f8c7b9-x2x4z" },
	     { WORKLOAD_UNKNOWN, "web", "web-5d4f8c7b9-x2x4z" });
	/* of another workload, whose name begins the same */
	REFUSED({ WORKLOAD_DEPLOYMENT, "web", "web-admin-5d4f8c7b9-x2x4z" },
		{ WORKLOAD_UNKNOWN, "web", "web-admin-5d4f8c7b9-x2x4z" },
		{ WORKLOAD_DEPLOYMENT, "web", "web-cdn-x2x4z" },
		{ WORKLOAD_DEPLOYMENT, "we", "web-5d4f8c7b9-x2x4z" },
		{ WORKLOAD_DEPLOYMENT, "web-", "web-5d4f8c7b9-x2x4z" },
		/* eleven letters, none, and letters that no hash has */
		{ WORKLOAD_DEPLOYMENT, "web", "web-456789bcdf4-x2x4z" },
		{ WORKLOAD_DEPLOYMENT, "web", "web--x2x4z" },
		{ WORKLOAD_DEPLOYMENT, "web", "web-5d4f8x7b9-x2x4z" },
		{ WORKLOAD_DEPLOYMENT, "web", "web-5D4F8-x2x4z" },
		/* the random letters: six, four, a vowel, upper case */
		{ WORKLOAD_DEPLOYMENT, "web", "web-5d4f8c7b9-x2x4zz" },
		{ WORKLOAD_DEPLOYMENT, "web", "web-5d4f8c7b9-x2x4" },
		{ WORKLOAD_DEPLOYMENT, "web", "web-5d4f8c7b9-x2a4z" },
		{ WORKLOAD_DEPLOYMENT, "web", "web-5d4f8c7b9-x2y4z" },
		{ WORKLOAD_DEPLOYMENT, "web", "web-5d4f8c7b9-X2X4Z" },
		{ WORKLOAD_DEPLOYMENT, "web", "web-5d4f8c7b9-x2x4z\n" },
		{ WORKLOAD_DEPLOYMENT, "web", "web-5d4f8c7b9x2x4z" },
		{ WORKLOAD_DEPLOYMENT, "web", "x2x4z" },
		{ WORKLOAD_DEPLOYMENT, "web", "" },
		/* a DaemonSet's pod */
		{ WORKLOAD_DEPLOYMENT, "web", "web-x2x4z" });
}

static void sets_and_jobs(void **state)
{
	(void)state;
	FITS({ WORKLOAD_DAEMONSET, "agent", "agent-x7k2p" },
	     { WORKLOAD_REPLICASET, "web-5d4f8c7b9", "web-5d4f8c7b9-x2x4z" },
	     { WORKLOAD_JOB, "backup", "backup-x7k2p" },
	     { WORKLOAD_JOB, "backup-28374950", "backup-28374950-x7k2p" },
	     { WORKLOAD_JOB, "sweep", "sweep-0-x7k2p" },
	     { WORKLOAD_JOB, "sweep", "sweep-100000-x7k2p" },
	     { WORKLOAD_CRONJOB, "backup", "backup-28374950-x7k2p" },
	     { WORKLOAD_CRONJOB, "backup", "backup-1700000000-x7k2p" },
	     { WORKLOAD_STATEFULSET, "db", "db-0" },
	     { WORKLOAD_STATEFULSET, "db", "db-2147483647" },
	     { WORKLOAD_UNKNOWN, "agent", "agent-x7k2p" },
	     { WORKLOAD_UNKNOWN, "backup", "backup-28374950-x7k2p" },
	     { WORKLOAD_UNKNOWN, "db", "db-12" });
	REFUSED({ WORKLOAD_DAEMONSET, "agent", "agent-5d4f8c7b9-x2x4z" },
		{ WORKLOAD_DAEMONSET, "agent", "agent-0" },
		{ WORKLOAD_DAEMONSET, "agent", "agent-v2-x7k2p" },
		{ WORKLOAD_UNKNOWN, "agent", "agent-v2-x7k2p" },
		{ WORKLOAD_JOB, "backup", "backup-28374950-x7k2p" },
		{ WORKLOAD_JOB, "sweep", "sweep-00-x7k2p" },
		{ WORKLOAD_JOB, "sweep", "sweep-1000000-x7k2p" },
		{ WORKLOAD_CRONJOB, "backup", "backup-x7k2p" },
		{ WORKLOAD_CRONJOB, "backup", "backup-2837495-x7k2p" },
		{ WORKLOAD_CRONJOB, "backup", "backup-02837495-x7k2p" },
		{ WORKLOAD_CRONJOB, "backup", "backup-28374950" },
		{ WORKLOAD_STATEFULSET, "db", "db-00" },
		{ WORKLOAD_STATEFULSET, "db", "db-" },
		{ WORKLOAD_STATEFULSET, "db", "dbx0" },
		{ WORKLOAD_STATEFULSET, "db", "db-1a" },
		{ WORKLOAD_STATEFULSET, "db", "db-12345678901" },
		{ WORKLOAD_STATEFULSET, "db", "db-replica-0" },
		{ WORKLOAD_STATEFULSET, "db", "db-x7k2p" });
}

/* A generated name ends with 63 letters: 58 and five. */
static void cut_names(void **state)
{
	(void)state;
	FITS({ WORKLOAD_DAEMONSET, N57, N57 "-x7k2p" },
	     { WORKLOAD_DAEMONSET, N58, N58 "x7k2p" },
	     { WORKLOAD_DAEMONSET, N58 "9-more", N58 "x7k2p" },
	     { WORKLOAD_DEPLOYMENT, N47, N47 "-5d4f8c7b9-x2x4z" },
	     /* 58 letters end in the hash, before it, in the name */
	     { WORKLOAD_DEPLOYMENT, N47, N47 "-456789bcdfx2x4z" },
	     { WORKLOAD_DEPLOYMENT, N50, N50 "-5d4f8c7x2x4z" },
	     { WORKLOAD_DEPLOYMENT, N50, N50 "-5d4f8c-x2x4z" },
	     { WORKLOAD_DEPLOYMENT, N57, N57 "-x2x4z" },
	     { WORKLOAD_DEPLOYMENT, N58, N58 "x2x4z" },
	     { WORKLOAD_CRONJOB, N50, N50 "-2837495x7k2p" });
	REFUSED({ WORKLOAD_DAEMONSET, N57, N57 "x7k2p" },
		{ WORKLOAD_DAEMONSET, N57, N57 "ax7k2p" },
		/* longer than what is generated */
		{ WORKLOAD_DAEMONSET, N58, N58 "-x7k2p" },
		{ WORKLOAD_DAEMONSET, N58 "9", N58 "9x7k2p" },
		{ WORKLOAD_DAEMONSET, N47, N58 "x7k2p" },
		{ WORKLOAD_DEPLOYMENT, N50, N50 "-5d4f8cax2x4z" },
		{ WORKLOAD_DEPLOYMENT, N50, N50 "a5d4f8c7x2x4z" },
		/* it may not have been cut here */
		{ WORKLOAD_DEPLOYMENT, N50, N50 "-5d4f8cx2x4z" },
		/* a hash has no eleventh letter; nor is a number of a job cut */
		{ WORKLOAD_DEPLOYMENT,
		  "a234567890b234567890c234567890d234567890e23456",
		  "a234567890b234567890c234567890d234567890e23456-456789bcdf4x2x4z" },
		{ WORKLOAD_JOB, N50, N50 "-1234567x7k2p" },
		{ WORKLOAD_JOB, N50 "f2", N50 "f2-12345x7k2p" });
}

static void static_pods(void **state)
{
	(void)state;
	FITS({ WORKLOAD_UNKNOWN, "kube-proxy", "kube-proxy-" NODE });
	REFUSED({ WORKLOAD_UNKNOWN, "kube", "kube-proxy-" NODE },
		{ WORKLOAD_UNKNOWN, "kube-proxy", "kube-proxy-" NODE "x" },
		{ WORKLOAD_UNKNOWN, "kube-proxy", "kube-proxy-other" },
		{ WORKLOAD_DAEMONSET, "kube-proxy", "kube-proxy-" NODE });
	assert_true(workload_fits_pod(WORKLOAD_UNKNOWN, "a", "a-n1", "N1"));
	assert_false(workload_fits_pod(WORKLOAD_UNKNOWN, "a", "a-n1", NULL));
	assert_false(workload_fits_pod(WORKLOAD_UNKNOWN, "a", "a-", ""));
}

static void check_told(const char *pod, enum workload_kind kind,
		       const char *name, size_t random)
{
	char *copy = heap_text(pod);
	struct pod_workload told = workload_of_pod(copy);

	if (told.kind != kind || told.name_len != strlen(name) ||
	    strncmp(pod, name, told.name_len) != 0 || told.random != random)
		fail_msg("%s: kind %d, %zu letters, %zu random", pod, told.kind,
			 told.name_len, told.random);
	assert_int_equal(told.how != NULL, kind != WORKLOAD_UNKNOWN);
	free(copy);
}

static void what_a_name_tells(void **state)
{
	(void)state;
	check_told("web-5d4f8c7b9-x2x4z", WORKLOAD_DEPLOYMENT, "web", 5);
	check_told("web-5d4f8c7b9-wxxxz", WORKLOAD_DEPLOYMENT, "web", 5);
	check_told("backup-28374950-x7k2p", WORKLOAD_CRONJOB, "backup", 5);
	check_told("db-0", WORKLOAD_STATEFULSET, "db", 0);
	check_told("my-db-12", WORKLOAD_STATEFULSET, "my-db", 0);
	/* a DaemonSet's, a ReplicaSet's or a Job's */
	check_told("datadog-agent-x7k2p", WORKLOAD_UNKNOWN, "datadog-agent", 5);
	/* seven letters: a hash seldom has so few, a person's choice often */
	check_told("web-5d4f8c7-x2x4z", WORKLOAD_UNKNOWN, "web-5d4f8c7", 5);
	check_told("sweep-3-x7k2p", WORKLOAD_UNKNOWN, "sweep-3", 5);
}

static void what_a_name_does_not_tell(void **state)
{
	static const char *const pods[] = {
		"",
		"-",
		"-x7k2p",
		"-0",
		"agent",
		"my-agent",
		"x7k2p",
		"agent-x7k2",
		"agent-x7k2pp",
		"agent-X7K2P",
		"agent-x7a2p",
		"agent-\xff\xfe\xff\xfe\xff",
		/* no pod's name */
		"*-x7k2p",
		"a?b-x7k2p",
		"a\\-x7k2p",
		"Agent-x7k2p",
		"a b-0",
		"*-5d4f8c7b9-x2x4z",
		/* a word */
		"proxy-https",
		"web-00",
		/* cut: where the workload's name ends is not known */
		N58 "x7k2p",
		N58 "-x7k2p",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pods); i++)
		check_told(pods[i], WORKLOAD_UNKNOWN, "", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(pods),
		cmocka_unit_test(deployments),
		cmocka_unit_test(sets_and_jobs),
		cmocka_unit_test(cut_names),
		cmocka_unit_test(static_pods),
		cmocka_unit_test(what_a_name_tells),
		cmocka_unit_test(what_a_name_does_not_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
