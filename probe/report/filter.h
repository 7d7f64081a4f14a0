/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The narrowest GuardDuty suppression filter that a verdict supports, as an API
 * input, a Terraform resource or a CloudFormation template. Limits and names
 * are the CreateFilter API's (botocore guardduty/2017-11-28).
 */
#ifndef SOCKPROBE_FILTER_H
#define SOCKPROBE_FILTER_H

#include <stdio.h>

#include "report/criteria.h"
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
	const char *detector; /* NULL: the one that the finding says */
	struct criteria_request criteria;
};

/*
 * Writes the filter for the document's verdict, and to `notes` what whoever
 * creates it must know, a line each. Fails with EXIT_NOT_SUPPORTED where the
 * verdict is not "supported" or the filter would be too wide, EXIT_USAGE for an
 * unknown scope key, a missing or malformed detector, or another account or
 * cluster than the finding's, EXIT_BAD_INPUT where a value cannot stand in a
 * filter of this format, EXIT_OUTPUT.
 */
int filter_emit(FILE *out, FILE *notes, const struct doc *doc,
		const struct filter_request *request, struct error *error);

#endif
