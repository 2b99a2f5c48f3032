/* SPDX-License-Identifier: Apache-2.0 */
/* Has a hypercall's arguments among its constants, which the monitor reads while somebody cuts the file
 * short. */
#include "guest.h"

#define BYTES (1u << 20)

static const struct {
    unsigned char bytes[BYTES];
    struct hc_puts call;
    unsigned char more[BYTES]; /* the last page is copied */
} constants = {.bytes = {[0] = 1}, .call = {.data = "", .len = 0}, .more = {[BYTES - 1] = 1}};

int guest_main(const struct boot_info *info)
{
    volatile struct hc_poll wait = {.timeout_nsecs = 10000000};

    (void)info;
    print("go\n");
    for (unsigned i = 0; i < 1000; i++) {
        hypercall(HYPERCALL_POLL, &wait);
        out32(HYPERCALL_PORT + HYPERCALL_PUTS, (uint32_t)(uintptr_t)&constants.call);
    }
    return 2;
}
