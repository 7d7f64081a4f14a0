// SPDX-License-Identifier: Apache-2.0
/* JSON out, and the check that all of it was written. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "text_safe.h"

int emit_finish(FILE *out, struct error *error)
{
	if (fflush(out) == 0 && !ferror(out))
		return 0;
	return fail(error, EXIT_OUTPUT, "output: %s; it is not whole",
		    strerror(errno));
}

int emit_json(FILE *out, const cJSON *document, bool pretty,
	      struct error *error)
{
	char *json = pretty ? cJSON_Print(document) :
			      cJSON_PrintUnformatted(document);

	if (!json)
		return fail(error, EXIT_INTERNAL, "output: out of memory");
	print_ascii_json(out, json);
	fputc('\n', out);
	cJSON_free(json);
	return emit_finish(out, error);
}
