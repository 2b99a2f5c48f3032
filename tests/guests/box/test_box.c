/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A monitor whose guest runs: what it holds, what it is, and what happens to it when it makes a system call
 * that is not on its list, or one of the listed with other arguments.
 *
 * usage: test_box MONITOR GUEST
 */
#include "launcher.h"
#include "traced_call.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/if_tun.h>
#include <linux/kvm.h>
#include <linux/membarrier.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_REFUSED_CALL 159

static const char *monitor_path, *guest_path;
static struct launched launched;

static void given_a_running_guest(void)
{
    launcher_launch(monitor_path, guest_path, &launched);
    launcher_start(&launched);
}

static void given_a_created_guest(void)
{
    launcher_launch(monitor_path, guest_path, &launched);
}

static void end_monitor(void)
{
    kill(launched.pid, SIGKILL);
    waitpid(launched.pid, NULL, 0);
    close(launched.output_fd);
}

static const char *status_field(const char *name)
{
    static char line[256];
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/status", launched.pid);
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

static int find_descriptor(const char *target)
{
    char path[64], link[256];
    for (int fd = 0; fd < 64; fd++) {
        snprintf(path, sizeof(path), "/proc/%d/fd/%d", launched.pid, fd);
        ssize_t n = readlink(path, link, sizeof(link) - 1);
        if (n < 0)
            continue;
        link[n] = '\0';
        if (strstr(link, target) != NULL)
            return fd;
    }
    return -1;
}

static unsigned count_entries(const char *directory)
{
    char path[64];
    unsigned n = 0;
    snprintf(path, sizeof(path), "/proc/%d/%s", launched.pid, directory);
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
    snprintf(path, sizeof(path), "/proc/%d/ns/%s", launched.pid, name);
    ck_assert_int_gt(readlink(path, its, sizeof(its) - 1), 0);
    return strcmp(mine, its) == 0;
}

static void expect_no_names_and_no_rights(void)
{
    static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};
    static const char *const own[] = {"user", "mnt", "ipc", "uts", "cgroup"};

    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
        ck_assert_str_eq(status_field(sets[i]), "0000000000000000");
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        ck_assert_msg(!shares_namespace(own[i]), "it shares our %s namespace", own[i]);
    ck_assert_str_eq(status_field("NoNewPrivs"), "1");
    ck_assert_uint_eq(count_entries("root"), 0);
}

START_TEST(a_waiting_monitor_has_no_names_and_no_rights)
{
    expect_no_names_and_no_rights();
    ck_assert_str_eq(status_field("Seccomp"), "2");
}
END_TEST

START_TEST(a_running_monitor_has_no_names_and_no_rights)
{
    expect_no_names_and_no_rights();
    ck_assert_str_eq(status_field("Seccomp"), "2");
}
END_TEST

START_TEST(a_running_monitor_holds_four_descriptors)
{
    ck_assert_uint_eq(count_entries("fd"), 4);
    ck_assert_int_eq(find_descriptor("pipe:"), 1);
    ck_assert_int_gt(find_descriptor("kvm-vcpu"), 2);
    ck_assert_int_gt(find_descriptor("socket:"), 2); /* the reply to start went there */
    ck_assert_int_eq(find_descriptor("kvm-vm"), -1);
    ck_assert_int_eq(find_descriptor("/dev/kvm"), -1);
}
END_TEST

START_TEST(sigterm_ends_it)
{
    kill(launched.pid, SIGTERM);
    int status = launcher_wait(&launched);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 128 + SIGTERM);
    close(launched.output_fd);
}
END_TEST

/* Arguments that are descriptors of the monitor. */
enum { VCPU = 1, VM, START_SOCKET };

struct refused_call {
    const char *what;
    long number;
    int descriptor; /* argument 0: 0, VCPU, VM or START_SOCKET; then arguments[0] does not count */
    uint64_t arguments[6];
};

