/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

int islower(int c)
{
    return c >= 'a' && c <= 'z';
}
