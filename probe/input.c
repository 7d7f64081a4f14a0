// SPDX-License-Identifier: Apache-2.0
/* Reading the operator's files, with a bound for each. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "judge/dialects.h"
#include "judge/expect.h"
#include "report/document.h"
#include "sockprobe/json.h"
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

int input_read(const char *path, size_t max, char **text, size_t *len,
	       struct error *error)
{
	bool standard = strcmp(path, "-") == 0;
	cleanup_close int opened = standard ? -1 :
					      open(path, O_RDONLY | O_CLOEXEC);
	int err;

	*text = NULL;
	*len = 0;
	if (!standard && opened < 0)
		return fail(error, EXIT_BAD_INPUT, "%s: %s", path,
			    strerror(errno));
	err = read_all(standard ? STDIN_FILENO : opened, max, text, len);
	if (!err)
		return 0;
	free(*text);
	*text = NULL;
	if (err == -EFBIG)
		return fail(error, EXIT_BAD_INPUT,
			    "%s: larger than the %zu MiB that are read", path,
			    max >> 20);
	return fail(error, EXIT_BAD_INPUT, "%s: %s", path, strerror(-err));
}

static int check_evidence(const char *path, const cJSON *document,
			  struct error *error)
{
	if (!document)
		return fail(error, EXIT_BAD_INPUT, "%s: not JSON, or cut off",
			    path);
	if (!json_is(document, "schema", EVIDENCE_SCHEMA))
		return fail(error, EXIT_BAD_INPUT,
			    "%s: not evidence of schema %s", path,
			    EVIDENCE_SCHEMA);
	return 0;
}

int input_evidence(const char *path, cJSON **document, struct error *error)
{
	char *text;
	size_t len;
	int status = input_read(path, EVIDENCE_FILE_MAX, &text, &len, error);

	*document = NULL;
	if (status)
		return status;
	*document = cJSON_ParseWithLength(text, len);
	free(text);
	return check_evidence(path, *document, error);
}

int input_expected(const char *path, cJSON **expected, struct error *error)
{
	char *text;
	size_t len;
	int status;

	*expected = NULL;
	if (!path)
		return 0;
	status = input_read(path, EXPECT_FILE_MAX, &text, &len, error);
	if (!status)
		status = expect_parse(text, len, expected, error);
	free(text);
	return status;
}

int input_findings(const char *path, cJSON **findings, struct error *error)
{
	char *text;
	size_t len;
	int status;

	*findings = NULL;
	status = input_read(path, FINDING_FILE_MAX, &text, &len, error);
	if (!status)
		status = findings_parse(text, len, findings, error);
	free(text);
	return status;
}
