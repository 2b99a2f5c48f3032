/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docs/monitor.md: a monitor looks at the first byte of its guest's file when its box is closed, and not
 * before. Every system call from exec to the guest's first instruction is recorded, and the order of two
 * kinds is judged: those that close the box, and those by which bytes of the file get into the process.
 *
 * usage: test_box_order MONITOR GUEST
 */
#include "call_recorder.h"
#include "launcher.h"
#include "sandbox.h"
#include "syscalls.h"
#include "unit.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALLS_MAX 4096

static const char *program_path, *monitor_path, *guest_path;
static struct recorded_call calls[CALLS_MAX];
static size_t n_calls;

/* ---- The judge ---- */

/* What closes the box. An argument tells calls of the same name apart. */
static const struct step {
    const char *what;
    long number;
    int index; /* of that argument; -1: none */
    uint64_t argument;
    bool is_by_hand; /* only of a monitor that is run by hand */
} steps[] = {
    {"a user namespace", SYS_unshare, 0, CLONE_NEWUSER, false},
    {"a mount namespace", SYS_unshare, 0, CLONE_NEWNS, false},
    {"an IPC namespace", SYS_unshare, 0, CLONE_NEWIPC, false},
    {"a UTS namespace", SYS_unshare, 0, CLONE_NEWUTS, false},
    {"a cgroup namespace", SYS_unshare, 0, CLONE_NEWCGROUP, false},
    {"a network namespace", SYS_unshare, 0, CLONE_NEWNET, true},
    {"an empty root", SYS_pivot_root, -1, 0, false},
    {"no other mounts", SYS_umount2, -1, 0, false},
    {"no capabilities to get", SYS_prctl, 0, PR_CAPBSET_DROP, false},
    {"no capabilities", SYS_capset, -1, 0, false},
    {"no new privileges", SYS_prctl, 0, PR_SET_NO_NEW_PRIVS, false},
    {"no dumps", SYS_prctl, 0, PR_SET_DUMPABLE, false},
    {"limits", SYS_prlimit64, 1, RLIMIT_CORE, false},
    {"Landlock", SYS_landlock_restrict_self, -1, 0, false},
    {"a list of system calls", SYS_seccomp, 0, SECCOMP_SET_MODE_FILTER, false},
};

static bool kernel_lacks(const struct step *step)
{
    return step->number == SYS_landlock_restrict_self &&
           syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* ask for the version */) < 0;
}

static bool is_step(const struct step *step, const struct recorded_call *call)
{
    if (call->number != step->number)
        return false;
    /* Namespaces are flags. */
    if (step->number == SYS_unshare)
        return (call->arguments[step->index] & step->argument) != 0;
    return step->index < 0 || call->arguments[step->index] == step->argument;
}

/* The first call that reads the guest's file, or n_calls. */
static size_t find_read(void)
{
    size_t i = 0;
    while (i < n_calls && !calls[i].reads_file)
        i++;
    return i;
}

/* Says in text what was not closed when the file was read for the first time; "": nothing. */
static void judge(bool is_by_hand, char *text, size_t size)
{
    size_t first = find_read();

    text[0] = '\0';
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        bool is_taken = (steps[i].is_by_hand && !is_by_hand) || kernel_lacks(&steps[i]);
        for (size_t k = 0; !is_taken && k < first; k++)
            is_taken = is_step(&steps[i], &calls[k]);
        if (!is_taken)
            snprintf(text + strlen(text), size - strlen(text), "%s%s", text[0] != '\0' ? ", " : "",
                     steps[i].what);
    }
}

static void record(void (*child)(void *context), void *context)
{
    struct stat file;

    ck_assert_int_eq(stat(guest_path, &file), 0);
    n_calls = call_recorder_run(child, context, &file, calls, CALLS_MAX);
    ck_assert_uint_gt(n_calls, 0);
    ck_assert_uint_lt(n_calls, CALLS_MAX);
    ck_assert_msg(find_read() < n_calls, "nobody has read the guest's file");
}

static void expect_closed(bool is_by_hand)
{
    char text[512];

    judge(is_by_hand, text, sizeof(text));
    ck_assert_msg(text[0] == '\0', "read before: %s", text);
    ck_assert_int_eq(calls[n_calls - 1].number, SYS_ioctl); /* the guest has run */
}

/* ---- Monitors ---- */

static void run_by_hand(void *context)
{
    (void)context;
    execl(monitor_path, "wherry-monitor", "--mem=16", guest_path, (char *)NULL);
}

static void run_in_container(void *context)
{
    struct launched launched;

    (void)context;
    launcher_launch(monitor_path, guest_path, &launched);
    launcher_start(&launched);
}

START_TEST(a_monitor_run_by_hand_reads_in_its_box)
{
    record(run_by_hand, NULL);
    expect_closed(true);
}
END_TEST

START_TEST(a_container_s_monitor_reads_in_its_box)
{
    record(run_in_container, NULL);
    expect_closed(false);
}
END_TEST

/* ---- What the judge is worth: programs that read too early, and one that does not ---- */

static void read_guest(int fd)
{
    char byte;
    if (pread(fd, &byte, 1, 0) != 1)
        _exit(2);
}

/* As a monitor does it, but for the moment of the read: 0 before the box, 1 before its list, 2 in time. */
static int run_reader(const char *path, int moment)
{
    static struct sandbox_skips skips;
    static struct syscall_filter list;
    const struct sandbox_plan plan = {.own_namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC |
                                                        CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWNET};
    struct error err = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return 1;
    if (moment == 0)
        read_guest(fd);
    if (sandbox_enter(&plan, &skips, &err) < 0)
        return 1;
    if (moment == 1 && mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED)
        return 1;
    syscalls_list_setup(&list);
    if (syscall_filter_load(&list, &err) < 0)
        return 1;
    read_guest(fd);
    return 0;
}

static void become_reader(void *context)
{
    execl(program_path, "reader", "--read", guest_path, (char *)context, (char *)NULL);
}

START_TEST(who_reads_early_is_found_out)
{
    static const char *const expected[] = {"a user namespace, a mount namespace, an IPC namespace, a UTS "
                                           "namespace, a cgroup namespace, a network "
                                           "namespace, an empty root, no other mounts, no capabilities to "
                                           "get, no capabilities, no new privileges, "
                                           "no dumps, limits, Landlock, a list of system calls",
                                           "a list of system calls", ""};
    char moment[2] = {(char)('0' + _i)}, text[512];

    record(become_reader, moment);
    judge(true, text, sizeof(text));
    ck_assert_str_eq(text, expected[_i]);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--read") == 0)
        return run_reader(argv[2], argv[3][0] - '0');
    if (argc != 3) {
        fprintf(stderr, "usage: test_box_order MONITOR GUEST\n");
        return EXIT_FAILURE;
    }
    program_path = argv[0];
    monitor_path = argv[1];
    guest_path = argv[2];
    if (geteuid() != 0 || access("/dev/kvm", R_OK | W_OK) < 0) {
        printf("skipped: needs root and /dev/kvm\n");
        return 77;
    }

    Suite *suite = suite_create("box order");
    TCase *t = tcase_create("order"); /* what the launcher leaves open ends with its process */
    suite_add_tcase(suite, t);
    tcase_add_test(t, a_monitor_run_by_hand_reads_in_its_box);
    tcase_add_test(t, a_container_s_monitor_reads_in_its_box);
    tcase_add_loop_test(t, who_reads_early_is_found_out, 0, 3);
    return unit_run(suite);
}
