/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures of a container, in the shape of runc's events, which containerd's go-runc reads. What only a
 * monitor knows stands in an extra member, "wherry".
 */
#include "cgroup_stats.h"
#include "command.h"

#include "base/cleanup.h"
#include "monitor/status.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

struct events_options {
    bool wants_stats;
    const char *interval;
};

static const struct cli_option options[] = {
    {"stats", 0, CLI_FLAG, offsetof(struct events_options, wants_stats), NULL, "print the figures once"},
    {"interval", 0, CLI_TEXT, offsetof(struct events_options, interval), "TIME",
     "between two lines: 5s, 500ms (5s)"},
    CLI_END,
};

#define MS_PER_S 1000u

/* A number with "ms", "s" or "m" behind it. */
static int parse_interval(const char *text, struct timespec *out, struct error *err)
{
    char unit[4] = "";
    unsigned number;
    char rest;
    uint64_t ms;

    if (sscanf(text, "%6u%3[a-z]%c", &number, unit, &rest) != 2)
        return error_set(err, ERROR_USAGE, "\"%s\" is no time", text);
    if (strcmp(unit, "ms") == 0)
        ms = number;
    else if (strcmp(unit, "s") == 0)
        ms = (uint64_t)number * MS_PER_S;
    else if (strcmp(unit, "m") == 0)
        ms = (uint64_t)number * 60 * MS_PER_S;
    else
        return error_set(err, ERROR_USAGE, "\"%s\" is no time", text);
    if (ms == 0)
        return error_set(err, ERROR_USAGE, "the interval must be more than 0");
    *out = (struct timespec){.tv_sec = (time_t)(ms / MS_PER_S), .tv_nsec = (long)(ms % MS_PER_S) * 1000000};
    return 0;
}

static void print_usage(const char *name, const struct cgroup_stats_usage *usage)
{
    printf("\"%s\":{\"limit\":%" PRIu64 ",\"usage\":%" PRIu64 ",\"max\":%" PRIu64 ",\"failcnt\":%" PRIu64 "}",
           name, usage->limit, usage->usage, usage->max, usage->failcnt);
}

static void print_cpu(const struct cgroup_stats_cpu *cpu)
{
    printf("\"cpu\":{\"usage\":{\"total\":%" PRIu64, cpu->total_ns);
    for (size_t i = 0; i < cpu->n_percpu; i++)
        printf("%s%" PRIu64 "%s", i == 0 ? ",\"percpu\":[" : ",", cpu->percpu_ns[i],
               i + 1 == cpu->n_percpu ? "]" : "");
    printf(",\"kernel\":%" PRIu64 ",\"user\":%" PRIu64 "},\"throttling\":{\"periods\":%" PRIu64
           ",\"throttledPeriods\":%" PRIu64 ",\"throttledTime\":%" PRIu64 "}}",
           cpu->kernel_ns, cpu->user_ns, cpu->periods, cpu->throttled_periods, cpu->throttled_ns);
}

/* The names are those of the kernel's memory.stat: letters and underscores. */
static void print_memory(const struct cgroup_stats_memory *memory)
{
    printf("\"memory\":{\"cache\":%" PRIu64 ",", memory->cache);
    print_usage("usage", &memory->memory);
    fputc(',', stdout);
    print_usage("swap", &memory->swap);
    fputc(',', stdout);
    print_usage("kernel", &memory->kernel);
    fputc(',', stdout);
    print_usage("kernelTCP", &memory->kernel_tcp);
    fputs(",\"raw\":{", stdout);
    for (size_t i = 0; i < memory->n_raw; i++)
        printf("%s\"%s\":%" PRIu64, i == 0 ? "" : ",", memory->raw[i].name, memory->raw[i].value);
    fputs("}}", stdout);
}

static void print_blkio_list(const char *name, const struct cgroup_stats_blkio_list *list)
{
    printf("\"%s\":[", name);
    for (size_t i = 0; i < list->n; i++)
        printf("%s{\"major\":%" PRIu64 ",\"minor\":%" PRIu64 ",\"op\":\"%s\",\"value\":%" PRIu64 "}",
               i == 0 ? "" : ",", list->entries[i].major, list->entries[i].minor, list->entries[i].op,
               list->entries[i].value);
    fputc(']', stdout);
}

