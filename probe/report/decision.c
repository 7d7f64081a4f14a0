// SPDX-License-Identifier: Apache-2.0
/* The parts of a decision's line. */
#include "report/decision.h"

#include "document/names.h"

static const char unknown[] = "not known";

const char *decision_word(const struct doc_verdict *verdict)
{
	const char *word = verdict ? name_of(&decision_names, verdict->decision)
				   : NULL;

	return word ? word : unknown;
}

const char *decision_joint(const struct doc_verdict *verdict)
{
	return *decision_sentence(verdict) == '(' ? " " : ": ";
}

const char *decision_sentence(const struct doc_verdict *verdict)
{
	return verdict && verdict->text ? verdict->text : unknown;
}
