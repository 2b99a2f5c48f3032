/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

int vprintf(const char *restrict format, va_list ap)
{
    return vfprintf(stdout, format, ap);
}
