/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GuardDuty findings in every dialect in which people hold one: get-findings of
 * the CLI and SDKs (PascalCase), the raw API and S3 export lines (lowerCamel),
 * the EventBridge envelope, Security Hub's ASFF and OCSF forms. Each becomes a
 * flat, normalized object (the schema's $defs/finding), whose texts are claims.
 */
#ifndef SOCKPROBE_DIALECTS_H
#define SOCKPROBE_DIALECTS_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "sockprobe/error.h"

/*
 * Bounds, so that a hostile file costs little: bytes of the file, values in one
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
 * Parses one JSON value, or JSON Lines, of findings. *findings is an array of
 * normalized objects, to be freed with cJSON_Delete(). A field that cannot be
 * taken as it is becomes null and an item of its finding's problems. Returns 0,
 * or fails with EXIT_BAD_INPUT, naming line and column or the finding.
 */
int findings_parse(const char *text, size_t len, cJSON **findings,
		   struct error *error);

#endif
