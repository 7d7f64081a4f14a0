// SPDX-License-Identifier: Apache-2.0
/* The choice of a format, JSON, and the check that all of it was written. */
#include "report/emit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "document/shorten.h"
#include "sockprobe/json.h"
#include "sockprobe/text_safe.h"

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
	char *json = pretty ? cJSON_Print(document)
			    : cJSON_PrintUnformatted(document);

	if (!json)
		return fail(error, EXIT_INTERNAL, "output: out of memory");
	print_ascii_json(out, json);
	fputc('\n', out);
	cJSON_free(json);
	return emit_finish(out, error);
}

static bool wants_color(FILE *out)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(fileno(out)) && !(no_color && *no_color);
}

const char *const evidence_formats[] = {
	[OUTPUT_JSON] = "json",
	[OUTPUT_TEXT] = "text",
	[OUTPUT_MARKDOWN] = "markdown",
	[OUTPUT_IN_TOTO] = "in-toto",
	NULL,
};

int emit(FILE *out, cJSON *document, const struct emit_form *form,
	 struct error *error)
{
	switch (form->format) {
	case OUTPUT_TEXT:
		return emit_text(out, document, wants_color(out), error);
	case OUTPUT_MARKDOWN:
		return emit_markdown(out, document, error);
	case OUTPUT_IN_TOTO:
		return emit_in_toto(out, document, form->pretty, error);
	default:
		if (form->max_bytes)
			shorten(document, form->pretty, form->max_bytes);
		return emit_json(out, document, form->pretty, error);
	}
}

void emit_conclusion(FILE *out, const cJSON *document)
{
	const cJSON *verdict = json_get(document, "verdict");
	const cJSON *summary = json_get(document, "summary");

	fputs("sockprobe: ", out);
	if (json_get(document, "findings")) {
		print_safe(out, json_text_or(verdict, "decision", "?"));
		fputs(": ", out);
		print_safe(out, json_text_or(verdict, "text", "?"));
	} else {
		print_safe(out, json_text_or(summary, "text", "?"));
	}
	fputc('\n', out);
}
