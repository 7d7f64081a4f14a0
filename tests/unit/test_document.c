// SPDX-License-Identifier: Apache-2.0
/*
 * The typed document: recorded evidence loads and is written byte for byte; what
 * is missing, unknown, twice or of another form is refused where it stands.
 * explained.json was recorded on a node with containerd and dockerd;
 * every-member.json is cut from it, and has each member of each object at least
 * once, and once that is not null.
 */
#include "unit.h"

/* cmocka has a macro of this name. */
#undef fail

#include <cjson/cJSON.h>

#include "document/build.h"
#include "document/load.h"
#include "document/members.h"
#include "document/shorten.h"
#include "document/write.h"
#include "sockprobe/document.h"

static const char explained[] = "documents/explained.json";
static const char every_member[] = "documents/every-member.json";

/* ---- loading and writing texts ---- */

static void load(struct doc *doc, const char *text)
{
	struct error error = { 0 };

	if (doc_load(doc, "e.json", text, strlen(text), &error))
		assert_string_equal(error.text, "");
}

/* The text of the document, whose length must equal doc_size(). */
static char *write_text(const struct doc *doc, bool pretty)
{
	struct error error = { 0 };
	char *written = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&written, &len);

	assert_non_null(out);
	assert_int_equal(doc_write(out, doc, pretty, &error), 0);
	fclose(out);
	assert_int_equal(doc_size(doc, pretty), len);
	return written;
}

static char *load_and_write(const char *text, bool pretty)
{
	struct doc doc;
	char *written;

	load(&doc, text);
	written = write_text(&doc, pretty);
	arena_free(&doc.arena);
	return written;
}

/*
 * Asserts that the text is refused with `message`: all of it, or its beginning.
 */
static void refused_len(const char *text, size_t len, const char *message,
			bool whole)
{
	struct error error = { 0 };
	struct doc doc;
	int status = doc_load(&doc, "e.json", text, len, &error);

	arena_free(&doc.arena);
	if (!whole && strlen(error.text) > strlen(message))
		error.text[strlen(message)] = '\0';
	assert_string_equal(error.text, message);
	assert_int_equal(status, EXIT_BAD_INPUT);
	assert_int_equal(error.status, EXIT_BAD_INPUT);
}

static void refused(const cJSON *document, const char *message, bool whole)
{
	char *text = cJSON_PrintUnformatted(document);

	refused_len(text, strlen(text), message, whole);
	cJSON_free(text);
}

static cJSON *parsed(const char *name)
{
	char *text = fixture(name, NULL);
	cJSON *json = cJSON_Parse(text);

	assert_non_null(json);
	free(text);
	return json;
}

static void test_loads_and_writes_recorded_bytes(void **state)
{
	static const char *const names[] = { explained, every_member };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *text = fixture(names[i], NULL);
		char *written = load_and_write(text, false);

		assert_string_equal(written, text);
		free(written);
		free(text);
	}
}

static void test_writes_pretty_as_cjson_does(void **state)
{
	cJSON *json = parsed(explained);
	char *printed = cJSON_Print(json);
	char *written = load_and_write(printed, true);

	(void)state;
	assert_int_equal(written[strlen(written) - 1], '\n');
	written[strlen(written) - 1] = '\0';
	assert_string_equal(written, printed);
	free(written);
	cJSON_free(printed);
	cJSON_Delete(json);
}

static void test_writes_the_document_inside_a_statement(void **state)
{
	cJSON *statement = cJSON_CreateObject();
	cJSON *json = parsed(explained);
	char *text = cJSON_PrintUnformatted(json);
	char *written = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&written, &len);
	struct doc doc;
	char *printed;

	(void)state;
	cJSON_AddItemToObject(statement, "predicate", json);
	printed = cJSON_Print(statement);
	load(&doc, text);
	fputs("{\n\t\"predicate\":\t", out);
	assert_int_equal(doc_write_inside(out, &doc, true, 1), 0);
	fputs("\n}", out);
	fclose(out);
	assert_string_equal(written, printed);
	arena_free(&doc.arena);
	free(written);
	cJSON_free(printed);
	cJSON_free(text);
	cJSON_Delete(statement);
}

static void test_full_disk_is_an_error(void **state)
{
	char *text = fixture(explained, NULL);
	FILE *out = fopen("/dev/full", "w");
	struct error error = { 0 };
	struct doc doc;

	(void)state;
	assert_non_null(out);
	load(&doc, text);
	assert_int_equal(doc_write(out, &doc, false, &error), EXIT_OUTPUT);
	assert_string_equal(error.text,
			    "output: No space left on device; it is not whole");
	fclose(out);
	arena_free(&doc.arena);
	free(text);
}

/* ---- each member of each object, by the tables ---- */

/* What one mutation does to a member, and the message that it must cause. */
typedef void mutation(cJSON *document, cJSON *object,
		      const struct member *member, const char *pointer);

