/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources (config-linux.md, "Control groups"). */
#include "section.h"

#include <string.h>

/* --- devices --- */

/* A major or minor number of a rule may be -1 for "any" (runc's form); there is no larger one than 32 bits.
 */
#define DEVICE_NUMBER_MAX UINT32_MAX

static int device_rule_finish(struct field_reader *reader, void *base, struct error *err)
{
    struct config_device_rule *rule = base;
    if (rule->access == NULL || rule->access[0] == '\0')
        rule->access = "rwm";
    if (rule->access[strspn(rule->access, "rwm")] != '\0')
        return field_refuse(reader, err, "access '%s' has letters other than r, w and m", rule->access);
    if (rule->type == '\0')
        rule->type = 'a';
    return 0;
}

static int read_device_type(struct field_reader *reader, const struct json *value, void *base,
                            struct error *err)
{
    struct config_device_rule *rule = base;
    if (field_check_type(reader, value, JSON_STRING, err) < 0)
        return -1;
    if (value->text[0] == '\0')
        return 0;
    if (strchr("abc", value->text[0]) == NULL || value->text[1] != '\0')
        return field_error(reader, err, "'%s' is not a, b or c", value->text);
    rule->type = value->text[0];
    return 0;
}

static const struct field device_rule_fields[] = {
    {FIELD(config_device_rule, allow, FIELD_BOOL, "allow"), .is_required = true},
    {.name = "type", .type = FIELD_CUSTOM, .extra = FIELD_NONE, .read = read_device_type},
    {FIELD_HAS(config_device_rule, major, FIELD_I64, "major"), .min = -1, .max = DEVICE_NUMBER_MAX},
    {FIELD_HAS(config_device_rule, minor, FIELD_I64, "minor"), .min = -1, .max = DEVICE_NUMBER_MAX},
    {FIELD(config_device_rule, access, FIELD_STRING, "access")},
};
static const struct field_object device_rule_object = {.size = sizeof(struct config_device_rule),
                                                       .fields = device_rule_fields,
                                                       .n_fields = 5,
                                                       .finish = device_rule_finish};

/* --- memory, cpu, pids --- */

static const struct field memory_fields[] = {
    {FIELD_HAS(config_memory, limit, FIELD_I64, "limit"), .min = -1, .max = INT64_MAX},
    {FIELD_HAS(config_memory, reservation, FIELD_I64, "reservation"), .min = -1, .max = INT64_MAX},
    {FIELD_HAS(config_memory, swap, FIELD_I64, "swap"), .min = -1, .max = INT64_MAX},
    {FIELD_HAS(config_memory, swappiness, FIELD_U64, "swappiness"), .max = 100},
    {FIELD_HAS(config_memory, disable_oom_killer, FIELD_BOOL, "disableOOMKiller")},
    {FIELD(config_memory, check_before_update, FIELD_BOOL, "checkBeforeUpdate")},
};
static const struct field_object memory_object = FIELD_OBJECT_OF(config_memory, memory_fields);

static const struct field cpu_fields[] = {
    {FIELD_HAS(config_cpu, shares, FIELD_U64, "shares")},
    {FIELD_HAS(config_cpu, quota, FIELD_I64, "quota")},
    {FIELD_HAS(config_cpu, burst, FIELD_U64, "burst")},
    {FIELD_HAS(config_cpu, period, FIELD_U64, "period")},
    {FIELD_HAS(config_cpu, realtime_runtime, FIELD_I64, "realtimeRuntime")},
    {FIELD_HAS(config_cpu, realtime_period, FIELD_U64, "realtimePeriod")},
    {FIELD_HAS(config_cpu, idle, FIELD_I64, "idle"), .min = 0, .max = 1},
    {FIELD(config_cpu, cpus, FIELD_STRING, "cpus")},
    {FIELD(config_cpu, mems, FIELD_STRING, "mems")},
};
static const struct field_object cpu_object = FIELD_OBJECT_OF(config_cpu, cpu_fields);

static const struct field pids_fields[] = {
    {FIELD_HAS(config_pids, limit, FIELD_I64, "limit")},
};
static const struct field_object pids_object = FIELD_OBJECT_OF(config_pids, pids_fields);

/* --- blockIO --- */

static const struct field weight_device_fields[] = {
    {FIELD(config_weight_device, major, FIELD_I64, "major"), .is_required = true, .max = UINT32_MAX},
    {FIELD(config_weight_device, minor, FIELD_I64, "minor"), .is_required = true, .max = UINT32_MAX},
    {FIELD_HAS(config_weight_device, weight, FIELD_U16, "weight")},
    {FIELD_HAS(config_weight_device, leaf_weight, FIELD_U16, "leafWeight")},
};
static const struct field_object weight_device_object =
    FIELD_OBJECT_OF(config_weight_device, weight_device_fields);

static const struct field throttle_device_fields[] = {
    {FIELD(config_throttle_device, major, FIELD_I64, "major"), .is_required = true, .max = UINT32_MAX},
    {FIELD(config_throttle_device, minor, FIELD_I64, "minor"), .is_required = true, .max = UINT32_MAX},
    {FIELD(config_throttle_device, rate, FIELD_U64, "rate"), .is_required = true},
};
static const struct field_object throttle_device_object =
    FIELD_OBJECT_OF(config_throttle_device, throttle_device_fields);

