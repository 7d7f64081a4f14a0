/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 (FIPS 180-4), for provenance only: of the probe's own executable and
 * of the subjects of an attestation. A library for it would be larger than the
 * rest of the program.
 */
#ifndef SOCKPROBE_SHA256_H
#define SOCKPROBE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_TEXT_SIZE = 64 + 1 };

struct sha256 {
	uint32_t state[8];
	uint64_t len; /* bytes so far */
	uint8_t block[64];
};

void sha256_begin(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t len);

/* Lower-case hexadecimal digits. */
void sha256_end(struct sha256 *hash, char text[static SHA256_TEXT_SIZE]);

/* Begin, add and end for bytes in memory. */
void sha256_text(const void *bytes, size_t len,
		 char text[static SHA256_TEXT_SIZE]);

/*
 * The digest of a whole file of at most `max` bytes. 0 or -errno, -EFBIG if it
 * is larger.
 */
int sha256_file(const char *path, uint64_t max,
		char text[static SHA256_TEXT_SIZE]);

#endif
