/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

int puts(const char *s)
{
    fputs(s, stdout);
    return fputc('\n', stdout);
}
