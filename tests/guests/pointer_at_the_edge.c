/* SPDX-License-Identifier: Apache-2.0 */
/* The argument structure and the text end exactly where memory does; one byte further is a breach. */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    volatile struct hc_puts *call = (volatile struct hc_puts *)(uintptr_t)(info->mem_size - sizeof(*call));

    call->data = (const char *)(uintptr_t)(info->mem_size - 1);
    call->len = 1;
    hypercall(HYPERCALL_PUTS, call);
    print("so far\n");
    call->len = 2;
    hypercall(HYPERCALL_PUTS, call);
    return 0;
}
