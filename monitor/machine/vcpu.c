/* SPDX-License-Identifier: Apache-2.0 */
#include "vcpu.h"

#include "base/cleanup.h"
#include "kvm.h"
#include "x86_64/descriptor.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Protected mode, floating point on with native errors, write protection, alignment checks allowed, paging.
 */
#define CR0_VALUE 0x80050033u
/* PAE, FXSAVE and vector floating-point errors. */
#define CR4_VALUE ((1u << 5) | (1u << 9) | (1u << 10))
/* Long mode, no-execute pages. `syscall` is off: it would lead into ring 0. */
#define EFER_VALUE ((1u << 8) | (1u << 10) | (1u << 11))

/* At its usual address, enabled, of the first CPU. The guest's tables do not map it. */
#define APIC_BASE_AT_RESET 0xfee00900u

/* What travels in the shared memory. */
#define SYNCED (KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS)

#define FLAG_RESERVED (1u << 1)
#define FLAG_TRAP     (1u << 8)

int vcpu_open(int kvm_fd, int vm_fd, struct vcpu *out, struct error *err)
{
    _cleanup_close_ int fd = kvm_call_number(vm_fd, KVM_CREATE_VCPU, 0, "create a vCPU", err);
    if (fd < 0)
        return -1;
    int size = kvm_call_number(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0, "get the size of a vCPU's memory", err);
    if (size < 0)
        return -1;
    void *run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (run == MAP_FAILED)
        return error_errno(err, "KVM: map a vCPU's memory");
    *out = (struct vcpu){.fd = take_fd(&fd), .run = run, .run_bytes = (size_t)size};
    return 0;
}

static int set_msrs(const struct vcpu *vcpu, struct error *err)
{
    union {
        struct kvm_msrs head;
        char bytes[sizeof(struct kvm_msrs) + DESCRIPTOR_MSRS * sizeof(struct kvm_msr_entry)];
    } msrs = {.head = {.nmsrs = DESCRIPTOR_MSRS}};

    descriptor_load_msrs(msrs.head.entries);
    int n = kvm_call(vcpu->fd, KVM_SET_MSRS, &msrs, "set the model-specific registers", err);
    if (n < 0)
        return -1;
    if ((unsigned)n != DESCRIPTOR_MSRS)
        return error_set(err, ERROR_REFUSED, "KVM: model-specific register 0x%x cannot be set",
                         msrs.head.entries[n].index);
    return 0;
}

int vcpu_reset(struct vcpu *vcpu, const struct vcpu_start *start, struct error *err)
{
    struct kvm_sregs sregs = {.apic_base = APIC_BASE_AT_RESET};
    descriptor_load(&sregs);
    sregs.cr0 = CR0_VALUE;
    sregs.cr3 = start->page_table;
    sregs.cr4 = CR4_VALUE;
    sregs.efer = EFER_VALUE;
    if (kvm_call(vcpu->fd, KVM_SET_SREGS, &sregs, "set the system registers", err) < 0 ||
        set_msrs(vcpu, err) < 0)
        return -1;

    vcpu->run->s.regs.regs = (struct kvm_regs){.rip = start->entry,
                                               .rsp = start->stack,
                                               .rdi = start->argument,
                                               .rflags = FLAG_RESERVED | (start->is_stepped ? FLAG_TRAP : 0)};
    vcpu->run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
    return 0;
}

int vcpu_get_tsc_frequency(const struct vcpu *vcpu, uint64_t *out_hz, struct error *err)
{
    int khz =
        kvm_call_number(vcpu->fd, KVM_GET_TSC_KHZ, 0, "get the frequency of the time-stamp counter", err);
    if (khz < 0)
        return -1;
    *out_hz = (uint64_t)khz * 1000;
    return 0;
}

int vcpu_run(struct vcpu *vcpu)
{
    return ioctl(vcpu->fd, KVM_RUN, 0) < 0 ? -1 : 0;
}

void vcpu_bring_registers(struct vcpu *vcpu, bool wanted)
{
    vcpu->run->kvm_valid_regs = wanted ? SYNCED : 0;
}

bool vcpu_has_registers(const struct vcpu *vcpu)
{
    return vcpu->run->kvm_valid_regs == SYNCED;
}

int vcpu_sync(struct vcpu *vcpu)
{
    vcpu->run->immediate_exit = 1;
    vcpu->run->kvm_valid_regs = SYNCED;
    int result = ioctl(vcpu->fd, KVM_RUN, 0);
    vcpu->run->immediate_exit = 0;
    vcpu->run->kvm_valid_regs = 0;
    return result < 0 && errno == EINTR ? 0 : -1;
}

void vcpu_set_dirty(struct vcpu *vcpu)
{
    vcpu->run->kvm_dirty_regs = SYNCED;
}

void vcpu_release(struct vcpu *vcpu)
{
    if (vcpu->run != NULL) {
        munmap(vcpu->run, vcpu->run_bytes);
        close(vcpu->fd);
    }
    *vcpu = (struct vcpu){.fd = -1};
}
