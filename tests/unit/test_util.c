// SPDX-License-Identifier: Apache-2.0
/* The helpers of util.h: arena, lists, paths, numbers, times. */
#include "unit.h"

/* ---- arena and lists ---- */

static void arena_gives_zeroed_memory(void **state)
{
	unsigned char *memory = arena_alloc(*state, 1000);
	unsigned char *next;

	assert_non_null(memory);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(memory[i], 0);
	memset(memory, 0xff, 1000);
	next = arena_alloc(*state, 1000);
	assert_non_null(next);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(next[i], 0);
	assert_int_equal((uintptr_t)next % 16, 0);
}

static void arena_takes_more_than_a_chunk(void **state)
{
	char *small = arena_strdup(*state, "small");
	char *big = arena_alloc(*state, 1000000);

	assert_non_null(big);
	memset(big, 'x', 1000000);
	assert_string_equal(small, "small");
}

static void arena_stops_at_its_limit(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 1024);
	assert_non_null(arena_alloc(&arena, 512));
	errno = 0;
	assert_null(arena_alloc(&arena, 513));
	assert_int_equal(errno, ENOMEM);
	/* A block that still fits is still allocated. */
	assert_non_null(arena_alloc(&arena, 512));
	assert_null(arena_alloc(&arena, 1));
	arena_free(&arena);
}

/*
 * The next step gets neither what one step left over nor less for what it used.
 */
static void arena_allows_each_step_its_own(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 64);
	assert_non_null(arena_alloc(&arena, 16));
	arena_allow(&arena, 32);
	assert_null(arena_alloc(&arena, 33));
	assert_non_null(arena_alloc(&arena, 32));
	assert_null(arena_alloc(&arena, 1));
	arena_allow(&arena, 16);
	assert_non_null(arena_alloc(&arena, 16));
	assert_null(arena_alloc(&arena, 1));
	arena_free(&arena);
}

/* Otherwise limit - used would wrap around. */
static void arena_never_hands_out_more_than_it_may(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 40);
	assert_non_null(arena_alloc(&arena, 32));
	assert_null(arena_alloc(&arena, 8));
	assert_in_range(arena.used, 0, arena.limit);
	arena_free(&arena);
}

static void arena_refuses_absurd_sizes(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 1024);
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX - 8));
	assert_null(arena_alloc(&arena, 1025));
	assert_non_null(arena_alloc(&arena, 1024));
	arena_free(&arena);
}

static void arena_free_makes_it_usable_again(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 64);
	assert_null(arena_alloc(&arena, 65));
	arena_free(&arena);
	assert_int_equal(arena.used, 0);
	assert_non_null(arena_alloc(&arena, 64));
	arena_free(&arena);
}

static void arena_copies_text(void **state)
{
	assert_string_equal(arena_strndup(*state, "abcdef", 3), "abc");
	assert_string_equal(arena_strdup(*state, ""), "");
	assert_string_equal(arena_printf(*state, "%s-%d", "a", 7), "a-7");
}

DEFINE_LIST(number_list, uint32_t);

static void list_keeps_its_items_as_it_grows(void **state)
{
	struct number_list list = { 0 };

	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t *slot = list_add((struct arena *)*state, &list, 1000);

		assert_non_null(slot);
		assert_int_equal(*slot, 0);
		*slot = i * 3;
	}
	assert_int_equal(list.n, 1000);
	assert_int_equal(list.at[0], 0);
	assert_int_equal(list.at[1], 3);
	assert_int_equal(list.at[999], 2997);
}

/* 100,000 items of 4 bytes: blocks that they outgrew are freed. */
static void list_gives_back_what_it_outgrew(void **state)
{
	struct arena arena;
	struct {
		uint32_t *at;
		size_t n, room;
	} list = { 0 };

	(void)state;
	arena_init(&arena, 1000000);
	for (uint32_t i = 0; i < 100000; i++) {
		uint32_t *slot = list_add(&arena, &list, 100000);

		assert_non_null(slot);
		*slot = i;
	}
	assert_int_equal(list.at[0], 0);
	assert_int_equal(list.at[99999], 99999);
	/* 131,072 items, and the small blocks of the beginning */
	assert_in_range(arena.used, 524288, 524288 + 131072);
	arena_free(&arena);
}

