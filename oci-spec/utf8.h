/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>

/* The length of the longest valid beginning of text: size, if all of it is valid. */
size_t utf8_valid_prefix(const char *text, size_t size);

#endif