/* Mutates a member of the document, and all members in it. */
struct mutating {
	cJSON *document;
	mutation *mutate;
	size_t done;
	const struct member *seen[512];
	size_t nseen;
};

static void note_seen(struct mutating *m, const struct member *member)
{
	for (size_t i = 0; i < m->nseen; i++) {
		if (m->seen[i] == member)
			return;
	}
	assert_true(m->nseen < ARRAY_SIZE(m->seen));
	m->seen[m->nseen++] = member;
}

static void mutate_object(struct mutating *m, const struct object_type *type,
			  cJSON *object, const char *pointer);

static void mutate_inside(struct mutating *m, const struct member *member,
			  cJSON *value, const char *pointer)
{
	char at[PLACE_SIZE + 16];
	cJSON *item;
	int i = 0;

	if (!member->object)
		return;
	if (!(member->flags & MEMBER_LIST)) {
		if (cJSON_IsObject(value))
			mutate_object(m, member->object, value, pointer);
		return;
	}
	cJSON_ArrayForEach(item, value) {
		snprintf(at, sizeof(at), "%.*s/%d", PLACE_SIZE, pointer, i++);
		mutate_object(m, member->object, item, at);
	}
}

static void mutate_object(struct mutating *m, const struct object_type *type,
			  cJSON *object, const char *pointer)
{
	char at[256];

	for (size_t i = 0; i < type->n; i++) {
		const struct member *member = &type->members[i];
		cJSON *value =
			cJSON_GetObjectItemCaseSensitive(object, member->name);

		if (!value)
			continue;
		if (!cJSON_IsNull(value))
			note_seen(m, member);
		snprintf(at, sizeof(at), "%s/%s", pointer, member->name);
		mutate_inside(m, member, value, at);
		m->mutate(m->document, object, member, at);
		m->done++;
	}
}

static size_t count_members(const struct object_type *type)
{
	size_t n = type->n;

	for (size_t i = 0; i < type->n; i++) {
		if (type->members[i].object)
			n += count_members(type->members[i].object);
	}
	return n;
}

static void mutate_all(mutation *mutate)
{
	struct mutating m = { .document = parsed(every_member),
			      .mutate = mutate };

	mutate_object(&m, &doc_object, m.document, "");
	cJSON_Delete(m.document);
	assert_true(m.done > 500);
	assert_true(m.nseen > 200);
}

static void expect(const cJSON *document, const char *pointer, const char *what)
{
	char message[512];

	snprintf(message, sizeof(message), "e.json: %s%s", pointer, what);
	refused(document, message, what[0] == ':' && what[1]);
}

/* Removes the member, then appends it. */
static void without(cJSON *document, cJSON *object, const struct member *member,
		    const char *pointer)
{
	cJSON *value = cJSON_GetObjectItemCaseSensitive(object, member->name);

	if (member->flags & MEMBER_OPTIONAL || member->kind == MEMBER_SCHEMA)
		return;
	cJSON_DetachItemViaPointer(object, value);
	expect(document, pointer, ": missing");
	cJSON_AddItemToArray(object, value);
}

static void test_required_member_missing(void **state)
{
	(void)state;
	mutate_all(without);
}

static void as_value(cJSON *document, cJSON *object, const char *name,
		     cJSON *value, const char *pointer, const char *what)
{
	cJSON *had = cJSON_GetObjectItemCaseSensitive(object, name);

	cJSON_ReplaceItemViaPointer(object, had,
				    value); /* deletes what was there */
	value->string = strdup(name);
	expect(document, pointer, what);
}

static void as_another_type(cJSON *document, cJSON *object,
			    const struct member *member, const char *pointer)
{
	cJSON *had = cJSON_GetObjectItemCaseSensitive(object, member->name);
	cJSON *copy = cJSON_Duplicate(had, true);
	cJSON *other = cJSON_IsString(had) ? cJSON_CreateNumber(7)
					   : cJSON_CreateString("7 ");

	if (cJSON_IsNull(had)) {
		cJSON_Delete(other);
		other = cJSON_CreateArray();
	}
	if (member->kind == MEMBER_SCHEMA)
		cJSON_Delete(other);
	else
		as_value(document, object, member->name, other, pointer, ":");
	had = cJSON_GetObjectItemCaseSensitive(object, member->name);
	cJSON_ReplaceItemViaPointer(object, had, copy);
}

static void test_member_of_another_type(void **state)
{
	(void)state;
	mutate_all(as_another_type);
}

static void as_null(cJSON *document, cJSON *object, const struct member *member,
		    const char *pointer)
{
	cJSON *had = cJSON_GetObjectItemCaseSensitive(object, member->name);
	cJSON *copy = cJSON_Duplicate(had, true);

	if (member->flags & MEMBER_NULLABLE || member->kind == MEMBER_SCHEMA) {
		cJSON_Delete(copy);
		return;
	}
	as_value(document, object, member->name, cJSON_CreateNull(), pointer,
		 member->flags & MEMBER_LIST ? ": not a list" : ": null");
	had = cJSON_GetObjectItemCaseSensitive(object, member->name);
	cJSON_ReplaceItemViaPointer(object, had, copy);
}

