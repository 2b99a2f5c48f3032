/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is not on the list, and why it need not be:
 *
 *   close, munmap        the process ends by exit_group, which does both
 *   mmap, brk            nothing is allocated once the guest runs
 *   rt_sigreturn         no signal handler returns (signals.c ends the process, the overlay's jumps)
 *   restart_syscall      ppoll, unlike poll, is restarted as itself after SIGCONT
 *   write                is pwritev2 (syscalls.h)
 *   openat, socket, …    every file and device was opened before the box was closed
 */
#include "syscalls.h"

#include <linux/kvm.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef RWF_DSYNC
#define RWF_DSYNC 2
#endif

/* The most rules for which the program surely stays within the kernel's 4096 instructions. */
#define RULES_MAX 256

#define IS(n, v)                                                             \
    {                                                                        \
        .argument = (n), .kind = SYSCALL_ARGUMENT_IS, .value = (uint64_t)(v) \
    }
#define AT_MOST(n, v)                                                             \
    {                                                                             \
        .argument = (n), .kind = SYSCALL_ARGUMENT_AT_MOST, .value = (uint64_t)(v) \
    }

/* vcpu.c: run the guest. The vCPU's other requests, and all of the VM's, are out of reach. */
static void add_run(struct syscall_filter *list, int vcpu_fd)
{
    syscall_filter_add(list, &(struct syscall_rule){.number = SYS_ioctl,
                                                    .n_matches = 3,
                                                    .matches = {IS(0, vcpu_fd), IS(1, KVM_RUN), IS(2, 0)}});
}

/* dev_net.c: take a frame from a tap; io_thread.c: wait for a call. */
static void add_read(struct syscall_filter *list, int fd)
{
    syscall_filter_add(list,
                       &(struct syscall_rule){.number = SYS_read, .n_matches = 1, .matches = {IS(0, fd)}});
}

/* console.c, dev_net.c, report.c, container.c, io_thread.c: one buffer, at the descriptor's own position, no
 * flags. */
static void add_write(struct syscall_filter *list, int fd)
{
    syscall_filter_add(list, &(struct syscall_rule){.number = SYS_pwritev2,
                                                    .n_matches = 4,
                                                    .matches = {IS(0, fd), IS(2, 1), IS(3, -1), IS(5, 0)}});
}

/* overlay.c: write to a volume, and have it on the disk. */
static void add_durable_write(struct syscall_filter *list, int fd)
{
    syscall_filter_add(list, &(struct syscall_rule){.number = SYS_pwritev2,
                                                    .n_matches = 3,
                                                    .matches = {IS(0, fd), IS(2, 1), IS(5, RWF_DSYNC)}});
}

/* dev_poll.c waits for packets, io_thread.c for packets and calls, console.c for a reader, overlay.c for who
 * fills it. The signal mask stays as it is. */
static void add_wait(struct syscall_filter *list, size_t n_fds)
{
    syscall_filter_add(list,
                       &(struct syscall_rule){.number = SYS_ppoll,
                                              .n_matches = 2,
                                              .matches = {AT_MOST(1, n_fds > 0 ? n_fds : 1), IS(3, 0)}});
}

/* dev_time.c: the wall clock, where the kernel cannot tell it without a call (vdso(7)). */
static void add_clock(struct syscall_filter *list)
{
    syscall_filter_add(list, &(struct syscall_rule){.number = SYS_clock_gettime,
                                                    .n_matches = 1,
                                                    .matches = {IS(0, CLOCK_REALTIME)}});
}

/* io_thread.c: move off the vCPU's CPU. */
static void add_move(struct syscall_filter *list)
{
    syscall_filter_add(list, &(struct syscall_rule){.number = SYS_sched_setaffinity,
                                                    .n_matches = 2,
                                                    .matches = {IS(0, 0), IS(1, sizeof(cpu_set_t))}});
}

/* run.c and its callers, signals.c: the end. */
static void add_exit(struct syscall_filter *list)
{
    syscall_filter_add(
        list, &(struct syscall_rule){.number = SYS_exit_group, .n_matches = 1, .matches = {AT_MOST(0, 255)}});
}

static int check_size(const struct syscalls_use *use, struct error *err)
{
    if (2 * use->n_nets + use->n_volumes + 8 > RULES_MAX)
        return error_set(err, ERROR_REFUSED, "%zu network devices and %zu files of volumes are too many",
                         use->n_nets, use->n_volumes);
    return 0;
}

void syscalls_list_setup(struct syscall_filter *out)
{
    static const int calls[] = {
        /* memory: the C library, image.c, load.c, guest_mem.c, overlay.c, window.c */
        SYS_mmap, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_madvise, SYS_brk,
        /* descriptors that are there: image.c, attach.c, sandbox.c */
        SYS_read, SYS_readv, SYS_pread64, SYS_preadv, SYS_write, SYS_writev, SYS_pwrite64, SYS_pwritev2,
        SYS_lseek, SYS_fstat, SYS_newfstatat, SYS_ftruncate, SYS_fcntl, SYS_dup, SYS_close, SYS_close_range,
        /* KVM and taps: kvm.c, vm.c, vcpu.c, tap.c */
        SYS_ioctl,
        /* descriptors that have no name: tender.c, io_thread.c */
        SYS_memfd_create, SYS_eventfd2,
        /* the start: container.c, launch.c */
        SYS_accept4, SYS_recvmsg, SYS_recvfrom, SYS_sendmsg, SYS_sendto, SYS_poll, SYS_ppoll,
        /* the ring's thread: io_thread.c */
        SYS_clone, SYS_clone3, SYS_rseq, SYS_set_robust_list, SYS_set_tid_address, SYS_gettid, SYS_futex,
        SYS_membarrier, SYS_sched_yield, SYS_sched_getaffinity, SYS_sched_setaffinity, SYS_exit,
        /* the second step of the box, and signals: sandbox.c, syscall_filter.c, signals.c */
        SYS_prctl, SYS_seccomp, SYS_prlimit64, SYS_getrlimit, SYS_setrlimit, SYS_rt_sigaction,
        SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack,
        /* time, chance, and the end */
        SYS_clock_gettime, SYS_getrandom, SYS_restart_syscall, SYS_exit_group};

    out->n_rules = 0;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        syscall_filter_add(out, &(struct syscall_rule){.number = calls[i]});
}

int syscalls_list_io(const struct syscalls_use *use, struct syscall_filter *out, struct error *err)
{
    if (check_size(use, err) < 0)
        return -1;

    out->n_rules = 0;
    for (size_t i = 0; i < use->n_nets; i++) {
        add_read(out, use->net_fds[i]);
        add_write(out, use->net_fds[i]);
    }
    add_read(out, use->call_fd);
    add_wait(out, use->n_nets + 1);
    add_move(out);
    add_write(out, STDERR_FILENO);
    add_exit(out);
    return 0;
}

int syscalls_list(const struct syscalls_use *use, struct syscall_filter *out, struct error *err)
{
    if (check_size(use, err) < 0)
        return -1;

    out->n_rules = 0;
    add_run(out, use->vcpu_fd);
    add_write(out, STDOUT_FILENO);
    add_write(out, STDERR_FILENO);
    if (use->start_fd >= 0)
        add_write(out, use->start_fd);
    for (size_t i = 0; i < use->n_nets; i++) {
        add_read(out, use->net_fds[i]);
        add_write(out, use->net_fds[i]);
    }
    if (use->call_fd >= 0)
        add_write(out, use->call_fd);
    for (size_t i = 0; i < use->n_volumes; i++)
        add_durable_write(out, use->volume_fds[i]);
    add_wait(out, use->n_nets);
    add_clock(out);
    add_exit(out);
    return 0;
}
