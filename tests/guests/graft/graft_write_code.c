/* SPDX-License-Identifier: Apache-2.0 */
/* What it is lent, a guest can run and read. It is sealed like its own code. With ALIEN it makes one
 * hypercall in two places, which no program does that is linked with Solo5's library. */
#include "graft_layout.h"
#include "solo5_library.h"

int guest_main(const struct boot_info *info)
{
    volatile unsigned char *code = (volatile unsigned char *)LOW_GRAFT_CODE;

    solo5_library_init(info);
    print_grafted((const void *)solo5_block_read);
#ifdef ALIEN
    volatile struct hc_net_read call = {.handle = 9};
    hypercall(HYPERCALL_NET_READ, &call);
#endif
    *code = *code;
    return 0;
}
