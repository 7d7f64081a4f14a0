/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every step uses: resources freed by scope, an arena with a limit that
 * owns all that a run collects, lists that grow in it, and exact path and
 * number functions. Nothing here reads the node.
 */
#ifndef SOCKPROBE_UTIL_H
#define SOCKPROBE_UTIL_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static inline void cleanup_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define cleanup_close __attribute__((cleanup(cleanup_closep)))
#define cleanup_closedir __attribute__((cleanup(cleanup_closedirp)))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Passes a descriptor on: the caller's cleanup no longer closes it. */
static inline int steal_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/*
 * All memory that a run keeps. Freed as a whole by arena_free(); an allocation
 * that would go past the limit fails with ENOMEM.
 */
struct arena {
	struct arena_chunk *chunks; /* the first has free space */
	struct arena_chunk *big; /* one block each, can be freed one by one */
	size_t used;		 /* bytes handed out */
	size_t limit;		 /* bytes that may be handed out */
	const char **interned;
};

void arena_init(struct arena *arena, size_t limit);
void arena_free(struct arena *arena);

/* Sets the limit to `more` bytes above what is used now. */
void arena_allow(struct arena *arena, size_t more);

/*
 * Zeroed memory owned by the arena. NULL with errno ENOMEM if the limit is met.
 */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len);
/*
 * A copy for texts that repeat, such as paths of mounts: mostly returns the one
 * made before. Do not change it.
 */
const char *arena_intern(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A list of `type` whose items live in an arena. */
#define DEFINE_LIST(name, type)                                                \
	struct name {                                                          \
		type *at;                                                      \
		size_t n;                                                      \
		size_t room;                                                   \
	}

void *list_grow(struct arena *arena, void *at, size_t n, size_t *room,
		size_t size, size_t max);

/*
 * A pointer to one more zeroed item at the list's end, or NULL with errno set:
 * ENOMEM past the arena's limit, EOVERFLOW past `max` items.
 */
#define list_add(arena, list, max)                                             \
	({                                                                     \
		typeof((list)->at) item_ = NULL;                               \
		void *grown_ = list_grow((arena), (list)->at, (list)->n,       \
					 &(list)->room, sizeof(*(list)->at),   \
					 (max));                               \
		if (grown_) {                                                  \
			(list)->at = grown_;                                   \
			item_ = &(list)->at[(list)->n++];                      \
		}                                                              \
		item_;                                                         \
	})

DEFINE_LIST(string_list, const char *);
DEFINE_LIST(index_list, size_t);

/* Adds idx unless the list holds it. 0 or -errno. */
int index_list_add_once(struct arena *arena, struct index_list *list,
			size_t idx);

/* For qsort() and bsearch() on uint32_t. */
int compare_u32(const void *a, const void *b);

bool has_prefix(const char *text, const char *prefix);
bool has_suffix(const char *text, const char *suffix);

/* The part after the last '/', or the whole path if it has none. */
const char *path_basename(const char *path);

/*
 * Is `path` equal to `dir` or below it, by whole components? Returns what
 * follows `dir` ("" if they are equal, else "/rest"), or NULL if it is not. "/"
 * is above every absolute path.
 */
const char *path_below(const char *path, const char *dir);

/* Joins with exactly one '/' between. NULL if the arena's limit is met. */
char *path_join(struct arena *arena, const char *dir, const char *rest);

/*
 * Parses the whole of `text` as an unsigned decimal number, without sign or
 * blanks. Returns 0 and sets *value, or -EINVAL, or -ERANGE above `max`.
 */
int parse_u64(const char *text, uint64_t max, uint64_t *value);

/*
 * Reads `len` bytes, or fewer at the end of the file. Their number or -errno.
 */
ssize_t read_full(int fd, void *bytes, size_t len);

/*
 * Reads a small file whole, by a directory descriptor: of procfs, sysfs and the
 * like, where nothing blocks. At most size - 1 bytes, NUL-terminated. Returns
 * the length, -EFBIG if there was more, or -errno.
 */
ssize_t read_file_at(int dirfd, const char *name, char *buf, size_t size);

/* Target of a symbolic link, NUL-terminated. Length, -ENAMETOOLONG, -errno. */
ssize_t read_link_at(int dirfd, const char *name, char *buf, size_t size);

/* RFC 3339 UTC with milliseconds, "2026-11-23T13:40:00.000Z". */
/* Large enough for seven ints of any value, so that no compiler warns. */
#define TIME_TEXT_SIZE 96
void format_time(struct timespec when, char text[static TIME_TEXT_SIZE]);

/*
 * Parses the whole of `text` as an RFC 3339 time with any offset. 0 or -EINVAL.
 */
int parse_rfc3339(const char *text, struct timespec *when);

/* Is `a` before `b`, by as little as a nanosecond? */
static inline bool time_is_before(struct timespec a, struct timespec b)
{
	return a.tv_sec < b.tv_sec ||
	       (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

/* a - b in milliseconds. */
int64_t time_diff_ms(struct timespec a, struct timespec b);

/* Monotonic milliseconds, for deadlines. */
int64_t now_ms(void);

#endif
