// SPDX-License-Identifier: Apache-2.0
/*
 * The tables that write and load the document against the published schema: the
 * members of each object in their order, whether each may be null or absent, and
 * every enumeration word for word.
 */
#include "unit.h"

#include <cjson/cJSON.h>

#include "document/members.h"
#include "sockprobe/evidence.h"

/* What is compared, for messages, and how much was. */
struct schema_walk {
	const cJSON *schema;
	size_t objects, words, differences;
};

/* Prints all differences, not only the first. */
#define DIFFER(walk, ...)                                                      \
	do {                                                                   \
		print_error(__VA_ARGS__);                                      \
		print_error("\n");                                             \
		(walk)->differences++;                                         \
	} while (0)

static const cJSON *item(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* The definition that a "$ref" leads to; the node itself where it has none. */
static const cJSON *follow(const struct schema_walk *walk, const cJSON *node)
{
	static const char prefix[] = "#/$defs/";
	const char *ref = cJSON_GetStringValue(item(node, "$ref"));
	const cJSON *found;

	if (!ref)
		return node;
	assert_true(has_prefix(ref, prefix));
	found = item(item(walk->schema, "$defs"), ref + strlen(prefix));
	assert_non_null(found);
	return found;
}

static bool has_text(const cJSON *list, const char *text)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, list) {
		if (cJSON_IsString(one) && strcmp(one->valuestring, text) == 0)
			return true;
	}
	return false;
}

/* TRI_UNKNOWN if the node does not say. */
static enum tristate says_null(const struct schema_walk *walk,
			       const cJSON *node)
{
	const cJSON *type = item(node, "type");
	enum tristate said = TRI_UNKNOWN;
	const cJSON *one;

	if (item(node, "$ref"))
		said = says_null(walk, follow(walk, node));
	if (said == TRI_NO)
		return TRI_NO;
	if (cJSON_IsString(type))
		return strcmp(type->valuestring, "null") ? TRI_NO : TRI_YES;
	if (type)
		return has_text(type, "null") ? TRI_YES : TRI_NO;
	cJSON_ArrayForEach(one, item(node, "anyOf")) {
		if (says_null(walk, one) == TRI_YES)
			return TRI_YES;
		said = TRI_NO;
	}
	cJSON_ArrayForEach(one, item(node, "enum")) {
		if (cJSON_IsNull(one))
			return TRI_YES;
		said = TRI_NO;
	}
	return said;
}

/* The words of an enumeration, in any order, and no others. */
static void check_words(struct schema_walk *walk, const char *object,
			const struct member *member, const cJSON *node)
{
	const cJSON *list = item(node, "enum");
	const cJSON *one;

	if (!member->names) {
		cJSON_ArrayForEach(one, list) {
			if (cJSON_IsString(one))
				DIFFER(walk,
				       "%s/%s: the schema alone has words",
				       object, member->name);
		}
		return;
	}
	cJSON_ArrayForEach(one, list) {
		if (cJSON_IsString(one) &&
		    name_find(member->names, one->valuestring) == SIZE_MAX)
			DIFFER(walk, "%s/%s: the program has no %s", object,
			       member->name, one->valuestring);
	}
	for (size_t i = 0; i < member->names->n; i++) {
		const char *word = member->names->at[i];

		if (word && !has_text(list, word))
			DIFFER(walk, "%s/%s: the schema has no %s", object,
			       member->name, word);
		if (word && name_find(member->names, word) != i)
			DIFFER(walk, "%s/%s: %s twice", object, member->name,
			       word);
		walk->words += word != NULL;
	}
}

/* Members that may be escaped: the foreign texts, and no others. */
static void check_escaped(struct schema_walk *walk, const char *name,
			  const struct object_type *type, const cJSON *node)
{
	const cJSON *list = item(item(node, "items"), "enum");
	const cJSON *one;

	cJSON_ArrayForEach(one, list) {
		const struct member *member =
			member_find(type, one->valuestring);

		if (!member || !(member->flags & MEMBER_FOREIGN))
			DIFFER(walk, "%s: the program never escapes %s", name,
			       one->valuestring);
	}
	for (size_t i = 0; i < type->n; i++) {
		if ((type->members[i].flags & MEMBER_FOREIGN) &&
		    !has_text(list, type->members[i].name))
			DIFFER(walk, "%s: the schema never has %s escaped",
			       name, type->members[i].name);
	}
}

static void check_object(struct schema_walk *walk, const char *name,
			 const struct object_type *type, const cJSON *node);

static void check_member(struct schema_walk *walk, const char *object,
			 const struct member *member, const cJSON *node,
			 bool required)
{
	if (required == !!(member->flags & MEMBER_OPTIONAL))
		DIFFER(walk, "%s/%s: optional in one only", object,
		       member->name);
	if ((says_null(walk, node) == TRI_YES) !=
	    !!(member->flags & MEMBER_NULLABLE))
		DIFFER(walk, "%s/%s: null in one only", object, member->name);
	if (member->flags & MEMBER_LIST) {
		assert_non_null(item(node, "items"));
		if (!(member->flags & MEMBER_OPTIONAL) &&
		    !(member->flags & MEMBER_NONEMPTY) !=
			    !item(node, "minItems"))
			DIFFER(walk, "%s/%s: may be empty in one only", object,
			       member->name);
		node = item(node, "items");
	}
	if (member->flags & MEMBER_ESCAPED)
		return;
	if (member->object)
		check_object(walk, member->name, member->object,
			     follow(walk, node));
	else
		check_words(walk, object, member, node);
}

/* A member of the schema's object that the program's table does not have. */
static void check_rest(struct schema_walk *walk, const char *name,
		       const struct object_type *type, const cJSON *properties)
{
	const cJSON *property;

	cJSON_ArrayForEach(property, properties) {
		if (!member_find(type, property->string))
			DIFFER(walk, "%s: the program has no %s", name,
			       property->string);
	}
}

static void check_object(struct schema_walk *walk, const char *name,
			 const struct object_type *type, const cJSON *node)
{
	const cJSON *properties = item(node, "properties");
	const cJSON *required = item(node, "required");
	const cJSON *next = properties ? properties->child : NULL;

	walk->objects++;
	assert_true(cJSON_IsFalse(item(node, "additionalProperties")));
	for (size_t i = 0; i < type->n; i++) {
		const struct member *member = &type->members[i];
		const cJSON *property = item(properties, member->name);

		if (!property) {
			/* of the holders of a connection's ends only */
			if (strcmp(member->name, "also_held_by") != 0)
				DIFFER(walk, "%s: the schema has no %s", name,
				       member->name);
			continue;
		}
		if (property != next)
			DIFFER(walk, "%s: %s comes in another order", name,
			       member->name);
		next = property->next;
		check_member(walk, name, member, property,
			     has_text(required, member->name));
		if (member->flags & MEMBER_ESCAPED)
			check_escaped(walk, name, type, property);
	}
	check_rest(walk, name, type, properties);
}

static void test_tables_are_the_schemas(void **state)
{
	char *text = fixture(
		"../../packaging/schema/sockprobe-evidence-v1.schema.json",
		NULL);
	cJSON *schema = cJSON_Parse(text);
	struct schema_walk walk = { .schema = schema };

	(void)state;
	free(text);
	assert_non_null(schema);
	check_object(&walk, "document", &doc_object, schema);
	assert_int_equal(walk.differences, 0);
	/* at least as many as when this was written */
	assert_true(walk.objects >= 29);
	assert_true(walk.words >= 72);
	cJSON_Delete(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables_are_the_schemas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
