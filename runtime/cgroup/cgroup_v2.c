/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits in the words of cgroup v2 (the kernel's Documentation/admin-guide/cgroup-v2.rst). The configuration
 * speaks v1, so figures are converted: shares of 2 to 262144 become weights of 1 to 10000, block weights of
 * 10 to 1000 become 1 to 10000, and "memory and swap together" becomes swap alone.
 */
#include "cgroup_file.h"
#include "cgroup_limits.h"
#include "cgroup_property.h"

#include "base/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SHARES_MIN       2
#define SHARES_MAX       262144
#define BLOCK_WEIGHT_MIN 10
#define BLOCK_WEIGHT_MAX 1000
#define WEIGHT_MAX       10000

static uint64_t scale(uint64_t value, uint64_t min, uint64_t max)
{
    if (value <= min)
        return 1;
    if (value >= max)
        return WEIGHT_MAX;
    return 1 + (value - min) * (WEIGHT_MAX - 1) / (max - min);
}

uint64_t cgroup_v2_weight(uint64_t shares)
{
    return scale(shares, SHARES_MIN, SHARES_MAX);
}

/* Both stand in one file. What is not set stays: the quota is read, the period is left out. */
static int set_quota(const char *dir, const struct config_cpu *cpu, struct error *err)
{
    char text[64];
    int used;
    if (!cpu->has_quota && !cpu->has_period)
        return 0;
    if (cpu->has_quota && cpu->quota >= 0) {
        used = snprintf(text, sizeof(text), "%" PRId64, cpu->quota);
    } else if (cpu->has_quota) {
        used = snprintf(text, sizeof(text), "max");
    } else {
        _cleanup_free_ char *present = NULL;
        if (cgroup_file_read(dir, "cpu.max", &present, err) < 0)
            return -1;
        used = snprintf(text, sizeof(text), "%.*s", (int)strcspn(present, " \n"), present);
    }
    if (cpu->has_period)
        snprintf(text + used, sizeof(text) - (size_t)used, " %" PRIu64, cpu->period);
    return cgroup_property_write(dir, "cpu.max", text, cpu->has_quota ? "cpu.quota" : "cpu.period", err);
}

static int set_cpu(const char *dir, const struct config_cpu *cpu, struct error *err)
{
    if (cpu->has_realtime_runtime || cpu->has_realtime_period)
        return cgroup_property_refuse("cpu.realtimeRuntime", "cgroup v2 has no realtime limits", err);
    if (cpu->has_idle && cgroup_property_write_i64(dir, "cpu.idle", cpu->idle, "cpu.idle", err) < 0)
        return -1;
    /* An idle group has no weight. */
    if (cpu->has_shares && !(cpu->has_idle && cpu->idle == 1) &&
        cgroup_property_write_u64(dir, "cpu.weight", cgroup_v2_weight(cpu->shares), "cpu.shares", err) < 0)
        return -1;
    if (set_quota(dir, cpu, err) < 0)
        return -1;
    if (cpu->has_burst)
        return cgroup_property_write_u64(dir, "cpu.max.burst", cpu->burst, "cpu.burst", err);
    return 0;
}

static int write_bytes(const char *dir, const char *file, int64_t bytes, const char *property,
                       struct error *err)
{
    if (bytes == -1)
        return cgroup_property_write(dir, file, "max", property, err);
    return cgroup_property_write_i64(dir, file, bytes, property, err);
}

static int set_swap(const char *dir, const struct config_memory *memory, struct error *err)
{
    if (memory->swap != -1 && (!memory->has_limit || memory->limit == -1))
        return cgroup_property_refuse("memory.swap", "a limit needs memory.limit beside it", err);
    if (memory->swap != -1 && memory->swap < memory->limit)
        return cgroup_property_refuse("memory.swap", "is less than memory.limit", err);
    if (!cgroup_file_exists(dir, "memory.swap.max")) {
        /* Without swap, memory and swap together are limited by memory alone. */
        return memory->swap == -1 || memory->swap == memory->limit
                   ? 0
                   : cgroup_property_refuse("memory.swap", "the kernel does not count swap", err);
    }
    return write_bytes(dir, "memory.swap.max", memory->swap == -1 ? -1 : memory->swap - memory->limit,
                       "memory.swap", err);
}

static int set_memory(const char *dir, const struct config_memory *memory, struct error *err)
{
    if (memory->has_swappiness)
        return cgroup_property_refuse("memory.swappiness", "cgroup v2 has no such setting", err);
    if (memory->has_disable_oom_killer && memory->disable_oom_killer)
        return cgroup_property_refuse("memory.disableOOMKiller", "cgroup v2 has no such setting", err);
    if (memory->has_limit && memory->check_before_update &&
        cgroup_property_check_usage(dir, "memory.current", memory->limit, err) < 0)
        return -1;
    if (memory->has_swap && set_swap(dir, memory, err) < 0)
        return -1;
    if (memory->has_limit && write_bytes(dir, "memory.max", memory->limit, "memory.limit", err) < 0)
        return -1;
    if (memory->has_reservation)
        return write_bytes(dir, "memory.low", memory->reservation, "memory.reservation", err);
    return 0;
}

static int set_block_weights(const char *dir, const struct config_block_io *io, struct error *err)
{
    bool is_bfq = cgroup_file_exists(dir, "io.bfq.weight");
    const char *file = is_bfq ? "io.bfq.weight" : "io.weight";
    if (io->has_leaf_weight)
        return cgroup_property_refuse("blockIO.leafWeight", "cgroup v2 has no such setting", err);
    /* BFQ's range is that of v1. */
    if (io->has_weight &&
        cgroup_property_write_u64(dir, file,
                                  is_bfq ? io->weight : scale(io->weight, BLOCK_WEIGHT_MIN, BLOCK_WEIGHT_MAX),
                                  "blockIO.weight", err) < 0)
        return -1;
    for (size_t i = 0; i < io->n_weight_devices; i++) {
        const struct config_weight_device *device = &io->weight_devices[i];
        char text[80];
        if (device->has_leaf_weight)
            return cgroup_property_refuse("blockIO.weightDevice", "cgroup v2 has no leaf weights", err);
        snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %" PRIu64, device->major, device->minor,
                 is_bfq ? device->weight : scale(device->weight, BLOCK_WEIGHT_MIN, BLOCK_WEIGHT_MAX));
        if (device->has_weight && cgroup_property_write(dir, file, text, "blockIO.weightDevice", err) < 0)
            return -1;
    }
    return 0;
}

