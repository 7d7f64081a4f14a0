// SPDX-License-Identifier: Apache-2.0
/* Parses and checks the command line before anything else is done. */
#include "commands/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "sockprobe/text_safe.h"

enum {
	OPT_OPERAND = 1, /* getopt's own for an operand among options */
	OPT_ROOT = 256,
	OPT_PATH,
	OPT_PRETTY,
	OPT_TIMEOUT,
	OPT_EXPECT,
	OPT_STRICT,
	OPT_SCOPE,
	OPT_DETECTOR,
	OPT_ACCOUNT,
	OPT_CLUSTER,
	OPT_OUTPUT,
	OPT_MAX_BYTES,
	OPT_NICE,
};

static const struct option long_options[] = {
	{ "root", required_argument, NULL, OPT_ROOT },
	{ "path", required_argument, NULL, OPT_PATH },
	{ "format", required_argument, NULL, 'o' },
	{ "output", required_argument, NULL, OPT_OUTPUT },
	{ "max-bytes", required_argument, NULL, OPT_MAX_BYTES },
	{ "pretty", no_argument, NULL, OPT_PRETTY },
	{ "nice", no_argument, NULL, OPT_NICE },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "expect", required_argument, NULL, OPT_EXPECT },
	{ "strict", no_argument, NULL, OPT_STRICT },
	{ "scope", required_argument, NULL, OPT_SCOPE },
	{ "detector", required_argument, NULL, OPT_DETECTOR },
	{ "account", required_argument, NULL, OPT_ACCOUNT },
	{ "cluster", required_argument, NULL, OPT_CLUSTER },
	{ NULL, 0, NULL, 0 },
};

const char *options_default_root(void)
{
	struct stat st;

	/* lstat(): a link to /run would lead into the probe's own root. */
	return lstat("/host/var/run", &st) == 0 &&
			       (S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode))
		       ? "/host"
		       : "/";
}

int options_format(const struct options *options, const char *const *names,
		   int *format, struct error *error)
{
	char known[128] = "";

	*format = 0;
	if (!options->format)
		return 0;
	for (int i = 0; names[i]; i++) {
		size_t len = strlen(known);

		*format = i;
		if (strcmp(names[i], options->format) == 0)
			return 0;
		snprintf(known + len, sizeof(known) - len, "%s%s",
			 i ? ", " : "", names[i]);
	}
	return fail(error, EXIT_USAGE, "-o %s: no such format; there are %s",
		    quote_short(options->format).text, known);
}

int options_form(const struct options *options, struct emit_form *form,
		 struct error *error)
{
	int format;
	int status = options_format(options, evidence_formats, &format, error);

	if (status)
		return status;
	*form = (struct emit_form){
		.format = (enum output_format)format,
		.pretty = options->pretty,
		.max_bytes = options->max_bytes,
	};
	if (form->max_bytes && form->format != OUTPUT_JSON)
		return fail(
			error, EXIT_USAGE,
			"--max-bytes: only JSON can be shortened: leave out -o %s",
			quote_short(options->format).text);
	return 0;
}

static int add_operand(struct options *options, const char *operand,
		       struct error *error)
{
	const char **slot =
		list_add(options->arena, &options->operands, MAX_OPERANDS);

	if (!slot)
		return fail(error, EXIT_USAGE, "%s: more than %d operands",
			    quote_short(operand).text, MAX_OPERANDS);
	*slot = operand;
	return 0;
}

static bool has_dotdot(const char *path)
{
	for (const char *at = path; (at = strstr(at, "..")); at += 2) {
		if ((at == path || at[-1] == '/') &&
		    (at[2] == '\0' || at[2] == '/'))
			return true;
	}
	return false;
}

static int set_path(struct options *options, const char *path,
		    struct error *error)
{
	const char **slot;

	if (path[0] != '/')
		return fail(
			error, EXIT_USAGE,
			"--path %s: must be absolute, as seen from the root",
			quote_short(path).text);
	if (has_dotdot(path))
		return fail(error, EXIT_USAGE, "--path %s: must not hold '..'",
			    quote_short(path).text);
	if (strlen(path) >= PATH_MAX)
		return fail(error, EXIT_USAGE, "--path: longer than %d bytes",
			    PATH_MAX - 1);
	slot = list_add(options->arena, &options->paths, 64);
	if (!slot)
		return fail(error, EXIT_USAGE, "--path: more than 64 paths");
	*slot = path;
	return 0;
}

/* Sets the root without a trailing slash, which mount points never have. */
static int set_root(struct options *options, const char *root,
		    struct error *error)
{
	struct stat st;
	char *resolved;

