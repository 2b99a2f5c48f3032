/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

int printf(const char *restrict format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = vfprintf(stdout, format, ap);
    va_end(ap);
    return n;
}
