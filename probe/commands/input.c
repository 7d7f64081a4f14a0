// SPDX-License-Identifier: Apache-2.0
/* Reads the operator's files, each up to a limit. */
#include "commands/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "document/load.h"
#include "sockprobe/text_safe.h"
#include "sockprobe/util.h"

enum { FIRST_ROOM = 64 * 1024 };

static int grow(char **text, size_t *room, size_t max)
{
	size_t next = *room ? *room * 2 : FIRST_ROOM;
	char *bigger;

	if (next > max + 1)
		next = max + 1;
	bigger = realloc(*text, next + 1);
	if (!bigger)
		return -ENOMEM;
	*text = bigger;
	*room = next;
	return 0;
}

/* Reads to the end, at most one byte past `max`. 0 or -errno. */
static int read_all(int fd, size_t max, char **text, size_t *len)
{
	size_t room = 0;

	*text = NULL;
	*len = 0;
	for (;;) {
		ssize_t got;

		if (*len == room && grow(text, &room, max))
			return -ENOMEM;
		got = read(fd, *text + *len, room - *len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		*len += (size_t)got;
		(*text)[*len] = '\0';
		if (got == 0)
			return 0;
		if (*len > max)
			return -EFBIG;
	}
}

int input_read(struct input *input, const char *path, size_t max,
	       struct error *error)
{
	bool standard = path && strcmp(path, "-") == 0;
	cleanup_close int opened = -1;
	int err;

	*input = (struct input){ .path = path };
	if (!path)
		return 0;
	if (!standard) {
		opened = open(path, O_RDONLY | O_CLOEXEC);
		if (opened < 0)
			return fail(error, EXIT_BAD_INPUT, "%s: %s",
				    quote_short(path).text, strerror(errno));
	}
	err = read_all(standard ? STDIN_FILENO : opened, max, &input->text,
		       &input->len);
	if (err == -EFBIG)
		return fail(error, EXIT_BAD_INPUT,
			    "%s: larger than the %zu MiB that are read",
			    quote_short(path).text, max >> 20);
	if (err)
		return fail(error, EXIT_BAD_INPUT, "%s: %s",
			    quote_short(path).text, strerror(-err));
	return 0;
}

void input_free(struct input *input)
{
	free(input->text);
	input->text = NULL;
}

int input_evidence(struct input *input, struct doc *doc, struct error *error)
{
	int status = doc_load(doc, input->path, input->text, input->len, error);

	input_free(input);
	return status;
}
