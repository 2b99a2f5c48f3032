/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel has counted for a container's cgroup: one form for v1 and v2. Times are nanoseconds, sizes
 * bytes. "No limit" is UINT64_MAX. What the host does not count is 0, or a list of length 0.
 */
#ifndef CGROUP_STATS_H
#define CGROUP_STATS_H

#include <stddef.h>
#include <stdint.h>

#define CGROUP_STATS_NAME_SIZE 32

struct cgroup_stats_cpu {
    uint64_t total_ns, user_ns, kernel_ns;
    uint64_t *percpu_ns; /* v1 only */
    size_t n_percpu;
    uint64_t periods, throttled_periods, throttled_ns;
};

struct cgroup_stats_usage {
    uint64_t usage, limit;
    uint64_t max;     /* the highest usage so far; v2: since Linux 5.19 */
    uint64_t failcnt; /* how often the limit was hit */
};

/* One line of memory.stat. */
struct cgroup_stats_counter {
    char name[CGROUP_STATS_NAME_SIZE];
    uint64_t value;
};

struct cgroup_stats_memory {
    struct cgroup_stats_usage memory;
    struct cgroup_stats_usage
        swap; /* v1: memory and swap together, as the kernel counts it; v2: swap alone */
    struct cgroup_stats_usage kernel, kernel_tcp; /* v1 only */
    uint64_t cache;
    uint64_t oom_kills;
    struct cgroup_stats_counter *raw;
    size_t n_raw;
};

/* One line of a blkio.*_recursive file (v1) or one figure of io.stat (v2). */
struct cgroup_stats_blkio {
    uint64_t major, minor;
    char op[16]; /* "Read", "Write", … */
    uint64_t value;
};

struct cgroup_stats_blkio_list {
    struct cgroup_stats_blkio *entries;
    size_t n;
};

struct cgroup_stats_hugetlb {
    char page_size[16]; /* "2MB", as in the file names */
    struct cgroup_stats_usage usage;
};

struct cgroup_stats {
    struct cgroup_stats_cpu cpu;
    struct cgroup_stats_memory memory;
    uint64_t pids_current, pids_limit;
    struct cgroup_stats_blkio_list io_service_bytes, io_serviced;
    struct cgroup_stats_hugetlb *hugetlb;
    size_t n_hugetlb;
};

/* Frees the lists; a struct of zeroes is fine. */
void cgroup_stats_release(struct cgroup_stats *stats);

#endif
