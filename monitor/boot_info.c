/* SPDX-License-Identifier: Apache-2.0 */
#include "boot_info.h"

#include "x86_64/low_memory.h"

#include <string.h>

#define ALIGN 8u

/*
 * The order in memory. All of it fits between LOW_BOOT_INFO and LOW_BOOT_INFO_END, and begins at LOW_MANIFEST
 * when the guest may write to its boot information, which then lies at LOW_BOOT_INFO alone.
 */
struct boot_area {
    struct boot_info info;
    unsigned char manifest[MANIFEST_SIZE_MAX];
    char cmdline[BOOT_CMDLINE_SIZE] __attribute__((aligned(ALIGN)));
    struct boot_net_config net_config[MANIFEST_ENTRIES_MAX];
    struct boot_window windows[MANIFEST_ENTRIES_MAX];
};
_Static_assert(sizeof(struct boot_area) <= LOW_BOOT_INFO_END - LOW_MANIFEST, "fits");

/* area lies at address `at`. */
static void write_windows(const struct guest_mem *mem, struct boot_info *info, struct boot_area *area,
                          uint64_t at)
{
    if (mem->n_windows == 0)
        return;
    info->host_features |= BOOT_FEATURE_WINDOWS;
    info->n_windows = mem->n_windows;
    info->windows = (struct gpa){at + offsetof(struct boot_area, windows)};
    for (size_t i = 0; i < mem->n_windows; i++) {
        const struct guest_window *window = &mem->windows[i];
        area->windows[i] = (struct boot_window){.start = {window->start},
                                                .len = window->end - window->start,
                                                .type = BOOT_WINDOW_BLOCK,
                                                .handle = window->handle,
                                                .flags = window->is_constant ? BOOT_WINDOW_CONSTANT : 0};
    }
}

int boot_info_write(struct guest *guest, const struct boot_parameters *parameters, uint64_t *out_address,
                    struct error *err)
{
    bool has_ring = guest->ring.shared != NULL;
    uint64_t at = has_ring ? LOW_MANIFEST : LOW_BOOT_INFO;
    struct boot_area *area = guest_mem_at(&guest->mem, at, sizeof(*area));
    struct boot_info *info = guest_mem_at(&guest->mem, LOW_BOOT_INFO, sizeof(*info));
    size_t cmdline_bytes = strlen(parameters->cmdline) + 1;

    if (cmdline_bytes > BOOT_CMDLINE_SIZE)
        return error_set(err, ERROR_INPUT, "Guest command line too long (max=%u characters)",
                         BOOT_CMDLINE_SIZE - 1);
    if (parameters->n_net_config > MANIFEST_ENTRIES_MAX)
        return error_set(err, ERROR_INPUT, "%zu network configurations", parameters->n_net_config);

    *info = (struct boot_info){
        .mem_size = guest->mem.size,
        .kernel_end = parameters->kernel_end,
        .cpu_cycle_freq = parameters->tsc_hz,
        .cmdline = {at + offsetof(struct boot_area, cmdline)},
        .mft = {at + offsetof(struct boot_area, manifest)},
    };
    if (has_ring) {
        info->host_features |= BOOT_FEATURE_NET_RING;
        if (guest->ring.can_post)
            info->host_features |= BOOT_FEATURE_NET_POSTED;
        info->net_ring = (struct gpa){guest->mem.size};
    }
    memcpy(area->manifest, &guest->manifest, manifest_size(&guest->manifest));
    memcpy(area->cmdline, parameters->cmdline, cmdline_bytes);
    if (parameters->net_config != NULL) {
        info->host_features |= BOOT_FEATURE_NET_CONFIG;
        info->n_net_config = parameters->n_net_config;
        info->net_config = (struct gpa){at + offsetof(struct boot_area, net_config)};
        memcpy(area->net_config, parameters->net_config,
               parameters->n_net_config * sizeof(struct boot_net_config));
    }
    write_windows(&guest->mem, info, area, at);
    guest->mem.readable_low = (struct guest_seal){.start = LOW_BOOT_INFO, .end = at + sizeof(*area)};
    *out_address = LOW_BOOT_INFO;
    return 0;
}
