/* SPDX-License-Identifier: Apache-2.0 */
/* What is replaced in any file that looks like a unikernel: only its own code, and never two things in one
 * place. */
#include "base/bug.h"
#include "graft.h"
#include "graft_layout.h"
#include "unikernel.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t end_of(const struct graft_jump *jump)
{
    return jump->from + (jump->call_bytes > 0 ? jump->call_bytes : 5);
}

static void check_jump(const struct unikernel *unikernel, const struct graft_jump *jump)
{
    const struct elf_segment *s = elf_file_find_segment(&unikernel->elf, jump->from);

    BUG_ON(s == NULL || (s->flags & PF_X) == 0 || end_of(jump) > s->vaddr + s->filesz);
    BUG_ON(jump->call_bytes > 0 && (jump->call_bytes < 5 || jump->call_bytes > 6));
    BUG_ON(jump->to <= LOW_GRAFT_CODE || jump->to >= LOW_GRAFT_TABLE);
    BUG_ON(jump->from + 5 - jump->to > INT32_MAX);
}

/* The network's functions are replaced together or not at all, and what they call is code. */
static void check_net(const struct unikernel *unikernel, const struct graft *graft)
{
    static const char *const names[] = {"solo5_net_read", "solo5_net_write", "solo5_yield"};
    unsigned n = 0;
    bool has_calls = false;

    for (size_t i = 0; i < graft->n_jumps; i++) {
        has_calls |= graft->jumps[i].call_bytes > 0;
        uint64_t off;
        const char *name = graft_find_name(graft->jumps[i].to, &off);
        BUG_ON(name == NULL || off != 0);
        for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
            n += strcmp(name, names[k]) == 0;
    }
    BUG_ON(n != (graft->uses_ring ? 3 : 0));
    if (!graft->uses_ring)
        return;
    const struct elf_segment *s = elf_file_find_segment(&unikernel->elf, graft->clock);
    BUG_ON(!has_calls && (s == NULL || (s->flags & PF_X) == 0));
    BUG_ON(!manifest_has(&unikernel->manifest, MANIFEST_NET));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct unikernel unikernel;
    struct graft graft;
    struct error err = {0};

    if (unikernel_parse(data, size, &unikernel, &err) < 0)
        return 0;
    graft_plan(&unikernel, &graft);
    BUG_ON(graft.n_jumps > GRAFT_JUMPS_MAX);
    check_net(&unikernel, &graft);
    for (size_t i = 0; i < graft.n_jumps; i++) {
        check_jump(&unikernel, &graft.jumps[i]);
        for (size_t k = 0; k < i; k++)
            BUG_ON(graft.jumps[k].from < end_of(&graft.jumps[i]) &&
                   graft.jumps[i].from < end_of(&graft.jumps[k]));
    }
    return 0;
}