static const struct refused_call refused[] = {
    {"getpid", SYS_getpid, 0, {0}},
    {"openat", SYS_openat, 0, {(uint64_t)AT_FDCWD, 0, O_RDONLY}},
    {"socket", SYS_socket, 0, {2, 1, 0}},
    {"clone", SYS_clone, 0, {SIGCHLD}},
    {"execve", SYS_execve, 0, {0}},
    {"ptrace", SYS_ptrace, 0, {0}},
    {"setns", SYS_setns, 0, {1, 0}},
    {"bpf", SYS_bpf, 0, {0}},
    {"io_uring_setup", SYS_io_uring_setup, 0, {1, 0}},
    {"executable memory",
     SYS_mmap,
     0,
     {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, ~0ull, 0}},
    {"memory that becomes executable", SYS_mprotect, 0, {0, 4096, PROT_READ | PROT_EXEC}},
    {"close", SYS_close, VCPU, {0}},
    {"a signal's return", SYS_rt_sigreturn, 0, {0}},
    {"another handler for refused calls", SYS_rt_sigaction, 0, {SIGSYS, 0, 0, 8}},
    {"the vCPU's registers", SYS_ioctl, VCPU, {0, KVM_GET_REGS, 0}},
    {"another VM's memory", SYS_ioctl, VCPU, {0, KVM_SET_USER_MEMORY_REGION, 0}},
    {"KVM_RUN elsewhere", SYS_ioctl, START_SOCKET, {0, KVM_RUN, 0}},
    {"reading from standard input", SYS_read, 0, {0, 0, 1}},
    {"reading from the start's socket", SYS_read, START_SOCKET, {0, 0, 1}},
    {"sending a descriptor", SYS_sendmsg, START_SOCKET, {0, 0, 0}},
    {"two buffers at once", SYS_pwritev2, 0, {1, 0, 2, ~0ull, ~0ull, 0}},
    {"writing to the vCPU", SYS_pwritev2, VCPU, {0, 0, 1, ~0ull, ~0ull, 0}},
    {"another clock", SYS_clock_gettime, 0, {1, 0}},
    {"another signal mask", SYS_ppoll, 0, {0, 0, 0, 4096, 8}},
};

static void expect_refused(const struct refused_call *call)
{
    static const char *const names[] = {[VCPU] = "kvm-vcpu", [VM] = "kvm-vm", [START_SOCKET] = "socket:"};
    uint64_t arguments[6];
    char text[256] = {0}, expected[64];

    memcpy(arguments, call->arguments, sizeof(arguments));
    if (call->descriptor != 0) {
        int fd = find_descriptor(names[call->descriptor]);
        ck_assert_int_gt(fd, 2);
        arguments[0] = (uint64_t)fd;
    }
    ck_assert_msg(traced_call_inject(launched.pid, call->number, arguments) == 0, "%s: %s", call->what,
                  strerror(errno));
    int status = launcher_wait(&launched);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_REFUSED_CALL, "%s: wait status 0x%x",
                  call->what, status);
    ck_assert_int_gt(read(launched.output_fd, text, sizeof(text) - 1), 0);
    snprintf(expected, sizeof(expected), "seccomp: system call %ld ", call->number);
    ck_assert_msg(strstr(text, expected) != NULL, "%s: '%s'", call->what, text);
    close(launched.output_fd);
}

START_TEST(a_refused_call_ends_it_with_a_report)
{
    expect_refused(&refused[_i]);
}
END_TEST

