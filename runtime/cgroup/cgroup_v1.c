/* SPDX-License-Identifier: Apache-2.0 */
/* Limits in the words of cgroup v1 (the kernel's Documentation/admin-guide/cgroup-v1). */
#include "cgroup_file.h"
#include "cgroup_limits.h"
#include "cgroup_property.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * The kernel checks quota/period against the parent's after each of the two writes, and a period that is on
 * its way down may look like too much processor time until the quota has followed.
 */
static int set_quota(const char *dir, const struct config_cpu *cpu, struct error *err)
{
    if (cpu->has_period &&
        cgroup_property_write_u64(dir, "cpu.cfs_period_us", cpu->period, "cpu.period", err) < 0) {
        if (err->errnum != EINVAL || !cpu->has_quota)
            return -1;
        if (cgroup_property_write_i64(dir, "cpu.cfs_quota_us", cpu->quota, "cpu.quota", err) < 0 ||
            cgroup_property_write_u64(dir, "cpu.cfs_period_us", cpu->period, "cpu.period", err) < 0)
            return -1;
    }
    if (cpu->has_quota &&
        cgroup_property_write_i64(dir, "cpu.cfs_quota_us", cpu->quota, "cpu.quota", err) < 0)
        return -1;
    if (cpu->has_burst &&
        cgroup_property_write_u64(dir, "cpu.cfs_burst_us", cpu->burst, "cpu.burst", err) < 0)
        return -1;
    return 0;
}

static int set_cpu(const char *dir, const struct config_cpu *cpu, struct error *err)
{
    if (cpu->has_idle && cgroup_property_write_i64(dir, "cpu.idle", cpu->idle, "cpu.idle", err) < 0)
        return -1;
    if (cpu->has_shares && cgroup_property_write_u64(dir, "cpu.shares", cpu->shares, "cpu.shares", err) < 0)
        return -1;
    if (set_quota(dir, cpu, err) < 0)
        return -1;
    if (cpu->has_realtime_period && cgroup_property_write_u64(dir, "cpu.rt_period_us", cpu->realtime_period,
                                                              "cpu.realtimePeriod", err) < 0)
        return -1;
    if (cpu->has_realtime_runtime &&
        cgroup_property_write_i64(dir, "cpu.rt_runtime_us", cpu->realtime_runtime, "cpu.realtimeRuntime",
                                  err) < 0)
        return -1;
    return 0;
}

static int set_limit(const char *dir, int64_t limit, struct error *err)
{
    if (cgroup_property_write_i64(dir, "memory.limit_in_bytes", limit, "memory.limit", err) == 0)
        return 0;
    if (err->errnum == EBUSY)
        return error_wrap(err, "%" PRIu64 " bytes are in use",
                          cgroup_file_get_u64(dir, "memory.usage_in_bytes"));
    return -1;
}

static int set_swap(const char *dir, int64_t swap, struct error *err)
{
    if (!cgroup_file_exists(dir, "memory.memsw.limit_in_bytes"))
        return cgroup_property_refuse("memory.swap", "the kernel does not count swap", err);
    return cgroup_property_write_i64(dir, "memory.memsw.limit_in_bytes", swap, "memory.swap", err);
}

/* The limit of memory and swap together may never be below that of memory alone: which one goes first
 * depends. */
static int set_limit_and_swap(const char *dir, const struct config_memory *memory, struct error *err)
{
    uint64_t present;
    if (!memory->has_swap) {
        /* No limit on memory only makes sense without one on both. */
        if (memory->limit == -1 && cgroup_file_exists(dir, "memory.memsw.limit_in_bytes") &&
            set_swap(dir, -1, err) < 0)
            return -1;
        return set_limit(dir, memory->limit, err);
    }
    if (!memory->has_limit)
        return set_swap(dir, memory->swap, err);
    if (cgroup_file_read_u64(dir, "memory.limit_in_bytes", &present, err) < 0)
        return -1;
    if (memory->swap == -1 || (uint64_t)memory->swap > present) {
        if (set_swap(dir, memory->swap, err) < 0)
            return -1;
        return set_limit(dir, memory->limit, err);
    }
    if (set_limit(dir, memory->limit, err) < 0)
        return -1;
    return set_swap(dir, memory->swap, err);
}

static int set_memory(const char *dir, const struct config_memory *memory, struct error *err)
{
    if (memory->has_limit && memory->check_before_update &&
        cgroup_property_check_usage(dir, "memory.usage_in_bytes", memory->limit, err) < 0)
        return -1;
    if ((memory->has_limit || memory->has_swap) && set_limit_and_swap(dir, memory, err) < 0)
        return -1;
    if (memory->has_reservation &&
        cgroup_property_write_i64(dir, "memory.soft_limit_in_bytes", memory->reservation,
                                  "memory.reservation", err) < 0)
        return -1;
    if (memory->has_swappiness &&
        cgroup_property_write_u64(dir, "memory.swappiness", memory->swappiness, "memory.swappiness", err) < 0)
        return -1;
    if (memory->has_disable_oom_killer && memory->disable_oom_killer)
        return cgroup_property_write(dir, "memory.oom_control", "1", "memory.disableOOMKiller", err);
    return 0;
}