static void test_member_that_may_not_be_null(void **state)
{
	(void)state;
	mutate_all(as_null);
}

static void twice(cJSON *document, cJSON *object, const struct member *member,
		  const char *pointer)
{
	cJSON *had = cJSON_GetObjectItemCaseSensitive(object, member->name);
	cJSON *copy = cJSON_Duplicate(had, true);
	cJSON *last = object->child->prev;

	cJSON_AddItemToArray(object, copy);
	assert_ptr_equal(last->next, copy);
	expect(document, pointer, ": twice");
	cJSON_Delete(cJSON_DetachItemViaPointer(object, copy));
}

static void test_member_twice(void **state)
{
	(void)state;
	mutate_all(twice);
}

/* The table's name with one letter more. */
static void with_unknown(cJSON *document, cJSON *object,
			 const struct member *member, const char *pointer)
{
	char name[64];
	char at[256];

	snprintf(name, sizeof(name), "%s_", member->name);
	snprintf(at, sizeof(at), "%s_", pointer);
	cJSON_AddNullToObject(object, name);
	expect(document, at, ": no such member");
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
}

static void test_member_that_is_unknown(void **state)
{
	(void)state;
	mutate_all(with_unknown);
}

static void nothing(cJSON *document, cJSON *object, const struct member *member,
		    const char *pointer)
{
	(void)document;
	(void)object;
	(void)member;
	(void)pointer;
}

/* Does the fixture have all members, so that each was tried above? */
static void must_be_seen(const struct mutating *m,
			 const struct object_type *type)
{
	for (size_t i = 0; i < type->n; i++) {
		const struct member *member = &type->members[i];
		bool seen = member->kind == MEMBER_LEFT_OUT;

		for (size_t j = 0; j < m->nseen && !seen; j++)
			seen = m->seen[j] == member;
		if (!seen)
			print_error("not in %s: %s\n", every_member,
				    member->name);
		assert_true(seen);
		if (member->object)
			must_be_seen(m, member->object);
	}
}

static void test_fixture_has_every_member(void **state)
{
	struct mutating m = { .document = parsed(every_member),
			      .mutate = nothing };

	(void)state;
	mutate_object(&m, &doc_object, m.document, "");
	cJSON_Delete(m.document);
	must_be_seen(&m, &doc_object);
	assert_true(count_members(&doc_object) > 250);
}

/* ---- one wrong value at a time ---- */

static cJSON *at_pointer(cJSON *document, const char *pointer)
{
	char text[256];
	char *save = NULL;
	cJSON *at = document;

	snprintf(text, sizeof(text), "%s", pointer);
	for (char *step = strtok_r(text, "/", &save); step;
	     step = strtok_r(NULL, "/", &save)) {
		at = cJSON_IsArray(at)
			     ? cJSON_GetArrayItem(at, atoi(step))
			     : cJSON_GetObjectItemCaseSensitive(at, step);
		assert_non_null(at);
	}
	return at;
}

/* Puts the JSON text `value` in place of what `pointer` leads to. */
static void put_at(cJSON *document, const char *pointer, const char *value)
{
	cJSON *had = at_pointer(document, pointer);
	cJSON *json = cJSON_CreateRaw(value);
	char up[256];
	cJSON *parent;

	snprintf(up, sizeof(up), "%.*s", (int)(strrchr(pointer, '/') - pointer),
		 pointer);
	parent = at_pointer(document, up);
	if (had->string)
		json->string = strdup(had->string);
	cJSON_ReplaceItemViaPointer(parent, had, json);
}

