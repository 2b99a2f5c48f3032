/* SPDX-License-Identifier: Apache-2.0 */
/* linux (config-linux.md), without its resources. Its fields stand in struct config itself. */
#include "section.h"

#include <string.h>

/* --- namespaces --- */

static const char *const namespace_names[] = {
    [CONFIG_NAMESPACE_PID] = "pid",       [CONFIG_NAMESPACE_NETWORK] = "network",
    [CONFIG_NAMESPACE_MOUNT] = "mount",   [CONFIG_NAMESPACE_IPC] = "ipc",
    [CONFIG_NAMESPACE_UTS] = "uts",       [CONFIG_NAMESPACE_USER] = "user",
    [CONFIG_NAMESPACE_CGROUP] = "cgroup", [CONFIG_NAMESPACE_TIME] = "time",
    [CONFIG_NAMESPACE_COUNT] = NULL,
};

const char *config_namespace_name(enum config_namespace_type type)
{
    return namespace_names[type];
}

struct namespace_element {
    int type;
    const char *path;
};

static int namespace_finish(struct field_reader *reader, void *base, struct error *err)
{
    struct namespace_element *element = base;
    if (element->path != NULL && element->path[0] == '\0')
        element->path = NULL;
    return element->path == NULL ? 0 : field_check_absolute(reader, element->path, err);
}

static const struct field namespace_fields[] = {
    {FIELD(namespace_element, type, FIELD_ENUM, "type"), .names = namespace_names, .is_required = true},
    {FIELD(namespace_element, path, FIELD_STRING, "path")},
};
static const struct field_object namespace_object = {.size = sizeof(struct namespace_element),
                                                     .fields = namespace_fields,
                                                     .n_fields = 2,
                                                     .finish = namespace_finish};

/* "If a namespaces field contains duplicated namespaces with same type, the runtime MUST generate an error."
 */
static int add_namespace(struct field_reader *reader, const struct json *value, struct config *config,
                         struct error *err)
{
    struct namespace_element element = {0};
    if (field_read_object(reader, &namespace_object, value, &element, err) < 0)
        return -1;
    struct config_namespace *ns = &config->namespaces[element.type];
    if (ns->is_listed)
        return field_error(reader, err, "a second namespace of type '%s'", namespace_names[element.type]);
    *ns = (struct config_namespace){.is_listed = true, .path = element.path};
    return 0;
}

static int read_namespaces(struct field_reader *reader, const struct json *value, void *base,
                           struct error *err)
{
    if (field_check_type(reader, value, JSON_ARRAY, err) < 0)
        return -1;
    for (size_t i = 0; i < value->n_children; i++) {
        struct field_place place = field_enter_element(reader, i);
        if (add_namespace(reader, value->children[i], base, err) < 0)
            return -1;
        field_leave(reader, place);
    }
    return 0;
}

/* --- id mappings --- */

static int id_mapping_finish(struct field_reader *reader, void *base, struct error *err)
{
    const struct config_id_mapping *mapping = base;
    if (mapping->size > UINT32_MAX - mapping->container_id || mapping->size > UINT32_MAX - mapping->host_id)
        return field_error(reader, err, "the range of ids goes beyond the largest id");
    return 0;
}

static const struct field id_mapping_fields[] = {
    {FIELD(config_id_mapping, container_id, FIELD_U32, "containerID"), .is_required = true},
    {FIELD(config_id_mapping, host_id, FIELD_U32, "hostID"), .is_required = true},
    {FIELD(config_id_mapping, size, FIELD_U32, "size"), .is_required = true, .min = 1, .max = UINT32_MAX},
};
static const struct field_object id_mapping_object = {.size = sizeof(struct config_id_mapping),
                                                      .fields = id_mapping_fields,
                                                      .n_fields = 3,
                                                      .finish = id_mapping_finish};

/* --- clocks --- */

static int time_offset_finish(struct field_reader *reader, void *base, struct error *err)
{
    (void)reader;
    (void)err;
    ((struct config_time_offset *)base)->is_set = true;
    return 0;
}

static const struct field time_offset_fields[] = {
    {FIELD(config_time_offset, seconds, FIELD_I64, "secs")},
    {FIELD(config_time_offset, nanoseconds, FIELD_U32, "nanosecs"), .max = 999999999},
};
static const struct field_object time_offset_object = {.size = sizeof(struct config_time_offset),
                                                       .fields = time_offset_fields,
                                                       .n_fields = 2,
                                                       .finish = time_offset_finish};

static const struct field time_offsets_fields[] = {
    {FIELD(config, boottime, FIELD_OBJECT, "boottime"), .object = &time_offset_object},
    {FIELD(config, monotonic, FIELD_OBJECT, "monotonic"), .object = &time_offset_object},
};
static const struct field_object time_offsets_object = {
    .size = sizeof(struct config), .fields = time_offsets_fields, .n_fields = 2, .is_closed = true};

