/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits are written, and the kernel says what it understood. Where v1 and v2 show it differently, the
 * expected text is given for both; as test_cgroup.c, this runs on whatever the host mounts.
 */
#include "base/cleanup.h"
#include "cgroup.h"
#include "cgroup_dirs.h"
#include "cgroup_file.h"
#include "cgroup_stats.h"
#include "oci-spec/config.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct cgroup *cgroup;

static void create(void)
{
    struct error err = {0};
    char path[64];
    snprintf(path, sizeof(path), "/wherry-test-%d", getpid());
    ck_assert_ok(cgroup_plan(path, "unused", &cgroup, &err), err);
    ck_assert_ok(cgroup_make(cgroup, &err), err);
}

static void destroy(void)
{
    struct error err = {0};
    ck_assert_ok(cgroup_remove(cgroup, &err), err);
    cgroup_free(cgroup);
}

static void apply(const struct config_resources *resources)
{
    struct error err = {0};
    ck_assert_ok(cgroup_apply(cgroup, resources, &err), err);
}

/* What the controller's file says, up to the end of its first line; NULL for a file or text: not looked at.
 */
static void expect(enum cgroup_controller controller, const char *v1_file, const char *v1_text,
                   const char *v2_file, const char *v2_text)
{
    const struct cgroup_dir *dir = cgroup_find(cgroup, controller);
    ck_assert_ptr_nonnull(dir);
    const char *file = dir->is_v2 ? v2_file : v1_file, *expected = dir->is_v2 ? v2_text : v1_text;
    _cleanup_free_ char *text = NULL;
    struct error err = {0};
    if (file == NULL)
        return;
    ck_assert_ok(cgroup_file_read(dir->path, file, &text, &err), err);
    text[strcspn(text, "\n")] = '\0';
    ck_assert_str_eq(text, expected);
}

static bool has(enum cgroup_controller controller)
{
    return cgroup_find(cgroup, controller) != NULL;
}

START_TEST(processor_time_is_limited)
{
    struct config_resources resources = {.cpu = {.has_shares = true,
                                                 .shares = 512,
                                                 .has_quota = true,
                                                 .quota = 50000,
                                                 .has_period = true,
                                                 .period = 200000}};
    create();
    apply(&resources);
    expect(CGROUP_CPU, "cpu.shares", "512", "cpu.weight", "20");
    expect(CGROUP_CPU, "cpu.cfs_quota_us", "50000", "cpu.max", "50000 200000");
    expect(CGROUP_CPU, "cpu.cfs_period_us", "200000", NULL, NULL);

    /* Less of both, then the period alone, then no limit. */
    resources.cpu =
        (struct config_cpu){.has_quota = true, .quota = 5000, .has_period = true, .period = 10000};
    apply(&resources);
    expect(CGROUP_CPU, "cpu.cfs_period_us", "10000", "cpu.max", "5000 10000");
    resources.cpu = (struct config_cpu){.has_period = true, .period = 20000};
    apply(&resources);
    expect(CGROUP_CPU, "cpu.cfs_period_us", "20000", "cpu.max", "5000 20000");
    resources.cpu = (struct config_cpu){.has_quota = true, .quota = -1};
    apply(&resources);
    expect(CGROUP_CPU, "cpu.cfs_quota_us", "-1", "cpu.max", "max 20000");
    destroy();
}
END_TEST

START_TEST(idle_and_burst_are_set)
{
    struct config_resources resources = {.cpu = {.has_quota = true,
                                                 .quota = 50000,
                                                 .has_burst = true,
                                                 .burst = 10000,
                                                 .has_idle = true,
                                                 .idle = 1}};
    create();
    apply(&resources);
    expect(CGROUP_CPU, "cpu.idle", "1", "cpu.idle", "1");
    expect(CGROUP_CPU, "cpu.cfs_burst_us", "10000", "cpu.max.burst", "10000");
    destroy();
}
END_TEST

/* docker writes 0 for every limit that nobody has asked for. */
START_TEST(zero_leaves_a_limit_as_it_is)
{
    struct config_resources resources = {
        .cpu = {.has_shares = true, .shares = 512, .has_quota = true, .quota = 50000}};
    const struct config_resources zeros = {
        .cpu = {.has_shares = true, .has_quota = true, .has_period = true},
        .memory = {.has_limit = true, .has_reservation = true, .has_swap = true},
        .block_io = {.has_weight = true, .has_leaf_weight = true},
    };
    create();
    apply(&resources);
    apply(&zeros);
    expect(CGROUP_CPU, "cpu.shares", "512", "cpu.weight", "20");
    expect(CGROUP_CPU, "cpu.cfs_quota_us", "50000", "cpu.max", "50000 100000");
    destroy();
}
END_TEST

