/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of the document: each type of object as a table of its members. The
 * writer, the loader, the builder and the shortener all walk these tables and
 * know no member by name, so that a new member is one row here, one field in
 * sockprobe/document.h and one entry of the schema.
 */
#ifndef SOCKPROBE_MEMBERS_H
#define SOCKPROBE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "document/forms.h"
#include "document/names.h"
#include "sockprobe/util.h"

/* What a member is in C; in JSON. kinds.c has both conversions. */
enum member_kind {
	MEMBER_SCHEMA,	   /* no field; the text EVIDENCE_SCHEMA */
	MEMBER_TEXT,	   /* const char *; a text */
	MEMBER_NUMBER,	   /* int64_t; a whole number from min to max */
	MEMBER_BOOL,	   /* bool */
	MEMBER_TRISTATE,   /* enum tristate; true, false, null */
	MEMBER_TIME,	   /* struct timespec; RFC 3339, UTC, milliseconds */
	MEMBER_U64,	   /* uint64_t; decimal text */
	MEMBER_DEVICE,	   /* dev_t; "major:minor" */
	MEMBER_MODE,	   /* uint32_t; four octal digits */
	MEMBER_ENUM,	   /* an enumeration; its word */
	MEMBER_CONTAINER,  /* struct container_ref; the id */
	MEMBER_PATH,	   /* size_t; "/paths/N" */
	MEMBER_CONNECTION, /* size_t; "/connections/N" */
	MEMBER_LEFT_OUT,   /* struct doc_left_out_list; {"/pointer": count} */
	MEMBER_OBJECT,	   /* a struct; an object */
	MEMBER_POINTER,	   /* pointer to a struct; an object */
};

enum member_flag {
	MEMBER_LIST = 1,      /* the field is a list of these; an array */
	MEMBER_NULLABLE = 2,  /* null if it is unknown */
	MEMBER_OPTIONAL = 4,  /* left out if it is unknown or empty */
	MEMBER_NONEMPTY = 8,  /* a list with at least one item */
	MEMBER_FOREIGN = 16,  /* the node's text: if not UTF-8, then escaped */
	MEMBER_ESCAPED = 32,  /* names of this object's FOREIGN members */
	MEMBER_SHORTENS = 64, /* --max-bytes may null it, or cut its items */
};

struct member {
	const char *name; /* in JSON */
	enum member_kind kind;
	unsigned flags;
	size_t offset; /* of the field in its struct */
	size_t size;   /* of the field; of one item if it is a list */
	const struct object_type *object; /* of OBJECT and POINTER */
	const struct names *names;	  /* of ENUM; of a TEXT: its words */
	const struct form *form;	  /* of TEXT; NULL: any text */
	int64_t min, max;		  /* of NUMBER */
};

/* JSON's numbers are exact below 2^53. */
#define NUMBER_LARGEST (((int64_t)1 << 53) - 1)

/* No object has more members. */
enum { MEMBERS_MAX = 40 };

struct object_type {
	const struct member *members;
	size_t n;
	/*
	 * Finds the first contradiction between members: the name of one of
	 * them, with *why; NULL if there is none. NULL: no check.
	 */
	const char *(*check)(const void *object, const char **why);
};

extern const struct object_type doc_object; /* struct doc */

/* All lists have this form (DEFINE_LIST). */
DEFINE_LIST(any_list, char);

static inline void *member_field(const struct member *member, void *object)
{
	return (char *)object + member->offset;
}

static inline const void *member_value(const struct member *member,
				       const void *object)
{
	return (const char *)object + member->offset;
}

/* The member with this name, or NULL. */
const struct member *member_find(const struct object_type *type,
				 const char *name);

/*
 * Sets *member to the member at "/name" or "/object/name", or NULL. Returns its
 * field in *doc; NULL if the object is missing or doc is NULL.
 */
struct doc;
void *member_at(const char *pointer, struct doc *doc,
		const struct member **member);

/* ---- places in the document ---- */

struct place {
	const struct place *up; /* NULL: a member of the document itself */
	const char *name;	/* NULL: an item of a list */
	size_t idx;
};

enum { PLACE_SIZE = 192 };

/* The JSON pointer of a place; "" for NULL, which is the document. */
void place_pointer(const struct place *place, char text[static PLACE_SIZE]);

/* ---- all values, one after another ---- */

/*
 * Called with each value that is not an object. Returns NULL, or why the walk
 * ends.
 */
typedef const char *visit_function(void *context, const struct place *place,
				   const struct member *member, void *value);

/*
 * Visits the values of an object and of all objects in it. Returns NULL, or why
 * the walk ended.
 */
const char *object_walk(const struct object_type *type, void *object,
			const struct place *place, visit_function *visit,
			void *context);

#endif
