/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup_stats.h"

#include <stdlib.h>
#include <string.h>

void cgroup_stats_release(struct cgroup_stats *stats)
{
    free(stats->cpu.percpu_ns);
    free(stats->memory.raw);
    free(stats->io_service_bytes.entries);
    free(stats->io_serviced.entries);
    free(stats->hugetlb);
    memset(stats, 0, sizeof(*stats));
}
