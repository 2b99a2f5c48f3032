/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/num.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>

/* Numbers are text here, because "not given" is something else than 0. */
struct update_options {
    const char *resources;
    const char *memory, *memory_swap, *memory_reservation;
    const char *cpu_period, *cpu_quota, *cpu_shares, *cpu_burst, *cpu_idle;
    const char *cpu_rt_period, *cpu_rt_runtime;
    const char *cpus, *mems;
    const char *pids_limit;
    const char *blkio_weight;
};

#define NUMBER(name, field, help)                                                 \
    {                                                                             \
        name, 0, CLI_TEXT, offsetof(struct update_options, field), "NUMBER", help \
    }

static const struct cli_option options[] = {
    {"resources", 'r', CLI_TEXT, offsetof(struct update_options, resources), "FILE",
     "linux.resources as JSON; \"-\" is standard input"},
    NUMBER("memory", memory, "memory limit in bytes, or such as 64M; -1: none"),
    NUMBER("memory-swap", memory_swap, "limit of memory and swap together"),
    NUMBER("memory-reservation", memory_reservation, "memory that is taken from others first"),
    NUMBER("cpu-period", cpu_period, "microseconds"),
    NUMBER("cpu-quota", cpu_quota, "microseconds in each period; -1: no limit"),
    NUMBER("cpu-share", cpu_shares, "weight against other containers"),
    NUMBER("cpu-burst", cpu_burst, "microseconds"),
    NUMBER("cpu-idle", cpu_idle, "1: only when nobody else wants the CPU"),
    NUMBER("cpu-rt-period", cpu_rt_period, "microseconds"),
    NUMBER("cpu-rt-runtime", cpu_rt_runtime, "microseconds"),
    {"cpuset-cpus", 0, CLI_TEXT, offsetof(struct update_options, cpus), "LIST", "CPUs that may be used"},
    {"cpuset-mems", 0, CLI_TEXT, offsetof(struct update_options, mems), "LIST",
     "memory nodes that may be used"},
    NUMBER("pids-limit", pids_limit, "most processes and threads; -1: no limit"),
    NUMBER("blkio-weight", blkio_weight, "10 to 1000"),
    {"kernel-memory", 0, CLI_IGNORED, 0, "NUMBER", "accepted, without effect: the kernel has it no more"},
    {"kernel-memory-tcp", 0, CLI_IGNORED, 0, "NUMBER", "accepted, without effect"},
    CLI_END,
};

static int read_resources(const char *path, struct config **out, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    _cleanup_close_ int fd = -1;
    size_t size;

    if (strcmp(path, "-") == 0)
        fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    else if (fd_open(AT_FDCWD, path, O_RDONLY, 0, &fd, err) < 0)
        return -1;
    if (fd_read_all(fd, CONFIG_SIZE_MAX, &text, &size, path, err) < 0)
        return -1;
    return config_parse_resources(text, size, out, err);
}

/* What was given is written to *place, and has tells so. */
static int take_signed(const char *text, const char *what, bool *has, int64_t *place, struct error *err)
{
    if (text == NULL)
        return 0;
    *has = true;
    return num_parse_i64(text, INT64_MIN, INT64_MAX, place, what, err);
}

static int take_unsigned(const char *text, const char *what, bool *has, uint64_t *place, struct error *err)
{
    if (text == NULL)
        return 0;
    *has = true;
    return num_parse_u64(text, UINT64_MAX, place, what, err);
}