static const struct {
	const char *pointer, *value, *message;
} wrong_values[] = {
	{ "/coverage", "[]", "/coverage: empty" },
	{ "/coverage", "null", "/coverage: not a list" },
	{ "/coverage/0", "7", "/coverage/0: not an object" },
	{ "/coverage/0/source", "\"proceses\"",
	  "/coverage/0/source: not one of its values" },
	{ "/coverage/0/status", "\"Complete\"",
	  "/coverage/0/status: not one of its values" },
	{ "/coverage/0/scope", "\"\"", "/coverage/0/scope: empty" },
	{ "/coverage/0/fix", "\"run as root\"",
	  "/coverage/0/fix: there is nothing to fix where all was seen" },
	{ "/paths/0/kind", "\"directory\"",
	  "/paths/0/state: only a socket that somebody listens on has this state" },
	{ "/paths/0/kind", "\"sockets\"",
	  "/paths/0/kind: not one of its values" },
	{ "/paths/0/path", "\"run/x\"", "/paths/0/path: not an absolute path" },
	{ "/paths/0/path", "\"/run/other.sock\"",
	  "/paths/0/path: not the first of its names" },
	{ "/paths/0/names", "[]", "/paths/0/names: empty" },
	{ "/paths/0/names/0", "null", "/paths/0/names/0: not a text" },
	{ "/paths/0/inode", "null",
	  "/paths/0/inode: it is resolved if and only if there is an inode" },
	{ "/paths/0/inode/mode", "\"755\"",
	  "/paths/0/inode/mode: not a mode as \"0755\"" },
	{ "/paths/0/inode/mode", "\"07755\"",
	  "/paths/0/inode/mode: not a mode as \"0755\"" },
	{ "/paths/0/inode/dev", "\"8:01\"",
	  "/paths/0/inode/dev: not a device as \"8:1\"" },
	{ "/paths/0/inode/ino", "\"-1\"",
	  "/paths/0/inode/ino: not a number as decimal text" },
	{ "/paths/0/inode/ino", "\"18446744073709551616\"",
	  "/paths/0/inode/ino: not a number as decimal text" },
	{ "/paths/0/inode/ino", "\"01\"",
	  "/paths/0/inode/ino: not a number as decimal text" },
	{ "/paths/0/inode/uid", "4294967296",
	  "/paths/0/inode/uid: out of range" },
	{ "/paths/0/inode/uid", "-1", "/paths/0/inode/uid: out of range" },
	{ "/paths/0/inode/uid", "0.5",
	  "/paths/0/inode/uid: not a whole number" },
	{ "/paths/0/inode/uid", "1e999", "/paths/0/inode/uid: out of range" },
	{ "/paths/0/inode/birth", "\"2026-11-23T13:40:00Z\"",
	  "/paths/0/inode/birth: not a time as \"2026-11-23T13:40:00.000Z\"" },
	{ "/paths/0/inode/birth", "\"2026-02-30T13:40:00.000Z\"",
	  "/paths/0/inode/birth: not a time as \"2026-11-23T13:40:00.000Z\"" },
	{ "/paths/0/inode/birth", "\"2026-11-23T13:40:00.000+00:00\"",
	  "/paths/0/inode/birth: not a time as \"2026-11-23T13:40:00.000Z\"" },
	{ "/paths/0/inode/birth", "\"1970-01-01T00:00:00.000Z\"",
	  "/paths/0/inode/birth: not a time as \"2026-11-23T13:40:00.000Z\"" },
	{ "/paths/0/connect_result", "\"ECONN REFUSED\"",
	  "/paths/0/connect_result: neither OK nor the name of an errno" },
	{ "/paths/0/connect_result", "\"ok\"",
	  "/paths/0/connect_result: neither OK nor the name of an errno" },
	{ "/paths/1/entries", "0",
	  "/paths/1/entries: only a directory has this" },
	{ "/paths/1/escaped", "[\"kind\"]",
	  "/paths/1/escaped: not names of this object's texts" },
	{ "/paths/1/connections", "[]",
	  "/connections: not all are listed by their path" },
	{ "/paths/0/connections", "[\"/connections/0\"]",
	  "/paths/0/connections: not the connections to this path" },
	{ "/paths/1/connections/0", "\"/connections/1\"",
	  "/paths/1/connections/0: leads nowhere in this document" },
	{ "/paths/1/connections/0", "\"/connections/00\"",
	  "/paths/1/connections/0: not a pointer as \"/connections/0\"" },
	{ "/access/0/path_ref", "\"/paths/4\"",
	  "/access/0/path_ref: leads nowhere in this document" },
	{ "/access/0/path_ref", "\"/paths/99999999999999999999\"",
	  "/access/0/path_ref: not a pointer as \"/paths/0\"" },
	{ "/access/0/path_ref", "\"/paths/3\"",
	  "/access/0/path: not the path that path_ref leads to" },
	{ "/access/0/path", "\"/run/other.sock\"",
	  "/access/0/path: not the path that path_ref leads to" },
	{ "/access/0/confirmed_why", "\"x\"",
	  "/access/0/confirmed_why: there is a reason if and only if it is not confirmed" },
	{ "/access/0/ino", "\"0\"", "/access/0/ino: 0, which is none" },
	{ "/connections/0/count", "0", "/connections/0/count: out of range" },
	{ "/connections/0/client/pid", "0",
	  "/connections/0/client/pid: out of range" },
	{ "/connections/0/client/container", "\"\"",
	  "/connections/0/client/container: empty" },
	{ "/paths/0/listener/netns", "\"0\"",
	  "/paths/0/listener/netns: 0, which is none" },
	{ "/containers/0/name", "null",
	  "/containers/0/source: a value has a source if and only if it is known" },
	{ "/containers/0/conflicts/0/field", "\"name\"",
	  "/containers/0/conflicts/0/field: not one of its values" },
	{ "/containers_total", "3", "/containers_total: less than are listed" },
	{ "/containers_total", "9007199254740993",
	  "/containers_total: out of range" },
	{ "/probe/confinement/0/cap_effective", "\"00000000000000FF\"",
	  "/probe/confinement/0/cap_effective: not 16 hexadecimal digits" },
	{ "/probe/confinement/0/phase", "\"write\"",
	  "/probe/confinement/0/phase: not one of its values" },
	{ "/probe/executable_sha256", "\"abc\"",
	  "/probe/executable_sha256: not a SHA-256 in hexadecimal" },
	{ "/probe", "null", "/probe: null" },
	{ "/summary", "null", "/summary: null" },
	{ "/node/cgroup_version", "3", "/node/cgroup_version: out of range" },
	{ "/verdict/decision", "null", "/verdict/decision: null" },
	{ "/verdict/decision", "\"supported\"",
	  "/verdict/decision: not that of its finding in verdicts" },
	{ "/verdict/finding", "3",
	  "/verdict/finding: does not fit the findings" },
	{ "/verdict/review_by", "\"2026-02-30\"",
	  "/verdict/review_by: not a date (YYYY-MM-DD)" },
	{ "/verdict/reasons/0/rule", "\"Type\"",
	  "/verdict/reasons/0/rule: not the name of a rule" },
	{ "/verdict/reasons/1/evidence", "[\"node\"]",
	  "/verdict/reasons/1/evidence/0: not a JSON pointer" },
	{ "/verdict/reasons/1/evidence", "[\"/nodes\"]",
	  "/verdict/reasons/1/evidence/0: leads nowhere in this document" },
	{ "/verdict/reasons/1/evidence", "[\"/paths/4/inode\"]",
	  "/verdict/reasons/1/evidence/0: leads nowhere in this document" },
	{ "/verdict/reasons/1/evidence", "[\"/paths/x\"]",
	  "/verdict/reasons/1/evidence/0: leads nowhere in this document" },
	{ "/verdicts", "[]", "/verdicts: empty" },
	{ "/verdicts/1/finding", "0",
	  "/verdicts/1/finding: does not fit the findings" },
	{ "/findings", "[]", "/findings: empty" },
	{ "/findings/0/dialect", "\"csv\"",
	  "/findings/0/dialect: not one of its values" },
	{ "/findings/0/located/path_ref", "\"/paths/4\"",
	  "/findings/0/located/path_ref: leads nowhere in this document" },
	{ "/findings/0/located/matched_by", "null",
	  "/findings/0/located/matched_by: a container was found if and only if something matched" },
	{ "/findings/0/container_id", "\"of another\"",
	  "/findings/0/located: what matched is not what both have" },
	{ "/containers/0/threads/means", "[]",
	  "/containers/0/threads: no means, in spite of its rights" },
	{ "/containers/0/threads/cap_bounding", "\"00000000a80425fa\"",
	  "/containers/0/threads: fewer rights than its record has" },
	{ "/names_in_container/0/object/ino", "\"13\"",
	  "/names_in_container/0/object: not what path_ref leads to" },
	{ "/names_in_container/0/object", "null",
	  "/names_in_container/0/object: there is an object if and only if something stands there" },
	{ "/names_in_container/0/kind", "\"missing\"",
	  "/names_in_container/0/object: there is an object if and only if something stands there" },
	{ "/names_in_container/0/kind", "\"directory\"",
	  "/names_in_container/0/state: only a socket has a listener" },
	{ "/names_in_container/0/mounts_why", "\"x\"",
	  "/names_in_container/0/mounts_why: that mounts do not fit has a reason, that they do has none" },
	{ "/expected", "[]", "/expected: empty" },
};

