/* SPDX-License-Identifier: Apache-2.0 */
#include "number.h"

#include <stdlib.h>

unsigned long long strtoull(const char *restrict s, char **restrict end, int base)
{
    return number_read(s, end, base, false);
}