static const struct refused_call refused_in_setup[] = {
    /* what is not on the list at all */
    {"open", SYS_open, 0, {0, O_RDONLY}},
    {"openat", SYS_openat, 0, {(uint64_t)AT_FDCWD, 0, O_RDONLY}},
    {"openat2", SYS_openat2, 0, {(uint64_t)AT_FDCWD}},
    {"socket", SYS_socket, 0, {2, 1, 0}},
    {"socketpair", SYS_socketpair, 0, {1, 1, 0}},
    {"connect", SYS_connect, 0, {0, 0, 0}},
    {"bind", SYS_bind, 0, {0, 0, 0}},
    {"setsockopt", SYS_setsockopt, 0, {0}},
    {"execve", SYS_execve, 0, {0}},
    {"execveat", SYS_execveat, 0, {0}},
    {"fork", SYS_fork, 0, {0}},
    {"vfork", SYS_vfork, 0, {0}},
    {"ptrace", SYS_ptrace, 0, {0}},
    {"process_vm_writev", SYS_process_vm_writev, 0, {0}},
    {"pidfd_getfd", SYS_pidfd_getfd, 0, {0}},
    {"kill", SYS_kill, 0, {0, 0}},
    {"tgkill", SYS_tgkill, 0, {0, 0}},
    {"mount", SYS_mount, 0, {0}},
    {"pivot_root", SYS_pivot_root, 0, {0}},
    {"chroot", SYS_chroot, 0, {0}},
    {"setns", SYS_setns, 0, {1, 0}},
    {"unshare", SYS_unshare, 0, {0}},
    {"setuid", SYS_setuid, 0, {0}},
    {"capset", SYS_capset, 0, {0}},
    {"bpf", SYS_bpf, 0, {0}},
    {"perf_event_open", SYS_perf_event_open, 0, {0}},
    {"io_uring_setup", SYS_io_uring_setup, 0, {1, 0}},
    {"userfaultfd", SYS_userfaultfd, 0, {0}},
    {"keyctl", SYS_keyctl, 0, {0}},
    {"dup", SYS_dup, 0, {1}},
    {"pwrite64", SYS_pwrite64, 0, {1, 0, 0, 0}},
    {"ftruncate", SYS_ftruncate, 0, {1, 0}},
    {"a signal's return", SYS_rt_sigreturn, 0, {0}},
    {"another stack for signals", SYS_sigaltstack, 0, {0}},
    /* what is on the list, with other arguments */
    {"executable memory",
     SYS_mmap,
     0,
     {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, ~0ull, 0}},
    {"locked memory", SYS_mmap, 0, {0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, ~0ull, 0}},
    {"huge pages", SYS_mmap, 0, {0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, ~0ull, 0}},
    {"memory that becomes executable", SYS_mprotect, 0, {0, 4096, PROT_READ | PROT_EXEC}},
    {"memory moved to an address", SYS_mremap, 0, {0, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED}},
    {"advice to merge memory", SYS_madvise, 0, {0, 4096, MADV_MERGEABLE}},
    {"a process", SYS_clone, 0, {SIGCHLD}},
    {"a process in new namespaces", SYS_clone, 0, {CLONE_NEWUSER | CLONE_NEWNET | SIGCHLD}},
    {"a process that shares memory", SYS_clone, 0, {CLONE_VM | CLONE_FILES | CLONE_FS}},
    {"keeping capabilities", SYS_prctl, 0, {PR_SET_KEEPCAPS, 1}},
    {"being dumped", SYS_prctl, 0, {PR_SET_DUMPABLE, 1}},
    {"being traced", SYS_prctl, 0, {PR_SET_PTRACER, ~0ull}},
    {"taking no_new_privs back", SYS_prctl, 0, {PR_SET_NO_NEW_PRIVS, 0}},
    {"a filter for all threads", SYS_seccomp, 0, {SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC}},
    {"a filter's listener", SYS_seccomp, 0, {SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER}},
    {"the limit of another resource", SYS_prlimit64, 0, {0, RLIMIT_CORE}},
    {"the limit of another process", SYS_prlimit64, 0, {1, RLIMIT_NOFILE}},
    {"a handler for another signal", SYS_rt_sigaction, 0, {SIGTERM, 0, 0, 8}},
    {"another signal mask", SYS_ppoll, 0, {0, 0, 0, 4096, 8}},
    {"another clock", SYS_clock_gettime, 0, {CLOCK_PROCESS_CPUTIME_ID, 0}},
    {"a status of more than a byte", SYS_exit_group, 0, {256}},
    {"ending the thread with a status", SYS_exit, 0, {1}},
    {"a copy with a chosen number", SYS_fcntl, 0, {1, F_DUPFD_CLOEXEC, 1000}},
    {"a copy that survives", SYS_fcntl, 0, {1, F_DUPFD, 0}},
    {"a descriptor that survives", SYS_fcntl, 0, {1, F_SETFD, 0}},
    {"an owner for signals", SYS_fcntl, 0, {1, F_SETOWN, 1}},
    {"files below the working directory", SYS_newfstatat, 0, {(uint64_t)AT_FDCWD, 0, 0, AT_EMPTY_PATH}},
    {"a file by name", SYS_newfstatat, 0, {1, 0, 0, 0}},
    {"seeking for data", SYS_lseek, 0, {1, 0, SEEK_DATA}},
    {"marking descriptors", SYS_close_range, 0, {1000, 1001, 4}},
    {"memory as a sealed file", SYS_memfd_create, 0, {0, 2}},
    {"a semaphore", SYS_eventfd2, 0, {0, 1}},
    {"two buffers at once", SYS_pwritev2, 0, {1, 0, 2, ~0ull, ~0ull, 0}},
    {"writing at a position", SYS_pwritev2, 0, {1, 0, 1, 0, 0, 0}},
    {"appending", SYS_pwritev2, 0, {1, 0, 1, 0, 0, 16}},
    {"many buffers", SYS_writev, 0, {2, 0, 3}},
    {"buffers elsewhere", SYS_writev, 0, {1, 0, 1}},
    {"who it is that connects", SYS_accept4, START_SOCKET, {0, 4096, 4096, SOCK_CLOEXEC}},
    {"a connection that survives", SYS_accept4, START_SOCKET, {0, 0, 0, 0}},
    {"more than a look at a socket", SYS_recvfrom, START_SOCKET, {0, 0, 1, 0}},
    {"descriptors that survive", SYS_recvmsg, START_SOCKET, {0, 0, 0}},
    {"urgent messages", SYS_sendmsg, START_SOCKET, {0, 0, MSG_OOB}},
    {"waiting at another process's word", SYS_futex, 0, {0, FUTEX_LOCK_PI}},
    {"moving those who wait", SYS_futex, 0, {0, FUTEX_REQUEUE}},
    {"other memory barriers", SYS_membarrier, 0, {MEMBARRIER_CMD_GLOBAL}},
    {"another size of signal set", SYS_rt_sigprocmask, 0, {0, 0, 0, 16}},
    {"a kilobyte of chance", SYS_getrandom, 0, {0, 1024, 0}},
    {"dear chance", SYS_getrandom, 0, {0, 8, 2}},
    {"the vCPU's registers", SYS_ioctl, VCPU, {0, KVM_GET_REGS, 0}},
    {"the vCPU's events", SYS_ioctl, VCPU, {0, KVM_SET_VCPU_EVENTS, 0}},
    {"debugging the vCPU", SYS_ioctl, VCPU, {0, KVM_SET_GUEST_DEBUG, 0}},
    {"running with an argument", SYS_ioctl, VCPU, {0, KVM_RUN, 1}},
    {"a second vCPU", SYS_ioctl, VM, {0, KVM_CREATE_VCPU, 1}},
    {"a device of the VM", SYS_ioctl, VM, {0, KVM_CREATE_DEVICE, 0}},
    {"wakening by the VM", SYS_ioctl, VM, {0, KVM_IRQFD, 0}},
    {"a log of the VM's memory", SYS_ioctl, VM, {0, KVM_GET_DIRTY_LOG, 0}},
    {"typing into a terminal", SYS_ioctl, 0, {1, TIOCSTI, 0}},
    {"an interface of its own", SYS_ioctl, 0, {1, TUNSETIFF, 0}},
    {"messages for reading", SYS_ioctl, START_SOCKET, {0, FIONREAD, 0}},
};