/* Bytes, or as many of a unit of 1024, 1024 * 1024 and so on as "64M", "64MB" and "64MiB" say. */
static int take_bytes(const char *text, const char *what, bool *has, int64_t *place, struct error *err)
{
    static const char units[] = "kmgtp";
    uint64_t n = 0;
    size_t n_digits = text == NULL ? 0 : num_scan_u64(text, strlen(text), &n);
    const char *unit = n_digits == 0 || text[n_digits] == '\0'
                           ? NULL
                           : strchr(units, tolower((unsigned char)text[n_digits]));
    if (unit == NULL)
        return take_signed(text, what, has, place, err);

    const char *rest = text + n_digits + 1;
    unsigned shift = 10 * (unsigned)(unit - units + 1);
    if ((rest[0] != '\0' && strcasecmp(rest, "b") != 0 && strcasecmp(rest, "ib") != 0) ||
        n > (uint64_t)INT64_MAX >> shift)
        return error_set(err, ERROR_INPUT, "%s '%s' is not a number of bytes", what, text);
    *has = true;
    *place = (int64_t)(n << shift);
    return 0;
}

static int take_memory(const struct update_options *given, struct config_memory *memory, struct error *err)
{
    if (take_bytes(given->memory, "--memory", &memory->has_limit, &memory->limit, err) < 0 ||
        take_bytes(given->memory_swap, "--memory-swap", &memory->has_swap, &memory->swap, err) < 0)
        return -1;
    return take_bytes(given->memory_reservation, "--memory-reservation", &memory->has_reservation,
                      &memory->reservation, err);
}

static int take_cpu(const struct update_options *given, struct config_cpu *cpu, struct error *err)
{
    if (take_unsigned(given->cpu_period, "--cpu-period", &cpu->has_period, &cpu->period, err) < 0 ||
        take_signed(given->cpu_quota, "--cpu-quota", &cpu->has_quota, &cpu->quota, err) < 0 ||
        take_unsigned(given->cpu_shares, "--cpu-share", &cpu->has_shares, &cpu->shares, err) < 0 ||
        take_unsigned(given->cpu_burst, "--cpu-burst", &cpu->has_burst, &cpu->burst, err) < 0 ||
        take_signed(given->cpu_idle, "--cpu-idle", &cpu->has_idle, &cpu->idle, err) < 0 ||
        take_unsigned(given->cpu_rt_period, "--cpu-rt-period", &cpu->has_realtime_period,
                      &cpu->realtime_period, err) < 0 ||
        take_signed(given->cpu_rt_runtime, "--cpu-rt-runtime", &cpu->has_realtime_runtime,
                    &cpu->realtime_runtime, err) < 0)
        return -1;
    cpu->cpus = given->cpus != NULL ? given->cpus : cpu->cpus;
    cpu->mems = given->mems != NULL ? given->mems : cpu->mems;
    return 0;
}

static int take_rest(const struct update_options *given, struct config_resources *resources,
                     struct error *err)
{
    uint64_t weight = 0;
    if (take_signed(given->pids_limit, "--pids-limit", &resources->pids.has_limit, &resources->pids.limit,
                    err) < 0)
        return -1;
    if (given->blkio_weight == NULL)
        return 0;
    if (num_parse_u64(given->blkio_weight, 1000, &weight, "--blkio-weight", err) < 0)
        return -1;
    resources->block_io.has_weight = true;
    resources->block_io.weight = (uint16_t)weight;
    return 0;
}

static int run(const struct cli_invocation *invocation, struct error *err)
{
    const struct update_options *given = invocation->options;
    _cleanup_(container_close) struct container container = CONTAINER_NONE;
    _cleanup_(config_freep) struct config *config = NULL;
    struct config_resources resources = {0};

    if (command_open_container(invocation, CONTAINER_LOCK, &container, err) < 0)
        return -1;
    if (given->resources != NULL) {
        if (read_resources(given->resources, &config, err) < 0)
            return -1;
        resources = config->resources;
    }
    if (take_memory(given, &resources.memory, err) < 0 || take_cpu(given, &resources.cpu, err) < 0 ||
        take_rest(given, &resources, err) < 0)
        return -1;
    if (container_update(&container, &resources, err) < 0)
        return -1;
    return EXIT_SUCCESS;
}

const struct cli_command cmd_update = {
    .name = "update",
    .arguments = "ID",
    .summary = "change the limits of a container",
    .options = options,
    .options_size = sizeof(struct update_options),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