/* Weights belong to the I/O scheduler; BFQ's files took the place of CFQ's in Linux 5.0. */
static const char *weight_file(const char *dir, const char *bfq, const char *cfq)
{
    return cgroup_file_exists(dir, cfq) ? cfq : bfq;
}

static int set_block_weights(const char *dir, const struct config_block_io *io, struct error *err)
{
    const char *file = weight_file(dir, "blkio.bfq.weight", "blkio.weight");
    const char *device_file = weight_file(dir, "blkio.bfq.weight_device", "blkio.weight_device");
    if (io->has_weight && cgroup_property_write_u64(dir, file, io->weight, "blockIO.weight", err) < 0)
        return -1;
    if (io->has_leaf_weight &&
        cgroup_property_write_u64(dir, "blkio.leaf_weight", io->leaf_weight, "blockIO.leafWeight", err) < 0)
        return -1;
    for (size_t i = 0; i < io->n_weight_devices; i++) {
        const struct config_weight_device *device = &io->weight_devices[i];
        char text[64];
        snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %u", device->major, device->minor,
                 device->weight);
        if (device->has_weight &&
            cgroup_property_write(dir, device_file, text, "blockIO.weightDevice", err) < 0)
            return -1;
        snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %u", device->major, device->minor,
                 device->leaf_weight);
        if (device->has_leaf_weight &&
            cgroup_property_write(dir, "blkio.leaf_weight_device", text, "blockIO.weightDevice", err) < 0)
            return -1;
    }
    return 0;
}

static int set_throttle(const char *dir, enum cgroup_throttle kind,
                        const struct config_throttle_device *device, const char *property, struct error *err)
{
    static const char *const files[] = {
        [CGROUP_READ_BPS] = "blkio.throttle.read_bps_device",
        [CGROUP_WRITE_BPS] = "blkio.throttle.write_bps_device",
        [CGROUP_READ_IOPS] = "blkio.throttle.read_iops_device",
        [CGROUP_WRITE_IOPS] = "blkio.throttle.write_iops_device",
    };
    char text[80];
    snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %" PRIu64, device->major, device->minor,
             device->rate);
    return cgroup_property_write(dir, files[kind], text, property, err);
}

static int set_hugepages(const char *dir, const struct config_hugepage_limit *limits, size_t n,
                         struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        char file[96];
        snprintf(file, sizeof(file), "hugetlb.%.32s.limit_in_bytes", limits[i].page_size);
        if (cgroup_property_write_u64(dir, file, limits[i].limit, "hugepageLimits", err) < 0)
            return -1;
        snprintf(file, sizeof(file), "hugetlb.%.32s.rsvd.limit_in_bytes", limits[i].page_size);
        if (cgroup_file_exists(dir, file) &&
            cgroup_property_write_u64(dir, file, limits[i].limit, "hugepageLimits", err) < 0)
            return -1;
    }
    return 0;
}

static int write_device_rule(const char *dir, const struct config_device_rule *rule, char type,
                             struct error *err)
{
    char major[24] = "*", minor[24] = "*", text[64];
    if (rule->has_major && rule->major >= 0)
        snprintf(major, sizeof(major), "%" PRId64, rule->major);
    if (rule->has_minor && rule->minor >= 0)
        snprintf(minor, sizeof(minor), "%" PRId64, rule->minor);
    snprintf(text, sizeof(text), "%c %.16s:%.16s %.8s", type, major, minor, rule->access);
    return cgroup_property_write(dir, rule->allow ? "devices.allow" : "devices.deny", text, "devices", err);
}

/* The kernel reads "a" as all there is, whatever stands behind it: a rule that means less is split in two. */
int cgroup_limits_v1_devices(const char *dir, const struct config_device_rule *rules, size_t n,
                             struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        const struct config_device_rule *rule = &rules[i];
        bool is_all = rule->type == 'a' && (!rule->has_major || rule->major < 0) &&
                      (!rule->has_minor || rule->minor < 0) && strpbrk(rule->access, "r") != NULL &&
                      strpbrk(rule->access, "w") != NULL && strpbrk(rule->access, "m") != NULL;
        if (rule->type != 'a' || is_all) {
            if (write_device_rule(dir, rule, rule->type, err) < 0)
                return -1;
        } else if (write_device_rule(dir, rule, 'b', err) < 0 || write_device_rule(dir, rule, 'c', err) < 0) {
            return -1;
        }
    }
    return 0;
}

const struct cgroup_limits cgroup_limits_v1 = {
    .set_cpu = set_cpu,
    .set_memory = set_memory,
    .set_block_weights = set_block_weights,
    .set_throttle = set_throttle,
    .set_hugepages = set_hugepages,
};
