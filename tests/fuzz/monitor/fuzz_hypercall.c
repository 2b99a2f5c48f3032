/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls with any number, address and arguments, against a guest that has memory and devices but no VM.
 *
 * The input is a list of records: a number, an address, and the bytes that stand there. What is looked for,
 * besides what the sanitizers find: a write to what the guest may not write.
 */
#include "hypercall.h"

#include "abi/boot.h"
#include "attach.h"
#include "base/bug.h"
#include "window.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define CAPACITY      65536u
#define CODE          0x101000u
#define CODE_BYTES    0x1000u
#define CODE_CONTENTS 0x5a
#define RECORDS_MAX   64

struct record {
    uint8_t number;
    uint8_t address[4];
    uint8_t arguments[40];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct guest guest;
static struct status status;
static int peer; /* the other end of the network device */

static void make_block(struct manifest_entry *entry, struct error *err)
{
    struct overlay overlay;
    int extents = memfd_create("extents", 0);
    struct overlay_parts parts = {.capacity = CAPACITY, .extents_fd = extents, .patches_fd = -1};
    BUG_ON(overlay_open(&parts, &overlay, err) < 0);
    BUG_ON(attach_block(&guest, entry, &overlay, 512, err) < 0);
    close(extents);
}

static void make_net(struct manifest_entry *entry, struct error *err)
{
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    int pair[2];
    BUG_ON(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) < 0);
    BUG_ON(attach_net(&guest, entry, pair[0], mac, 1500, err) < 0);
    peer = pair[1];
}

static void make_guest(void)
{
    static const struct guest_seal code = {CODE, CODE + CODE_BYTES};
    struct error err = {0};

    guest.status = &status;
    guest.manifest = (struct manifest_table){.version = 1,
                                             .n_entries = 3,
                                             .entries = {{.type = MANIFEST_RESERVED_FIRST},
                                                         {.name = "disk", .type = MANIFEST_BLOCK},
                                                         {.name = "net", .type = MANIFEST_NET}}};
    BUG_ON(guest_mem_init(&guest.mem, GUEST_MEM_MIN, 3 * 4096, &err) < 0);
    guest_mem_lend(&guest.mem, GUEST_MEM_MIN + 4096, GUEST_MEM_MIN + 2 * 4096);
    guest_mem_seal(&guest.mem, &code, 1);
    guest.mem.readable_low = (struct guest_seal){0x10000, 0x12000};
    memset(guest_mem_at(&guest.mem, CODE, CODE_BYTES), CODE_CONTENTS, CODE_BYTES);
    make_block(&guest.manifest.entries[1], &err);
    BUG_ON(window_plan(&guest) != 1);
    guest_mem_set_windows(&guest.mem, guest.windows, 1);
    make_net(&guest.manifest.entries[2], &err);
    console_init(&guest.console, open("/dev/null", O_WRONLY));
}

static bool is_all(const unsigned char *bytes, size_t size, unsigned char value)
{
    return bytes[0] == value && memcmp(bytes, bytes + 1, size - 1) == 0;
}

static void run(const struct record *record)
{
    char frame[2048];
    uint32_t address;

    memcpy(&address, record->address, sizeof(address));
    (void)guest_mem_copy_out(&guest.mem, (struct gpa){address}, record->arguments, sizeof(record->arguments));
    /* A poll has always something to find, so it never waits; a write has always room. */
    (void)!send(peer, "frame", 5, 0);
    while (recv(peer, frame, sizeof(frame), 0) > 0)
        ;
    (void)hypercall_run(&guest, record->number, address);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record record;

    if (guest.mem.bytes == NULL)
        make_guest();
    for (unsigned n = 0; n < RECORDS_MAX && size >= sizeof(record); n++) {
        memcpy(&record, data, sizeof(record));
        data += sizeof(record);
        size -= sizeof(record);
        run(&record);
    }
    BUG_ON(!is_all(guest_mem_at(&guest.mem, CODE, CODE_BYTES), CODE_BYTES, CODE_CONTENTS));
    BUG_ON(!is_all(guest_mem_at(&guest.mem, 0, GUEST_MIN_BASE), GUEST_MIN_BASE, 0));
    BUG_ON(!is_all(guest_mem_at(&guest.mem, GUEST_MEM_MIN, 4096), 4096, 0));
    BUG_ON(!is_all(guest_mem_at(&guest.mem, GUEST_MEM_MIN + 2 * 4096, 4096), 4096, 0));
    return 0;
}