static void test_wrong_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong_values); i++) {
		cJSON *document = parsed(every_member);
		char message[512];

		put_at(document, wrong_values[i].pointer,
		       wrong_values[i].value);
		snprintf(message, sizeof(message), "e.json: %s",
			 wrong_values[i].message);
		refused(document, message, true);
		cJSON_Delete(document);
	}
}

/* Numbers past int, and the largest, keep each digit. */
static void test_large_numbers(void **state)
{
	static const char *const numbers[] = { "4294967296",
					       "-9007199254740991" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		cJSON *document = parsed(every_member);
		char *text;
		char *written;

		put_at(document,
		       "/paths/2/origin/candidates/0/created_after_birth_ms",
		       numbers[i]);
		text = cJSON_PrintUnformatted(document);
		written = load_and_write(text, false);
		assert_non_null(strstr(written, numbers[i]));
		free(written);
		cJSON_free(text);
		cJSON_Delete(document);
	}
}

/* Two containers with one id make references ambiguous. */
static void test_container_ids_are_unique(void **state)
{
	cJSON *document = parsed(every_member);
	cJSON *id = at_pointer(document, "/containers/1/id");
	char value[128];

	(void)state;
	snprintf(value, sizeof(value), "\"%s\"", id->valuestring);
	put_at(document, "/containers/2/id", value);
	refused(document, "e.json: /containers/2/id: twice", true);
	cJSON_Delete(document);
}

