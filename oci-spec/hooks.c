/* SPDX-License-Identifier: Apache-2.0 */
/* hooks (config.md, "POSIX-platform Hooks"). */
#include "section.h"

#define HOOKS_FIELD(KIND, NAME)                                                                \
    {                                                                                          \
        .name = (NAME), .type = FIELD_OBJECTS, .object = &hook_object,                         \
        .offset = (KIND) * sizeof(struct config_hooks) + offsetof(struct config_hooks, items), \
        .extra = (KIND) * sizeof(struct config_hooks) + offsetof(struct config_hooks, n)       \
    }

static int hook_finish(struct field_reader *reader, void *base, struct error *err)
{
    const struct config_hook *hook = base;
    return field_check_absolute(reader, hook->path, err);
}

static const struct field hook_fields[] = {
    {FIELD(config_hook, path, FIELD_STRING, "path"), .is_required = true},
    {FIELD(config_hook, args, FIELD_STRINGS, "args")},
    {FIELD(config_hook, env, FIELD_STRINGS, "env")},
    /* "If set, timeout MUST be greater than zero." */
    {FIELD(config_hook, timeout_s, FIELD_U32, "timeout"), .min = 1, .max = INT32_MAX},
};
static const struct field_object hook_object = {
    .size = sizeof(struct config_hook), .fields = hook_fields, .n_fields = 4, .finish = hook_finish};

static const struct field hooks_fields[] = {
    HOOKS_FIELD(CONFIG_HOOK_PRESTART, "prestart"),
    HOOKS_FIELD(CONFIG_HOOK_CREATE_RUNTIME, "createRuntime"),
    HOOKS_FIELD(CONFIG_HOOK_CREATE_CONTAINER, "createContainer"),
    HOOKS_FIELD(CONFIG_HOOK_START_CONTAINER, "startContainer"),
    HOOKS_FIELD(CONFIG_HOOK_POSTSTART, "poststart"),
    HOOKS_FIELD(CONFIG_HOOK_POSTSTOP, "poststop"),
};

const struct field_object hooks_section = {.size = CONFIG_HOOK_COUNT * sizeof(struct config_hooks),
                                           .fields = hooks_fields,
                                           .n_fields = CONFIG_HOOK_COUNT};

const char *config_hook_name(enum config_hook_kind kind)
{
    return hooks_fields[kind].name;
}
