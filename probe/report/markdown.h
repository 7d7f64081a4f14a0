/* SPDX-License-Identifier: Apache-2.0 */
/* The evidence as Markdown. */
#ifndef SOCKPROBE_MARKDOWN_H
#define SOCKPROBE_MARKDOWN_H

#include <stdio.h>

#include "sockprobe/document.h"
#include "sockprobe/error.h"

/*
 * Writes the case for a ticket: question, answer, reasons, what was seen and
 * what was not. 0, or fails with EXIT_OUTPUT or EXIT_INTERNAL.
 */
int emit_markdown(FILE *out, const struct doc *doc, struct error *error);

#endif
