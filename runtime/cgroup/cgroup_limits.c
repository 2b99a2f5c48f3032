/* SPDX-License-Identifier: Apache-2.0 */
/*
 * On a hybrid host some controllers work in v1 and others in v2. So it is decided controller by controller
 * where a limit goes, and how it is written follows from there.
 */
#include "cgroup_limits.h"

#include "cgroup.h"
#include "cgroup_devices.h"
#include "cgroup_dirs.h"
#include "cgroup_property.h"
#include "cgroup_unit.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

/* The directory and the manner for a controller; an error that names the property if there is none. */
static const struct cgroup_dir *need(const struct cgroup *cgroup, enum cgroup_controller controller,
                                     const char *property, struct error *err)
{
    const struct cgroup_dir *dir = cgroup_find(cgroup, controller);
    if (dir == NULL)
        error_set(err, ERROR_REFUSED, CGROUP_PROPERTY "%s: the %s cgroup controller is not available here",
                  property, cgroup_controller_name(controller, false));
    return dir;
}

static const struct cgroup_limits *manner(const struct cgroup_dir *dir)
{
    return dir->is_v2 ? &cgroup_limits_v2 : &cgroup_limits_v1;
}

static int apply_cpu(const struct cgroup *cgroup, const struct config_cpu *cpu, struct error *err)
{
    const struct cgroup_dir *dir;
    if (cpu->has_shares || cpu->has_quota || cpu->has_burst || cpu->has_period || cpu->has_realtime_runtime ||
        cpu->has_realtime_period || cpu->has_idle) {
        if ((dir = need(cgroup, CGROUP_CPU, "cpu", err)) == NULL ||
            manner(dir)->set_cpu(dir->path, cpu, err) < 0)
            return -1;
    }
    if (cpu->cpus != NULL || cpu->mems != NULL) {
        if ((dir = need(cgroup, CGROUP_CPUSET, "cpu.cpus", err)) == NULL)
            return -1;
        if (cpu->cpus != NULL &&
            cgroup_property_write(dir->path, "cpuset.cpus", cpu->cpus, "cpu.cpus", err) < 0)
            return -1;
        if (cpu->mems != NULL &&
            cgroup_property_write(dir->path, "cpuset.mems", cpu->mems, "cpu.mems", err) < 0)
            return -1;
    }
    return 0;
}

static int apply_memory(const struct cgroup *cgroup, const struct config_memory *memory, struct error *err)
{
    const struct cgroup_dir *dir;
    if (!memory->has_limit && !memory->has_reservation && !memory->has_swap && !memory->has_swappiness &&
        !(memory->has_disable_oom_killer && memory->disable_oom_killer))
        return 0;
    if ((dir = need(cgroup, CGROUP_MEMORY, "memory", err)) == NULL)
        return -1;
    return manner(dir)->set_memory(dir->path, memory, err);
}

/* 0 stands for no limit too: engines have always meant that by it. */
static int apply_pids(const struct cgroup *cgroup, const struct config_pids *pids, struct error *err)
{
    const struct cgroup_dir *dir;
    if (!pids->has_limit)
        return 0;
    if ((dir = need(cgroup, CGROUP_PIDS, "pids.limit", err)) == NULL)
        return -1;
    if (pids->limit <= 0)
        return cgroup_property_write(dir->path, "pids.max", "max", "pids.limit", err);
    return cgroup_property_write_i64(dir->path, "pids.max", pids->limit, "pids.limit", err);
}

static int apply_throttles(const struct cgroup_dir *dir, const struct config_block_io *io, struct error *err)
{
    const struct {
        const struct config_throttle *throttle;
        enum cgroup_throttle kind;
        const char *property;
    } kinds[] = {
        {&io->read_bps, CGROUP_READ_BPS, "blockIO.throttleReadBpsDevice"},
        {&io->write_bps, CGROUP_WRITE_BPS, "blockIO.throttleWriteBpsDevice"},
        {&io->read_iops, CGROUP_READ_IOPS, "blockIO.throttleReadIOPSDevice"},
        {&io->write_iops, CGROUP_WRITE_IOPS, "blockIO.throttleWriteIOPSDevice"},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        for (size_t k = 0; k < kinds[i].throttle->n; k++) {
            if (manner(dir)->set_throttle(dir->path, kinds[i].kind, &kinds[i].throttle->items[k],
                                          kinds[i].property, err) < 0)
                return -1;
        }
    }
    return 0;
}

static int apply_block_io(const struct cgroup *cgroup, const struct config_block_io *io, struct error *err)
{
    const struct cgroup_dir *dir;
    if (!io->has_weight && !io->has_leaf_weight && io->n_weight_devices == 0 && io->read_bps.n == 0 &&
        io->write_bps.n == 0 && io->read_iops.n == 0 && io->write_iops.n == 0)
        return 0;
    if ((dir = need(cgroup, CGROUP_BLKIO, "blockIO", err)) == NULL)
        return -1;
    if (manner(dir)->set_block_weights(dir->path, io, err) < 0)
        return -1;
    return apply_throttles(dir, io, err);
}

