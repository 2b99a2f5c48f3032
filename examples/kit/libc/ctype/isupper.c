/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

int isupper(int c)
{
    return c >= 'A' && c <= 'Z';
}
