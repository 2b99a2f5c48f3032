/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/solo5/hypercall.h"
#include "solo5.h"

void solo5_console_write(const char *buf, size_t size)
{
    static struct hc_puts call;
    call = (struct hc_puts){.data = buf, .len = size};
    hypercall(HYPERCALL_PUTS, &call);
}
