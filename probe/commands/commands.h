/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands. Each reads its own options, fills *error where it fails, and
 * returns the exit status.
 */
#ifndef SOCKPROBE_COMMANDS_H
#define SOCKPROBE_COMMANDS_H

#include "sockprobe/error.h"

/* cmd_node.c: with a look at the node */
int scan_main(int argc, char *argv[], struct error *error);
int explain_main(int argc, char *argv[], struct error *error);

/* cmd_saved.c: from saved evidence, on any machine */
int judge_main(int argc, char *argv[], struct error *error);
int filter_main(int argc, char *argv[], struct error *error);
int report_main(int argc, char *argv[], struct error *error);

#endif