START_TEST(a_waiting_monitor_is_ended_by_a_refused_call)
{
    expect_refused(&refused_in_setup[_i]);
}
END_TEST

/* The injected call is its last: exit_group is on the list, with a status of one byte. */
START_TEST(a_listed_call_passes)
{
    const uint64_t arguments[6] = {42};
    ck_assert_int_eq(traced_call_inject(launched.pid, SYS_exit_group, arguments), 0);
    int status = launcher_wait(&launched);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 42);
    close(launched.output_fd);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: test_box MONITOR GUEST\n");
        return EXIT_FAILURE;
    }
    monitor_path = argv[1];
    guest_path = argv[2];
    if (geteuid() != 0 || access("/dev/kvm", R_OK | W_OK) < 0) {
        printf("skipped: needs root and /dev/kvm\n");
        return 77;
    }

    Suite *suite = suite_create("box");
    TCase *created = unit_case(suite, "created");
    tcase_add_checked_fixture(created, given_a_created_guest, end_monitor);
    tcase_add_test(created, a_waiting_monitor_has_no_names_and_no_rights);
    TCase *running = unit_case(suite, "running");
    tcase_add_checked_fixture(running, given_a_running_guest, end_monitor);
    tcase_add_test(running, a_running_monitor_has_no_names_and_no_rights);
    tcase_add_test(running, a_running_monitor_holds_four_descriptors);
    TCase *waited = unit_case(suite, "ended while it waits");
    tcase_add_checked_fixture(waited, given_a_created_guest, NULL);
    tcase_add_loop_test(waited, a_waiting_monitor_is_ended_by_a_refused_call, 0,
                        sizeof(refused_in_setup) / sizeof(refused_in_setup[0]));
    TCase *ended = unit_case(suite, "ended");
    tcase_add_checked_fixture(ended, given_a_running_guest, NULL);
    tcase_add_test(ended, sigterm_ends_it);
    tcase_add_loop_test(ended, a_refused_call_ends_it_with_a_report, 0, sizeof(refused) / sizeof(refused[0]));
    tcase_add_test(ended, a_listed_call_passes);
    return unit_run(suite);
}