	if (stat(root, &st) < 0)
		return fail(error, EXIT_USAGE, "--root %s: %s",
			    quote_short(root).text, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return fail(error, EXIT_USAGE, "--root %s: not a directory",
			    quote_short(root).text);
	resolved = realpath(root, NULL);
	if (!resolved)
		return fail(error, EXIT_USAGE, "--root %s: %s",
			    quote_short(root).text, strerror(errno));
	options->root = arena_strdup(options->arena, resolved);
	free(resolved);
	return options->root ? 0
			     : fail(error, EXIT_INTERNAL, "--root: %s",
				    strerror(ENOMEM));
}

static int set_timeout(struct options *options, const char *text,
		       struct error *error)
{
	uint64_t seconds;

	if (parse_u64(text, MAX_TIMEOUT_S, &seconds) || seconds == 0)
		return fail(error, EXIT_USAGE,
			    "--timeout %s: give whole seconds from 1 to %d",
			    quote_short(text).text, MAX_TIMEOUT_S);
	options->timeout_s = (unsigned int)seconds;
	return 0;
}

static int set_max_bytes(struct options *options, const char *text,
			 struct error *error)
{
	uint64_t bytes;

	if (parse_u64(text, MOST_MAX_BYTES, &bytes) || bytes < LEAST_MAX_BYTES)
		return fail(error, EXIT_USAGE,
			    "--max-bytes %s: give a whole number from %d to %d",
			    quote_short(text).text, LEAST_MAX_BYTES,
			    MOST_MAX_BYTES);
	options->max_bytes = (size_t)bytes;
	return 0;
}

/* Options that are not listed here are for all commands that take options. */
static const struct {
	int option;
	const char *commands[5];
} uses[] = {
	{ OPT_ROOT, { "scan", "explain" } },
	{ OPT_PATH, { "scan", "explain" } },
	{ OPT_TIMEOUT, { "scan", "explain" } },
	{ OPT_NICE, { "scan", "explain" } },
	{ OPT_EXPECT, { "explain", "judge" } },
	{ OPT_STRICT, { "explain", "judge", "filter" } },
	{ OPT_PRETTY, { "scan", "explain", "judge", "report" } },
	{ OPT_MAX_BYTES, { "scan", "explain", "judge", "report" } },
	{ OPT_SCOPE, { "filter" } },
	{ OPT_DETECTOR, { "filter" } },
	{ OPT_ACCOUNT, { "filter" } },
	{ OPT_CLUSTER, { "filter" } },
};

static bool has_use_for(const char *command, int option)
{
	for (size_t i = 0; i < ARRAY_SIZE(uses); i++) {
		if (uses[i].option != option)
			continue;
		for (const char *const *name = uses[i].commands; *name;
		     name++) {
			if (strcmp(*name, command) == 0)
				return true;
		}
		return false;
	}
	return true;
}

static int set_option(struct options *options, int option, char *argv[],
		      struct error *error)
{
	switch (option) {
	case OPT_ROOT:
		return set_root(options, optarg, error);
	case OPT_PATH:
		return set_path(options, optarg, error);
	case 'o':
		options->format = optarg;
		return 0;
	case OPT_OUTPUT:
		options->output_file = optarg;
		return 0;
	case OPT_MAX_BYTES:
		return set_max_bytes(options, optarg, error);
	case OPT_EXPECT:
		options->expect = optarg;
		return 0;
	case OPT_STRICT:
		options->strict = true;
		return 0;
	case OPT_SCOPE:
		options->scope = optarg;
		return 0;
	case OPT_DETECTOR:
		options->detector = optarg;
		return 0;
	case OPT_ACCOUNT:
		options->account = optarg;
		return 0;
	case OPT_CLUSTER:
		options->cluster = optarg;
		return 0;
	case OPT_OPERAND:
		return add_operand(options, optarg, error);
	case OPT_TIMEOUT:
		return set_timeout(options, optarg, error);
	case OPT_PRETTY:
		options->pretty = true;
		return 0;
	case OPT_NICE:
		options->nice = true;
		return 0;
	case ':':
		return fail(error, EXIT_USAGE, "%s: needs a value; see --help",
			    quote_short(argv[optind - 1]).text);
	default:
		return fail(error, EXIT_USAGE, "%s: no such option; see --help",
			    quote_short(argv[optind - 1]).text);
	}
}

int options_parse(struct options *options, const char *command, int argc,
		  char *argv[], struct error *error)
{
	int option;
	int place;

	options->timeout_s = DEFAULT_TIMEOUT_S;
	optind = 0;
	opterr = 0;
	/* "-": operands in their order, whatever POSIXLY_CORRECT is. */
	while ((option = getopt_long(argc, argv, "-:o:", long_options,
				     &place)) != -1) {
		int status;

		if (!has_use_for(command, option))
			return fail(error, EXIT_USAGE,
				    "%s: does not take --%s; see --help",
				    command, long_options[place].name);
		status = set_option(options, option, argv, error);
		if (status)
			return status;
	}
	for (; optind < argc; optind++) {
		int status = add_operand(options, argv[optind], error);

		if (status)
			return status;
	}
	return 0;
}
