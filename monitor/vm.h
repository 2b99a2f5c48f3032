/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual machine of one guest: a KVM VM with one vCPU, a memory slot, and one more for each window.
 *
 * In order: vm_open, (the guest gets its manifest and its block devices), vm_load, (window_open and the
 * network devices), vm_boot, then run.h.
 */
#ifndef VM_H
#define VM_H

#include "boot_info.h"
#include "guest.h"
#include "image.h"
#include "memory_map.h"
#include "unikernel.h"
#include "vcpu.h"
#include "x86_64/trap.h"

struct vm {
    int fd;
    struct vcpu vcpu;
    uint64_t tsc_hz;
    struct memory_map map;
    struct trap_unit traps;
    uint64_t entry;
    uint64_t kernel_end;
    bool can_graft; /* the guest may be lent code (graft.h); to be set before vm_load() */
};

/*
 * Creates VM and vCPU for a guest of memory_bytes. kvm_fd is an open /dev/kvm and stays the caller's; it is
 * not needed afterwards.
 */
int vm_open(int kvm_fd, uint64_t memory_bytes, struct vm *out, struct error *err);

/*
 * Gives the guest memory_bytes of memory, places the unikernel in it and builds its tables. Windows on its
 * block devices are planned, in guest->mem, if the unikernel asks for them or is lent code that reads them.
 * image is what unikernel was read from.
 */
int vm_load(struct vm *vm, struct guest *guest, const struct unikernel *unikernel, const struct image *image,
            uint64_t memory_bytes, struct error *err);

/*
 * Makes the guest exit behind its first instruction, for somebody who waits for it (on_started in run.h) and
 * would else be told at the first exit that the guest makes. Before vm_boot().
 */
void vm_step_first(struct vm *vm);

/* Fills in the boot information (kernel_end and tsc_hz of parameters are set here) and the registers. */
int vm_boot(struct vm *vm, struct guest *guest, const struct boot_parameters *parameters, struct error *err);

/* Accepts a zeroed struct. */
void vm_release(struct vm *vm);

#endif
