// SPDX-License-Identifier: Apache-2.0
/*
 * The functions of util.h: an arena with a limit, lists in it, and exact
 * string, path, number and time handling. The few functions that read are for
 * kernel file systems and the probe's own pipes, where reads do not block.
 */
#include "sockprobe/util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

enum {
	CHUNK_SIZE = 256 * 1024,
	ALIGNMENT = 16,
	/*
	 * A block of at least this size is a chunk of its own and can be freed.
	 */
	BIG_BLOCK = 64 * 1024,
	INTERN_SLOTS = 16384, /* a power of two */
	INTERN_PROBES = 8,
};
#define MAX_SECONDS (INT64_MAX / 2000)

struct arena_chunk {
	struct arena_chunk *next;
	size_t used;
	size_t size;
	_Alignas(ALIGNMENT) char bytes[];
};

void arena_init(struct arena *arena, size_t limit)
{
	*arena = (struct arena){ .limit = limit };
}

void arena_allow(struct arena *arena, size_t more)
{
	arena->limit = arena->used + more;
}

static void free_chunks(struct arena_chunk *chunk)
{
	while (chunk) {
		struct arena_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
}

void arena_free(struct arena *arena)
{
	free_chunks(arena->chunks);
	free_chunks(arena->big);
	arena_init(arena, arena->limit);
}

static struct arena_chunk *add_chunk(struct arena_chunk **list, size_t room)
{
	struct arena_chunk *chunk = calloc(1, sizeof(*chunk) + room);

	if (!chunk)
		return NULL;
	chunk->size = room;
	chunk->next = *list;
	*list = chunk;
	return chunk;
}

/* Frees a block of arena_alloc(). A small one stays until the end. */
static void arena_release(struct arena *arena, void *block, size_t size)
{
	struct arena_chunk **at = &arena->big;
	struct arena_chunk *chunk;

	if (size < BIG_BLOCK)
		return;
	while (*at && (*at)->bytes != (char *)block)
		at = &(*at)->next;
	chunk = *at;
	if (!chunk)
		return;
	*at = chunk->next;
	arena->used -= chunk->used;
	free(chunk);
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->chunks;
	void *memory;

	/* Round before comparing, so that `used` never exceeds the limit. */
	if (size <= arena->limit)
		size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (size > arena->limit || arena->used > arena->limit - size) {
		errno = ENOMEM;
		return NULL;
	}
	if (size >= BIG_BLOCK)
		chunk = add_chunk(&arena->big, size);
	else if (!chunk || chunk->size - chunk->used < size)
		chunk = add_chunk(&arena->chunks, CHUNK_SIZE);
	if (!chunk) {
		errno = ENOMEM;
		return NULL;
	}
	memory = chunk->bytes + chunk->used;
	chunk->used += size;
	arena->used += size;
	return memory;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

static size_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return (size_t)(hash ^ hash >> 32);
}

/*
 * Only few slots are tried: texts that are made to collide cost memory, not
 * time.
 */
const char *arena_intern(struct arena *arena, const char *text)
{
	size_t hash = hash_text(text);

	if (!arena->interned)
		arena->interned =
			arena_alloc(arena, INTERN_SLOTS * sizeof(text));
	for (size_t i = 0; arena->interned && i < INTERN_PROBES; i++) {
		const char **slot =
			&arena->interned[(hash + i) & (INTERN_SLOTS - 1)];

		if (!*slot)
			return *slot = arena_strdup(arena, text);
		if (strcmp(*slot, text) == 0)
			return *slot;
	}
	return arena_strdup(arena, text);
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		return NULL;
	text = arena_alloc(arena, (size_t)len + 1);
	if (!text)
		return NULL;
	va_start(args, format);
	vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return text;
}

void *list_grow(struct arena *arena, void *at, size_t n, size_t *room,
		size_t size, size_t max)
{
	size_t had = *room;
	size_t wanted;
	void *bigger;

	if (n >= max) {
		errno = EOVERFLOW;
		return NULL;
	}
	if (n < had)
		return at;
	wanted = had ? had * 2 : 4;
	bigger = arena_alloc(arena, wanted * size);
	if (!bigger)
		return NULL;
	if (n)
		memcpy(bigger, at, n * size);
	*room = wanted;
	arena_release(arena, at, had * size);
	return bigger;
}

int index_list_add_once(struct arena *arena, struct index_list *list,
			size_t idx)
{
	size_t *slot;

	for (size_t i = 0; i < list->n; i++) {
		if (list->at[i] == idx)
			return 0;
	}
	slot = list_add(arena, list, SIZE_MAX);
	if (!slot)
		return -errno;
	*slot = idx;
	return 0;
}

int compare_u32(const void *a, const void *b)
{
	uint32_t first = *(const uint32_t *)a;
	uint32_t second = *(const uint32_t *)b;

	return first < second ? -1 : first > second;
}

bool has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool has_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text);
	size_t tail = strlen(suffix);

	return len >= tail && strcmp(text + len - tail, suffix) == 0;
}

