// SPDX-License-Identifier: Apache-2.0
/* How foreign text is written: into JSON, to a terminal, in a sentence. */
#include "unit.h"

#include "sockprobe/text_safe.h"

/* Well-formed: the shortest and longest of each length, around surrogates. */
static const char *const good[] = {
	"",
	"docker.sock",
	"\x01\x7f",
	"\xc2\x80",
	"\xdf\xbf",
	"\xe0\xa0\x80",
	"\xed\x9f\xbf",
	"\xee\x80\x80",
	"\xef\xbf\xbf",
	"\xf0\x90\x80\x80",
	"\xf4\x8f\xbf\xbf",
	"a\xc3\xa4z",
};

static const char *const bad[] = {
	"\x80", /* a continuation alone */
	"\xbf",
	"\xc0\xaf", /* overlong '/' */
	"\xc1\xbf",
	"\xe0\x80\xaf", /* overlong '/' in three */
	"\xe0\x9f\xbf",
	"\xf0\x80\x80\xaf", /* and in four */
	"\xf0\x8f\xbf\xbf",
	"\xed\xa0\x80", /* surrogates */
	"\xed\xbf\xbf",
	"\xf4\x90\x80\x80", /* past U+10FFFF */
	"\xf5\x80\x80\x80",
	"\xff",
	"\xfe",
	"\xc3", /* cut by the end */
	"\xe2\x82",
	"\xf0\x9f\x98",
	"\xc3(", /* cut by another character */
	"\xe2\x82z",
	"ok\xc3\xa4\xff",
};

static void utf8_is_told_from_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		char *text = heap_text(good[i]);

		if (!is_utf8(text))
			fail_msg("good text %zu was refused", i);
		free(text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char *text = heap_text(bad[i]);

		if (is_utf8(text))
			fail_msg("bad text %zu was taken", i);
		free(text);
	}
}

static void check_escaped(const char *text, const char *expected)
{
	char *copy = heap_text(text);
	char *escaped = escape_bytes(copy);

	assert_non_null(escaped);
	assert_string_equal(escaped, expected);
	free(escaped);
	free(copy);
}

static void bytes_become_escapes(void **state)
{
	(void)state;
	check_escaped("", "");
	check_escaped("plain", "plain");
	check_escaped("\xff", "\\xff");
	check_escaped("a\x80"
		      "b",
		      "a\\x80b");
	check_escaped("\xc0\xaf", "\\xc0\\xaf");
	check_escaped("\xed\xa0\x80", "\\xed\\xa0\\x80");
	check_escaped("\xc3\xa4\xc3", "\xc3\xa4\\xc3");
	check_escaped("\xe2\x82z", "\\xe2\\x82z");
}

/*
 * Different texts have different forms: what looks like an escape is escaped.
 */
static void escapes_are_reversible(void **state)
{
	(void)state;
	check_escaped("\\xff", "\\\\xff");
	check_escaped("\\\xff", "\\\\\\xff");
	check_escaped("\\\\", "\\\\\\\\");
}

static void check_safe(const char *text, const char *expected)
{
	char *copy = heap_text(text);
	char *shown = NULL;
	size_t size;
	FILE *out = open_memstream(&shown, &size);

	assert_non_null(out);
	print_safe(out, copy);
	fclose(out);
	assert_string_equal(shown, expected);
	assert_int_equal(safe_width(copy), strlen(expected));
	free(shown);
	free(copy);
}

static void a_terminal_gets_printable_ascii_only(void **state)
{
	(void)state;
	check_safe("", "");
	check_safe("/run/docker.sock ~", "/run/docker.sock ~");
	check_safe("a\nb\tc\rd", "a\\u{a}b\\u{9}c\\u{d}d");
	check_safe("\x1b[2J\x07", "\\u{1b}[2J\\u{7}");
	check_safe("\x7f", "\\u{7f}");
	/* C1 controls as characters, and as bytes */
	check_safe("\xc2\x9b"
		   "31m",
		   "\\u{9b}31m");
	check_safe("\x9b"
		   "31m",
		   "\\x9b31m");
	/* bidirectional override, joiner, wide and other scripts */
	check_safe("\xe2\x80\xae"
		   "cod",
		   "\\u{202e}cod");
	check_safe("\xe2\x80\x8d", "\\u{200d}");
	check_safe("\xc3\xa4", "\\u{e4}");
	check_safe("\xf0\x9f\x98\x80", "\\u{1f600}");
	check_safe("\xf4\x8f\xbf\xbf", "\\u{10ffff}");
	check_safe("\xc0\xaf", "\\xc0\\xaf");
	check_safe("\xed\xa0\x80", "\\xed\\xa0\\x80");
	check_safe("\xe2\x82", "\\xe2\\x82");
}

