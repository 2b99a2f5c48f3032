/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

int snprintf(char *restrict buf, size_t size, const char *restrict format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(buf, size, format, ap);
    va_end(ap);
    return n;
}
