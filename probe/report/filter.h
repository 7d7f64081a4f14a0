/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The narrowest GuardDuty suppression filter that a verdict supports, as an API
 * input, a Terraform resource or a CloudFormation template. Limits and names
 * are the CreateFilter API's (botocore guardduty/2017-11-28).
 */
#ifndef SOCKPROBE_FILTER_H
#define SOCKPROBE_FILTER_H

#include <stdio.h>

#include "sockprobe/document.h"
#include "sockprobe/error.h"

enum filter_format {
	FILTER_JSON, /* FindingCriteria only */
	FILTER_CLI,  /* all of CreateFilter's input */
	FILTER_TERRAFORM,
	FILTER_CLOUDFORMATION,
};

struct filter_request {
	enum filter_format format;
	const char *detector; /* NULL: the finding's */
	const char *scope; /* scope keys, comma-separated; NULL: all pinned */
};

/*
 * Writes the filter for the document's verdict. Fails with EXIT_NOT_SUPPORTED
 * if the verdict is not "supported" or the scope is too wide, EXIT_USAGE for an
 * unknown scope key or a missing detector, EXIT_BAD_INPUT for a value that a
 * filter cannot have, EXIT_OUTPUT.
 */
int filter_emit(FILE *out, const struct doc *doc,
		const struct filter_request *request, struct error *error);

#endif