static void test_references_are_resolved(void **state)
{
	char *text = fixture(every_member, NULL);
	const struct doc_access *access;
	struct doc doc;

	(void)state;
	load(&doc, text);
	free(text);
	access = &doc.access.at[0];
	assert_string_equal(doc_container_at(&doc, access->container)->id,
			    access->container.id);
	assert_string_equal(doc_path_at(&doc, access->path)->path,
			    access->name);
	assert_int_equal(doc.findings.at[0].located.container.at, 1);
	assert_int_equal(doc.containers.at[0].parent.at, 1);
	assert_int_equal(doc.containers.at[1].parent.at, NO_INDEX);
	assert_null(doc_container_at(&doc, doc.containers.at[1].parent));
	assert_int_equal(doc.paths.at[2].container.at, 1);
	assert_int_equal(doc.findings.at[2].located.path, NO_INDEX);
	arena_free(&doc.arena);
}

/* ---- texts that are no such document ---- */

static const struct {
	const char *text, *message;
} bad_texts[] = {
	{ "", "e.json: line 1, column 1: not a JSON object" },
	{ "[]", "e.json: line 1, column 1: not a JSON object" },
	{ "{", "e.json: line 1, column 2: not JSON, or cut off" },
	{ "{\"schema\":", "e.json: line 1, column 11: not JSON, or cut off" },
	{ "{\"a\":1,}", "e.json: line 1, column 8: not JSON, or cut off" },
	{ "{\"a\":1}x",
	  "e.json: line 1, column 8: text behind the JSON value" },
	{ "{\"a\":\n\"\\u0000\"}",
	  "e.json: line 2, column 1: a text that holds NUL (\\u0000)" },
	{ "{\"a\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}",
	  "e.json: line 1, column 22: nested deeper than evidence is" },
	{ "{\"a\":\"\xff\"}", "e.json: not UTF-8" },
	{ "{\"a\":\"\t\"}", "e.json: line 1, column 6: not JSON, or cut off" },
	{ "{}", "e.json: not evidence of schema sockprobe.evidence/v1" },
	{ "{\"schema\":\"sockprobe.evidence/v2\"}",
	  "e.json: not evidence of schema sockprobe.evidence/v1" },
	{ "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicate\":{}}",
	  "e.json: not evidence of schema sockprobe.evidence/v1: an in-toto statement has it as its predicate (jq .predicate)" },
	{ "{\"schema\":\"sockprobe.evidence/v1\"}",
	  "e.json: /verdict: missing" },
	{ "\xef\xbb\xbf{\"schema\":\"sockprobe.evidence/v1\"}",
	  "e.json: /verdict: missing" },
	{ "{\"schema\":\"sockprobe.evidence/v1\",\"left_out\":{}}",
	  "e.json: /left_out: empty" },
	{ "{\"schema\":\"sockprobe.evidence/v1\",\"left_out\":{\"/schema\":1}}",
	  "e.json: /left_out: holds a pointer to what is never left out" },
	{ "{\"schema\":\"sockprobe.evidence/v1\",\"left_out\":{\"/paths\":0}}",
	  "e.json: /left_out: holds a count that is none" },
	{ "{\"schema\":\"sockprobe.evidence/v1\",\"left_out\":{\"/paths\":1,\"/paths\":1}}",
	  "e.json: /left_out: holds one of its pointers twice" },
};

static void test_texts_that_are_no_evidence(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_texts); i++) {
		char *text = heap_text(bad_texts[i].text);

		refused_len(text, strlen(text), bad_texts[i].message, true);
		free(text);
	}
}

static void test_nul_byte(void **state)
{
	static const char text[] = "{\"a\":\0}";

	(void)state;
	refused_len(text, sizeof(text) - 1,
		    "e.json: line 1, column 6: a NUL byte", true);
}

/* Cut anywhere, it is refused, and no byte after its end is read. */
static void test_cut_off_anywhere(void **state)
{
	size_t len;
	char *text = fixture(every_member, &len);

	(void)state;
	for (size_t cut = 0; cut + 2 < len; cut += 61) {
		char *part = heap_room(cut + 1);

		memcpy(part, text, cut);
		refused_len(part, cut, "e.json: line", false);
		free(part);
	}
	free(text);
}

/* A hostile file meets a limit of memory. */
static void test_too_many_values(void **state)
{
	static const char head[] =
		"{\"schema\":\"sockprobe.evidence/v1\",\"verdict\":[";
	size_t n = DOC_ITEM_VALUES_MAX + 10;
	char *text = heap_room(sizeof(head) + 2 * n + 8);

	(void)state;
	memcpy(text, head, sizeof(head) - 1);
	for (size_t i = 0; i < n; i++)
		memcpy(text + sizeof(head) - 1 + 2 * i, "1,", 2);
	memcpy(text + sizeof(head) - 1 + 2 * n, "1]}", 3);
	refused_len(text, strlen(text), "e.json: /summary: missing", true);
	free(text);
}

