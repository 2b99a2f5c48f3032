/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4), with the processor's instructions for it where it has them. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE      32
#define DIGEST_TEXT_SIZE 65 /* lower-case hexadecimal digits and the NUL */

/* A digest that is being computed. */
struct digest {
    uint32_t state[8];
    uint64_t n_bytes;
    uint8_t block[64];
};

void digest_init(struct digest *digest);

void digest_add(struct digest *digest, const void *data, size_t size);

/* Adds size in eight bytes and then data: for fields of variable length, so that no two lists of fields look
 * the same. */
void digest_add_field(struct digest *digest, const void *data, size_t size);

/* Ends the computation; digest must be initialised again before it is used again. */
void digest_finish(struct digest *digest, uint8_t out[DIGEST_SIZE]);

/* The digest of size bytes in memory. */
void digest_of(const void *data, size_t size, uint8_t out[DIGEST_SIZE]);

/* The digest of the first size bytes of a file, read in pieces from offset 0; the file's position stays. what
 * names it in messages. A file that ends before is ERROR_INPUT. */
int digest_of_file(int fd, uint64_t size, const char *what, uint8_t out[DIGEST_SIZE], struct error *err);

/* The text form. */
void digest_format(const uint8_t digest[DIGEST_SIZE], char out[DIGEST_TEXT_SIZE]);

#endif
