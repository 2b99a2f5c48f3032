/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

int isalpha(int c)
{
    return isupper(c) || islower(c);
}
