/* SPDX-License-Identifier: Apache-2.0 */
/*
 * v1 and v2 count the same things under different names and in different units (v1's cpuacct.stat in clock
 * ticks, v2's cpu.stat in microseconds). A file that is not there leaves its figures 0: kernels differ in
 * what they count, and statistics are no reason to fail.
 */
#include "cgroup_stats.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "cgroup.h"
#include "cgroup_dirs.h"
#include "cgroup_file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_S  1000000000ull
#define NS_PER_US 1000ull

static char *read_text(const char *dir, const char *name)
{
    struct error ignored;
    char *text = NULL;
    return cgroup_file_read(dir, name, &text, &ignored) < 0 ? NULL : text;
}

/* Cuts off the first word of *at and steps over it; NULL at the end of the line. */
static const char *next_word(const char **at, char word[CGROUP_STATS_NAME_SIZE])
{
    *at += strspn(*at, " ");
    size_t length = strcspn(*at, " \n");
    if (length == 0)
        return NULL;
    snprintf(word, CGROUP_STATS_NAME_SIZE, "%.*s", (int)(length < 4096 ? length : 4096), *at);
    *at += length;
    return word;
}

static void skip_line(const char **at)
{
    *at += strcspn(*at, "\n");
    *at += **at == '\n';
}

static void read_percpu(struct cgroup_stats_cpu *cpu, const char *dir)
{
    _cleanup_free_ char *text = read_text(dir, "cpuacct.usage_percpu");
    uint64_t value;
    if (text == NULL)
        return;
    const char *at = text;
    for (size_t length; (length = num_scan_u64(at, strlen(at), &value)) > 0;
         at += length + (at[length] == ' ')) {
        uint64_t *grown = reallocarray(cpu->percpu_ns, cpu->n_percpu + 1, sizeof(*grown));
        if (grown == NULL)
            return;
        cpu->percpu_ns = grown;
        cpu->percpu_ns[cpu->n_percpu++] = value;
    }
}

static void read_cpu_v1(struct cgroup_stats_cpu *cpu, const struct cgroup *cgroup)
{
    const struct cgroup_dir *usage = cgroup_find(cgroup, CGROUP_CPUACCT);
    const struct cgroup_dir *throttling = cgroup_find(cgroup, CGROUP_CPU);
    if (usage != NULL) {
        uint64_t tick_ns = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
        _cleanup_free_ char *text = read_text(usage->path, "cpuacct.stat");
        cpu->total_ns = cgroup_file_get_u64(usage->path, "cpuacct.usage");
        cpu->user_ns = text != NULL ? cgroup_file_find_u64(text, "user") * tick_ns : 0;
        cpu->kernel_ns = text != NULL ? cgroup_file_find_u64(text, "system") * tick_ns : 0;
        read_percpu(cpu, usage->path);
    }
    if (throttling != NULL && !throttling->is_v2) {
        _cleanup_free_ char *text = read_text(throttling->path, "cpu.stat");
        if (text == NULL)
            return;
        cpu->periods = cgroup_file_find_u64(text, "nr_periods");
        cpu->throttled_periods = cgroup_file_find_u64(text, "nr_throttled");
        cpu->throttled_ns = cgroup_file_find_u64(text, "throttled_time");
    }
}

/* cpu.stat has the usage even where the cpu controller is not enabled. */
static void read_cpu_v2(struct cgroup_stats_cpu *cpu, const char *dir)
{
    _cleanup_free_ char *text = read_text(dir, "cpu.stat");
    if (text == NULL)
        return;
    cpu->total_ns = cgroup_file_find_u64(text, "usage_usec") * NS_PER_US;
    cpu->user_ns = cgroup_file_find_u64(text, "user_usec") * NS_PER_US;
    cpu->kernel_ns = cgroup_file_find_u64(text, "system_usec") * NS_PER_US;
    cpu->periods = cgroup_file_find_u64(text, "nr_periods");
    cpu->throttled_periods = cgroup_file_find_u64(text, "nr_throttled");
    cpu->throttled_ns = cgroup_file_find_u64(text, "throttled_usec") * NS_PER_US;
}

static void read_memory_stat(struct cgroup_stats_memory *memory, const char *dir)
{
    _cleanup_free_ char *text = read_text(dir, "memory.stat");
    const char *at = text;
    while (at != NULL && *at != '\0') {
        struct cgroup_stats_counter counter;
        struct cgroup_stats_counter *grown = reallocarray(memory->raw, memory->n_raw + 1, sizeof(*grown));
        if (grown == NULL)
            return;
        memory->raw = grown;
        if (next_word(&at, counter.name) != NULL && *at == ' ' &&
            num_scan_u64(at + 1, strlen(at + 1), &counter.value) > 0)
            memory->raw[memory->n_raw++] = counter;
        skip_line(&at);
    }
}

