/* SPDX-License-Identifier: Apache-2.0 */
/* What the four functions that read an integer (C17 7.22.1.4) share: on x86-64, long is as wide as long long.
 */
#ifndef STDLIB_NUMBER_H
#define STDLIB_NUMBER_H

#include <stdbool.h>

/*
 * Reads white space, a sign and digits of base (0, or 2 to 36; 0 goes by the prefix). A number out of the
 * type's range becomes its nearest end, and errno ERANGE. *end (end may be NULL) is s when there is no
 * number.
 */
unsigned long long number_read(const char *s, char **end, int base, bool is_signed);

#endif
