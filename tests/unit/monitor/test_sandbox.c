/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.h: what a process is after sandbox_enter() and sandbox_seal(), seen from outside in /proc. As root
 * everything must hold; an ordinary user's process is boxed as far as the host allows.
 */
#include "sandbox.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/kvm.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ALL_NAMESPACES \
    (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWNET)
#define NOBODY 65534

/* What a child tells its parent through shared memory, and how it waits to be looked at. */
struct report {
    struct sandbox_skips skips;
    struct error err;
    int result;
    volatile int is_ready;
};

struct child {
    pid_t pid;
    struct report *report;
};

struct wish {
    struct sandbox_plan plan;
    bool is_nobody;
    bool has_no_capabilities;
    bool is_sealed;
};

static struct child child;

static void child_main(const struct wish *wish, struct report *report)
{
    if (wish->is_nobody && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0))
        _exit(1);
    if (wish->has_no_capabilities) {
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
        if (syscall(SYS_capset, &header, none) < 0)
            _exit(1);
    }
    report->result = sandbox_enter(&wish->plan, &report->skips, &report->err);
    if (report->result == 0 && wish->is_sealed) {
        int start[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, start) < 0)
            _exit(1);
        struct syscalls_use use = {
            .vcpu_fd = start[0], .start_fd = start[1], .console_fd = -1, .call_fd = -1};
        report->result = sandbox_seal(&use, &report->err);
    }
    report->is_ready = 1;
    for (;;)
        ; /* pause(2) is not on the list */
}

