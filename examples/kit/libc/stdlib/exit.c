/* SPDX-License-Identifier: Apache-2.0 */
#include "solo5.h"

#include <stdlib.h>

void exit(int status)
{
    solo5_exit(status);
}
