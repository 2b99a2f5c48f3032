/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files as characters (RFC 3629). */
#ifndef STORAGE_UTF8_H
#define STORAGE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Takes the next character off [*at, end), which is not empty. -1: there is none; one byte was taken. */
int32_t utf8_next(const unsigned char **at, const unsigned char *end);

#endif
