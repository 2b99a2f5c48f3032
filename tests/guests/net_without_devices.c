/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    (void)info;
    static unsigned char frame[64];
    volatile struct hc_net_read read = {.handle = 0, .data = frame, .len = sizeof(frame)};
    volatile struct hc_net_write write = {.handle = 63, .data = frame, .len = sizeof(frame)};

    hypercall(HYPERCALL_NET_READ, &read);
    hypercall(HYPERCALL_NET_WRITE, &write);
    return read.ret == RESULT_EINVAL && write.ret == RESULT_EINVAL ? 0 : 1;
}
