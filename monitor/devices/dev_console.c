/* SPDX-License-Identifier: Apache-2.0 */
#include "hypercall.h"

enum hypercall_verdict dev_console_puts(struct guest *guest, void *args)
{
    const struct hc_puts *call = args;
    const char *bytes = guest_borrow(guest, call->data, call->len);

    if (bytes == NULL)
        return hypercall_bad_address(guest, call->data, call->len);
    console_write(&guest->console, bytes, call->len);
    guest_count(&guest->status->console_bytes, call->len);
    return HYPERCALL_DONE;
}
