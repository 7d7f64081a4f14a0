// SPDX-License-Identifier: Apache-2.0
/* Making an error; main() prints it. */
#include "sockprobe/error.h"

#include <stdarg.h>
#include <stdio.h>

int fail(struct error *error, enum exit_status status, const char *format, ...)
{
	va_list args;

	error->status = (int)status;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return (int)status;
}