START_TEST(processors_are_chosen)
{
    struct config_resources resources = {.cpu = {.cpus = "0", .mems = "0"}};
    create();
    apply(&resources);
    expect(CGROUP_CPUSET, "cpuset.cpus", "0", "cpuset.cpus", "0");
    expect(CGROUP_CPUSET, "cpuset.mems", "0", "cpuset.mems", "0");
    resources.cpu.cpus = "999";
    struct error err = {0};
    ck_assert_fails(cgroup_apply(cgroup, &resources, &err), err, ERROR_SYSTEM,
                    "linux.resources.cpu.cpus: write \"999\"");
    destroy();
}
END_TEST

START_TEST(memory_is_limited_and_the_limit_moved)
{
    struct config_resources resources = {.memory = {.has_limit = true,
                                                    .limit = 64 << 20,
                                                    .has_swap = true,
                                                    .swap = 96 << 20,
                                                    .has_reservation = true,
                                                    .reservation = 32 << 20}};
    struct cgroup_stats stats;
    struct error err = {0};
    create();
    const struct cgroup_dir *dir = cgroup_find(cgroup, CGROUP_MEMORY);
    bool has_swap =
        cgroup_file_exists(dir->path, dir->is_v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes");
    resources.memory.has_swap = has_swap;
    apply(&resources);
    expect(CGROUP_MEMORY, "memory.soft_limit_in_bytes", "33554432", "memory.low", "33554432");
    ck_assert_ok(cgroup_stats_read(cgroup, &stats, &err), err);
    ck_assert_uint_eq(stats.memory.memory.limit, 64 << 20);
    if (has_swap)
        ck_assert_uint_eq(stats.memory.swap.limit, dir->is_v2 ? 32 << 20 : 96 << 20);
    cgroup_stats_release(&stats);

    /* Up and down: the order of the two writes matters. */
    resources.memory = (struct config_memory){
        .has_limit = true, .limit = 128 << 20, .has_swap = has_swap, .swap = 160 << 20};
    apply(&resources);
    resources.memory =
        (struct config_memory){.has_limit = true, .limit = 16 << 20, .has_swap = has_swap, .swap = 16 << 20};
    apply(&resources);
    ck_assert_ok(cgroup_stats_read(cgroup, &stats, &err), err);
    ck_assert_uint_eq(stats.memory.memory.limit, 16 << 20);
    cgroup_stats_release(&stats);

    resources.memory =
        (struct config_memory){.has_limit = true, .limit = -1, .has_swap = has_swap, .swap = -1};
    apply(&resources);
    ck_assert_ok(cgroup_stats_read(cgroup, &stats, &err), err);
    ck_assert(stats.memory.memory.limit == UINT64_MAX);
    cgroup_stats_release(&stats);
    destroy();
}
END_TEST

START_TEST(a_limit_below_the_usage_can_be_refused)
{
    const struct config_resources resources = {
        .memory = {.has_limit = true, .limit = 4096, .check_before_update = true}};
    struct error err = {0};
    int ready[2];
    char byte;
    create();
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (cgroup_add(cgroup, getpid(), &err) < 0 ||
            mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) ==
                MAP_FAILED)
            _exit(1);
        if (write(ready[1], "", 1) == 1)
            pause();
        _exit(1);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_fails(cgroup_apply(cgroup, &resources, &err), err, ERROR_STATE,
                    "linux.resources.memory.limit: 4096 bytes are less than the ");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    destroy();
}
END_TEST

START_TEST(processes_are_counted)
{
    struct config_resources resources = {.pids = {.has_limit = true, .limit = 7}};
    create();
    apply(&resources);
    expect(CGROUP_PIDS, "pids.max", "7", "pids.max", "7");
    resources.pids.limit = -1;
    apply(&resources);
    expect(CGROUP_PIDS, "pids.max", "max", "pids.max", "max");
    destroy();
}
END_TEST

/* Whether a process of the cgroup can open the file. */
static bool can_open(const char *path, int flags)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct error err = {0};
        if (cgroup_add(cgroup, getpid(), &err) < 0)
            _exit(2);
        _exit(open(path, flags) >= 0 ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) != 2);
    return WEXITSTATUS(status) == 0;
}

