/* SPDX-License-Identifier: Apache-2.0 */
/* Forms that the document promises of certain texts. */
#ifndef SOCKPROBE_FORMS_H
#define SOCKPROBE_FORMS_H

#include <stdbool.h>

struct form {
	const char *fault; /* the message about a text without this form */
	bool (*holds)(const char *text);
};

extern const struct form form_filled;	      /* at least one byte */
extern const struct form form_absolute;	      /* a path from the root */
extern const struct form form_mask;	      /* 16 hexadecimal digits */
extern const struct form form_sha256;	      /* 64 hexadecimal digits */
extern const struct form form_date;	      /* YYYY-MM-DD */
extern const struct form form_connect_result; /* OK or an errno's name */
extern const struct form form_rule;	      /* small letters and '_' */
extern const struct form form_pointer;	      /* into this document */
extern const struct form form_place;	      /* in a finding */

#endif
