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

struct cgroup_limits {
    int (*set_cpu)(const char *dir, const struct config_cpu *cpu, struct error *err);
    int (*set_memory)(const char *dir, const struct config_memory *memory, struct error *err);
    int (*set_block_io)(const char *dir, const struct config_block_io *block_io, struct error *err);
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

/* For a property that this version of cgroup has not; why ends the message. */
int cgroup_limits_refuse(const char *property, const char *why, struct error *err);

/* Writes a number, or text, and names the property if that fails. */
int cgroup_limits_write(const char *dir, const char *file, const char *text, const char *property,
                        struct error *err);
int cgroup_limits_write_i64(const char *dir, const char *file, int64_t value, const char *property,
                            struct error *err);
int cgroup_limits_write_u64(const char *dir, const char *file, uint64_t value, const char *property,
                            struct error *err);

/* memory.checkBeforeUpdate: ERROR_STATE if the file says that more than limit is in use. -1 is no limit. */
int cgroup_limits_check_usage(const char *dir, const char *file, int64_t limit, struct error *err);

#endif
