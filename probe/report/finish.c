// SPDX-License-Identifier: Apache-2.0
/* Checks that all output was written. */
#include "report/finish.h"

#include <errno.h>
#include <string.h>

int output_check(FILE *out, struct error *error)
{
	if (fflush(out) == 0 && !ferror(out))
		return 0;
	return fail(error, EXIT_OUTPUT, "output: %s; it is not whole",
		    strerror(errno));
}
