/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

int isspace(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