static void intern_keeps_one_of_each(void **state)
{
	const char *first = arena_intern(*state, "/proc");
	char text[16] = "/proc";

	assert_string_equal(first, "/proc");
	assert_ptr_equal(arena_intern(*state, text), first);
	text[1] = 'q';
	assert_string_equal(arena_intern(*state, text), "/qroc");
	assert_string_equal(first, "/proc");
	assert_string_equal(arena_intern(*state, ""), "");
}

/* More texts than slots: each copy still equals its text. */
static void intern_takes_any_number(void **state)
{
	for (int i = 0; i < 50000; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%d", i);
		assert_string_equal(arena_intern(*state, text), text);
	}
}

static void list_stops_at_its_bound(void **state)
{
	struct number_list list = { 0 };

	assert_non_null(list_add((struct arena *)*state, &list, 2));
	assert_non_null(list_add((struct arena *)*state, &list, 2));
	errno = 0;
	assert_null(list_add((struct arena *)*state, &list, 2));
	assert_int_equal(errno, EOVERFLOW);
	assert_int_equal(list.n, 2);
}

static void list_tells_a_full_arena_from_its_bound(void **state)
{
	struct number_list list = { 0 };
	struct arena arena;

	(void)state;
	arena_init(&arena, 16);
	for (int i = 0; i < 4; i++)
		assert_non_null(list_add(&arena, &list, 100));
	errno = 0;
	assert_null(list_add(&arena, &list, 100));
	assert_int_equal(errno, ENOMEM);
	assert_int_equal(list.n, 4);
	arena_free(&arena);
}

static void index_list_adds_once(void **state)
{
	struct index_list list = { 0 };

	assert_int_equal(index_list_add_once(*state, &list, 7), 0);
	assert_int_equal(index_list_add_once(*state, &list, 9), 0);
	assert_int_equal(index_list_add_once(*state, &list, 7), 0);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.at[0], 7);
	assert_int_equal(list.at[1], 9);
}

/* ---- text and paths ---- */

static void prefixes_and_suffixes(void **state)
{
	(void)state;
	assert_true(has_prefix("docker-x", "docker-"));
	assert_false(has_prefix("dock", "docker-"));
	assert_true(has_prefix("x", ""));
	assert_true(has_suffix("x.scope", ".scope"));
	assert_false(has_suffix("scope", ".scope"));
	assert_true(has_suffix("x", ""));
}

static void basename_is_behind_the_last_slash(void **state)
{
	(void)state;
	assert_string_equal(path_basename("/run/docker.sock"), "docker.sock");
	assert_string_equal(path_basename("docker.sock"), "docker.sock");
	assert_string_equal(path_basename("/run/"), "");
	assert_string_equal(path_basename("/"), "");
}

static void below_goes_by_whole_components(void **state)
{
	(void)state;
	assert_string_equal(path_below("/run/docker.sock", "/run"),
			    "/docker.sock");
	assert_string_equal(path_below("/run", "/run"), "");
	assert_null(path_below("/runner/docker.sock", "/run"));
	assert_null(path_below("/run", "/run/docker.sock"));
	assert_null(path_below("/var/run", "/run"));
	assert_null(path_below("/ru", "/run"));
}

static void root_is_above_every_absolute_path(void **state)
{
	(void)state;
	assert_string_equal(path_below("/", "/"), "");
	assert_string_equal(path_below("/run/x", "/"), "/run/x");
}

static void root_is_not_above_what_is_no_path(void **state)
{
	(void)state;
	/* nsfs mounts have such roots in mountinfo. */
	assert_null(path_below("net:[4026531840]", "/"));
}

static void join_puts_one_slash_between(void **state)
{
	assert_string_equal(path_join(*state, "/run", "x"), "/run/x");
	assert_string_equal(path_join(*state, "/run/", "/x"), "/run/x");
	assert_string_equal(path_join(*state, "/run//", "//x/y"), "/run/x/y");
	assert_string_equal(path_join(*state, "/", "x"), "/x");
	assert_string_equal(path_join(*state, "/", "/"), "/");
	assert_string_equal(path_join(*state, "/", ""), "/");
	assert_string_equal(path_join(*state, "/run", ""), "/run");
	assert_string_equal(path_join(*state, "/run/", "/"), "/run");
}

/* ---- numbers ---- */