static uint64_t find_counter(const struct cgroup_stats_memory *memory, const char *name)
{
    for (size_t i = 0; i < memory->n_raw; i++) {
        if (strcmp(memory->raw[i].name, name) == 0)
            return memory->raw[i].value;
    }
    return 0;
}

/* The four files of one kind of memory have a common prefix: "memory", "memory.memsw", "hugetlb.2MB". */
static void read_usage_v1(struct cgroup_stats_usage *usage, const char *dir, const char *prefix)
{
    static const char *const suffixes[] = {"usage_in_bytes", "limit_in_bytes", "max_usage_in_bytes",
                                           "failcnt"};
    uint64_t *const values[] = {&usage->usage, &usage->limit, &usage->max, &usage->failcnt};
    for (size_t i = 0; i < 4; i++) {
        char name[96];
        snprintf(name, sizeof(name), "%s.%s", prefix, suffixes[i]);
        *values[i] = cgroup_file_get_u64(dir, name);
    }
}

static void read_memory_v1(struct cgroup_stats_memory *memory, const char *dir)
{
    _cleanup_free_ char *oom = read_text(dir, "memory.oom_control");
    read_usage_v1(&memory->memory, dir, "memory");
    read_usage_v1(&memory->swap, dir, "memory.memsw");
    read_usage_v1(&memory->kernel, dir, "memory.kmem");
    read_usage_v1(&memory->kernel_tcp, dir, "memory.kmem.tcp");
    read_memory_stat(memory, dir);
    memory->cache = find_counter(memory, "cache");
    memory->oom_kills = oom != NULL ? cgroup_file_find_u64(oom, "oom_kill") : 0;
}

static void read_memory_v2(struct cgroup_stats_memory *memory, const char *dir)
{
    _cleanup_free_ char *events = read_text(dir, "memory.events");
    _cleanup_free_ char *swap_events = read_text(dir, "memory.swap.events");
    memory->memory.usage = cgroup_file_get_u64(dir, "memory.current");
    memory->memory.limit = cgroup_file_get_u64(dir, "memory.max");
    memory->memory.max = cgroup_file_get_u64(dir, "memory.peak");
    memory->memory.failcnt = events != NULL ? cgroup_file_find_u64(events, "max") : 0;
    memory->swap.usage = cgroup_file_get_u64(dir, "memory.swap.current");
    memory->swap.limit = cgroup_file_get_u64(dir, "memory.swap.max");
    memory->swap.max = cgroup_file_get_u64(dir, "memory.swap.peak");
    memory->swap.failcnt = swap_events != NULL ? cgroup_file_find_u64(swap_events, "fail") : 0;
    read_memory_stat(memory, dir);
    memory->cache = find_counter(memory, "file");
    memory->oom_kills = events != NULL ? cgroup_file_find_u64(events, "oom_kill") : 0;
}

static void add_blkio(struct cgroup_stats_blkio_list *list, const struct cgroup_stats_blkio *entry)
{
    struct cgroup_stats_blkio *grown = reallocarray(list->entries, list->n + 1, sizeof(*grown));
    if (grown == NULL)
        return;
    list->entries = grown;
    list->entries[list->n++] = *entry;
}

/* "8:0"; returns the bytes that it took, 0 if it is no device number. */
static size_t scan_device(const char *at, struct cgroup_stats_blkio *entry)
{
    size_t major = num_scan_u64(at, strlen(at), &entry->major);
    if (major == 0 || at[major] != ':')
        return 0;
    size_t minor = num_scan_u64(at + major + 1, strlen(at + major + 1), &entry->minor);
    return minor == 0 ? 0 : major + 1 + minor;
}

/* Lines of "8:0 Read 4096", and at last "Total 4096". */
static void read_blkio_v1(struct cgroup_stats_blkio_list *list, const char *dir, const char *name)
{
    _cleanup_free_ char *text = read_text(dir, name);
    for (const char *at = text; at != NULL && *at != '\0'; skip_line(&at)) {
        struct cgroup_stats_blkio entry;
        char word[CGROUP_STATS_NAME_SIZE];
        size_t length = scan_device(at, &entry);
        at += length;
        if (length == 0 || next_word(&at, word) == NULL || *at != ' ' ||
            num_scan_u64(at + 1, strlen(at + 1), &entry.value) == 0)
            continue;
        snprintf(entry.op, sizeof(entry.op), "%.15s", word);
        add_blkio(list, &entry);
    }
}