/* Whatever the input, the output is printable ASCII. */
static void a_terminal_gets_nothing_else(void **state)
{
	(void)state;
	for (unsigned int first = 1; first < 256; first++) {
		for (unsigned int second = 0; second < 256; second++) {
			char text[] = { (char)first, (char)second, 0 };
			char shown[64] = "";
			FILE *out = fmemopen(shown, sizeof(shown), "w");

			print_safe(out, text);
			fclose(out);
			assert_true(shown[0] != '\0');
			for (const char *at = shown; *at; at++)
				assert_in_range(*at, 0x20, 0x7e);
		}
	}
}

static void check_json(const char *text, const char *expected)
{
	char *copy = heap_text(text);
	char *shown = NULL;
	size_t size;
	FILE *out = open_memstream(&shown, &size);

	assert_non_null(out);
	print_ascii_json(out, copy);
	fclose(out);
	assert_string_equal(shown, expected);
	free(shown);
	free(copy);
}

static void json_becomes_ascii(void **state)
{
	(void)state;
	check_json("", "");
	check_json("{\"a\":[1,true]}\n", "{\"a\":[1,true]}\n");
	/* escapes that the JSON has stay as they are */
	check_json("{\"a\":\"\\n\\\\\\u001b\"}", "{\"a\":\"\\n\\\\\\u001b\"}");
	check_json("\"\x7f\"", "\"\\u007f\"");
	check_json("\"\xc2\x9b\"", "\"\\u009b\"");
	check_json("\"\xc3\xa4\"", "\"\\u00e4\"");
	check_json("\"\xe2\x80\xae\"", "\"\\u202e\"");
	check_json("\"\xef\xbf\xbf\"", "\"\\uffff\"");
	/* past the first plane: a pair of surrogates */
	check_json("\"\xf0\x90\x80\x80\"", "\"\\ud800\\udc00\"");
	check_json("\"\xf0\x9f\x98\x80\"", "\"\\ud83d\\ude00\"");
	check_json("\"\xf4\x8f\xbf\xbf\"", "\"\\udbff\\udfff\"");
}

static void json_of_bytes_stays_json(void **state)
{
	(void)state;
	check_json("\"\xff\"", "\"\\ufffd\"");
	check_json("\"\xc0\xaf\"", "\"\\ufffd\\ufffd\"");
	check_json("\"\xed\xa0\x80\"", "\"\\ufffd\\ufffd\\ufffd\"");
	check_json("\"\xe2\x82\"", "\"\\ufffd\\ufffd\"");
}

/* Left: foreign text; right: how a sentence has it. */
static const char *const quoting[][2] = {
	/* plain: names as software gives them */
	{ "/run/docker.sock", "/run/docker.sock" },
	{ "registry.example:5000/a/b:1.2@sha256:0f",
	  "registry.example:5000/a/b:1.2@sha256:0f" },
	{ "@/x_y-z.1+a=b%c~{}\\x2d#", "@/x_y-z.1+a=b%c~{}\\x2d#" },
	/* what would end an item, or is empty */
	{ "", "''" },
	{ " ", "' '" },
	{ "a  b", "'a  b'" },
	{ "x, /run/docker.sock", "'x, /run/docker.sock'" },
	{ "a,b", "'a,b'" },
	{ "a;b", "'a;b'" },
	{ "x (self)", "'x (self)'" },
	{ "(x)", "'(x)'" },
	{ "name: text", "'name: text'" },
	{ "name:", "'name:'" },
	{ "[yes]", "'[yes]'" },
	{ "?", "'?'" },
	{ "$HOME", "'$HOME'" },
	{ "a`b", "'a`b'" },
	/* quotes, as ls has them */
	{ "it's", "\"it's\"" },
	{ "a\"b", "'a\"b'" },
	{ "it's \"x\"", "'it'\\''s \"x\"'" },
	{ "'", "\"'\"" },
	{ "'' \"", "''\\'''\\'' \"'" },
	{ "it's $x", "'it'\\''s $x'" },
	/* what cannot be printed stays, but within quotes */
	{ "a\nb", "'a\nb'" },
	{ "a\tb", "'a\tb'" },
	{ "\x7f", "'\x7f'" },
	{ "\xc2\xa0", "'\xc2\xa0'" }, /* a no-break space */
	{ "\xc3\xa4", "'\xc3\xa4'" },
};