#define THROTTLE_FIELD(MEMBER, NAME)                                              \
    {                                                                             \
        FIELD_LIST(config_block_io, MEMBER.items, MEMBER.n, FIELD_OBJECTS, NAME), \
            .object = &throttle_device_object                                     \
    }

static const struct field block_io_fields[] = {
    {FIELD_HAS(config_block_io, weight, FIELD_U16, "weight")},
    {FIELD_HAS(config_block_io, leaf_weight, FIELD_U16, "leafWeight")},
    {FIELD_LIST(config_block_io, weight_devices, n_weight_devices, FIELD_OBJECTS, "weightDevice"),
     .object = &weight_device_object},
    THROTTLE_FIELD(read_bps, "throttleReadBpsDevice"),
    THROTTLE_FIELD(write_bps, "throttleWriteBpsDevice"),
    THROTTLE_FIELD(read_iops, "throttleReadIOPSDevice"),
    THROTTLE_FIELD(write_iops, "throttleWriteIOPSDevice"),
};
static const struct field_object block_io_object = FIELD_OBJECT_OF(config_block_io, block_io_fields);

/* --- hugepageLimits, network, rdma --- */

/* "The format of pageSize is <size><unit-prefix>B", unit-prefix one of K, M and G. */
static bool is_page_size(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && text[0] != '0' && text[digits] != '\0' && strchr("KMG", text[digits]) != NULL &&
           strcmp(text + digits + 1, "B") == 0;
}

static int hugepage_finish(struct field_reader *reader, void *base, struct error *err)
{
    const struct config_hugepage_limit *limit = base;
    if (!is_page_size(limit->page_size))
        return field_error(reader, err, "pageSize '%s' is not a size such as '2MB'", limit->page_size);
    return 0;
}

static const struct field hugepage_fields[] = {
    {FIELD(config_hugepage_limit, page_size, FIELD_STRING, "pageSize"), .is_required = true},
    {FIELD(config_hugepage_limit, limit, FIELD_U64, "limit"), .is_required = true},
};
static const struct field_object hugepage_object = {.size = sizeof(struct config_hugepage_limit),
                                                    .fields = hugepage_fields,
                                                    .n_fields = 2,
                                                    .finish = hugepage_finish};

static const struct field priority_fields[] = {
    {FIELD(config_interface_priority, name, FIELD_STRING, "name"), .is_required = true},
    {FIELD(config_interface_priority, priority, FIELD_U32, "priority"), .is_required = true},
};
static const struct field_object priority_object =
    FIELD_OBJECT_OF(config_interface_priority, priority_fields);

static const struct field network_fields[] = {
    {FIELD_HAS(config_network, class_id, FIELD_U32, "classID")},
    {FIELD_LIST(config_network, priorities, n_priorities, FIELD_OBJECTS, "priorities"),
     .object = &priority_object},
};
static const struct field_object network_object = FIELD_OBJECT_OF(config_network, network_fields);

static const struct field rdma_fields[] = {
    {FIELD_HAS(config_rdma, hca_handles, FIELD_U32, "hcaHandles")},
    {FIELD_HAS(config_rdma, hca_objects, FIELD_U32, "hcaObjects")},
};
static const struct field_object rdma_object = FIELD_OBJECT_OF(config_rdma, rdma_fields);
_Static_assert(offsetof(struct config_rdma, device) == 0, "FIELD_OBJECT_MAP puts the key first");

/* --- the whole --- */

/* The keys become file names in the cgroup's directory. */
static int resources_finish(struct field_reader *reader, void *base, struct error *err)
{
    const struct config_resources *resources = base;
    for (size_t i = 0; i < resources->unified.n; i++) {
        const char *key = resources->unified.pairs[i].key;
        if (key[0] == '\0' || strchr(key, '/') != NULL || key[0] == '.')
            return field_error(reader, err, "unified '%s' is not the name of a cgroup file", key);
    }
    return 0;
}

static const struct field resources_fields[] = {
    {FIELD_LIST(config_resources, devices, n_devices, FIELD_OBJECTS, "devices"),
     .object = &device_rule_object},
    {FIELD(config_resources, memory, FIELD_OBJECT, "memory"), .object = &memory_object},
    {FIELD(config_resources, cpu, FIELD_OBJECT, "cpu"), .object = &cpu_object},
    {FIELD(config_resources, pids, FIELD_OBJECT, "pids"), .object = &pids_object},
    {FIELD(config_resources, block_io, FIELD_OBJECT, "blockIO"), .object = &block_io_object},
    {FIELD_LIST(config_resources, hugepage_limits, n_hugepage_limits, FIELD_OBJECTS, "hugepageLimits"),
     .object = &hugepage_object},
    {FIELD(config_resources, network, FIELD_OBJECT, "network"), .object = &network_object},
    {FIELD_LIST(config_resources, rdma, n_rdma, FIELD_OBJECT_MAP, "rdma"), .object = &rdma_object},
    {FIELD(config_resources, unified, FIELD_MAP, "unified")},
};

const struct field_object resources_section = {.size = sizeof(struct config_resources),
                                               .fields = resources_fields,
                                               .n_fields =
                                                   sizeof(resources_fields) / sizeof(resources_fields[0]),
                                               .finish = resources_finish};