static void print_hugetlb(const struct cgroup_stats *stats)
{
    fputs("\"hugetlb\":{", stdout);
    for (size_t i = 0; i < stats->n_hugetlb; i++) {
        fputs(i == 0 ? "" : ",", stdout);
        print_usage(stats->hugetlb[i].page_size, &stats->hugetlb[i].usage);
    }
    fputc('}', stdout);
}

static void print_monitor(const struct status *status)
{
    printf("\"wherry\":{\"exits\":%" PRIu64 ",\"hypercalls\":%" PRIu64 ",\"blockReadBytes\":%" PRIu64
           ",\"blockWriteBytes\":%" PRIu64 ",\"netReceivedBytes\":%" PRIu64 ",\"netSentBytes\":%" PRIu64
           ",\"netReceivedPackets\":%" PRIu64 ",\"netSentPackets\":%" PRIu64 ",\"consoleBytes\":%" PRIu64 "}",
           status->exits, status->hypercalls, status->block_read_bytes, status->block_write_bytes,
           status->net_received_bytes, status->net_sent_bytes, status->net_received_packets,
           status->net_sent_packets, status->console_bytes);
}

static int print_stats(const struct container *container, struct error *err)
{
    _cleanup_(cgroup_stats_release) struct cgroup_stats stats = {0};
    struct status status;

    if (container_read_stats(container, &stats, err) < 0 ||
        container_read_status(container, &status, err) < 0)
        return -1;
    printf("{\"type\":\"stats\",\"id\":\"%s\",\"data\":{", container->dir.id);
    print_cpu(&stats.cpu);
    fputs(",\"cpuset\":{},", stdout);
    print_memory(&stats.memory);
    printf(",\"pids\":{\"current\":%" PRIu64 ",\"limit\":%" PRIu64 "},\"blkio\":{", stats.pids_current,
           stats.pids_limit == UINT64_MAX ? 0 : stats.pids_limit);
    print_blkio_list("ioServiceBytesRecursive", &stats.io_service_bytes);
    fputc(',', stdout);
    print_blkio_list("ioServicedRecursive", &stats.io_serviced);
    fputs("},", stdout);
    print_hugetlb(&stats);
    fputs(",\"intel_rdt\":{},\"network_interfaces\":null,", stdout);
    print_monitor(&status);
    fputs("}}\n", stdout);
    return fflush(stdout) == 0 ? 0 : error_errno(err, "write the figures");
}

/* An out-of-memory kill since the last look is an event of its own. */
static int report_oom(const struct container *container, uint64_t *seen, struct error *err)
{
    _cleanup_(cgroup_stats_release) struct cgroup_stats stats = {0};
    if (container_read_stats(container, &stats, err) < 0)
        return -1;
    if (stats.memory.oom_kills > *seen)
        printf("{\"type\":\"oom\",\"id\":\"%s\"}\n", container->dir.id);
    *seen = stats.memory.oom_kills;
    return 0;
}

static int stream(struct container *container, const struct timespec *interval, struct error *err)
{
    uint64_t seen = 0;
    while (process_is_alive(&container->record.process)) {
        if (report_oom(container, &seen, err) < 0 || print_stats(container, err) < 0)
            return -1;
        nanosleep(interval, NULL);
    }
    return 0;
}

static int run(const struct cli_invocation *invocation, struct error *err)
{
    const struct events_options *given = invocation->options;
    _cleanup_(container_close) struct container container = CONTAINER_NONE;
    struct timespec interval = {0};

    if (parse_interval(given->interval != NULL ? given->interval : "5s", &interval, err) < 0)
        return -1;
    if (command_open_container(invocation, CONTAINER_READ, &container, err) < 0)
        return -1;
    if (container.state == STATE_STOPPED)
        return error_set(err, ERROR_STATE, "container not running: '%s' is stopped", container.dir.id);
    if ((given->wants_stats ? print_stats(&container, err) : stream(&container, &interval, err)) < 0)
        return -1;
    return EXIT_SUCCESS;
}

const struct cli_command cmd_events = {
    .name = "events",
    .arguments = "ID",
    .summary = "print what a container uses, as JSON",
    .options = options,
    .options_size = sizeof(struct events_options),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
