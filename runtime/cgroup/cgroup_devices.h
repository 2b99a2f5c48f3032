/* SPDX-License-Identifier: Apache-2.0 */
/* Device access rules where there is no devices controller: a BPF program at the cgroup v2 directory. */
#ifndef CGROUP_DEVICES_H
#define CGROUP_DEVICES_H

#include "base/error.h"
#include "oci-spec/config.h"

#include <linux/bpf.h>
#include <stddef.h>

#define CGROUP_DEVICES_RULES_MAX   256
#define CGROUP_DEVICES_PROGRAM_MAX (8 + 8 * CGROUP_DEVICES_RULES_MAX)

/*
 * Compiles the rules into a program of type BPF_PROG_TYPE_CGROUP_DEVICE, whose result is 1 for allowed. It
 * decides as v1 does: everything is allowed at first, later rules override earlier ones, and each kind of
 * access that is asked for at once must be allowed. Pure. More than CGROUP_DEVICES_RULES_MAX rules are
 * ERROR_REFUSED.
 */
int cgroup_devices_compile(const struct config_device_rule *rules, size_t n,
                           struct bpf_insn program[CGROUP_DEVICES_PROGRAM_MAX], size_t *out_n,
                           struct error *err);

/* Attaches the program to the directory, in place of one that this function attached before. */
int cgroup_devices_attach(const char *dir, const struct config_device_rule *rules, size_t n,
                          struct error *err);

#endif
