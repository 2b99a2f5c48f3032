/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

int putchar(int c)
{
    return fputc(c, stdout);
}
