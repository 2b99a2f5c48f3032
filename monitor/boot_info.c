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
    struct boot_net_address net_addresses[BOOT_INFO_ADDRESSES_MAX];
    struct boot_net_route net_routes[BOOT_INFO_ROUTES_MAX];
    char env[BOOT_INFO_ENV_SIZE];
};
_Static_assert(sizeof(struct boot_area) <= LOW_BOOT_INFO_END - LOW_MANIFEST, "fits");

/* What is being written: the guest finds area at address at. */
struct writer {
    struct boot_info *info;
    struct boot_area *area;
    uint64_t at;
};

/* Puts size bytes at off of the area, and returns the guest's address of them. from may be NULL for none. */
static struct gpa put(const struct writer *w, size_t off, const void *from, size_t size)
{
    if (size > 0)
        memcpy((unsigned char *)w->area + off, from, size);
    return (struct gpa){w->at + off};
}

static void write_windows(const struct writer *w, const struct guest_mem *mem, bool knows_windows)
{
    if (!knows_windows || mem->n_windows == 0)
        return;
    w->info->host_features |= BOOT_FEATURE_WINDOWS;
    w->info->n_windows = mem->n_windows;
    w->info->windows = (struct gpa){w->at + offsetof(struct boot_area, windows)};
    for (size_t i = 0; i < mem->n_windows; i++) {
        const struct guest_window *window = &mem->windows[i];
        w->area->windows[i] = (struct boot_window){.start = {window->start},
                                                   .len = window->end - window->start,
                                                   .type = BOOT_WINDOW_BLOCK,
                                                   .handle = window->handle,
                                                   .flags = window->is_constant ? BOOT_WINDOW_CONSTANT : 0};
    }
}

static void write_net(const struct writer *w, const struct boot_parameters *from)
{
    struct boot_info *info = w->info;
    if (from->net_config == NULL)
        return;
    info->host_features |= BOOT_FEATURE_NET_CONFIG | BOOT_FEATURE_NET_ROUTES;
    info->n_net_config = from->n_net_config;
    info->net_config = put(w, offsetof(struct boot_area, net_config), from->net_config,
                           from->n_net_config * sizeof(from->net_config[0]));
    info->n_net_addresses = from->n_net_addresses;
    info->net_addresses = put(w, offsetof(struct boot_area, net_addresses), from->net_addresses,
                              from->n_net_addresses * sizeof(from->net_addresses[0]));
    info->n_net_routes = from->n_net_routes;
    info->net_routes = put(w, offsetof(struct boot_area, net_routes), from->net_routes,
                           from->n_net_routes * sizeof(from->net_routes[0]));
}

static void write_env(const struct writer *w, const struct boot_parameters *from)
{
    if (from->env == NULL)
        return;
    w->info->host_features |= BOOT_FEATURE_ENV;
    w->info->env_bytes = from->env_bytes;
    w->info->env = put(w, offsetof(struct boot_area, env), from->env, from->env_bytes);
}

static void write_ring(const struct writer *w, const struct guest *guest)
{
    /* There is one who uses the ring: code that the guest is lent does it in its place. */
    if (guest->ring.shared == NULL || guest->graft.uses_ring)
        return;
    w->info->host_features |= BOOT_FEATURE_NET_RING;
    if (guest->ring.can_post)
        w->info->host_features |= BOOT_FEATURE_NET_POSTED;
    w->info->net_ring = (struct gpa){guest->mem.size};
}

static int check_room(const struct boot_parameters *parameters, struct error *err)
{
    if (strlen(parameters->cmdline) >= BOOT_CMDLINE_SIZE)
        return error_set(err, ERROR_INPUT, "Guest command line too long (max=%u characters)",
                         BOOT_CMDLINE_SIZE - 1);
    if (parameters->n_net_config > MANIFEST_ENTRIES_MAX)
        return error_set(err, ERROR_INPUT, "%zu network configurations", parameters->n_net_config);
    if (parameters->n_net_addresses > BOOT_INFO_ADDRESSES_MAX ||
        parameters->n_net_routes > BOOT_INFO_ROUTES_MAX)
        return error_set(err, ERROR_INPUT, "%zu addresses and %zu routes", parameters->n_net_addresses,
                         parameters->n_net_routes);
    if (parameters->env_bytes > BOOT_INFO_ENV_SIZE)
        return error_set(err, ERROR_INPUT, "environment of %zu bytes", parameters->env_bytes);
    return 0;
}

int boot_info_write(struct guest *guest, const struct boot_parameters *parameters, uint64_t *out_address,
                    struct error *err)
{
    const uint64_t at = guest->ring.shared != NULL ? LOW_MANIFEST : LOW_BOOT_INFO;
    const struct writer w = {.info = guest_mem_at(&guest->mem, LOW_BOOT_INFO, sizeof(*w.info)),
                             .area = guest_mem_at(&guest->mem, at, sizeof(*w.area)),
                             .at = at};

    if (check_room(parameters, err) < 0)
        return -1;
    *w.info = (struct boot_info){
        .mem_size = guest->mem.size,
        .kernel_end = parameters->kernel_end,
        .cpu_cycle_freq = parameters->tsc_hz,
        .cmdline = put(&w, offsetof(struct boot_area, cmdline), parameters->cmdline,
                       strlen(parameters->cmdline) + 1),
        .mft =
            put(&w, offsetof(struct boot_area, manifest), &guest->manifest, manifest_size(&guest->manifest)),
    };
    write_ring(&w, guest);
    write_net(&w, parameters);
    write_env(&w, parameters);
    /* Others are for code that the guest is lent, which has its own table of them. */
    write_windows(&w, &guest->mem, !guest->graft.reads_windows);
    guest->mem.readable_low = (struct guest_seal){.start = LOW_BOOT_INFO, .end = at + sizeof(*w.area)};
    *out_address = LOW_BOOT_INFO;
    return 0;
}
