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
    const struct boot_net_config *net_config; /* NULL: not offered */
    size_t n_net_config;
};

/*
 * Fills in the boot information of a guest whose manifest and devices are complete. Returns its address in
 * *out_address. ERROR_INPUT when the command line is too long.
 */
int boot_info_write(struct guest *guest, const struct boot_parameters *parameters, uint64_t *out_address,
                    struct error *err);

#endif