static void test_too_many_values_of_an_item(void **state)
{
	cJSON *document = parsed(every_member);
	cJSON *pids = at_pointer(document, "/containers/0/pids");
	char *text;

	(void)state;
	for (int i = 0; i < DOC_ITEM_VALUES_MAX + 10; i++)
		cJSON_AddItemToArray(pids, cJSON_CreateTrue());
	text = cJSON_PrintUnformatted(document);
	{
		struct error error = { 0 };
		struct doc doc;

		assert_int_equal(doc_load(&doc, "e.json", text, strlen(text),
					  &error),
				 EXIT_BAD_INPUT);
		assert_non_null(
			strstr(error.text, "more values than are read"));
		arena_free(&doc.arena);
	}
	cJSON_free(text);
	cJSON_Delete(document);
}

/* ---- shortened ---- */

static const size_t limits[] = { 2000,	3000,  6000,  9000,
				 12000, 18000, 24000, 36000 };

static void check_shortened(const char *text, size_t limit, bool pretty)
{
	struct doc doc;
	enum decision decision;
	char *written;
	char *again;

	load(&doc, text);
	decision = doc.verdict->decision;
	assert_int_equal(doc_shorten(&doc, pretty, limit), 0);
	assert_true(doc_size(&doc, pretty) <= limit);
	assert_true(doc_is_shortened(&doc));
	written = write_text(&doc, pretty);
	arena_free(&doc.arena);
	again = load_and_write(written, pretty);
	assert_string_equal(again, written);
	load(&doc, written);
	assert_int_equal(doc.verdict->decision, decision);
	arena_free(&doc.arena);
	free(again);
	free(written);
}

static void test_shortened_loads_as_what_it_is(void **state)
{
	char *text = fixture(explained, NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		check_shortened(text, limits[i], false);
		check_shortened(text, limits[i], true);
	}
	free(text);
}

static void test_what_fits_is_not_shortened(void **state)
{
	size_t len;
	char *text = fixture(explained, &len);
	char *written;
	struct doc doc;

	(void)state;
	load(&doc, text);
	assert_int_equal(doc_shorten(&doc, false, len), 0);
	written = write_text(&doc, false);
	assert_string_equal(written, text);
	assert_int_equal(doc_shorten(&doc, false, len - 1), 0);
	/* absent paths; three verdicts that do not equal the first member */
	assert_int_equal(doc.left_out.n, 1);
	assert_int_equal(doc_left_out_count(&doc, "/paths"), 19);
	free(written);
	arena_free(&doc.arena);
	free(text);
}

/* References follow what they refer to, in verdicts that share reasons too. */
static void test_references_follow_paths(void **state)
{
	char *text = fixture(explained, NULL);
	struct doc_verdict shared;
	struct doc doc;

	(void)state;
	load(&doc, text);
	shared = doc.verdicts.at[2];
	doc.verdict = &shared;
	assert_string_equal(doc.paths.at[23].path, "/var/run/docker.sock");
	assert_string_equal(shared.residual_risks.at[1].evidence.at[1],
			    "/paths/3");
	assert_int_equal(doc.names.at[6].path, 23);
	assert_int_equal(doc_shorten(&doc, false, doc_size(&doc, false) - 1),
			 0);
	assert_int_equal(doc.paths.n, 9);
	assert_string_equal(doc.paths.at[1].path,
			    "/run/containerd/containerd.sock");
	assert_string_equal(shared.residual_risks.at[1].evidence.at[1],
			    "/paths/1");
	assert_string_equal(doc.paths.at[4].path, "/var/run/docker.sock");
	assert_int_equal(doc.names.at[6].path, 4);
	assert_int_equal(doc.findings.at[1].located.path, 4);
	assert_int_equal(doc.connections.at[9].path, 8);
	free(text);
	arena_free(&doc.arena);
}

/* Only what left_out counts may be missing. */
static void test_missing_without_being_counted(void **state)
{
	char *text = fixture(explained, NULL);
	struct doc doc;
	char *short_text;
	cJSON *json;

	(void)state;
	load(&doc, text);
	assert_int_equal(doc_shorten(&doc, false, 2000), 0);
	short_text = write_text(&doc, false);
	json = cJSON_Parse(short_text);
	cJSON_DeleteItemFromObjectCaseSensitive(at_pointer(json, "/left_out"),
						"/probe");
	refused(json, "e.json: /probe: null", true);
	cJSON_DeleteItemFromObjectCaseSensitive(json, "left_out");
	refused(json, "e.json: /probe: null", true);
	cJSON_Delete(json);
	free(short_text);
	arena_free(&doc.arena);
	free(text);
}