static void foreign_text_is_quoted(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(quoting); i++) {
		char *text = heap_text(quoting[i][0]);

		assert_string_equal(quote_text(*state, text), quoting[i][1]);
		assert_string_equal(quote_short(text).text, quoting[i][1]);
		free(text);
	}
	assert_string_equal(quote_text(*state, NULL), "not known");
	assert_string_equal(quote_short(NULL).text, "not known");
	assert_string_equal(quote_text(*state, "not known"), "'not known'");
	assert_string_equal(quote_always(*state, "host"), "'host'");
	assert_string_equal(quote_always(*state, "it's"), "\"it's\"");
}

static void quoting_without_memory_says_so(void **state)
{
	struct arena none;

	(void)state;
	arena_init(&none, 0);
	assert_string_equal(quote_text(&none, "a b"), "'...'");
	assert_string_equal(quote_text(&none, "plain"), "plain");
}

/* `count` times `unit`, between two marks. To free. */
static char *long_text(const char *unit, size_t count)
{
	char *text = heap_room(count * strlen(unit) + 3);
	char *at = text;

	*at++ = '<';
	while (count--)
		at = stpcpy(at, unit);
	*at = '>';
	return text;
}

static void a_long_name_keeps_its_ends(void **state)
{
	static const char *const units[] = { "a",   " ",	"'",
					     "'\"", "\xc3\xa4", "\x80" };
	char plain[301];
	struct quoted quoted;

	(void)state;
	/* 255 bytes fit; one more is cut to 125, "..." and 125 */
	memset(plain, 'x', sizeof(plain));
	plain[255] = '\0';
	assert_string_equal(quote_short(plain).text, plain);
	plain[255] = 'x';
	plain[256] = '\0';
	quoted = quote_short(plain);
	assert_int_equal(strlen(quoted.text), 253);
	assert_memory_equal(quoted.text + 124, "x...x", 5);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		char *text = long_text(units[i], 4000);
		size_t len;

		quoted = quote_short(text);
		len = strlen(quoted.text);
		assert_in_range(len, 60, QUOTED_MAX);
		/* the mark, then the name's first byte; its last, then the mark */
		assert_int_equal(quoted.text[1], '<');
		assert_int_equal(quoted.text[len - 2], '>');
		assert_int_equal(quoted.text[0], quoted.text[len - 1]);
		assert_non_null(strstr(quoted.text, "..."));
		assert_int_equal(is_utf8(quoted.text), is_utf8(units[i]));
		free(text);
	}
}

/* Words of a sentence, each on a line. */
static void check_words(const char *sentence, const char *expected)
{
	char *copy = heap_text(sentence);
	char words[256] = "";
	char *to = words;

	for (const char *at = copy; *at;) {
		size_t len = sentence_word(at);

		to += snprintf(to, sizeof(words) - (size_t)(to - words),
			       "%.*s\n", (int)len, at);
		at += len;
		at += strspn(at, " ");
	}
	assert_string_equal(words, expected);
	free(copy);
}

static void lines_break_at_our_own_blanks(void **state)
{
	(void)state;
	check_words("", "");
	check_words("one two", "one\ntwo\n");
	check_words("in 'a  b' (c)", "in\n'a  b'\n(c)\n");
	check_words("('a b') x", "('a b')\nx\n");
	check_words("ns/'a b' c", "ns/'a b'\nc\n");
	check_words("\"it's a\", b", "\"it's a\",\nb\n");
	check_words("'it'\\''s \"x y\"' b", "'it'\\''s \"x y\"'\nb\n");
	/* an apostrophe in our own words opens no quotation */
	check_words("the runtime's record isn't it",
		    "the\nruntime's\nrecord\nisn't\nit\n");
	check_words("two containers' records' end",
		    "two\ncontainers'\nrecords'\nend\n");
	/* nor does one without a closing mark */
	check_words("'a b", "'a\nb\n");
	check_words("a \\", "a\n\\\n");
	check_words("a \\'", "a\n\\'\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_is_told_from_bytes),
		cmocka_unit_test(bytes_become_escapes),
		cmocka_unit_test(escapes_are_reversible),
		cmocka_unit_test(a_terminal_gets_printable_ascii_only),
		cmocka_unit_test(a_terminal_gets_nothing_else),
		cmocka_unit_test(json_becomes_ascii),
		cmocka_unit_test(json_of_bytes_stays_json),
		arena_test(foreign_text_is_quoted),
		cmocka_unit_test(quoting_without_memory_says_so),
		cmocka_unit_test(a_long_name_keeps_its_ends),
		cmocka_unit_test(lines_break_at_our_own_blanks),
	};

	return cmocka_run_group_tests_name("text_safe", tests, NULL, NULL);
}
