// SPDX-License-Identifier: Apache-2.0
/* From counts to the lines of coverage, in their words. */
#include "unit.h"

#include "collect/fetch.h"
#include "evidence/coverage_words.h"
#include "sockprobe/evidence.h"

static int setup(void **state)
{
	struct evidence *ev = malloc(sizeof(*ev));

	if (!ev)
		return -1;
	evidence_init(ev, (size_t)16 << 20);
	*state = ev;
	return 0;
}

static int teardown(void **state)
{
	evidence_free(*state);
	free(*state);
	return 0;
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void check_line(const struct evidence *ev, size_t idx,
		       enum coverage_status status, const char *detail,
		       const char *fix)
{
	const struct coverage *line = &ev->coverage.at[idx];

	assert_true(idx < ev->coverage.n);
	assert_string_equal(line->detail, detail);
	assert_int_equal(line->status, status);
	if (fix)
		assert_string_equal(line->fix, fix);
	else
		assert_null(line->fix);
}

static void complete(void **state)
{
	struct coverage_tally tally = { .read = 312, .from = "/proc" };
	struct evidence *ev = *state;

	coverage_report(ev, SOURCE_PROCESSES, "node", &tally);
	assert_int_equal(ev->coverage.n, 1);
	assert_string_equal(ev->coverage.at[0].source, "processes");
	assert_string_equal(ev->coverage.at[0].extent, "node");
	check_line(ev, 0, COVERAGE_COMPLETE, "312 processes of /proc", NULL);
}

/* A process that ended is not part of the node any more; it is counted. */
static void complete_but_for_ended(void **state)
{
	struct coverage_tally tally = { .read = 1 };
	struct evidence *ev = *state;

	for (int pid = 7; pid < 10; pid++)
		coverage_count(&tally, coverage_gap_of(-ESRCH), pid, -ESRCH);
	coverage_report(ev, SOURCE_FILE_DESCRIPTORS, "node", &tally);
	assert_int_equal(ev->coverage.n, 1);
	check_line(ev, 0, COVERAGE_COMPLETE,
		   "descriptors of 1 process; 3 processes had ended", NULL);
}

/* Each kind of gap at once: none hides another, and each names its first. */
static void all_gaps_of_file_descriptors(void **state)
{
	static const char again[] = "run again";
	struct coverage_tally tally = { .read = 40, .extra = 262144 };
	struct evidence *ev = *state;

	coverage_count(&tally, coverage_gap_of(-EACCES), 17, -EACCES);
	coverage_count(&tally, coverage_gap_of(-EPERM), 18, -EPERM);
	coverage_count(&tally, coverage_gap_of(-EPERM), 19, -EPERM);
	coverage_count(&tally, coverage_gap_of(-ENOENT), 20, -ENOENT);
	coverage_count(&tally, coverage_gap_of(-EOVERFLOW), 21, -EOVERFLOW);
	coverage_count(&tally, coverage_gap_of(-ETIMEDOUT), 22, -ETIMEDOUT);
	coverage_count(&tally, coverage_gap_of(-EMFILE), 23, -EMFILE);
	coverage_count(&tally, coverage_gap_of(-EIO), 24, -EIO);
	coverage_count(&tally, coverage_gap_of(-EINVAL), 25, -EINVAL);
	coverage_report(ev, SOURCE_FILE_DESCRIPTORS, "node", &tally);
	assert_int_equal(ev->coverage.n, 5);
	check_line(
		ev, 0, COVERAGE_DENIED,
		"descriptors of pid 17 and 2 other processes denied, of 40 read: who holds a socket is known only for these",
		"run as root with CAP_SYS_PTRACE (kubectl debug: --profile=sysadmin)");
	check_line(ev, 1, COVERAGE_PARTIAL,
		   "more holders of sockets than are kept (262144)",
		   "find out who holds so many connections to a runtime");
	check_line(ev, 2, COVERAGE_TIMED_OUT,
		   "descriptors of 40 processes read before the deadline",
		   "give more time with --timeout");
	check_line(
		ev, 3, COVERAGE_PARTIAL,
		"descriptors of pid 23 not read, of 40 read: Too many open files",
		"raise the limit of open files (ulimit -n)");
	check_line(
		ev, 4, COVERAGE_PARTIAL,
		"descriptors of pid 24 and 1 other process not read, of 40 read: Input/output error",
		again);
}

static void gaps_of_namespaces(void **state)
{
	struct coverage_tally tally = { .read = 3, .from = "no sockets read" };
	struct evidence *ev = *state;

	coverage_count(&tally, GAP_MISSING, 0, -ENOENT);
	coverage_count(&tally, GAP_ENDED, 0, -ESRCH);
	coverage_report(ev, SOURCE_SOCKETS, "node", &tally);
	assert_int_equal(ev->coverage.n, 2);
	check_line(ev, 0, COVERAGE_PARTIAL,
		   "ended before it was entered: no sockets read", "run again");
	check_line(
		ev, 1, COVERAGE_UNAVAILABLE,
		"this kernel has no unix_diag (No such file or directory): no sockets read",
		"modprobe unix_diag");
}

/*
 * A file system that does not answer is another gap than a deadline that
 * passed.
 */
static void silence_is_not_the_deadline(void **state)
{
	struct coverage_tally tally = { .read = 9 };
	struct evidence *ev = *state;

	coverage_count_name(&tally, fetch_gap(-ETIMEDOUT), "/dead/1",
			    -ETIMEDOUT);
	coverage_count_name(&tally, fetch_gap(-ETIME), "/dead/2", -ETIME);
	coverage_count_name(&tally, fetch_gap(-ETIME), "/x", -ETIME);
	coverage_report(ev, SOURCE_PATHS, "node", &tally);
	assert_int_equal(ev->coverage.n, 2);
	check_line(ev, 0, COVERAGE_TIMED_OUT,
		   "of 9 paths did not answer: /dead/1",
		   "find the dead network or FUSE mount above the paths named");
	check_line(
		ev, 1, COVERAGE_TIMED_OUT,
		"of 9 paths not looked at before the deadline: /dead/2 and 1 other path",
		"give more time with --timeout");
}

/* A container chooses names: they cannot pass for our words. */
static void foreign_names_are_quoted(void **state)
{
	static const char name[] = "/run/x and 0 other paths";
	struct coverage_tally tally = { .read = 2, .from = "/host" };
	struct evidence *ev = *state;

	coverage_count_name(&tally, GAP_DENIED, name, -EACCES);
	coverage_count_name(&tally, GAP_DENIED, "/other", -EACCES);
	coverage_report(ev, SOURCE_PATHS, "node", &tally);
	check_line(
		ev, 0, COVERAGE_DENIED,
		"of 2 paths denied: '/run/x and 0 other paths' and 1 other path",
		"run as root");
}

/* With the longest possible name the rest of the line is complete. */
static void long_names_are_cut(void **state)
{
	struct coverage_tally tally = { .read = 2 };
	struct evidence *ev = *state;
	char name[PATH_MAX];
	const char *detail;

	memset(name, '/', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	coverage_count_name(&tally, GAP_SILENT, name, -ETIMEDOUT);
	coverage_count_name(&tally, GAP_SILENT, name, -ETIMEDOUT);
	coverage_report(ev, SOURCE_PATHS, "node", &tally);
	detail = ev->coverage.at[0].detail;
	assert_in_range(strlen(detail), 100, 400);
	assert_string_equal(detail + strlen(detail) - 17, " and 1 other path");
}

/* A source that has a gap is not complete beside it, whichever comes first. */
static void no_gap_beside_complete(void **state)
{
	struct coverage_tally whole = { .read = 5, .from = "/" };
	struct coverage_tally cut = { .read = 5 };
	struct evidence *ev = *state;

	coverage_count(&cut, GAP_MANY, 0, 0);
	coverage_report(ev, SOURCE_ACCESS, "node", &cut);
	coverage_report(ev, SOURCE_PATHS, "node", &whole);
	assert_int_equal(ev->coverage.n, 2);
	coverage_report(ev, SOURCE_PATHS, "node", &cut);
	coverage_report(ev, SOURCE_PATHS, "one container", &whole);
	assert_int_equal(ev->coverage.n, 2);
	assert_string_equal(ev->coverage.at[0].source, "access");
	check_line(
		ev, 1, COVERAGE_PARTIAL,
		"left out, because more paths exist than are kept: 1 listening socket with a runtime's name",
		"find out who makes so many sockets with a runtime's name");
}

/*
 * The parts of a search are added up. Names, which are in another process's
 * memory, are left out.
 */
static void sums(void **state)
{
	struct coverage_tally first = { .read = 2 };
	struct coverage_tally second = { .read = 3 };
	struct coverage_tally sum = { 0 };

	(void)state;
	coverage_count(&first, GAP_DENIED, 11, -EACCES);
	coverage_count(&second, GAP_DENIED, 12, -EACCES);
	coverage_count(&second, GAP_DENIED, 13, -EACCES);
	coverage_count_name(&second, GAP_FAILED, "/x", -EIO);
	coverage_sum(&sum, &first);
	coverage_sum(&sum, &second);
	assert_int_equal(sum.read, 5);
	assert_int_equal(sum.gaps[GAP_DENIED].n, 3);
	assert_int_equal(sum.gaps[GAP_DENIED].pid, 11);
	assert_int_equal(sum.gaps[GAP_FAILED].n, 1);
	assert_int_equal(sum.gaps[GAP_FAILED].err, EIO);
	assert_null(sum.gaps[GAP_FAILED].name);
	assert_int_equal(sum.gaps[GAP_ENDED].n, 0);
}

/* Each gap of each source has words, and each of their fields is filled. */
static void every_gap_has_words(void **state)
{
	struct evidence *ev = *state;

	for (enum coverage_source source = 0; source < COVERAGE_SOURCES;
	     source++) {
		assert_non_null(coverage_source_names[source]);
		for (enum coverage_gap gap = 0; gap < COVERAGE_GAPS; gap++) {
			struct coverage_tally tally = { .from = "here" };
			const struct coverage *line;

			ev->coverage.n = 0;
			coverage_count(&tally, gap, 17, -EIO);
			coverage_report(ev, source, "node", &tally);
			assert_int_equal(ev->coverage.n, 1);
			line = ev->coverage.at;
			assert_string_equal(line->source,
					    coverage_source_names[source]);
			assert_true(!line->fix ==
				    (line->status == COVERAGE_COMPLETE));
			assert_true(line->status != COVERAGE_COMPLETE ||
				    gap == GAP_NONE || gap == GAP_ENDED);
			assert_true(*line->detail);
			assert_null(strpbrk(line->detail, "{}"));
			assert_null(strstr(line->detail, "  "));
			assert_null(strstr(line->detail, "1 processes"));
		}
	}
}

/* If the limit is met, the last line reports that others are missing. */
static void more_lines_than_are_kept(void **state)
{
	struct coverage_tally tally = { .from = "no sockets read" };
	struct evidence *ev = *state;

	coverage_count(&tally, GAP_FAILED, 0, -EIO);
	for (int i = 0; i < 300; i++)
		coverage_report(ev, SOURCE_SOCKETS, "node", &tally);
	assert_int_equal(ev->coverage.n, 256);
	assert_string_equal(ev->coverage.at[254].source, "sockets");
	assert_string_equal(ev->coverage.at[255].source, "coverage");
	check_line(ev, 255, COVERAGE_PARTIAL, "more gaps than are listed here",
		   "fix the gaps listed and run again");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(complete),
		test(complete_but_for_ended),
		test(all_gaps_of_file_descriptors),
		test(gaps_of_namespaces),
		test(silence_is_not_the_deadline),
		test(foreign_names_are_quoted),
		test(long_names_are_cut),
		test(no_gap_beside_complete),
		test(sums),
		test(every_gap_has_words),
		test(more_lines_than_are_kept),
	};

	return cmocka_run_group_tests_name("coverage", tests, NULL, NULL);
}
