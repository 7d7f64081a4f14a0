// SPDX-License-Identifier: Apache-2.0
/* SHA-256 as FIPS 180-4 has it, sections 4.1.2, 4.2.2, 5.3.3 and 6.2. */
#include "sockprobe/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sockprobe/util.h"

/* Fractions of the square roots of the first 8 primes. */
static const uint32_t first_state[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* Fractions of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t word, unsigned int by)
{
	return (word >> by) | (word << (32 - by));
}

static void expand(const uint8_t block[static 64], uint32_t words[static 64])
{
	for (size_t i = 0; i < 16; i++)
		words[i] = (uint32_t)block[4 * i] << 24 |
			   (uint32_t)block[4 * i + 1] << 16 |
			   (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (size_t i = 16; i < 64; i++) {
		uint32_t a = words[i - 15];
		uint32_t b = words[i - 2];

		words[i] = words[i - 16] + words[i - 7] +
			   (rotate(a, 7) ^ rotate(a, 18) ^ (a >> 3)) +
			   (rotate(b, 17) ^ rotate(b, 19) ^ (b >> 10));
	}
}

/*
 * One round reads the eight words at rotated places instead of moving them: the
 * first is `turn` places back from where it began. `turn` is known at compile
 * time, so they stay in registers; without that this is half as fast.
 */
__attribute__((always_inline)) static inline void
do_round(uint32_t v[static 8], unsigned int turn, uint32_t word)
{
#define V(i) v[((i)-turn) % 8]
	uint32_t choice = (V(4) & V(5)) ^ (~V(4) & V(6));
	uint32_t majority = (V(0) & V(1)) ^ (V(0) & V(2)) ^ (V(1) & V(2));
	uint32_t first =
		V(7) + choice + word +
		(rotate(V(4), 6) ^ rotate(V(4), 11) ^ rotate(V(4), 25));

	V(3) += first;
	V(7) = first + majority +
	       (rotate(V(0), 2) ^ rotate(V(0), 13) ^ rotate(V(0), 22));
#undef V
}

static void take_block(struct sha256 *hash, const uint8_t block[static 64])
{
	uint32_t words[64];
	uint32_t v[8];

	expand(block, words);
	memcpy(v, hash->state, sizeof(v));
	for (unsigned int i = 0; i < 64; i += 8) {
		do_round(v, 0, constants[i] + words[i]);
		do_round(v, 1, constants[i + 1] + words[i + 1]);
		do_round(v, 2, constants[i + 2] + words[i + 2]);
		do_round(v, 3, constants[i + 3] + words[i + 3]);
		do_round(v, 4, constants[i + 4] + words[i + 4]);
		do_round(v, 5, constants[i + 5] + words[i + 5]);
		do_round(v, 6, constants[i + 6] + words[i + 6]);
		do_round(v, 7, constants[i + 7] + words[i + 7]);
	}
	for (size_t i = 0; i < 8; i++)
		hash->state[i] += v[i];
}

void sha256_begin(struct sha256 *hash)
{
	*hash = (struct sha256){ 0 };
	memcpy(hash->state, first_state, sizeof(first_state));
}

void sha256_add(struct sha256 *hash, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len) {
		size_t used = hash->len % sizeof(hash->block);
		size_t part = sizeof(hash->block) - used;

		if (part > len)
			part = len;
		if (part == sizeof(hash->block)) {
			take_block(hash, at);
		} else {
			memcpy(hash->block + used, at, part);
			if (used + part == sizeof(hash->block))
				take_block(hash, hash->block);
		}
		hash->len += part;
		at += part;
		len -= part;
	}
}

void sha256_end(struct sha256 *hash, char text[static SHA256_TEXT_SIZE])
{
	static const uint8_t padding[64] = { 0x80 };
	uint64_t bits = hash->len * 8;
	uint8_t length[8];

	for (size_t i = 0; i < sizeof(length); i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	/* One byte at least, then zeros up to 8 bytes before a block's end. */
	sha256_add(hash, padding, 1 + (119 - hash->len % 64) % 64);
	sha256_add(hash, length, sizeof(length));
	for (size_t i = 0; i < 8; i++)
		snprintf(text + 8 * i, 9, "%08x", hash->state[i]);
}

void sha256_text(const void *bytes, size_t len,
		 char text[static SHA256_TEXT_SIZE])
{
	struct sha256 hash;

	sha256_begin(&hash);
	sha256_add(&hash, bytes, len);
	sha256_end(&hash, text);
}

int sha256_file(const char *path, uint64_t max,
		char text[static SHA256_TEXT_SIZE])
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct sha256 hash;
	uint8_t bytes[16384];
	ssize_t got;

	if (fd < 0)
		return -errno;
	sha256_begin(&hash);
	while ((got = read(fd, bytes, sizeof(bytes))) > 0) {
		sha256_add(&hash, bytes, (size_t)got);
		if (hash.len > max)
			return -EFBIG;
	}
	if (got < 0)
		return -errno;
	sha256_end(&hash, text);
	return 0;
}
