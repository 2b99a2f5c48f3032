/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/random.h"

#include <stdlib.h>

/* Never the same sequence twice: there is no srand(). */
int rand(void)
{
    return (int)(random_u64() & RAND_MAX);
}
