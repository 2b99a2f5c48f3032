/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void assert_fail(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: assertion '%s' failed\n", file, line, condition);
    abort();
}
