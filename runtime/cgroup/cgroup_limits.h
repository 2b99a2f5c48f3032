/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How limits are written: each version of cgroup knows it for its own files. Every function takes the
 * container's directory in the hierarchy that has the controller, and applies what is set; errors name the
 * property. For the cgroup_* modules only.
 */
#ifndef CGROUP_LIMITS_H
#define CGROUP_LIMITS_H

#include "base/error.h"
#include "oci-spec/config.h"

#include <stddef.h>
#include <stdint.h>

enum cgroup_throttle { CGROUP_READ_BPS, CGROUP_WRITE_BPS, CGROUP_READ_IOPS, CGROUP_WRITE_IOPS };

struct cgroup_limits {
    int (*set_cpu)(const char *dir, const struct config_cpu *cpu, struct error *err);
    int (*set_memory)(const char *dir, const struct config_memory *memory, struct error *err);
    int (*set_block_weights)(const char *dir, const struct config_block_io *io, struct error *err);
    int (*set_throttle)(const char *dir, enum cgroup_throttle kind,
                        const struct config_throttle_device *device, const char *property, struct error *err);
    int (*set_hugepages)(const char *dir, const struct config_hugepage_limit *limits, size_t n,
                         struct error *err);
};

extern const struct cgroup_limits cgroup_limits_v1;
extern const struct cgroup_limits cgroup_limits_v2;

/* Device rules of v1, in their order. */
int cgroup_limits_v1_devices(const char *dir, const struct config_device_rule *rules, size_t n,
                             struct error *err);

/* The weight of v2 for cpu.shares of v1. */
uint64_t cgroup_v2_weight(uint64_t shares);

#endif
