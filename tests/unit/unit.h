/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every unit test includes: cmocka and the headers it wants, an arena for
 * each test, and recorded fixtures read into memory that ends where they end.
 */
#ifndef SOCKPROBE_TESTS_UNIT_H
#define SOCKPROBE_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sockprobe/util.h"

/* 64 hexadecimal digits, as container ids are. */
#define ID_A "aaaa1111aaaa1111aaaa1111aaaa1111aaaa1111aaaa1111aaaa1111aaaa1111"
#define ID_B "bbbb2222bbbb2222bbbb2222bbbb2222bbbb2222bbbb2222bbbb2222bbbb2222"
#define ID_C "cccc3333cccc3333cccc3333cccc3333cccc3333cccc3333cccc3333cccc3333"

/* UNIT_TEST=PATTERN: only the tests of that name (see tests/unit/run). */
__attribute__((constructor)) static void choose_tests(void)
{
	const char *pattern = getenv("UNIT_TEST");

	if (pattern && pattern[0])
		cmocka_set_test_filter(pattern);
}

/* Called first by what root alone can do; scripts/check accepts no such skip. */
#define needs_root()                                                           \
	do {                                                                   \
		if (geteuid() != 0) {                                          \
			print_message("%s: needs root\n", __func__);           \
			skip();                                                \
		}                                                              \
	} while (0)

/* A test's state: its own arena. */
static inline int arena_setup(void **state)
{
	struct arena *arena = malloc(sizeof(*arena));

	if (!arena)
		return -1;
	arena_init(arena, (size_t)64 << 20);
	*state = arena;
	return 0;
}

static inline int arena_teardown(void **state)
{
	arena_free(*state);
	free(*state);
	return 0;
}

#define arena_test(f)                                                          \
	cmocka_unit_test_setup_teardown(f, arena_setup, arena_teardown)

/* Zeroed memory that ends where it ends; there is always one byte. */
static inline char *heap_room(size_t size)
{
	char *room = calloc(1, size + !size);

	if (!room)
		abort();
	return room;
}

/*
 * A heap copy of exactly strlen(text) + 1 bytes: text that parsers change, and
 * whose end ASan guards.
 */
static inline char *heap_text(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

/* A file below tests/fixtures, NUL-terminated; *len may be NULL. To free. */
static inline char *fixture(const char *name, size_t *len)
{
	char path[PATH_MAX];
	struct stat st;
	char *text;
	int fd;

	snprintf(path, sizeof(path), "tests/fixtures/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("no fixture %s: %s", path, strerror(errno));
	assert_int_equal(fstat(fd, &st), 0);
	text = heap_room((size_t)st.st_size + 1);
	assert_int_equal(read(fd, text, (size_t)st.st_size), st.st_size);
	close(fd);
	if (len)
		*len = (size_t)st.st_size;
	return text;
}

#endif
