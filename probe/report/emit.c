// SPDX-License-Identifier: Apache-2.0
/* Prints a document in the chosen format, and its conclusion. */
#include "report/emit.h"

#include <stdlib.h>
#include <unistd.h>

#include "document/shorten.h"
#include "document/write.h"
#include "report/decision.h"
#include "report/in_toto.h"
#include "report/markdown.h"
#include "report/text.h"
#include "sockprobe/text_safe.h"

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

int emit(FILE *out, struct doc *doc, const struct emit_form *form,
	 struct error *error)
{
	switch (form->format) {
	case OUTPUT_TEXT:
		return emit_text(out, doc, wants_color(out), error);
	case OUTPUT_MARKDOWN:
		return emit_markdown(out, doc, error);
	case OUTPUT_IN_TOTO:
		return emit_in_toto(out, doc, form->pretty, error);
	default:
		if (form->max_bytes &&
		    doc_shorten(doc, form->pretty, form->max_bytes))
			return fail(error, EXIT_INTERNAL,
				    "output: out of memory");
		return doc_write(out, doc, form->pretty, error);
	}
}

void emit_conclusion(FILE *out, const struct doc *doc)
{
	const struct doc_verdict *verdict = doc->verdict;

	fputs("sockprobe: ", out);
	if (doc->findings.n || doc_left_out_count(doc, "/findings")) {
		fputs(decision_word(verdict), out);
		fputs(decision_joint(verdict), out);
		print_safe(out, decision_sentence(verdict));
	} else {
		print_safe(out,
			   doc->summary ? doc->summary->text : "not known");
	}
	fputc('\n', out);
}