const char *path_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *path_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (path[0] != '/')
		return NULL;
	if (strcmp(dir, "/") == 0)
		return path[1] ? path : "";
	if (strncmp(path, dir, len) != 0)
		return NULL;
	return path[len] == '\0' || path[len] == '/' ? path + len : NULL;
}

char *path_join(struct arena *arena, const char *dir, const char *rest)
{
	size_t len = strlen(dir);

	while (len && dir[len - 1] == '/')
		len--;
	while (*rest == '/')
		rest++;
	if (!*rest)
		return len ? arena_strndup(arena, dir, len)
			   : arena_strdup(arena, "/");
	return arena_printf(arena, "%.*s/%s", (int)len, dir, rest);
}

int parse_u64(const char *text, uint64_t max, uint64_t *value)
{
	uint64_t sum = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		uint64_t digit;

		if (*text < '0' || *text > '9')
			return -EINVAL;
		digit = (uint64_t)(*text - '0');
		if (sum > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		sum = sum * 10 + digit;
	}
	if (sum > max)
		return -ERANGE;
	*value = sum;
	return 0;
}

ssize_t read_full(int fd, void *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t got = read(fd, (char *)bytes + done, len - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

ssize_t read_file_at(int dirfd, const char *name, char *buf, size_t size)
{
	cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read_full(fd, buf, size);
	if (len < 0)
		return len;
	if ((size_t)len == size)
		return -EFBIG;
	buf[len] = '\0';
	return len;
}

ssize_t read_link_at(int dirfd, const char *name, char *buf, size_t size)
{
	ssize_t len = readlinkat(dirfd, name, buf, size);

	if (len < 0)
		return -errno;
	if ((size_t)len == size)
		return -ENAMETOOLONG;
	buf[len] = '\0';
	return len;
}

void format_time(struct timespec when, char text[static TIME_TEXT_SIZE])
{
	struct tm tm;

	/* A time beyond the calendar must not break the evidence. */
	if (!gmtime_r(&when.tv_sec, &tm) || tm.tm_year > 8099 ||
	    tm.tm_year < -1900) {
		snprintf(text, TIME_TEXT_SIZE, "1970-01-01T00:00:00.000Z");
		return;
	}
	snprintf(text, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
		 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		 tm.tm_min, tm.tm_sec, (int)(when.tv_nsec / 1000000) % 1000);
}

/* "+02:00", "-05:30" or "Z", to the end of the text, in seconds. */
static int parse_offset(const char *text, long *seconds)
{
	int sign = *text == '-' ? -1 : 1;

	*seconds = 0;
	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
		return 0;
	if ((*text != '+' && *text != '-') || strlen(text) != 6 ||
	    text[3] != ':' || text[1] < '0' || text[1] > '2' || text[2] < '0' ||
	    text[2] > '9' || text[4] < '0' || text[4] > '5' || text[5] < '0' ||
	    text[5] > '9')
		return -EINVAL;
	*seconds = sign * (((text[1] - '0') * 10 + (text[2] - '0')) * 3600L +
			   ((text[4] - '0') * 10 + (text[5] - '0')) * 60L);
	return 0;
}

int parse_rfc3339(const char *text, struct timespec *when)
{
	struct tm tm = { 0 };
	long nanos = 0;
	long scale = 100000000;
	long offset;
	const char *at = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (!at)
		return -EINVAL;
	if (*at == '.') {
		for (at++; *at >= '0' && *at <= '9'; at++, scale /= 10)
			nanos += (*at - '0') * scale;
	}
	if (parse_offset(at, &offset))
		return -EINVAL;
	when->tv_sec = timegm(&tm) - offset;
	when->tv_nsec = nanos;
	return 0;
}

int64_t time_diff_ms(struct timespec a, struct timespec b)
{
	int64_t seconds;

	/*
	 * A file's time may be any number. If the difference overflows, keep
	 * its sign.
	 */
	if (__builtin_sub_overflow((int64_t)a.tv_sec, (int64_t)b.tv_sec,
				   &seconds) ||
	    seconds > MAX_SECONDS || seconds < -MAX_SECONDS)
		return a.tv_sec > b.tv_sec ? INT64_MAX : INT64_MIN;
	return seconds * 1000 + (a.tv_nsec - b.tv_nsec) / 1000000;
}

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
