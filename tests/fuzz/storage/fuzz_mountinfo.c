/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a mountinfo file: what is found keeps the promises of mountinfo.h. */
#include "base/bug.h"
#include "mountinfo.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct overlay_stack stack;
    struct error err = {0};
    if (mountinfo_find_overlay((const char *)data, size, 5, &stack, &err) != 0)
        return 0;
    BUG_ON((stack.mount_point == NULL) != (stack.n_lowers == 0));
    for (size_t i = 0; i < stack.n_lowers; i++)
        BUG_ON(stack.lowers[i][0] == '\0');
    overlay_stack_release(&stack);
    return 0;
}
