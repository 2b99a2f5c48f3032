/* SPDX-License-Identifier: Apache-2.0 */
#include "solo5.h"

#include <stdlib.h>

void abort(void)
{
    solo5_abort();
}
