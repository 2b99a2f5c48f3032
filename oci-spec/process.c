/* SPDX-License-Identifier: Apache-2.0 */
/* process (config.md, "Process"). */
#include "section.h"

#include <string.h>
#include <sys/resource.h>

static const struct field user_fields[] = {
    {FIELD(config_user, uid, FIELD_U32, "uid")},
    {FIELD(config_user, gid, FIELD_U32, "gid")},
    {FIELD_HAS(config_user, umask, FIELD_U32, "umask"), .max = 0777},
    {FIELD_LIST(config_user, additional_gids, n_additional_gids, FIELD_U32S, "additionalGids")},
};
static const struct field_object user_object = FIELD_OBJECT_OF(config_user, user_fields);

/* --- rlimits --- */

static const struct {
    const char *name;
    int resource;
} resources[] = {
    {"RLIMIT_AS", RLIMIT_AS},
    {"RLIMIT_CORE", RLIMIT_CORE},
    {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", RLIMIT_NPROC},
    {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},
    {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},
};

/* "The runtime MUST generate an error for any values which cannot be mapped to a relevant kernel interface."
 */
static int rlimit_finish(struct field_reader *reader, void *base, struct error *err)
{
    struct config_rlimit *rlimit = base;
    if (rlimit->soft > rlimit->hard)
        return field_error(reader, err, "the soft limit is above the hard limit");
    for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
        if (strcmp(resources[i].name, rlimit->name) == 0) {
            rlimit->resource = resources[i].resource;
            return 0;
        }
    }
    return field_error(reader, err, "unknown resource '%s'", rlimit->name);
}

static const struct field rlimit_fields[] = {
    {FIELD(config_rlimit, name, FIELD_STRING, "type"), .is_required = true},
    {FIELD(config_rlimit, soft, FIELD_U64, "soft"), .is_required = true},
    {FIELD(config_rlimit, hard, FIELD_U64, "hard"), .is_required = true},
};
static const struct field_object rlimit_object = {
    .size = sizeof(struct config_rlimit), .fields = rlimit_fields, .n_fields = 3, .finish = rlimit_finish};

/* --- consoleSize --- */

struct console_size {
    uint16_t height;
    uint16_t width;
};

static const struct field console_fields[] = {
    {FIELD(console_size, height, FIELD_U16, "height"), .is_required = true},
    {FIELD(console_size, width, FIELD_U16, "width"), .is_required = true},
};
static const struct field_object console_object = FIELD_OBJECT_OF(console_size, console_fields);

/* A size that is all zero is what Go writes for one that nobody set. */
static int read_console_size(struct field_reader *reader, const struct json *value, void *base,
                             struct error *err)
{
    struct config_process *process = base;
    struct console_size size = {0};
    if (field_read_object(reader, &console_object, value, &size, err) < 0)
        return -1;
    process->has_console_size = size.height != 0 || size.width != 0;
    process->console_height = size.height;
    process->console_width = size.width;
    return 0;
}

/* --- the whole --- */

/* "If rlimits contains duplicated entries with same type, the runtime MUST generate an error." */
static int check_rlimits(const struct field_reader *reader, const struct config_process *process,
                         struct error *err)
{
    for (size_t i = 0; i < process->n_rlimits; i++) {
        for (size_t j = 0; j < i; j++) {
            if (process->rlimits[i].resource == process->rlimits[j].resource)
                return field_error(reader, err, "rlimits has '%s' twice", process->rlimits[i].name);
        }
    }
    return 0;
}

/* "env: each element has the semantics of IEEE Std 1003.1's environ": a name, "=", a value. */
static int check_env(const struct field_reader *reader, const struct config_process *process,
                     struct error *err)
{
    for (size_t i = 0; i < process->env.n; i++) {
        const char *equals = strchr(process->env.items[i], '=');
        if (equals == NULL || equals == process->env.items[i])
            return field_error(reader, err, "env[%zu] '%s' is not of the form NAME=VALUE", i,
                               process->env.items[i]);
    }
    return 0;
}

static int process_finish(struct field_reader *reader, void *base, struct error *err)
{
    struct config_process *process = base;
    if (process->cwd[0] != '/')
        return field_error(reader, err, "cwd '%s' is not an absolute path", process->cwd);
    if (check_rlimits(reader, process, err) < 0)
        return -1;
    return check_env(reader, process, err);
}

static const struct field process_fields[] = {
    {FIELD(config_process, terminal, FIELD_BOOL, "terminal")},
    {.name = "consoleSize", .type = FIELD_CUSTOM, .extra = FIELD_NONE, .read = read_console_size},
    {FIELD(config_process, user, FIELD_OBJECT, "user"), .object = &user_object},
    {FIELD(config_process, args, FIELD_STRINGS, "args")},
    {FIELD(config_process, env, FIELD_STRINGS, "env")},
    {FIELD(config_process, cwd, FIELD_STRING, "cwd"), .is_required = true},
    {FIELD_LIST(config_process, rlimits, n_rlimits, FIELD_OBJECTS, "rlimits"), .object = &rlimit_object},
    {FIELD_HAS(config_process, oom_score_adj, FIELD_I32, "oomScoreAdj"), .min = -1000, .max = 1000},
};

const struct field_object process_section = {.size = sizeof(struct config_process),
                                             .fields = process_fields,
                                             .n_fields = sizeof(process_fields) / sizeof(process_fields[0]),
                                             .finish = process_finish};
