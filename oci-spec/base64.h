/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 as RFC 4648 section 4 defines it, strictly: standard alphabet, padded, no line breaks, unused bits
 * 0. */
#ifndef BASE64_H
#define BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* The most bytes that a text of length characters decodes to. */
#define BASE64_DECODED_MAX(LENGTH) ((LENGTH) / 4 * 3)

/*
 * Decodes text into out, which has room for BASE64_DECODED_MAX(length) bytes. Returns false, with out
 * undefined, if text is not Base64. The empty text is.
 */
bool base64_decode(const char *text, size_t length, unsigned char *out, size_t *out_size);

#endif
