/* SPDX-License-Identifier: Apache-2.0 */
/* The largest manifest there can be: reads the first byte of each of its 63 block devices, which is its
 * number. */
#include "guest.h"

#include "abi/note.h"

#define N_DISKS 63u

#define DISK(tens, ones)                                              \
    {                                                                 \
        .name = {'d', '0' + tens, '0' + ones}, .type = MANIFEST_BLOCK \
    }
#define TEN(tens)                                                                                            \
    DISK(tens, 0), DISK(tens, 1), DISK(tens, 2), DISK(tens, 3), DISK(tens, 4), DISK(tens, 5), DISK(tens, 6), \
        DISK(tens, 7), DISK(tens, 8), DISK(tens, 9)

static const struct {
    struct note_header header;
    struct abi1 abi;
} abi_note __attribute__((section(".note.abi"), used, aligned(4))) = {
    .header = {NOTE_NAME_SIZE, sizeof(struct abi1), NOTE_TYPE_ABI1, NOTE_NAME},
    .abi = {.target = ABI_TARGET_HVT, .version = ABI_HVT_VERSION},
};

static const struct {
    struct note_header header;
    uint32_t pad;
    uint32_t version;
    uint32_t n_entries;
    struct manifest_entry entries[N_DISKS + 1];
} manifest_note __attribute__((section(".note.manifest"), used, aligned(8))) = {
    .header = {NOTE_NAME_SIZE,
               MANIFEST_NOTE_PAD + sizeof(struct manifest) + (N_DISKS + 1) * sizeof(struct manifest_entry),
               NOTE_TYPE_MFT1, NOTE_NAME},
    .version = MANIFEST_VERSION,
    .n_entries = N_DISKS + 1,
    .entries = {{.type = MANIFEST_RESERVED_FIRST},
                TEN(0),
                TEN(1),
                TEN(2),
                TEN(3),
                TEN(4),
                TEN(5),
                DISK(6, 0),
                DISK(6, 1),
                DISK(6, 2)},
};

int guest_main(const struct boot_info *info)
{
    static unsigned char sector[512];
    volatile struct hc_block_read call = {.data = sector, .len = sizeof(sector)};

    (void)info;
    for (uint64_t handle = 1; handle <= N_DISKS; handle++) {
        call.handle = handle;
        call.len = sizeof(sector);
        hypercall(HYPERCALL_BLOCK_READ, &call);
        if (call.ret != 0 || sector[0] != handle - 1)
            return (int)handle;
    }
    print("all disks\n");
    return 0;
}