/* --- what is only checked --- */

struct seccomp_action {
    const char *action;
};

/* A profile may be ignored, but not when somebody waits for what it reports. */
static int seccomp_finish(struct field_reader *reader, void *base, struct error *err)
{
    const struct seccomp_action *seccomp = base;
    if (seccomp->action != NULL && strcmp(seccomp->action, "SCMP_ACT_NOTIFY") == 0)
        return field_refuse(reader, err, "SCMP_ACT_NOTIFY is not supported");
    return 0;
}

static const struct field syscall_fields[] = {{FIELD(seccomp_action, action, FIELD_STRING, "action")}};
static const struct field_object syscall_object = {
    .size = sizeof(struct seccomp_action), .fields = syscall_fields, .n_fields = 1, .finish = seccomp_finish};

struct seccomp {
    struct seccomp_action action;
    const struct seccomp_action *syscalls;
    size_t n_syscalls;
};

static const struct field seccomp_fields[] = {
    {FIELD(seccomp, action.action, FIELD_STRING, "defaultAction"), .is_required = true},
    {FIELD_LIST(seccomp, syscalls, n_syscalls, FIELD_OBJECTS, "syscalls"), .object = &syscall_object},
};
static const struct field_object seccomp_object = {
    .size = sizeof(struct seccomp), .fields = seccomp_fields, .n_fields = 2, .finish = seccomp_finish};

static int check_seccomp(struct field_reader *reader, const struct json *value, void *base, struct error *err)
{
    (void)base;
    struct seccomp seccomp = {0};
    return field_read_object(reader, &seccomp_object, value, &seccomp, err);
}

static int check_personality(struct field_reader *reader, const struct json *value, void *base,
                             struct error *err)
{
    (void)base;
    if (field_check_type(reader, value, JSON_OBJECT, err) < 0)
        return -1;
    const struct json *domain = json_get(value, "domain");
    if (domain == NULL || domain->type != JSON_STRING)
        return field_error(reader, err, "'domain' is missing");
    if (strcmp(domain->text, "LINUX") == 0)
        return 0;
    return field_refuse(reader, err, "domain '%s' is not supported", domain->text);
}

/* --- the whole --- */

static const char *const propagation_names[] = {
    [CONFIG_PROPAGATION_UNSET] = "",
    [CONFIG_PROPAGATION_PRIVATE] = "private",
    [CONFIG_PROPAGATION_SLAVE] = "slave",
    [CONFIG_PROPAGATION_SHARED] = "shared",
    [CONFIG_PROPAGATION_UNBINDABLE] = "unbindable",
    NULL,
};

/* Engines also write the recursive forms, and mean the same. */
static int read_propagation(struct field_reader *reader, const struct json *value, void *base,
                            struct error *err)
{
    struct config *config = base;
    if (field_check_type(reader, value, JSON_STRING, err) < 0)
        return -1;
    for (int i = 0; propagation_names[i] != NULL; i++) {
        const char *name = propagation_names[i], *given = value->text;
        if (strcmp(name, given) == 0 || (i > 0 && given[0] == 'r' && strcmp(name, given + 1) == 0)) {
            config->rootfs_propagation = (enum config_propagation)i;
            return 0;
        }
    }
    return field_error(reader, err, "unknown value '%s'", value->text);
}

static const struct field linux_fields[] = {
    {.name = "namespaces", .type = FIELD_CUSTOM, .extra = FIELD_NONE, .read = read_namespaces},
    {FIELD_LIST(config, uid_mappings.items, uid_mappings.n, FIELD_OBJECTS, "uidMappings"),
     .object = &id_mapping_object},
    {FIELD_LIST(config, gid_mappings.items, gid_mappings.n, FIELD_OBJECTS, "gidMappings"),
     .object = &id_mapping_object},
    {.name = "timeOffsets", .type = FIELD_OBJECT, .extra = FIELD_NONE, .object = &time_offsets_object},
    {FIELD(config, cgroups_path, FIELD_STRING, "cgroupsPath")},
    {FIELD(config, resources, FIELD_OBJECT, "resources"), .object = &resources_section},
    {FIELD(config, sysctl, FIELD_MAP, "sysctl")},
    {.name = "rootfsPropagation", .type = FIELD_CUSTOM, .extra = FIELD_NONE, .read = read_propagation},
    {.name = "seccomp", .type = FIELD_CUSTOM, .extra = FIELD_NONE, .read = check_seccomp},
    {.name = "personality", .type = FIELD_CUSTOM, .extra = FIELD_NONE, .read = check_personality},
};

const struct field_object linux_section = FIELD_OBJECT_OF(config, linux_fields);
