// SPDX-License-Identifier: Apache-2.0
/* SHA-256: the examples of FIPS 180-4's authors, and lengths around a block. */
#include "unit.h"

#include "sockprobe/sha256.h"

static void is_hashed(const void *bytes, size_t len, const char *wanted)
{
	char text[SHA256_TEXT_SIZE];
	struct sha256 hash;

	sha256_text(bytes, len, text);
	assert_string_equal(text, wanted);
	/* the same digest in any pieces */
	for (size_t piece = 1; piece <= len && piece < 130; piece += 63) {
		sha256_begin(&hash);
		for (size_t at = 0; at < len; at += piece)
			sha256_add(&hash, (const char *)bytes + at,
				   len - at < piece ? len - at : piece);
		sha256_end(&hash, text);
		assert_string_equal(text, wanted);
	}
}

static void published_examples(void **state)
{
	static const char two_blocks[] =
		"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	char *million = heap_room(1000000);

	(void)state;
	is_hashed(
		"", 0,
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	is_hashed(
		"abc", 3,
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	is_hashed(
		two_blocks, strlen(two_blocks),
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(million, 'a', 1000000);
	is_hashed(
		million, 1000000,
		"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(million);
}

/* Digests by sha256sum(1) of coreutils, of this many letters x. */
static void lengths_around_a_block(void **state)
{
	static const struct {
		size_t len;
		const char *digest;
	} rows[] = {
		{ 55,
		  "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072" },
		{ 56,
		  "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e" },
		{ 63,
		  "75220b47218278e656f2013bb8f0c455a25eaf01e86c64924e9d48d89776d6f2" },
		{ 64,
		  "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c" },
		{ 65,
		  "9537c5fdf120482f7d58d25e9ed583f52c02b4e304ea814db1633ad565aed7e9" },
		{ 119,
		  "000b48d4edf0fa7bee3c6236ecd2785baa5db4eeb8bb54341b029e0d9fa5fb0c" },
		{ 120,
		  "13f05a0b594787f5ecd315edc96141bd3243203d1b7d4f0836f37308b276ba98" },
		{ 128,
		  "24da1b81d0b16df6428eee73c69fcb2a93c76bc6df706f0c6670fe6bfe800464" },
	};
	char text[128];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		is_hashed(text, rows[i].len, rows[i].digest);
}

static void files(void **state)
{
	char text[SHA256_TEXT_SIZE];

	(void)state;
	assert_int_equal(sha256_file("/nonexistent", 1, text), -ENOENT);
	assert_int_equal(sha256_file("/proc/self/status", 1, text), -EFBIG);
	assert_int_equal(sha256_file("/dev/null", 0, text), 0);
	assert_string_equal(
		text,
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_examples),
		cmocka_unit_test(lengths_around_a_block),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
