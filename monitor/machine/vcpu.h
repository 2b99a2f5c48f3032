/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one virtual CPU of a guest.
 *
 * After vcpu_reset() the only system call here is ioctl(KVM_RUN): registers travel in the memory that the
 * kernel shares (KVM_CAP_SYNC_REGS).
 */
#ifndef VCPU_H
#define VCPU_H

#include "base/error.h"

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vcpu {
    int fd;
    struct kvm_run *run; /* shared with the kernel */
    size_t run_bytes;
};

/* Where a guest begins. */
struct vcpu_start {
    uint64_t entry;
    uint64_t stack; /* its initial stack pointer */
    uint64_t argument;
    uint64_t page_table;
    bool is_stepped; /* the first instruction is followed by a debug exception */
};

int vcpu_open(int kvm_fd, int vm_fd, struct vcpu *out, struct error *err);

/* Sets all registers: 64-bit mode, ring 3, a clean floating-point unit. */
int vcpu_reset(struct vcpu *vcpu, const struct vcpu_start *start, struct error *err);

/* The frequency of the guest's time-stamp counter in Hz. */
int vcpu_get_tsc_frequency(const struct vcpu *vcpu, uint64_t *out_hz, struct error *err);

/* Runs the guest until it exits; the reason is in vcpu->run. Returns 0, or -1 with errno. */
int vcpu_run(struct vcpu *vcpu);

/*
 * Whether every exit brings the registers along in vcpu->run->s.regs, which makes each a little dearer. rip
 * may be at the instruction that has exited or behind it; a changed rip is honoured in either case.
 */
void vcpu_bring_registers(struct vcpu *vcpu, bool wanted);
bool vcpu_has_registers(const struct vcpu *vcpu);

/*
 * Completes the exit that was last reported, and gets the registers into vcpu->run->s.regs. Before this, some
 * KVMs have executed the exiting instruction and others have not. Returns 0, or -1 with errno.
 */
int vcpu_sync(struct vcpu *vcpu);

/* Lets the next vcpu_run() take its registers from vcpu->run->s.regs, where the last exit has left them. */
void vcpu_set_dirty(struct vcpu *vcpu);

/* Accepts a zeroed struct. */
void vcpu_release(struct vcpu *vcpu);

#endif