START_TEST(devices_are_forbidden_and_allowed)
{
    const struct config_device_rule rules[] = {
        {.allow = false, .type = 'a', .access = "rwm"},
        {.allow = true,
         .type = 'c',
         .has_major = true,
         .major = 1,
         .has_minor = true,
         .minor = 3,
         .access = "rw"},
        {.allow = true,
         .type = 'c',
         .has_major = true,
         .major = 1,
         .has_minor = true,
         .minor = 5,
         .access = "r"},
    };
    struct config_resources resources = {.devices = rules, .n_devices = 3};
    create();
    ck_assert(can_open("/dev/urandom", O_RDONLY));
    apply(&resources);
    ck_assert(can_open("/dev/null", O_RDWR));
    ck_assert(can_open("/dev/zero", O_RDONLY));
    ck_assert(!can_open("/dev/zero", O_RDWR));
    ck_assert(!can_open("/dev/urandom", O_RDONLY));
    resources.n_devices = 2; /* new rules take the place of the old ones */
    apply(&resources);
    ck_assert(can_open("/dev/null", O_RDWR));
    ck_assert(!can_open("/dev/zero", O_RDONLY));
    destroy();
}
END_TEST

START_TEST(block_devices_are_throttled)
{
    const struct config_throttle_device none = {.major = 254, .minor = 4000, .rate = 1048576};
    struct config_resources resources = {.block_io = {.read_bps = {.items = &none, .n = 1}}};
    struct error err = {0};
    create();
    ck_assert_fails(cgroup_apply(cgroup, &resources, &err), err, ERROR_SYSTEM,
                    "linux.resources.blockIO.throttleReadBpsDevice: write \"254:4000 ");
    destroy();
}
END_TEST

START_TEST(what_the_host_lacks_is_named)
{
    const struct config_rdma rdma = {.device = "mlx5_1", .has_hca_handles = true, .hca_handles = 3};
    const struct config_pair unified = {"memory.high", "1048576"};
    struct config_resources resources = {.rdma = &rdma, .n_rdma = 1};
    struct error err = {0};
    create();
    if (!has(CGROUP_RDMA))
        ck_assert_fails(cgroup_apply(cgroup, &resources, &err), err, ERROR_REFUSED,
                        "linux.resources.rdma: the rdma cgroup controller is not available here");
    resources = (struct config_resources){.network = {.has_class_id = true, .class_id = 1}};
    if (!has(CGROUP_NET_CLS))
        ck_assert_fails(
            cgroup_apply(cgroup, &resources, &err), err, ERROR_REFUSED,
            "linux.resources.network.classID: the net_cls cgroup controller is not available here");

    resources = (struct config_resources){.unified = {.pairs = &unified, .n = 1}};
    if (cgroup_find(cgroup, CGROUP_MEMORY)->is_v2) {
        apply(&resources);
        expect(CGROUP_MEMORY, NULL, NULL, "memory.high", "1048576");
        resources = (struct config_resources){.memory = {.has_swappiness = true, .swappiness = 10}};
        ck_assert_fails(cgroup_apply(cgroup, &resources, &err), err, ERROR_REFUSED,
                        "linux.resources.memory.swappiness: cgroup v2 has no such setting");
    } else {
        ck_assert_int_eq(cgroup_apply(cgroup, &resources, &err), -1);
        ck_assert_ptr_nonnull(strstr(err.text, "linux.resources.unified: "));
    }
    destroy();
}
END_TEST

int main(void)
{
    struct error err = {0};
    if (geteuid() != 0 || cgroup_plan("/wherry-test-limits", "id", &cgroup, &err) < 0 ||
        cgroup_make(cgroup, &err) < 0) {
        printf("skipped: needs root and writable cgroups: %s\n", err.text);
        return 77;
    }
    cgroup_remove(cgroup, &err);
    bool has_all =
        has(CGROUP_CPU) && has(CGROUP_CPUSET) && has(CGROUP_MEMORY) && has(CGROUP_PIDS) && has(CGROUP_BLKIO);
    cgroup_free(cgroup);
    if (!has_all) {
        printf("skipped: needs the controllers cpu, cpuset, memory, pids and blkio\n");
        return 77;
    }

    Suite *suite = suite_create("cgroup_limits");
    TCase *t = unit_case(suite, "cgroup_limits");
    tcase_add_test(t, processor_time_is_limited);
    tcase_add_test(t, idle_and_burst_are_set);
    tcase_add_test(t, zero_leaves_a_limit_as_it_is);
    tcase_add_test(t, processors_are_chosen);
    tcase_add_test(t, memory_is_limited_and_the_limit_moved);
    tcase_add_test(t, a_limit_below_the_usage_can_be_refused);
    tcase_add_test(t, processes_are_counted);
    tcase_add_test(t, devices_are_forbidden_and_allowed);
    tcase_add_test(t, block_devices_are_throttled);
    tcase_add_test(t, what_the_host_lacks_is_named);
    return unit_run(suite);
}
