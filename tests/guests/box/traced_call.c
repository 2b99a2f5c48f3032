/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A monitor is nearly always inside ioctl(KVM_RUN) or accept4, or its other thread inside read. Stopped
 * there, its instruction pointer is right behind a `syscall` instruction, and can be moved back onto it.
 * orig_rax of -1 tells the kernel not to restart the interrupted call. One that is found elsewhere is left
 * alone and soon stopped again.
 */
#include "traced_call.h"

#include <errno.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSCALL_INSTRUCTION 0x050fu
#define SYSCALL_SIZE        2

#define TRIES_MAX 1000

static int inject(pid_t pid, long number, const uint64_t arguments[6])
{
    struct user_regs_struct regs;

    if (ptrace(PTRACE_ATTACH, pid, 0, 0) < 0 || waitpid(pid, NULL, __WALL) != pid ||
        ptrace(PTRACE_GETREGS, pid, 0, &regs) < 0)
        return -1;
    regs.rip -= SYSCALL_SIZE;
    errno = 0;
    long word = ptrace(PTRACE_PEEKTEXT, pid, regs.rip, 0);
    if (errno != 0)
        return -1;
    if ((word & 0xffff) != SYSCALL_INSTRUCTION) {
        if (ptrace(PTRACE_DETACH, pid, 0, 0) == 0)
            errno = EAGAIN;
        return -1;
    }
    regs.rax = (unsigned long long)number;
    regs.orig_rax = (unsigned long long)-1;
    regs.rdi = arguments[0];
    regs.rsi = arguments[1];
    regs.rdx = arguments[2];
    regs.r10 = arguments[3];
    regs.r8 = arguments[4];
    regs.r9 = arguments[5];
    if (ptrace(PTRACE_SETREGS, pid, 0, &regs) < 0 || ptrace(PTRACE_DETACH, pid, 0, 0) < 0)
        return -1;
    return 0;
}

int traced_call_inject(pid_t pid, long number, const uint64_t arguments[6])
{
    int result;

    for (int i = 0; (result = inject(pid, number, arguments)) < 0 && errno == EAGAIN && i < TRIES_MAX; i++)
        usleep(1000);
    return result;
}
