// SPDX-License-Identifier: Apache-2.0
/*
 * The typed document: recorded evidence loads and is written byte for byte; what
 * is missing, unknown, twice, or of another form is refused where it stands.
 */
#include "unit.h"

/* cmocka has a macro of this name. */
#undef fail

#include <cjson/cJSON.h>

#include "document/load.h"
#include "document/resolve.h"
#include "document/write.h"
#include "sockprobe/document.h"

static const char explained[] = "documents/explained.json";

static char *load_and_write(const char *text, bool pretty, size_t *size)
{
	struct error error = { 0 };
	char *written = NULL;
	size_t len = 0;
	struct doc doc;
	FILE *out;

	if (doc_load(&doc, "e.json", text, strlen(text), &error))
		assert_string_equal(error.text, "");
	out = open_memstream(&written, &len);
	assert_non_null(out);
	assert_int_equal(doc_write(out, &doc, pretty, &error), 0);
	fclose(out);
	*size = doc_size(&doc, pretty);
	arena_free(&doc.arena);
	return written;
}

static void test_loads_and_writes_recorded_bytes(void **state)
{
	size_t len;
	char *text = fixture(explained, &len);
	size_t size;
	char *written = load_and_write(text, false, &size);

	(void)state;
	assert_string_equal(written, text);
	assert_int_equal(size, len);
	free(written);
	free(text);
}

static void test_writes_pretty_as_cjson_does(void **state)
{
	char *text = fixture(explained, NULL);
	cJSON *json = cJSON_Parse(text);
	char *printed = cJSON_Print(json);
	size_t size;
	char *written = load_and_write(text, true, &size);

	(void)state;
	assert_int_equal(size, strlen(written));
	assert_int_equal(written[size - 1], '\n');
	written[size - 1] = '\0';
	assert_string_equal(written, printed);
	free(written);
	cJSON_free(printed);
	cJSON_Delete(json);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loads_and_writes_recorded_bytes),
		cmocka_unit_test(test_writes_pretty_as_cjson_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