/* ---- built from evidence ---- */

static void test_built_from_an_empty_record(void **state)
{
	struct evidence ev;
	struct doc doc;

	(void)state;
	evidence_init(&ev, 1 << 20);
	ev.probe.root = "/";
	assert_int_equal(doc_build(&doc, &ev, 1 << 20), 0);
	assert_null(doc.verdict);
	assert_int_equal(doc.node->cgroup_version, NUMBER_UNKNOWN);
	assert_int_equal(doc.probe->passive, TRI_UNKNOWN);
	arena_free(&doc.arena);
	evidence_free(&ev);
}

/*
 * The document has copies of the node's texts, in UTF-8, and times in
 * milliseconds.
 */
static void test_built_texts_and_times(void **state)
{
	struct evidence ev;
	struct doc doc;
	const struct doc_path *path;
	struct path_object *object;

	(void)state;
	evidence_init(&ev, 1 << 20);
	ev.probe.root = "/";
	ev.node.os = arena_strdup(&ev.arena, "caf\xe9 \\");
	ev.node.booted_at = (struct timespec){ 1700000000, 123456789 };
	object = list_add(&ev.arena, &ev.paths, 1);
	*object = (struct path_object){
		.container = NO_INDEX,
		.activated_by = NO_INDEX,
		.connect_why = "why",
		.runtime = "docker",
		.look = { .kind = KIND_SOCKET,
			  .resolved = arena_strdup(&ev.arena, "/run/x"),
			  .inode = { .ino = 7,
				     .mode = 0140660,
				     .change = { 1700000001, 999999999 },
				     .modify = { INT64_MAX / 2, 0 } } },
	};
	*list_add(&ev.arena, &object->names, 9) = "/run/x";
	*list_add(&ev.arena, &object->names, 9) = "/run/\xff";
	assert_int_equal(doc_build(&doc, &ev, 1 << 20), 0);
	evidence_free(&ev);
	assert_string_equal(doc.node->os, "caf\\xe9 \\\\");
	assert_int_equal(doc.node->escaped.n, 1);
	assert_string_equal(doc.node->escaped.at[0], "os");
	assert_int_equal(doc.node->booted_at.tv_nsec, 123000000);
	path = &doc.paths.at[0];
	assert_string_equal(path->names.at[0], "/run/x");
	assert_string_equal(path->names.at[1], "/run/\\xff");
	assert_string_equal(path->escaped.at[0], "names");
	assert_string_equal(path->resolved, "/run/x");
	assert_int_equal(path->inode->mode, 0660);
	assert_int_equal(path->inode->modify.tv_sec, 0);
	assert_int_equal(path->unchanged_since->basis, UNCHANGED_SINCE_CHANGE);
	assert_int_equal(path->unchanged_since->time.tv_nsec, 999000000);
	arena_free(&doc.arena);
}

static void test_building_past_the_limit(void **state)
{
	struct evidence ev;
	struct doc doc;

	(void)state;
	evidence_init(&ev, 1 << 20);
	ev.probe.root = "/";
	for (size_t limit = 0; limit < 4096; limit += 16) {
		int err = doc_build(&doc, &ev, limit);

		assert_int_equal(err, limit < 128 ? -ENOMEM : err);
		assert_true(err == 0 || err == -ENOMEM);
		arena_free(&doc.arena);
	}
	evidence_free(&ev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loads_and_writes_recorded_bytes),
		cmocka_unit_test(test_writes_pretty_as_cjson_does),
		cmocka_unit_test(test_writes_the_document_inside_a_statement),
		cmocka_unit_test(test_full_disk_is_an_error),
		cmocka_unit_test(test_fixture_has_every_member),
		cmocka_unit_test(test_required_member_missing),
		cmocka_unit_test(test_member_of_another_type),
		cmocka_unit_test(test_member_that_may_not_be_null),
		cmocka_unit_test(test_member_twice),
		cmocka_unit_test(test_member_that_is_unknown),
		cmocka_unit_test(test_wrong_values),
		cmocka_unit_test(test_large_numbers),
		cmocka_unit_test(test_container_ids_are_unique),
		cmocka_unit_test(test_references_are_resolved),
		cmocka_unit_test(test_texts_that_are_no_evidence),
		cmocka_unit_test(test_nul_byte),
		cmocka_unit_test(test_cut_off_anywhere),
		cmocka_unit_test(test_too_many_values),
		cmocka_unit_test(test_too_many_values_of_an_item),
		cmocka_unit_test(test_shortened_loads_as_what_it_is),
		cmocka_unit_test(test_what_fits_is_not_shortened),
		cmocka_unit_test(test_references_follow_paths),
		cmocka_unit_test(test_missing_without_being_counted),
		cmocka_unit_test(test_built_from_an_empty_record),
		cmocka_unit_test(test_built_texts_and_times),
		cmocka_unit_test(test_building_past_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
