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

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/kvm.h>
#include <linux/membarrier.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef RWF_DSYNC
#define RWF_DSYNC 2
#endif
/* Not declared by every C library; the kernel ignores it. */
#ifndef CLONE_DETACHED
#define CLONE_DETACHED 0x00400000
#endif

/* As many as a guest can have devices, and the calls of the ring's thread. */
#define POLL_MAX 65

const sigset_t syscalls_no_signal;

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
#define WITHIN(n, v)                                                             \
    {                                                                            \
        .argument = (n), .kind = SYSCALL_ARGUMENT_WITHIN, .value = (uint64_t)(v) \
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

/* console_thread.c waits for a call, for the next look, or for a signal that ends the process. */
static void add_wait_for_signals(struct syscall_filter *list)
{
    syscall_filter_add(list,
                       &(struct syscall_rule){.number = SYS_ppoll,
                                              .n_matches = 2,
                                              .matches = {IS(1, 1), IS(3, (uintptr_t)&syscalls_no_signal)}});
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

/* ---- Between the box and its seal ---- */

/* Memory that can be read and written, and no more: PROT_EXEC is the next bit, and no flag locks or fills. */
#define MEMORY_RIGHTS (PROT_READ | PROT_WRITE)
#define MEMORY_FLAGS  (MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK)

/* What the C libraries' pthread_create(3) asks clone(2) for: musl, then glibc. Any other clone makes a
 * process. */
#define THREAD_GLIBC                                                                                   \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS | \
     CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)
#define THREAD_MUSL (THREAD_GLIBC | CLONE_DETACHED)

/* glibc catches this one before its first thread, to change identities in all of them. */
#define SIGNAL_GLIBC_SETXID 33

#define SIGNAL_SET_BYTES 8

#define CALL(call, ...)                                                                                  \
    {                                                                                                    \
        .number = (call),                                                                                \
        .n_matches = sizeof((const struct syscall_match[]){__VA_ARGS__}) / sizeof(struct syscall_match), \
        .matches = {                                                                                     \
            __VA_ARGS__                                                                                  \
        }                                                                                                \
    }

static const struct syscall_rule setup_rules[] = {
    /* KVM: vcpu.c, vm.c, kvm.c, cpuid.c, window.c. None that reads the guest back, injects, or makes a
       device. */
    CALL(SYS_ioctl, IS(1, KVM_RUN), IS(2, 0)),
    CALL(SYS_ioctl, IS(1, KVM_GET_API_VERSION), IS(2, 0)),
    CALL(SYS_ioctl, IS(1, KVM_CHECK_EXTENSION), AT_MOST(2, UINT16_MAX)),
    CALL(SYS_ioctl, IS(1, KVM_CREATE_VM), IS(2, 0)),
    CALL(SYS_ioctl, IS(1, KVM_ENABLE_CAP)),
    CALL(SYS_ioctl, IS(1, KVM_CREATE_VCPU), IS(2, 0)),
    CALL(SYS_ioctl, IS(1, KVM_GET_VCPU_MMAP_SIZE), IS(2, 0)),
    CALL(SYS_ioctl, IS(1, KVM_SET_CPUID2)),
    CALL(SYS_ioctl, IS(1, KVM_GET_TSC_KHZ), IS(2, 0)),
    CALL(SYS_ioctl, IS(1, KVM_SET_USER_MEMORY_REGION)),
    CALL(SYS_ioctl, IS(1, KVM_SET_SREGS)),
    CALL(SYS_ioctl, IS(1, KVM_SET_MSRS)),

    /* What the lists of the running monitor have must be on this one too, as both hold for it. */
    CALL(SYS_pwritev2, IS(2, 1), IS(3, -1), IS(5, 0)),
    CALL(SYS_pwritev2, IS(2, 1), IS(5, RWF_DSYNC)),
    CALL(SYS_ppoll, AT_MOST(1, POLL_MAX), IS(3, 0)),
    CALL(SYS_ppoll, IS(1, 1), IS(3, (uintptr_t)&syscalls_no_signal)),
    {.number = SYS_read},
    CALL(SYS_clock_gettime, AT_MOST(0, CLOCK_MONOTONIC)),
    CALL(SYS_exit_group, AT_MOST(0, 255)),

    /* Memory: the C library, guest_mem.c, image.c, load.c, overlay.c, vcpu.c. */
    CALL(SYS_mmap, WITHIN(2, MEMORY_RIGHTS), WITHIN(3, MEMORY_FLAGS)),
    CALL(SYS_mprotect, WITHIN(2, MEMORY_RIGHTS)),
    {.number = SYS_munmap},
    CALL(SYS_mremap, IS(3, MREMAP_MAYMOVE)),
    CALL(SYS_madvise, IS(2, MADV_DONTNEED)),
    CALL(SYS_madvise, IS(2, MADV_FREE)),
    {.number = SYS_brk},

    /* Descriptors that are there: image.c, overlay.c, delta.c, console.c, tender.c. */
    {.number = SYS_pread64},
    {.number = SYS_write},
    CALL(SYS_writev, IS(0, STDERR_FILENO), AT_MOST(2, 2)),
    CALL(SYS_lseek, IS(2, SEEK_SET)),
    CALL(SYS_lseek, IS(2, SEEK_END)),
    {.number = SYS_fstat},
    CALL(SYS_newfstatat, AT_MOST(0, INT_MAX), IS(3, AT_EMPTY_PATH)), /* glibc's fstat(3) */
    CALL(SYS_fcntl, IS(1, F_DUPFD_CLOEXEC), IS(2, 0)),
    CALL(SYS_fcntl, IS(1, F_SETFD), IS(2, FD_CLOEXEC)), /* musl, after the one above */
    {.number = SYS_close},
    CALL(SYS_close_range, IS(2, 0)), /* sandbox.c */

    /* Descriptors without a name: tender.c, io_thread.c. */
    CALL(SYS_memfd_create, IS(1, MFD_CLOEXEC)),
    CALL(SYS_eventfd2, IS(0, 0), IS(1, EFD_CLOEXEC)),

    /* The start: container.c, launch.c. */
    CALL(SYS_accept4, IS(1, 0), IS(2, 0), IS(3, SOCK_CLOEXEC)),
    CALL(SYS_recvfrom, IS(2, 1), IS(3, MSG_PEEK), IS(4, 0), IS(5, 0)),
    CALL(SYS_recvmsg, IS(2, MSG_CMSG_CLOEXEC)),
    CALL(SYS_sendmsg, IS(2, MSG_NOSIGNAL)),

    /* The ring's thread: io_thread.c. clone3(2) hides its flags in memory, so glibc is told that there is
       none. */
    CALL(SYS_clone, IS(0, THREAD_MUSL)),
    CALL(SYS_clone, IS(0, THREAD_GLIBC)),
    {.number = SYS_clone3, .fails_with = ENOSYS},
    CALL(SYS_rseq, IS(2, 0)),
    CALL(SYS_set_robust_list, IS(1, sizeof(struct robust_list_head))),
    CALL(SYS_membarrier, IS(0, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED), IS(1, 0)),
    CALL(SYS_futex, IS(1, FUTEX_WAIT)),
    CALL(SYS_futex, IS(1, FUTEX_WAKE)),
    CALL(SYS_futex, IS(1, FUTEX_WAIT_PRIVATE)),
    CALL(SYS_futex, IS(1, FUTEX_WAKE_PRIVATE)),
    CALL(SYS_futex, IS(1, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME)),
    CALL(SYS_sched_getaffinity, IS(0, 0), IS(1, sizeof(cpu_set_t))),
    CALL(SYS_sched_setaffinity, IS(0, 0), IS(1, sizeof(cpu_set_t))),
    {.number = SYS_sched_yield},
    CALL(SYS_prctl, IS(0, PR_SET_NAME)),
    CALL(SYS_exit, IS(0, 0)),
    CALL(SYS_rt_sigprocmask, AT_MOST(0, SIG_SETMASK), IS(3, SIGNAL_SET_BYTES)),
    CALL(SYS_rt_sigaction, IS(0, SIGNAL_GLIBC_SETXID), IS(3, SIGNAL_SET_BYTES)),

    /* The seal, and faults in files: sandbox.c, syscall_filter.c, overlay.c. */
    CALL(SYS_prctl, IS(0, PR_SET_NO_NEW_PRIVS), IS(1, 1), IS(2, 0), IS(3, 0)),
    CALL(SYS_seccomp, IS(0, SECCOMP_SET_MODE_FILTER), IS(1, 0)),
    CALL(SYS_prlimit64, IS(0, 0), IS(1, RLIMIT_NOFILE)),
    CALL(SYS_rt_sigaction, IS(0, SIGSYS), IS(3, SIGNAL_SET_BYTES)),
    CALL(SYS_rt_sigaction, IS(0, SIGBUS), IS(3, SIGNAL_SET_BYTES)),

    /* tap.c: an address by chance; the C library's heap. */
    CALL(SYS_getrandom, AT_MOST(1, 256), WITHIN(2, GRND_NONBLOCK)),
};

void syscalls_list_setup(struct syscall_filter *out)
{
    out->n_rules = 0;
    for (size_t i = 0; i < sizeof(setup_rules) / sizeof(setup_rules[0]); i++)
        syscall_filter_add(out, &setup_rules[i]);
}

/* ---- While the guest runs ---- */

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
    if (use->console_fd >= 0) /* what the guest has gathered, before the report of its end */
        add_write(out, STDOUT_FILENO);
    add_exit(out);
    return 0;
}

void syscalls_list_console(const struct syscalls_use *use, struct syscall_filter *out)
{
    out->n_rules = 0;
    add_read(out, use->console_fd);
    add_write(out, STDOUT_FILENO);
    add_write(out, STDERR_FILENO);
    add_wait(out, 1);
    add_wait_for_signals(out);
    add_exit(out);
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
    if (use->console_fd >= 0)
        add_write(out, use->console_fd);
    for (size_t i = 0; i < use->n_volumes; i++)
        add_durable_write(out, use->volume_fds[i]);
    add_wait(out, use->n_nets);
    add_clock(out);
    add_exit(out);
    return 0;
}
