/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what the guest finds at its start (abi/boot.h): boot information, manifest, command line. */
#ifndef BOOT_INFO_H
#define BOOT_INFO_H

#include "abi/boot.h"
#include "base/error.h"
#include "guest.h"

#include <stddef.h>
#include <stdint.h>

struct boot_parameters {
    uint64_t kernel_end;
    uint64_t tsc_hz;
    const char *cmdline;
    /* Not offered if NULL, as are addresses and routes then. */
    const struct boot_net_config *net_config;
    size_t n_net_config;
    const struct boot_net_address *net_addresses;
    size_t n_net_addresses;
    const struct boot_net_route *net_routes;
    size_t n_net_routes;
    const char *env; /* env_bytes of them; NULL: not offered */
    size_t env_bytes;
};

/* The most that there is room for. */
#define BOOT_INFO_ADDRESSES_MAX 64
#define BOOT_INFO_ROUTES_MAX    128
#define BOOT_INFO_ENV_SIZE      16384

/*
 * Fills in the boot information of a guest whose manifest and devices are complete. Returns its address in
 * *out_address. ERROR_INPUT when there is no room for something, such as a long command line.
 */
int boot_info_write(struct guest *guest, const struct boot_parameters *parameters, uint64_t *out_address,
                    struct error *err);

#endif
