/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands. Each parses its options, fills *error if it fails, and returns
 * the exit status.
 */
#ifndef SOCKPROBE_COMMANDS_H
#define SOCKPROBE_COMMANDS_H

#include "sockprobe/error.h"

/* node.c: commands on a node */
int scan_main(int argc, char *argv[], struct error *error);
int explain_main(int argc, char *argv[], struct error *error);

/* saved.c: commands on saved evidence, on any machine */
int judge_main(int argc, char *argv[], struct error *error);
int filter_main(int argc, char *argv[], struct error *error);
int report_main(int argc, char *argv[], struct error *error);

#endif
