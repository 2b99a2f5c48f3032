/* SPDX-License-Identifier: Apache-2.0 */
#include "attach.h"

#include <string.h>

#define BLOCK_SIZE_MIN 512u
#define BLOCK_SIZE_MAX 32768u /* the field in the manifest has 16 bits */

static struct device *device_of(struct guest *guest, const struct manifest_entry *entry)
{
    return &guest->devices[entry - guest->manifest.entries];
}

int attach_block(struct guest *guest, struct manifest_entry *entry, struct overlay *overlay,
                 uint32_t block_size, struct error *err)
{
    uint64_t capacity = overlay->capacity;

    if (entry->attached != 0)
        return error_set(err, ERROR_INPUT, "block device '%s' is attached twice", entry->name);
    if (block_size < BLOCK_SIZE_MIN || block_size > BLOCK_SIZE_MAX || (block_size & (block_size - 1)) != 0)
        return error_set(err, ERROR_INPUT, "block device '%s': blocks of %u bytes", entry->name, block_size);
    if (capacity % block_size != 0)
        return error_set(err, ERROR_INPUT, "%s: Backing storage size must be block aligned (%u bytes)",
                         entry->name, block_size);

    *device_of(guest, entry) =
        (struct device){.type = MANIFEST_BLOCK, .u.block = {.overlay = *overlay, .block_size = block_size}};
    *overlay = (struct overlay){0};
    entry->u.block = (struct manifest_block){.capacity = capacity, .block_size = (uint16_t)block_size};
    entry->attached = 1;
    return 0;
}

int attach_net(struct guest *guest, struct manifest_entry *entry, int fd, const uint8_t mac[6], uint16_t mtu,
               struct error *err)
{
    struct poll_set *polls = &guest->polls;

    if (entry->attached != 0)
        return error_set(err, ERROR_INPUT, "network device '%s' is attached twice", entry->name);

    *device_of(guest, entry) = (struct device){.type = MANIFEST_NET, .u.net = {.fd = fd}};
    polls->fds[polls->n_fds] = (struct pollfd){.fd = fd, .events = POLLIN};
    polls->handles[polls->n_fds] = (uint8_t)(entry - guest->manifest.entries);
    polls->n_fds++;
    memcpy(entry->u.net.mac, mac, sizeof(entry->u.net.mac));
    entry->u.net.mtu = mtu;
    entry->attached = 1;
    return 0;
}

int attach_check(const struct guest *guest, uint32_t type, struct error *err)
{
    for (uint32_t i = 0; i < guest->manifest.n_entries; i++) {
        const struct manifest_entry *entry = &guest->manifest.entries[i];
        if (entry->type == type && entry->attached == 0)
            return error_set(err, ERROR_INPUT, "%s device '%s' is declared in the manifest but not attached",
                             manifest_type_name(entry->type), entry->name);
    }
    return 0;
}
