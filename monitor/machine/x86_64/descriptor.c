/* SPDX-License-Identifier: Apache-2.0 */
#include "descriptor.h"

#include "abi/hypercall.h"
#include "cpuid.h"
#include "low_memory.h"

#include <stdbool.h>
#include <string.h>

#define VECTOR_BREAKPOINT 3u
#define VECTOR_OVERFLOW   4u

#define TYPE_DATA_ACCESSED 3u /* read-write */
#define TYPE_CODE_ACCESSED 11u
#define TYPE_TSS_AVAILABLE 9u
#define TYPE_TSS_BUSY      11u
#define TYPE_INTERRUPT     14u

/* The I/O bitmap ends after the doorbell's last byte, and one byte of ones follows it. */
#define BITMAP_PORTS (DOORBELL_PORT + 4u)
#define BITMAP_BYTES ((BITMAP_PORTS + 7u) / 8u)

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t stack; /* interrupt stack table entry, 0: none */
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

struct task_state {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t stacks[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t bitmap_off;
    uint8_t bitmap[BITMAP_BYTES + 1];
} __attribute__((packed));

/* One page. */
struct tables {
    uint64_t gdt[SELECTOR_TSS / 8 + 2];
    struct gate idt[TRAP_VECTORS];
    struct task_state tss __attribute__((aligned(8)));
};
_Static_assert(sizeof(struct gate) == 16, "layout");
_Static_assert(sizeof(struct tables) <= GUEST_PAGE_SIZE, "fits into its page");

#define GDT_ADDRESS (LOW_DESCRIPTORS + offsetof(struct tables, gdt))
#define IDT_ADDRESS (LOW_DESCRIPTORS + offsetof(struct tables, idt))
#define TSS_ADDRESS (LOW_DESCRIPTORS + offsetof(struct tables, tss))

/* `out %al, $TRAP_PORT + vector; hlt`, padded to 4 bytes. */
#define STUB_BYTES 4u

static const struct kvm_segment user_code = {.limit = 0xffffffff,
                                             .selector = SELECTOR_USER_CODE,
                                             .type = TYPE_CODE_ACCESSED,
                                             .present = 1,
                                             .dpl = 3,
                                             .s = 1,
                                             .l = 1,
                                             .g = 1};
static const struct kvm_segment user_data = {.limit = 0xffffffff,
                                             .selector = SELECTOR_USER_DATA,
                                             .type = TYPE_DATA_ACCESSED,
                                             .present = 1,
                                             .dpl = 3,
                                             .db = 1,
                                             .s = 1,
                                             .g = 1};
static const struct kvm_segment task = {.base = TSS_ADDRESS,
                                        .limit = sizeof(struct task_state) - 1,
                                        .selector = SELECTOR_TSS,
                                        .type = TYPE_TSS_BUSY,
                                        .present = 1};

static uint64_t segment_descriptor(const struct kvm_segment *s)
{
    uint64_t limit = s->g ? s->limit >> 12 : s->limit;
    return (limit & 0xffff) | (s->base & 0xffffff) << 16 | (uint64_t)s->type << 40 | (uint64_t)s->s << 44 |
           (uint64_t)s->dpl << 45 | (uint64_t)s->present << 47 | (limit >> 16 & 0xf) << 48 |
           (uint64_t)s->l << 53 | (uint64_t)s->db << 54 | (uint64_t)s->g << 55 | (s->base >> 24 & 0xff) << 56;
}

static void allow_port(struct task_state *tss, unsigned port, unsigned bytes)
{
    for (unsigned p = port; p < port + bytes; p++)
        tss->bitmap[p / 8] &= (uint8_t) ~(1u << p % 8);
}

static void fill_tss(struct task_state *tss)
{
    *tss = (struct task_state){.bitmap_off = offsetof(struct task_state, bitmap)};
    tss->rsp[0] = LOW_STACK_TOP;
    memset(tss->bitmap, 0xff, sizeof(tss->bitmap));
    /* A 32-bit `out` to port p needs the bits of p to p + 3. */
    allow_port(tss, HYPERCALL_PORT, HYPERCALL_COUNT + 3);
    allow_port(tss, DOORBELL_PORT, 4);
}

static struct gate trap_gate(unsigned vector)
{
    uint64_t handler = LOW_STUBS + vector * STUB_BYTES;
    /* int3 and into are instructions of ring 3; any other `int n` is a general protection fault. */
    unsigned dpl = vector == VECTOR_BREAKPOINT || vector == VECTOR_OVERFLOW ? 3 : 0;
    return (struct gate){.offset_low = (uint16_t)handler,
                         .selector = SELECTOR_KERNEL_CODE,
                         .type = (uint8_t)(0x80 | dpl << 5 | TYPE_INTERRUPT),
                         .offset_middle = (uint16_t)(handler >> 16),
                         .offset_high = (uint32_t)(handler >> 32)};
}

void descriptor_apply(const struct guest_mem *mem)
{
    struct tables *t = guest_mem_at(mem, LOW_DESCRIPTORS, sizeof(*t));
    uint8_t *stubs = guest_mem_at(mem, LOW_STUBS, TRAP_STUBS * STUB_BYTES);

    struct kvm_segment kernel_code = user_code;
    kernel_code.dpl = 0;
    t->gdt[SELECTOR_KERNEL_CODE / 8] = segment_descriptor(&kernel_code);
    t->gdt[SELECTOR_USER_DATA / 8] = segment_descriptor(&user_data);
    t->gdt[SELECTOR_USER_CODE / 8] = segment_descriptor(&user_code);
    t->gdt[SELECTOR_TSS / 8] = segment_descriptor(&task);
    t->gdt[SELECTOR_TSS / 8 + 1] = task.base >> 32;
    fill_tss(&t->tss);

    for (unsigned vector = 0; vector < TRAP_VECTORS; vector++)
        t->idt[vector] = trap_gate(vector);
    for (unsigned vector = 0; vector < TRAP_STUBS; vector++) {
        const uint8_t stub[STUB_BYTES] = {0xe6, (uint8_t)(TRAP_PORT + vector), 0xf4, 0xf4};
        memcpy(stubs + vector * STUB_BYTES, stub, sizeof(stub));
    }
}

void descriptor_load_user(struct kvm_sregs *sregs)
{
    sregs->cs = user_code;
    sregs->ss = user_data;
    /* KVM says that the TSS is busy whatever it was told, so what it said cannot be given back. */
    sregs->tr = task;
    /* VMX enters a guest with a busy TSS only. SVM does not care, but QEMU's emulation of it honours the I/O
     * bitmap of an available TSS only. */
    if (cpuid_host_is_amd())
        sregs->tr.type = TYPE_TSS_AVAILABLE;
}

void descriptor_load_msrs(struct kvm_msr_entry msrs[DESCRIPTOR_MSRS])
{
    enum { STAR = 0xc0000081, LSTAR, CSTAR, SFMASK };
    uint64_t stub = LOW_STUBS + TRAP_VECTOR_SYSCALL * STUB_BYTES;

    msrs[0] = (struct kvm_msr_entry){.index = (uint32_t)STAR, .data = (uint64_t)SELECTOR_KERNEL_CODE << 32};
    msrs[1] = (struct kvm_msr_entry){.index = (uint32_t)LSTAR, .data = stub};
    msrs[2] = (struct kvm_msr_entry){.index = (uint32_t)CSTAR, .data = stub};
    msrs[3] = (struct kvm_msr_entry){.index = (uint32_t)SFMASK, .data = 0xffffffff};
}

void descriptor_load(struct kvm_sregs *sregs)
{
    descriptor_load_user(sregs);
    sregs->ds = sregs->es = sregs->fs = sregs->gs = user_data;
    sregs->ldt = (struct kvm_segment){.unusable = 1};
    sregs->gdt = (struct kvm_dtable){.base = GDT_ADDRESS, .limit = sizeof(((struct tables *)NULL)->gdt) - 1};
    sregs->idt = (struct kvm_dtable){.base = IDT_ADDRESS, .limit = sizeof(((struct tables *)NULL)->idt) - 1};
}
