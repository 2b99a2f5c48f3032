/* SPDX-License-Identifier: Apache-2.0 */
#include "vm.h"

#include "base/cleanup.h"
#include "graft.h"
#include "graft_layout.h"
#include "kvm.h"
#include "load.h"
#include "window.h"
#include "x86_64/cpuid.h"
#include "x86_64/descriptor.h"
#include "x86_64/low_memory.h"

#include <sys/ioctl.h>

/* Memory of this size and its page tables end well below the APIC's 0xfee00000. */
#define APIC_FREE_BYTES (3ull << 30)

/*
 * The first vCPU on a host that has no local APIC in the kernel makes KVM patch the host's code, on all CPUs,
 * and its end makes it patch it back: 0.1 ms and more each. A guest never meets its APIC, as no address and
 * no instruction leads there. KVM that cannot have one does without.
 */
static void give_apic(int vm_fd, uint64_t memory_bytes)
{
    struct kvm_enable_cap split = {.cap = KVM_CAP_SPLIT_IRQCHIP};

    /* Memory must not reach the address of the APIC. */
    if (memory_bytes <= APIC_FREE_BYTES)
        (void)ioctl(vm_fd, KVM_ENABLE_CAP, &split);
}

int vm_open(int kvm_fd, uint64_t memory_bytes, struct vm *out, struct error *err)
{
    _cleanup_close_ int fd = kvm_call_number(kvm_fd, KVM_CREATE_VM, 0, "create a VM", err);
    _cleanup_(vcpu_release) struct vcpu vcpu = {.fd = -1};

    if (fd < 0)
        return -1;
    give_apic(fd, memory_bytes);
    if (vcpu_open(kvm_fd, fd, &vcpu, err) < 0 || cpuid_apply(vcpu.fd, err) < 0 ||
        vcpu_get_tsc_frequency(&vcpu, &out->tsc_hz, err) < 0)
        return -1;
    out->fd = take_fd(&fd);
    out->vcpu = vcpu;
    vcpu = (struct vcpu){.fd = -1};
    return 0;
}

static int set_memory_slot(const struct vm *vm, const struct guest_mem *mem, struct error *err)
{
    struct kvm_userspace_memory_region slot = {
        .slot = 0,
        .guest_phys_addr = 0,
        .memory_size = mem->mapped,
        .userspace_addr = (uintptr_t)mem->bytes,
    };
    return kvm_call(vm->fd, KVM_SET_USER_MEMORY_REGION, &slot, "give the guest memory", err) < 0 ? -1 : 0;
}

static void add_blocks_to_graft(const struct guest *guest)
{
    for (uint32_t i = 0; guest->graft.n_jumps > 0 && i < MANIFEST_ENTRIES_MAX; i++)
        if (guest->devices[i].type == MANIFEST_BLOCK)
            graft_add_block(&guest->mem, i, guest->devices[i].u.block.block_size);
}

int vm_load(struct vm *vm, struct guest *guest, const struct unikernel *unikernel, const struct image *image,
            uint64_t memory_bytes, struct error *err)
{
    if (vm->can_graft)
        graft_plan(unikernel, &guest->graft);
    uint64_t ring_bytes = manifest_has(&unikernel->manifest, MANIFEST_NET) ? RING_BYTES : 0;
    if (guest->graft.uses_ring)
        ring_bytes += GRAFT_FRAMES_BYTES;
    uint64_t tables_gpa = memory_bytes + ring_bytes;
    if (memory_map_plan(&unikernel->elf, memory_bytes, ring_bytes, guest->graft.n_jumps > 0, &vm->map, err) <
        0)
        return -1;
    size_t n_windows = 0;
    if ((unikernel->kit.features & BOOT_FEATURE_WINDOWS) != 0 || guest->graft.reads_windows)
        n_windows = window_plan(guest);
    memory_map_add_windows(&vm->map, guest->windows, n_windows);
    uint64_t tables_bytes = page_table_plan(vm->map.ranges, vm->map.n_ranges);
    if (guest_mem_init(&guest->mem, memory_bytes, ring_bytes + tables_bytes, err) < 0)
        return -1;

    guest_mem_set_windows(&guest->mem, guest->windows, n_windows);
    guest_mem_seal(&guest->mem, vm->map.seals, vm->map.n_seals);
    void *tables = guest_mem_at(&guest->mem, tables_gpa, tables_bytes);
    page_table_apply(vm->map.ranges, vm->map.n_ranges, tables, tables_gpa);
    if (guest->graft.uses_ring)
        guest_mem_lend(&guest->mem, memory_bytes + RING_BYTES, memory_bytes + ring_bytes);
    if (ring_bytes > 0)
        ring_init(&guest->ring, guest_mem_at(&guest->mem, memory_bytes, RING_BYTES),
                  (unikernel->kit.features & BOOT_FEATURE_NET_POSTED) != 0 || guest->graft.uses_ring);
    descriptor_apply(&guest->mem);
    if (load_segments(&guest->mem, &unikernel->elf, image, err) < 0 ||
        graft_apply(&guest->graft, &guest->mem, &unikernel->elf, err) < 0)
        return -1;
    add_blocks_to_graft(guest);
    if (guest->graft.gathers_output)
        console_attach(&guest->console,
                       guest_mem_at(&guest->mem, LOW_GRAFT_DATA, sizeof(struct graft_console)),
                       &guest->status->console_bytes);

    vm->entry = unikernel->elf.entry;
    vm->kernel_end = unikernel->elf.end;
    vm->traps = (struct trap_unit){.mem = &guest->mem,
                                   .page_table = {.tables = tables, .gpa = tables_gpa},
                                   .guard = vm->map.guard,
                                   .stack_top = memory_bytes,
                                   .cs = SELECTOR_USER_CODE,
                                   .ss = SELECTOR_USER_DATA};
    return set_memory_slot(vm, &guest->mem, err);
}

void vm_step_first(struct vm *vm)
{
    vm->traps.is_stepping = true;
}

int vm_boot(struct vm *vm, struct guest *guest, const struct boot_parameters *parameters, struct error *err)
{
    struct boot_parameters complete = *parameters;
    /* The ABI of x86-64 wants a stack pointer of 8 modulo 16 where a function begins. */
    struct vcpu_start start = {.entry = vm->entry,
                               .stack = guest->mem.size - 8,
                               .page_table = vm->traps.page_table.gpa,
                               .is_stepped = vm->traps.is_stepping};

    if (guest->graft.uses_ring)
        guest->ring.is_watched =
            graft_set_net(&guest->graft, &guest->mem, &guest->manifest, guest->mem.size, vm->tsc_hz);
    complete.kernel_end = vm->kernel_end;
    complete.tsc_hz = vm->tsc_hz;
    if (boot_info_write(guest, &complete, &start.argument, err) < 0)
        return -1;
    return vcpu_reset(&vm->vcpu, &start, err);
}

void vm_release(struct vm *vm)
{
    vcpu_release(&vm->vcpu);
    cleanup_close(&vm->fd);
    vm->fd = -1;
}