static int set_throttle(const char *dir, enum cgroup_throttle kind,
                        const struct config_throttle_device *device, const char *property, struct error *err)
{
    static const char *const keys[] = {
        [CGROUP_READ_BPS] = "rbps",
        [CGROUP_WRITE_BPS] = "wbps",
        [CGROUP_READ_IOPS] = "riops",
        [CGROUP_WRITE_IOPS] = "wiops",
    };
    char text[96];
    snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %s=%" PRIu64, device->major, device->minor,
             keys[kind], device->rate);
    return cgroup_property_write(dir, "io.max", text, property, err);
}

static int set_hugepages(const char *dir, const struct config_hugepage_limit *limits, size_t n,
                         struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        char file[96];
        snprintf(file, sizeof(file), "hugetlb.%.32s.max", limits[i].page_size);
        if (cgroup_property_write_u64(dir, file, limits[i].limit, "hugepageLimits", err) < 0)
            return -1;
        snprintf(file, sizeof(file), "hugetlb.%.32s.rsvd.max", limits[i].page_size);
        if (cgroup_file_exists(dir, file) &&
            cgroup_property_write_u64(dir, file, limits[i].limit, "hugepageLimits", err) < 0)
            return -1;
    }
    return 0;
}

const struct cgroup_limits cgroup_limits_v2 = {
    .set_cpu = set_cpu,
    .set_memory = set_memory,
    .set_block_weights = set_block_weights,
    .set_throttle = set_throttle,
    .set_hugepages = set_hugepages,
};
