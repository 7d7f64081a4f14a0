// SPDX-License-Identifier: Apache-2.0
/* The command table, and the only place that prints an error. */
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/commands.h"
#include "confine/confine.h"
#include "sockprobe/error.h"
#include "sockprobe/text_safe.h"
#include "sockprobe/util.h"
#include "sockprobe/version.h"

static int help_main(int argc, char *argv[], struct error *error);
static int version_main(int argc, char *argv[], struct error *error);
static int confinement_main(int argc, char *argv[], struct error *error);

struct command {
	const char *name;
	int (*run)(int argc, char *argv[], struct error *error);
	const char *what;
};

static const struct command commands[] = {
	{ "scan", scan_main,
	  "audit the runtime sockets of this node (the default)" },
	{ "explain", explain_main,
	  "FINDING: audit, then judge this GuardDuty finding ('-': stdin)" },
	{ "judge", judge_main,
	  "EVIDENCE [FINDING]: judge saved evidence again" },
	{ "filter", filter_main,
	  "EVIDENCE: the narrowest suppression filter it supports" },
	{ "report", report_main, "EVIDENCE: for people: text or markdown" },
	{ "help", help_main, "show this text" },
	{ "version", version_main, "show the version" },
	{ "confinement", confinement_main,
	  "show what each phase of a run may do" },
};

static int help_main(int argc, char *argv[], struct error *error)
{
	(void)argc;
	(void)argv;
	(void)error;
	puts("usage: sockprobe [COMMAND] [OPTION]...\n"
	     "\n"
	     "Audits the container-runtime sockets of a node without ever connecting to one,\n"
	     "and prints the evidence.\n"
	     "\n"
	     "commands:");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].what);
	puts("\n"
	     "options:\n"
	     "  --root DIR     root of the node's file system; default /host where\n"
	     "                 /host/var/run exists, else /\n"
	     "  --path P       one more socket path to audit, absolute; repeatable\n"
	     "  -o, --format FORMAT\n"
	     "                 json (the default), text, markdown or in-toto; of filter:\n"
	     "                 json, cli, terraform or cloudformation\n"
	     "  --output FILE  write there, whole or not at all\n"
	     "  --max-bytes N  leave out of the JSON what matters least until it fits\n"
	     "  --expect FILE  clients that are meant to use a live socket (JSON)\n"
	     "  --strict       what a verdict would assume counts as unknown\n"
	     "  --scope KEYS   of filter: what to match on, comma-separated\n"
	     "  --detector ID  of filter: the administrator account's GuardDuty detector\n"
	     "  --account ID, --cluster NAME\n"
	     "                 of filter: where the finding does not name its own\n"
	     "  --pretty       indent the JSON\n"
	     "  --nice         read with one process, of the idle classes of cpu and disk\n"
	     "  --timeout S    seconds the whole run may take (1 to 3600; default 30)\n"
	     "  -h, --help     show this text\n"
	     "  --version      show the version\n"
	     "  --confinement  show what each phase of a run may do\n"
	     "\n"
	     "exit status: 0 evidence complete or suppression supported, 1 not supported,\n"
	     "2 evidence incomplete or inconclusive, 64 usage, 65 bad input file,\n"
	     "70 internal error, 74 output not written");
	return 0;
}

static int version_main(int argc, char *argv[], struct error *error)
{
	(void)argc;
	(void)argv;
	(void)error;
	puts("sockprobe " SOCKPROBE_VERSION);
	return 0;
}

static int confinement_main(int argc, char *argv[], struct error *error)
{
	(void)argc;
	(void)argv;
	(void)error;
	confine_print(stdout);
	return 0;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

/* cJSON leaves out what it cannot allocate: no evidence is better than that. */
static void *allocate_or_end(size_t size)
{
	static const char text[] = "sockprobe: report: out of memory\n";
	void *memory = malloc(size);

	if (memory)
		return memory;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(EXIT_INTERNAL);
	_exit(EXIT_INTERNAL);
}

/* Options that are recognized at any position, and their commands. */
static const struct {
	const char *option;
	const char *command;
} shortcuts[] = {
	{ "-h", "help" },
	{ "--help", "help" },
	{ "--version", "version" },
	{ "--confinement", "confinement" },
};

static const struct command *find_shortcut(int argc, char *argv[])
{
	for (int i = 1; i < argc; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(shortcuts); k++) {
			if (strcmp(argv[i], shortcuts[k].option) == 0)
				return find_command(shortcuts[k].command);
		}
	}
	return NULL;
}

static int dispatch(int argc, char *argv[], struct error *error)
{
	const struct command *command = find_shortcut(argc, argv);

	if (command)
		return command->run(argc, argv, error);
	command = &commands[0];
	if (argc > 1 && argv[1][0] != '-') {
		command = find_command(argv[1]);
		if (!command)
			return fail(error, EXIT_USAGE,
				    "%s: no such command; see --help",
				    quote_short(argv[1]).text);
		argc--;
		argv++;
	}
	return command->run(argc, argv, error);
}

/*
 * If a standard descriptor is closed, the next file opened would take its
 * number, and output would go into it. /dev/null opened with O_PATH makes
 * writing fail instead. Other inherited descriptors are closed.
 */
static void hold_standard_descriptors(void)
{
	close_range(3, ~0U, 0);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_PATH) < 0)
			_exit(EXIT_INTERNAL);
	}
}

int main(int argc, char *argv[])
{
	cJSON_Hooks hooks = { .malloc_fn = allocate_or_end, .free_fn = free };
	struct error error = { 0 };
	int status;

	hold_standard_descriptors();
	signal(SIGPIPE, SIG_IGN);
	/* A message is one write(), so that it is not mixed with others. */
	setvbuf(stderr, NULL, _IOLBF, 0);
	cJSON_InitHooks(&hooks);
	status = dispatch(argc, argv, &error);
	if (error.status) {
		fputs("sockprobe: ", stderr);
		print_safe(stderr, error.text);
		fputc('\n', stderr);
	}
	return status;
}
