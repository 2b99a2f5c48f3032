/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

int fputc(int c, FILE *f)
{
    char byte = (char)c;
    fwrite(&byte, 1, 1, f);
    return (unsigned char)c;
}
