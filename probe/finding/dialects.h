/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GuardDuty findings in every dialect in use: get-findings of the CLI and SDKs
 * (PascalCase), the raw API and S3 export lines (lowerCamel), the EventBridge
 * envelope, Security Hub's ASFF and OCSF. Each becomes a struct finding (the
 * schema's $defs/finding), whose texts are claims.
 */
#ifndef SOCKPROBE_DIALECTS_H
#define SOCKPROBE_DIALECTS_H

#include <stddef.h>

#include "sockprobe/error.h"
#include "sockprobe/finding.h"

/*
 * Limits, so that a hostile file costs little: bytes of the file, values in one
 * JSON text, depth, findings, bytes of one text.
 */
enum {
	FINDING_FILE_MAX = 16 * 1024 * 1024,
	FINDING_VALUES_MAX = 500000,
	FINDING_DEPTH_MAX = 64,
	FINDINGS_MAX = 10000,
	FINDING_TEXT_MAX = 4096,
};

/*
 * The memory for all findings of a file: each byte may be escaped as four, and
 * each field may have a problem.
 */
#define FINDINGS_ARENA ((size_t)192 << 20)

/*
 * Parses one JSON value, or JSON Lines, of findings into items of *findings, in
 * `arena`. A field that cannot be used as it is stays unknown and becomes an
 * item of its finding's problems. No finding is located yet. Returns 0, or
 * fails with EXIT_BAD_INPUT, naming line and column or the finding, or with
 * EXIT_INTERNAL if the arena's limit is met.
 */
int findings_parse(struct arena *arena, const char *text, size_t len,
		   struct finding_list *findings, struct error *error);

#endif