static void u64_takes_whole_decimal_numbers(void **state)
{
	uint64_t value = 77;

	(void)state;
	assert_int_equal(parse_u64("0", UINT64_MAX, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(parse_u64("007", UINT64_MAX, &value), 0);
	assert_int_equal(value, 7);
	assert_int_equal(parse_u64("18446744073709551615", UINT64_MAX, &value),
			 0);
	assert_true(value == 18446744073709551615ULL);
	assert_int_equal(parse_u64("4294967295", UINT32_MAX, &value), 0);
	assert_int_equal(value, 4294967295);
}

static void u64_knows_its_range(void **state)
{
	uint64_t value = 77;

	(void)state;
	assert_int_equal(parse_u64("18446744073709551616", UINT64_MAX, &value),
			 -ERANGE);
	assert_int_equal(parse_u64("18446744073709551625", UINT64_MAX, &value),
			 -ERANGE);
	assert_int_equal(parse_u64("99999999999999999999999", UINT64_MAX,
				   &value),
			 -ERANGE);
	assert_int_equal(parse_u64("4294967296", UINT32_MAX, &value), -ERANGE);
	assert_int_equal(value, 77);
}

static void u64_refuses_what_is_no_number(void **state)
{
	static const char *const bad[] = { "",	 " 1",	"1 ", "-1", "+1",
					   "0x", "1e3", "1.", "\n", "1\n" };
	uint64_t value = 77;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_u64(bad[i], UINT64_MAX, &value),
				 -EINVAL);
	assert_int_equal(value, 77);
}

/* ---- times ---- */

static void check_time(time_t sec, long nsec, const char *expected)
{
	char text[TIME_TEXT_SIZE];

	format_time((struct timespec){ .tv_sec = sec, .tv_nsec = nsec }, text);
	assert_string_equal(text, expected);
}

static void time_is_rfc3339_in_utc(void **state)
{
	(void)state;
	check_time(0, 0, "1970-01-01T00:00:00.000Z");
	check_time(1795441200, 0, "2026-11-23T13:40:00.000Z");
	check_time(1795441200, 7000000, "2026-11-23T13:40:00.007Z");
	check_time(1795441200, 999999999, "2026-11-23T13:40:00.999Z");
	check_time(951782399, 0, "2000-02-28T23:59:59.000Z");
	check_time(951782400, 0, "2000-02-29T00:00:00.000Z");
	check_time(-1, 0, "1969-12-31T23:59:59.000Z");
	check_time(253402300799, 0, "9999-12-31T23:59:59.000Z");
}

static void years_have_four_digits(void **state)
{
	(void)state;
	/* dockerd's "never": the zero time of Go. */
	check_time(-62135596800, 0, "0001-01-01T00:00:00.000Z");
	check_time(-30610224000, 0, "1000-01-01T00:00:00.000Z");
	check_time(-30610224001, 0, "0999-12-31T23:59:59.000Z");
}

static void absurd_times_become_the_epoch(void **state)
{
	(void)state;
	check_time(253402300800, 0, "1970-01-01T00:00:00.000Z");
	check_time(INT64_MAX, 0, "1970-01-01T00:00:00.000Z");
	check_time(INT64_MIN, 0, "1970-01-01T00:00:00.000Z");
	check_time(-62167219201, 0, "1970-01-01T00:00:00.000Z");
}

/* A file system in user space may give any 32 bits of nanoseconds. */
static void absurd_nanoseconds_keep_the_form(void **state)
{
	char text[TIME_TEXT_SIZE];

	(void)state;
	format_time((struct timespec){ .tv_nsec = 4294967295 }, text);
	assert_int_equal(strlen(text), strlen("1970-01-01T00:00:00.000Z"));
}

static void difference_of_times(void **state)
{
	struct timespec a = { .tv_sec = 100, .tv_nsec = 250000000 };
	struct timespec b = { .tv_sec = 99, .tv_nsec = 750000000 };

	(void)state;
	assert_int_equal(time_diff_ms(a, b), 500);
	assert_int_equal(time_diff_ms(b, a), -500);
	assert_int_equal(time_diff_ms(a, a), 0);
}

/* A hostile file system's birth time must not turn "later" into "earlier". */
static void difference_of_absurd_times_keeps_its_sign(void **state)
{
	struct timespec late = { .tv_sec = INT64_MAX };
	struct timespec now = { .tv_sec = 1795441200 };
	struct timespec early = { .tv_sec = INT64_MIN };

	(void)state;
	assert_true(time_diff_ms(late, now) > 0);
	assert_true(time_diff_ms(early, now) < 0);
	assert_true(time_diff_ms(now, early) > 0);
}

static void check_rfc3339(const char *text, time_t sec, long nsec)
{
	struct timespec when = { 0 };

	if (parse_rfc3339(text, &when))
		fail_msg("%s was refused", text);
	assert_int_equal(when.tv_sec, sec);
	assert_int_equal(when.tv_nsec, nsec);
}

static void rfc3339_times(void **state)
{
	(void)state;
	check_rfc3339("1970-01-01T00:00:00Z", 0, 0);
	check_rfc3339("2026-11-23T13:40:00Z", 1795441200, 0);
	check_rfc3339("2026-11-23T13:40:00.1Z", 1795441200, 100000000);
	check_rfc3339("2026-11-23T13:40:00.000000001Z", 1795441200, 1);
	check_rfc3339("2026-11-23T13:40:00.1234567899999Z", 1795441200,
		      123456789);
	check_rfc3339("2026-11-23T13:40:00+00:00", 1795441200, 0);
	check_rfc3339("2026-11-23T15:40:00+02:00", 1795441200, 0);
	check_rfc3339("2026-11-23T19:10:00+05:30", 1795441200, 0);
	check_rfc3339("2026-11-23T08:40:00.25-05:00", 1795441200, 250000000);
	check_rfc3339("2026-11-24T03:10:00+13:30", 1795441200, 0);
	check_rfc3339("2026-11-23T13:40:00-00:59", 1795444740, 0);
	check_rfc3339("2026-11-23T13:40:00.987654321Z", 1795441200, 987654321);
	check_rfc3339("2026-11-23T22:50:00+09:10", 1795441200, 0);
	check_rfc3339("2026-11-22T17:41:00-19:59", 1795441200, 0);
	check_rfc3339("2026-11-24T09:40:00+20:00", 1795441200, 0);
	check_rfc3339("2024-02-29T00:00:00Z", 1709164800, 0);
	/* Go's zero time, before the epoch */
	check_rfc3339("0001-01-01T00:00:00Z", -62135596800, 0);
}

static void refuse_rfc3339(const char *text)
{
	struct timespec when = { .tv_sec = 7, .tv_nsec = 8 };

	if (!parse_rfc3339(text, &when))
		fail_msg("%s was taken", text);
	assert_int_equal(when.tv_sec, 7);
	assert_int_equal(when.tv_nsec, 8);
}

static void rfc3339_refuses_other_texts(void **state)
{
	static const char *const bad[] = {
		"",
		"soon",
		"1795441200",
		"2026-11-23",
		"2026-11-23 13:40:00Z",
		"2026-11-23T13:40",
		"2026-11-23T13:40:00",
		"2026-11-23T13:40:00.5",
		"2026-11-23T13:40:00X",
		"2026-11-23T13:40:00Zjunk",
		"2026-13-23T13:40:00Z",
		"2026-11-32T13:40:00Z",
		"2026-11-23T25:40:00Z",
		"2026-11-23T13:60:00Z",
		"2026-11-23T13:40:00+",
		"2026-11-23T13:40:00+02",
		"2026-11-23T13:40:00+02:",
		"2026-11-23T13:40:00+02:0",
		"2026-11-23T13:40:00+02:0x",
		"2026-11-23T13:40:00+02:x0",
		"2026-11-23T13:40:00+02.00",
		"2026-11-23T13:40:00+0x:00",
		"2026-11-23T13:40:00*02:00",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		refuse_rfc3339(bad[i]);
}

static void rfc3339_refuses_text_behind_an_offset(void **state)
{
	(void)state;
	refuse_rfc3339("2026-11-23T13:40:00+02:00junk");
}

static void rfc3339_refuses_absurd_offsets(void **state)
{
	(void)state;
	refuse_rfc3339("2026-11-23T13:40:00+-9:00");
	refuse_rfc3339("2026-11-23T13:40:00+02:99");
	refuse_rfc3339("2026-11-23T13:40:00+99:00");
}

/* ---- small files ---- */

static void files_are_read_whole(void **state)
{
	char dir[] = "/tmp/sockprobe-unit-XXXXXX";
	char buf[16];
	int dirfd;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = openat(dirfd, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "fifteen bytes..", 15), 15);
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(read_file_at(dirfd, "file", buf, sizeof(buf)), 15);
	assert_string_equal(buf, "fifteen bytes..");
	/* one byte more, and the NUL does not fit */
	assert_int_equal(write(fd, "!", 1), 1);
	assert_int_equal(read_file_at(dirfd, "file", buf, sizeof(buf)), -EFBIG);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(read_file_at(dirfd, "file", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	assert_int_equal(read_file_at(dirfd, "none", buf, sizeof(buf)),
			 -ENOENT);
	assert_int_equal(read_file_at(dirfd, ".", buf, sizeof(buf)), -EISDIR);
	assert_int_equal(unlinkat(dirfd, "file", 0), 0);
	assert_int_equal(rmdir(dir), 0);
	close(fd);
	close(dirfd);
}

static void links_are_read_whole(void **state)
{
	char dir[] = "/tmp/sockprobe-unit-XXXXXX";
	char buf[8];
	int dirfd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(symlinkat("7 bytes", dirfd, "link"), 0);
	assert_int_equal(symlinkat("8 bytes!", dirfd, "long"), 0);
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(read_link_at(dirfd, "link", buf, sizeof(buf)), 7);
	assert_string_equal(buf, "7 bytes");
	assert_int_equal(read_link_at(dirfd, "long", buf, sizeof(buf)),
			 -ENAMETOOLONG);
	assert_int_equal(read_link_at(dirfd, ".", buf, sizeof(buf)), -EINVAL);
	assert_int_equal(read_link_at(dirfd, "none", buf, sizeof(buf)),
			 -ENOENT);
	assert_int_equal(unlinkat(dirfd, "link", 0), 0);
	assert_int_equal(unlinkat(dirfd, "long", 0), 0);
	assert_int_equal(rmdir(dir), 0);
	close(dirfd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(arena_gives_zeroed_memory),
		arena_test(arena_takes_more_than_a_chunk),
		cmocka_unit_test(arena_stops_at_its_limit),
		cmocka_unit_test(arena_allows_each_step_its_own),
		cmocka_unit_test(arena_never_hands_out_more_than_it_may),
		cmocka_unit_test(arena_refuses_absurd_sizes),
		cmocka_unit_test(arena_free_makes_it_usable_again),
		arena_test(arena_copies_text),
		arena_test(list_keeps_its_items_as_it_grows),
		cmocka_unit_test(list_gives_back_what_it_outgrew),
		arena_test(intern_keeps_one_of_each),
		arena_test(intern_takes_any_number),
		arena_test(list_stops_at_its_bound),
		cmocka_unit_test(list_tells_a_full_arena_from_its_bound),
		arena_test(index_list_adds_once),
		cmocka_unit_test(prefixes_and_suffixes),
		cmocka_unit_test(basename_is_behind_the_last_slash),
		cmocka_unit_test(below_goes_by_whole_components),
		cmocka_unit_test(root_is_above_every_absolute_path),
		cmocka_unit_test(root_is_not_above_what_is_no_path),
		arena_test(join_puts_one_slash_between),
		cmocka_unit_test(u64_takes_whole_decimal_numbers),
		cmocka_unit_test(u64_knows_its_range),
		cmocka_unit_test(u64_refuses_what_is_no_number),
		cmocka_unit_test(time_is_rfc3339_in_utc),
		cmocka_unit_test(years_have_four_digits),
		cmocka_unit_test(absurd_times_become_the_epoch),
		cmocka_unit_test(absurd_nanoseconds_keep_the_form),
		cmocka_unit_test(difference_of_times),
		cmocka_unit_test(difference_of_absurd_times_keeps_its_sign),
		cmocka_unit_test(rfc3339_times),
		cmocka_unit_test(rfc3339_refuses_other_texts),
		cmocka_unit_test(rfc3339_refuses_text_behind_an_offset),
		cmocka_unit_test(rfc3339_refuses_absurd_offsets),
		cmocka_unit_test(files_are_read_whole),
		cmocka_unit_test(links_are_read_whole),
	};

	return cmocka_run_group_tests_name("util", tests, NULL, NULL);
}