static int apply_network(const struct cgroup *cgroup, const struct config_network *network, struct error *err)
{
    const struct cgroup_dir *dir;
    if (network->has_class_id) {
        if ((dir = need(cgroup, CGROUP_NET_CLS, "network.classID", err)) == NULL ||
            cgroup_property_write_u64(dir->path, "net_cls.classid", network->class_id, "network.classID",
                                      err) < 0)
            return -1;
    }
    for (size_t i = 0; i < network->n_priorities; i++) {
        char text[64];
        snprintf(text, sizeof(text), "%.40s %" PRIu32, network->priorities[i].name,
                 network->priorities[i].priority);
        if ((dir = need(cgroup, CGROUP_NET_PRIO, "network.priorities", err)) == NULL ||
            cgroup_property_write(dir->path, "net_prio.ifpriomap", text, "network.priorities", err) < 0)
            return -1;
    }
    return 0;
}

/* The same file and format in v1 and v2. */
static int apply_rdma(const struct cgroup *cgroup, const struct config_rdma *rdma, size_t n,
                      struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        const struct cgroup_dir *dir = need(cgroup, CGROUP_RDMA, "rdma", err);
        char text[160];
        int used = snprintf(text, sizeof(text), "%.80s", rdma[i].device);
        if (rdma[i].has_hca_handles)
            used += snprintf(text + used, sizeof(text) - (size_t)used, " hca_handle=%" PRIu32,
                             rdma[i].hca_handles);
        if (rdma[i].has_hca_objects)
            snprintf(text + used, sizeof(text) - (size_t)used, " hca_object=%" PRIu32, rdma[i].hca_objects);
        if (dir == NULL || cgroup_property_write(dir->path, "rdma.max", text, "rdma", err) < 0)
            return -1;
    }
    return 0;
}

static int apply_devices(const struct cgroup *cgroup, const struct config_device_rule *rules, size_t n,
                         struct error *err)
{
    const struct cgroup_dir *v1 = cgroup_find(cgroup, CGROUP_DEVICES), *v2 = cgroup_find_v2(cgroup);
    if (n == 0)
        return 0;
    if (v1 != NULL)
        return cgroup_limits_v1_devices(v1->path, rules, n, err);
    if (v2 == NULL)
        return cgroup_property_refuse("devices", "the devices cgroup controller is not available here", err);
    if (cgroup_devices_attach(v2->path, rules, n, err) < 0)
        return error_wrap(err, CGROUP_PROPERTY "devices");
    return 0;
}

static int apply_unified(const struct cgroup *cgroup, const struct config_map *unified, struct error *err)
{
    const struct cgroup_dir *dir = cgroup_find_v2(cgroup);
    for (size_t i = 0; i < unified->n; i++) {
        if (dir == NULL)
            return cgroup_property_refuse("unified", "the host has no cgroup v2", err);
        if (cgroup_property_write(dir->path, unified->pairs[i].key, unified->pairs[i].value, "unified", err) <
            0)
            return -1;
    }
    return 0;
}

/* 0 is what docker and others write for what nobody has set, and the kernel would refuse, or take literally.
 */
static struct config_resources without_zeros(const struct config_resources *given)
{
    struct config_resources resources = *given;
    struct config_cpu *cpu = &resources.cpu;
    struct config_memory *memory = &resources.memory;
    struct config_block_io *io = &resources.block_io;

    cpu->has_shares = cpu->has_shares && cpu->shares != 0;
    cpu->has_quota = cpu->has_quota && cpu->quota != 0;
    cpu->has_period = cpu->has_period && cpu->period != 0;
    memory->has_limit = memory->has_limit && memory->limit != 0;
    memory->has_reservation = memory->has_reservation && memory->reservation != 0;
    memory->has_swap = memory->has_swap && memory->swap != 0;
    io->has_weight = io->has_weight && io->weight != 0;
    io->has_leaf_weight = io->has_leaf_weight && io->leaf_weight != 0;
    return resources;
}

int cgroup_apply(const struct cgroup *cgroup, const struct config_resources *given, struct error *err)
{
    const struct config_resources set = without_zeros(given), *resources = &set;

    /* systemd first: it rounds, and what is written to the files afterwards is exact. */
    if (cgroup->unit != NULL &&
        cgroup_unit_apply(cgroup->unit, resources, cgroup_find(cgroup, CGROUP_CPUACCT) == NULL, err) < 0)
        return -1;
    if (apply_cpu(cgroup, &resources->cpu, err) < 0 || apply_memory(cgroup, &resources->memory, err) < 0 ||
        apply_pids(cgroup, &resources->pids, err) < 0 ||
        apply_block_io(cgroup, &resources->block_io, err) < 0 ||
        apply_network(cgroup, &resources->network, err) < 0 ||
        apply_rdma(cgroup, resources->rdma, resources->n_rdma, err) < 0 ||
        apply_devices(cgroup, resources->devices, resources->n_devices, err) < 0)
        return -1;
    if (resources->n_hugepage_limits > 0) {
        const struct cgroup_dir *dir = need(cgroup, CGROUP_HUGETLB, "hugepageLimits", err);
        if (dir == NULL || manner(dir)->set_hugepages(dir->path, resources->hugepage_limits,
                                                      resources->n_hugepage_limits, err) < 0)
            return -1;
    }
    return apply_unified(cgroup, &resources->unified, err);
}
