/* SPDX-License-Identifier: Apache-2.0 */
/* How an OCI runtime was told to start a container. */
#ifndef SOCKPROBE_BUNDLE_H
#define SOCKPROBE_BUNDLE_H

#include <cjson/cJSON.h>

#include "sockprobe/evidence.h"

/*
 * A bundle from the JSON of config.json (opencontainers/runtime-spec, config.md
 * and config-linux.md), in the arena; `source` is the file's path. What the
 * file does not say is what gives the container most: all capabilities, no
 * filter, an unknown user. *bundle is NULL for an object that is no such
 * configuration. 0 or -ENOMEM.
 */
int bundle_parse(struct arena *arena, const cJSON *config, const char *source,
		 struct bundle **bundle);

#endif