static void start_child(const struct wish *wish)
{
    child.report =
        mmap(NULL, sizeof(*child.report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(child.report, MAP_FAILED);
    child.pid = fork();
    ck_assert_int_ge(child.pid, 0);
    if (child.pid == 0)
        child_main(wish, child.report);
    while (!child.report->is_ready && waitpid(child.pid, NULL, WNOHANG) == 0)
        usleep(100);
    ck_assert_int_eq(child.report->is_ready, 1);
}

static void end_child(void)
{
    kill(child.pid, SIGKILL);
    waitpid(child.pid, NULL, 0);
    munmap(child.report, sizeof(*child.report));
}

/* The value of a field of /proc/PID/status. */
static const char *status_field(const char *name)
{
    static char line[256];
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/status", child.pid);
    FILE *f = fopen(path, "re");
    ck_assert_ptr_nonnull(f);
    size_t size = strlen(name);
    while (fgets(line, sizeof(line), f) != NULL)
        if (strncmp(line, name, size) == 0 && line[size] == ':') {
            fclose(f);
            line[strcspn(line, "\n")] = '\0';
            return line + size + 2;
        }
    ck_abort_msg("no field %s", name);
}

static unsigned count_entries(const char *directory)
{
    char path[64];
    unsigned n = 0;
    snprintf(path, sizeof(path), "/proc/%d/%s", child.pid, directory);
    DIR *d = opendir(path);
    ck_assert_msg(d != NULL, "open %s: %s", path, strerror(errno));
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}

static bool shares_namespace(const char *name)
{
    char path[64], mine[64] = {0}, its[64] = {0};
    snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
    ck_assert_int_gt(readlink(path, mine, sizeof(mine) - 1), 0);
    snprintf(path, sizeof(path), "/proc/%d/ns/%s", child.pid, name);
    ck_assert_int_gt(readlink(path, its, sizeof(its) - 1), 0);
    return strcmp(mine, its) == 0;
}

static void expect_no_rights(void)
{
    static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapAmb"};
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
        ck_assert_str_eq(status_field(sets[i]), "0000000000000000");
    ck_assert_str_eq(status_field("NoNewPrivs"), "1");
}

static void need_root(void)
{
    if (geteuid() != 0) {
        printf("skipped: needs root\n");
        exit(77);
    }
}

START_TEST(a_launched_monitor_has_nothing)
{
    const struct wish wish = {.plan = {.own_namespaces = ALL_NAMESPACES & ~(unsigned)CLONE_NEWUSER}};
    start_child(&wish);
    ck_assert_msg(child.report->result == 0, "%s", child.report->err.text);
    expect_no_rights();
    ck_assert_str_eq(status_field("CapBnd"), "0000000000000000");
    ck_assert_uint_eq(count_entries("root"), 0);
    ck_assert(!shares_namespace("mnt"));
    ck_assert(!shares_namespace("ipc"));
    ck_assert(!shares_namespace("uts"));
    ck_assert(!shares_namespace("net"));
    ck_assert(!shares_namespace("cgroup"));
    end_child();
}
END_TEST

START_TEST(a_mount_namespace_of_others_is_left_as_it_is)
{
    const struct wish wish = {0};
    start_child(&wish);
    ck_assert_msg(child.report->result == 0, "%s", child.report->err.text);
    ck_assert(shares_namespace("mnt"));
    ck_assert_uint_eq(count_entries("root"), 0);
    end_child();
}
END_TEST

START_TEST(a_user_namespace_is_made_first)
{
    const struct wish wish = {.plan = {.own_namespaces = ALL_NAMESPACES}};
    start_child(&wish);
    if (child.report->skips.is_skipped[SANDBOX_USER_NAMESPACE] &&
        child.report->skips.why[0].errnum == EPERM) {
        printf("skipped: this host allows no user namespaces\n");
        end_child();
        return;
    }
    ck_assert_msg(child.report->result == 0, "%s", child.report->err.text);
    ck_assert(!shares_namespace("user"));
    ck_assert_uint_eq(count_entries("root"), 0);
    expect_no_rights();
    end_child();
}
END_TEST

START_TEST(an_ordinary_user_is_boxed_as_far_as_the_host_allows)
{
    const struct wish wish = {.plan = {.own_namespaces = ALL_NAMESPACES}, .is_nobody = true};
    start_child(&wish);
    ck_assert_msg(child.report->result == 0, "%s", child.report->err.text);
    expect_no_rights();
    end_child();
}
END_TEST

/* As the runtime launches a monitor: user 0, but without any capability. */
START_TEST(a_user_without_capabilities_is_boxed_too)
{
    const struct wish wish = {.plan = {.own_namespaces = ALL_NAMESPACES}, .has_no_capabilities = true};
    start_child(&wish);
    if (child.report->skips.is_skipped[SANDBOX_USER_NAMESPACE]) {
        printf("skipped: %s\n", child.report->skips.why[SANDBOX_USER_NAMESPACE].text);
        end_child();
        return;
    }
    ck_assert_msg(child.report->result == 0, "%s", child.report->err.text);
    ck_assert(!shares_namespace("user"));
    ck_assert(!shares_namespace("mnt"));
    ck_assert_uint_eq(count_entries("root"), 0);
    expect_no_rights();
    end_child();
}
END_TEST

START_TEST(what_the_host_refuses_is_said)
{
    char text[2048];
    const struct wish wish = {.plan = {.own_namespaces = CLONE_NEWUTS}, .is_nobody = true};
    start_child(&wish);
    ck_assert_msg(child.report->result == 0, "%s", child.report->err.text);
    ck_assert(child.report->skips.is_skipped[SANDBOX_NAMESPACES]);
    ck_assert(!child.report->skips.is_skipped[SANDBOX_CAPABILITIES]);
    size_t length = sandbox_format_skips(&child.report->skips, text, sizeof(text));
    ck_assert_str_eq(text, "make a UTS namespace: Operation not permitted; empty root: open a tmpfs: "
                           "Operation not permitted");
    ck_assert_uint_eq(length, strlen(text));
    ck_assert_uint_eq(sandbox_format_skips(&child.report->skips, text, 10), 9);
    end_child();
}
END_TEST

START_TEST(a_sealed_process_has_four_descriptors_and_a_filter)
{
    const struct wish wish = {.plan = {.own_namespaces = CLONE_NEWNS}, .is_sealed = true};
    start_child(&wish);
    ck_assert_msg(child.report->result == 0, "%s", child.report->err.text);
    ck_assert_str_eq(status_field("Seccomp"), "2");
    ck_assert_uint_eq(count_entries("fd"), 4); /* 1, 2, the vCPU, the start */
    end_child();
}
END_TEST

/* ---- The list ---- */

static bool allows(const struct syscall_filter *list, int number, uint64_t a0, uint64_t a1, uint64_t a2,
                   uint64_t a3, uint64_t a5)
{
    const uint64_t arguments[6] = {a0, a1, a2, a3, 0, a5};
    return syscall_filter_judge(list, number, arguments) == 0;
}

START_TEST(six_system_calls_and_their_arguments)
{
    static struct syscall_filter list;
    static const int nets[] = {10, 11}, volumes[] = {20};
    struct syscalls_use use = {.vcpu_fd = 5,
                               .start_fd = 6,
                               .net_fds = nets,
                               .n_nets = 2,
                               .volume_fds = volumes,
                               .n_volumes = 1,
                               .console_fd = -1,
                               .call_fd = -1};
    struct error err = {0};
    ck_assert_ok(syscalls_list(&use, &list, &err), err);

    unsigned n_calls = 0;
    for (size_t i = 0; i < list.n_rules; i++) {
        bool is_first = true;
        for (size_t k = 0; k < i; k++)
            is_first = is_first && list.rules[k].number != list.rules[i].number;
        n_calls += is_first;
        ck_assert_uint_gt(list.rules[i].n_matches, 0);
    }
    ck_assert_uint_eq(n_calls, 6);

    ck_assert(allows(&list, SYS_ioctl, 5, KVM_RUN, 0, 0, 0));
    ck_assert(!allows(&list, SYS_ioctl, 5, KVM_GET_REGS, 0, 0, 0));
    ck_assert(!allows(&list, SYS_ioctl, 6, KVM_RUN, 0, 0, 0));
    ck_assert(allows(&list, SYS_read, 11, 0, 0, 0, 0));
    ck_assert(!allows(&list, SYS_read, 0, 0, 0, 0, 0));
    ck_assert(!allows(&list, SYS_read, 20, 0, 0, 0, 0));
    for (uint64_t fd = 0; fd < 30; fd++) {
        bool is_written = fd == 1 || fd == 2 || fd == 6 || fd == 10 || fd == 11;
        ck_assert_int_eq(allows(&list, SYS_pwritev2, fd, 0, 1, UINT64_MAX, 0), is_written);
        ck_assert_int_eq(allows(&list, SYS_pwritev2, fd, 0, 1, 4096, 2), fd == 20);
        ck_assert(!allows(&list, SYS_pwritev2, fd, 0, 2, UINT64_MAX, 0));
        ck_assert(!allows(&list, SYS_pwritev2, fd, 0, 1, 4096, 0));
    }
    ck_assert(allows(&list, SYS_ppoll, 0, 2, 0, 0, 0));
    ck_assert(!allows(&list, SYS_ppoll, 0, 3, 0, 0, 0));
    ck_assert(!allows(&list, SYS_ppoll, 0, 2, 0, 1, 0));
    ck_assert(allows(&list, SYS_clock_gettime, 0, 0, 0, 0, 0));
    ck_assert(!allows(&list, SYS_clock_gettime, 1, 0, 0, 0, 0));
    ck_assert(allows(&list, SYS_exit_group, 255, 0, 0, 0, 0));
    ck_assert(!allows(&list, SYS_exit_group, 256, 0, 0, 0, 0));
}
END_TEST

/* The thread that serves the ring can neither run the guest nor write to what is not a network device. */
START_TEST(five_system_calls_for_the_ring)
{
    static struct syscall_filter list;
    static const int nets[] = {10, 11}, volumes[] = {20};
    struct syscalls_use use = {.vcpu_fd = 5,
                               .start_fd = 6,
                               .net_fds = nets,
                               .n_nets = 2,
                               .volume_fds = volumes,
                               .n_volumes = 1,
                               .console_fd = -1,
                               .call_fd = 7};
    struct error err = {0};
    ck_assert_ok(syscalls_list_io(&use, &list, &err), err);

    for (size_t i = 0; i < list.n_rules; i++) {
        int number = list.rules[i].number;
        ck_assert(number == SYS_read || number == SYS_pwritev2 || number == SYS_ppoll ||
                  number == SYS_sched_setaffinity || number == SYS_exit_group);
        ck_assert_uint_gt(list.rules[i].n_matches, 0);
    }
    for (uint64_t fd = 0; fd < 30; fd++) {
        ck_assert_int_eq(allows(&list, SYS_read, fd, 0, 0, 0, 0), fd == 7 || fd == 10 || fd == 11);
        bool is_written = fd == 2 || fd == 10 || fd == 11;
        ck_assert_int_eq(allows(&list, SYS_pwritev2, fd, 0, 1, UINT64_MAX, 0), is_written);
        ck_assert(!allows(&list, SYS_pwritev2, fd, 0, 1, 4096, 2));
        ck_assert(!allows(&list, SYS_pwritev2, fd, 0, 2, UINT64_MAX, 0));
    }
    ck_assert(!allows(&list, SYS_ioctl, 5, KVM_RUN, 0, 0, 0));
    ck_assert(allows(&list, SYS_ppoll, 0, 3, 0, 0, 0));
    ck_assert(!allows(&list, SYS_ppoll, 0, 4, 0, 0, 0));
    ck_assert(!allows(&list, SYS_ppoll, 0, 3, 0, 1, 0));
    ck_assert(allows(&list, SYS_sched_setaffinity, 0, sizeof(cpu_set_t), 0, 0, 0));
    ck_assert(!allows(&list, SYS_sched_setaffinity, 1, sizeof(cpu_set_t), 0, 0, 0));
    ck_assert(!allows(&list, SYS_sched_setaffinity, 0, 2 * sizeof(cpu_set_t), 0, 0, 0));
    ck_assert(allows(&list, SYS_exit_group, 255, 0, 0, 0, 0));
    ck_assert(!allows(&list, SYS_exit_group, 256, 0, 0, 0, 0));
}
END_TEST

START_TEST(the_vcpu_s_thread_calls_and_does_not_answer)
{
    static struct syscall_filter list;
    static const int nets[] = {10};
    struct syscalls_use use = {
        .vcpu_fd = 5, .start_fd = 6, .net_fds = nets, .n_nets = 1, .console_fd = -1, .call_fd = 7};
    struct error err = {0};
    ck_assert_ok(syscalls_list(&use, &list, &err), err);
    ck_assert(!allows(&list, SYS_read, 7, 0, 0, 0, 0));
    ck_assert(allows(&list, SYS_pwritev2, 7, 0, 1, UINT64_MAX, 0));
}
END_TEST

START_TEST(a_list_without_devices_has_no_read)
{
    static struct syscall_filter list;
    struct syscalls_use use = {.vcpu_fd = 5, .start_fd = -1, .console_fd = -1, .call_fd = -1};
    struct error err = {0};
    ck_assert_ok(syscalls_list(&use, &list, &err), err);
    for (size_t i = 0; i < list.n_rules; i++)
        ck_assert_int_ne(list.rules[i].number, SYS_read);
    ck_assert(!allows(&list, SYS_pwritev2, UINT64_MAX, 0, 1, UINT64_MAX, 0));
    ck_assert(allows(&list, SYS_ppoll, 0, 1, 0, 0, 0));
}
END_TEST

START_TEST(the_largest_guest_can_be_sealed_and_a_larger_one_is_refused)
{
    static struct syscall_filter list;
    static struct syscall_program program;
    static int fds[256];
    for (int i = 0; i < 256; i++)
        fds[i] = 10 + 3 * i;
    struct syscalls_use use = {.vcpu_fd = 5,
                               .start_fd = 6,
                               .net_fds = fds,
                               .n_nets = 63,
                               .volume_fds = fds + 63,
                               .n_volumes = 64,
                               .console_fd = -1,
                               .call_fd = -1};
    struct error err = {0};
    ck_assert_ok(syscalls_list(&use, &list, &err), err);
    ck_assert_ok(syscall_filter_compile(&list, &program, &err), err);

    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        _exit(sandbox_seal(&use, &err) == 0 ? 42 : 1);
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 42);

    use.n_volumes = 190;
    ck_assert_fails(syscalls_list(&use, &list, &err), err, ERROR_REFUSED, "63 network devices and 190 files");
}
END_TEST

/* The calls of the running monitor, made for real under the filter. */
START_TEST(the_monitors_own_calls_pass)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct error e = {0};
        int pair[2];
        char byte;
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) < 0)
            _exit(1);
        int volume = memfd_create("volume", 0);
        struct syscalls_use use = {.vcpu_fd = volume,
                                   .start_fd = pair[0],
                                   .net_fds = &pair[1],
                                   .n_nets = 1,
                                   .volume_fds = &volume,
                                   .n_volumes = 1,
                                   .console_fd = -1,
                                   .call_fd = -1};
        struct timespec now, none = {0};
        struct pollfd fd = {.fd = pair[1], .events = POLLIN};
        const struct iovec iov = {.iov_base = &byte, .iov_len = 1};
        if (sandbox_seal(&use, &e) < 0)
            _exit(2);
        (void)!ioctl(volume, KVM_RUN, 0);
        if (syscalls_write(pair[0], "x", 1) != 1 || ppoll(&fd, 1, &none, NULL) != 1 ||
            read(pair[1], &byte, 1) != 1 || pwritev2(volume, &iov, 1, 512, RWF_DSYNC) != 1 ||
            clock_gettime(CLOCK_REALTIME, &now) != 0 || syscall(SYS_clock_gettime, CLOCK_REALTIME, &now) != 0)
            _exit(3);
        _exit(42);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 42);
}
END_TEST

int main(void)
{
    need_root();
    Suite *suite = suite_create("sandbox");
    TCase *t = unit_case(suite, "sandbox");
    tcase_add_test(t, a_launched_monitor_has_nothing);
    tcase_add_test(t, a_mount_namespace_of_others_is_left_as_it_is);
    tcase_add_test(t, a_user_namespace_is_made_first);
    tcase_add_test(t, an_ordinary_user_is_boxed_as_far_as_the_host_allows);
    tcase_add_test(t, what_the_host_refuses_is_said);
    tcase_add_test(t, a_user_without_capabilities_is_boxed_too);
    tcase_add_test(t, a_sealed_process_has_four_descriptors_and_a_filter);
    tcase_add_test(t, six_system_calls_and_their_arguments);
    tcase_add_test(t, five_system_calls_for_the_ring);
    tcase_add_test(t, the_vcpu_s_thread_calls_and_does_not_answer);
    tcase_add_test(t, a_list_without_devices_has_no_read);
    tcase_add_test(t, the_largest_guest_can_be_sealed_and_a_larger_one_is_refused);
    tcase_add_test(t, the_monitors_own_calls_pass);
    return unit_run(suite);
}