/* Lines of "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6", told in v1's words. */
static void read_io_v2(struct cgroup_stats *stats, const char *dir)
{
    static const struct {
        const char *key, *op;
        bool is_bytes;
    } figures[] = {{"rbytes=", "Read", true}, {"wbytes=", "Write", true}, {"dbytes=", "Discard", true},
                   {"rios=", "Read", false},  {"wios=", "Write", false},  {"dios=", "Discard", false}};
    _cleanup_free_ char *text = read_text(dir, "io.stat");
    for (const char *at = text; at != NULL && *at != '\0'; skip_line(&at)) {
        struct cgroup_stats_blkio entry;
        char word[CGROUP_STATS_NAME_SIZE];
        size_t length = scan_device(at, &entry);
        at += length;
        while (length > 0 && next_word(&at, word) != NULL) {
            for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
                size_t key = strlen(figures[i].key);
                if (strncmp(word, figures[i].key, key) != 0 ||
                    num_scan_u64(word + key, strlen(word + key), &entry.value) == 0)
                    continue;
                snprintf(entry.op, sizeof(entry.op), "%s", figures[i].op);
                add_blkio(figures[i].is_bytes ? &stats->io_service_bytes : &stats->io_serviced, &entry);
            }
        }
    }
}

static void read_hugetlb_size(struct cgroup_stats_hugetlb *entry, const struct cgroup_dir *dir)
{
    char name[96];
    if (!dir->is_v2) {
        snprintf(name, sizeof(name), "hugetlb.%s", entry->page_size);
        read_usage_v1(&entry->usage, dir->path, name);
        return;
    }
    snprintf(name, sizeof(name), "hugetlb.%s.current", entry->page_size);
    entry->usage.usage = cgroup_file_get_u64(dir->path, name);
    snprintf(name, sizeof(name), "hugetlb.%s.max", entry->page_size);
    entry->usage.limit = cgroup_file_get_u64(dir->path, name);
    snprintf(name, sizeof(name), "hugetlb.%s.events", entry->page_size);
    _cleanup_free_ char *events = read_text(dir->path, name);
    entry->usage.failcnt = events != NULL ? cgroup_file_find_u64(events, "max") : 0;
}

/* The page sizes are those for which there is a limit: "hugetlb.2MB.limit_in_bytes" or "hugetlb.2MB.max". */
static void read_hugetlb(struct cgroup_stats *stats, const struct cgroup_dir *dir)
{
    const char *suffix = dir->is_v2 ? ".max" : ".limit_in_bytes";
    _cleanup_closedir_ DIR *files = opendir(dir->path);
    if (files == NULL)
        return;
    for (struct dirent *file; (file = readdir(files)) != NULL;) {
        struct cgroup_stats_hugetlb entry = {.page_size = ""};
        char rest[48] = "";
        if (sscanf(file->d_name, "hugetlb.%15[0-9KMGB]%47s", entry.page_size, rest) != 2 ||
            strcmp(rest, suffix) != 0)
            continue;
        struct cgroup_stats_hugetlb *grown =
            reallocarray(stats->hugetlb, stats->n_hugetlb + 1, sizeof(*grown));
        if (grown == NULL)
            return;
        stats->hugetlb = grown;
        read_hugetlb_size(&entry, dir);
        stats->hugetlb[stats->n_hugetlb++] = entry;
    }
}

int cgroup_stats_read(const struct cgroup *cgroup, struct cgroup_stats *out_stats, struct error *err)
{
    const struct cgroup_dir *v2 = cgroup_find_v2(cgroup);
    const struct cgroup_dir *dir;
    memset(out_stats, 0, sizeof(*out_stats));

    if (cgroup->n > 0 && access(cgroup->dirs[0].path, F_OK) < 0)
        return error_errno(err, "read the statistics of cgroup '%s'", cgroup->dirs[0].path);
    read_cpu_v1(&out_stats->cpu, cgroup);
    if (v2 != NULL && cgroup_find(cgroup, CGROUP_CPUACCT) == NULL)
        read_cpu_v2(&out_stats->cpu, v2->path);
    if ((dir = cgroup_find(cgroup, CGROUP_MEMORY)) != NULL) {
        if (dir->is_v2)
            read_memory_v2(&out_stats->memory, dir->path);
        else
            read_memory_v1(&out_stats->memory, dir->path);
    }
    if ((dir = cgroup_find(cgroup, CGROUP_PIDS)) != NULL) {
        out_stats->pids_current = cgroup_file_get_u64(dir->path, "pids.current");
        out_stats->pids_limit = cgroup_file_get_u64(dir->path, "pids.max");
    }
    if ((dir = cgroup_find(cgroup, CGROUP_BLKIO)) != NULL && dir->is_v2) {
        read_io_v2(out_stats, dir->path);
    } else if (dir != NULL) {
        read_blkio_v1(&out_stats->io_service_bytes, dir->path, "blkio.throttle.io_service_bytes_recursive");
        read_blkio_v1(&out_stats->io_serviced, dir->path, "blkio.throttle.io_serviced_recursive");
    }
    if ((dir = cgroup_find(cgroup, CGROUP_HUGETLB)) != NULL)
        read_hugetlb(out_stats, dir);
    return 0;
}

void cgroup_stats_release(struct cgroup_stats *stats)
{
    free(stats->cpu.percpu_ns);
    free(stats->memory.raw);
    free(stats->io_service_bytes.entries);
    free(stats->io_serviced.entries);
    free(stats->hugetlb);
    memset(stats, 0, sizeof(*stats));
}
