/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

int iscntrl(int c)
{
    return (c >= 0 && c < 0x20) || c == 0x7f;
}
