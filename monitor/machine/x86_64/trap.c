/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: the CPU has pushed a frame on the ring 0 stack. trap_read() turns it back into the registers that
 * the guest had at the instruction; trap_handle() decides:
 *
 *   1. single step after the first instruction: clear the trap flag and go on;
 *   2. page fault in the stack's guard: the stack's overflow, or memory that the guest may well use
 *      (guard_hit());
 *   3. page fault on a mapped page: a breach of the seal, however the guest would like to handle it;
 *   4. general protection fault at a privileged instruction: emulated, or a breach;
 *   5. anything else: the guest's handler, as a CPU in ring 0 would enter it.
 *
 * The guest's "ring 0" is ring 3: it has no interrupts, and its code and data selectors are labels that only
 * far returns and frames show. What remains of its tables is where its handlers and their stacks are.
 */
#include "x86_64/trap.h"

#include "x86_64/descriptor.h"
#include "x86_64/low_memory.h"

#include <string.h>

#define FLAG_RESERVED  (1u << 1)
#define FLAG_TRAP      (1u << 8)
#define FLAG_INTERRUPT (1u << 9)
#define FLAG_DIRECTION (1u << 10)
#define FLAG_NESTED    (1u << 14)
#define FLAG_RESUME    (1u << 16)
/* Carry to overflow, without the control flags among them, and ID: what ring 3 can change. */
#define FLAGS_OF_USER 0x200cd5u

#define MSR_FS_BASE 0xc0000100u
#define MSR_GS_BASE 0xc0000101u

/* A stack access that faults lies this near the stack pointer. */
#define STACK_REACH (64u << 10)

/* As many instructions are emulated after one that trapped. */
#define FOLLOWERS_MAX 8u

struct frame {
    uint64_t rip;
    uint64_t cs;
    uint64_t rflags;
    uint64_t rsp;
    uint64_t ss;
};

static bool has_error_code(unsigned vector)
{
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21;
}

static bool is_canonical(uint64_t address)
{
    return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

/* ---- reading guest tables ---- */

static bool read_descriptor(const struct trap_unit *unit, uint16_t selector, unsigned words, uint64_t *out)
{
    uint64_t off = selector & ~7u;
    uint64_t last = off + words * sizeof(uint64_t) - 1;
    return off != 0 && last <= unit->gdt.limit &&
           guest_mem_copy_in(unit->mem, (struct gpa){unit->gdt.base + off}, out, words * sizeof(uint64_t));
}

static unsigned descriptor_type(uint64_t descriptor)
{
    return descriptor >> 40 & 0x1f;
}

static bool descriptor_is_present(uint64_t descriptor)
{
    return (descriptor >> 47 & 1) != 0;
}

static bool is_code_selector(const struct trap_unit *unit, uint16_t selector)
{
    uint64_t d;
    if (selector == SELECTOR_USER_CODE)
        return true;
    return read_descriptor(unit, selector, 1, &d) && descriptor_is_present(d) &&
           (descriptor_type(d) & 0x18) == 0x18 && (d >> 53 & 1) != 0;
}

static bool is_data_selector(const struct trap_unit *unit, uint16_t selector)
{
    uint64_t d;
    if ((selector & ~3u) == 0 || selector == SELECTOR_USER_DATA)
        return true;
    return read_descriptor(unit, selector, 1, &d) && descriptor_is_present(d) &&
           (descriptor_type(d) & 0x18) == 0x10;
}

/* ---- emulation: each returns false when the instruction would fault in ring 0 too ---- */

static bool read_operand(const struct trap_unit *unit, const struct instruction *insn,
                         const struct kvm_regs *regs, uint16_t *out)
{
    if (insn->has_memory)
        return guest_mem_copy_in(unit->mem, (struct gpa){insn->address}, out, sizeof(*out));
    *out = (uint16_t)instruction_get_register(regs, insn->rm);
    return true;
}

static bool load_table(const struct trap_unit *unit, const struct instruction *insn, struct trap_table *out)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) operand;

    if (!guest_mem_copy_in(unit->mem, (struct gpa){insn->address}, &operand, sizeof(operand)) ||
        !is_canonical(operand.base))
        return false;
    *out = (struct trap_table){.base = operand.base, .limit = operand.limit};
    return true;
}

static bool load_task(struct trap_unit *unit, const struct instruction *insn, const struct kvm_regs *regs)
{
    uint16_t selector;
    uint64_t d[2];
    enum { TYPE_TSS_AVAILABLE = 9 };

    if (!read_operand(unit, insn, regs, &selector) || !read_descriptor(unit, selector, 2, d) ||
        !descriptor_is_present(d[0]) || descriptor_type(d[0]) != TYPE_TSS_AVAILABLE)
        return false;
    unit->tss = (d[0] >> 16 & 0xffffff) | (d[0] >> 56) << 24 | d[1] << 32;
    return true;
}

/* 32 bits of address; none for a null selector. */
static uint64_t segment_base(const struct trap_unit *unit, uint16_t selector)
{
    uint64_t d;
    if (!read_descriptor(unit, selector, 1, &d))
        return 0;
    return (d >> 16 & 0xffffff) | (d >> 56) << 24;
}

static bool load_segment(struct trap_unit *unit, const struct instruction *insn, const struct kvm_regs *regs,
                         struct kvm_sregs *sregs)
{
    uint16_t selector;
    enum { SEGMENT_SS = 2, SEGMENT_FS = 4, SEGMENT_GS = 5 };

    if (!read_operand(unit, insn, regs, &selector) || !is_data_selector(unit, selector))
        return false;
    if (insn->reg == SEGMENT_SS)
        unit->ss = selector;
    else if (insn->reg == SEGMENT_FS)
        sregs->fs.base = segment_base(unit, selector);
    else if (insn->reg == SEGMENT_GS)
        sregs->gs.base = segment_base(unit, selector);
    return true;
}

static bool far_return(struct trap_unit *unit, struct kvm_regs *regs)
{
    uint64_t frame[2]; /* rip, cs */

    if (!guest_mem_copy_in(unit->mem, (struct gpa){regs->rsp}, frame, sizeof(frame)) ||
        !is_code_selector(unit, (uint16_t)frame[1]) || !is_canonical(frame[0]))
        return false;
    regs->rip = frame[0];
    regs->rsp += sizeof(frame);
    unit->cs = (uint16_t)frame[1];
    return true;
}

static uint64_t user_flags(uint64_t flags)
{
    return (flags & (FLAGS_OF_USER | FLAG_TRAP | FLAG_DIRECTION)) | FLAG_RESERVED;
}

static bool interrupt_return(struct trap_unit *unit, struct kvm_regs *regs)
{
    struct frame frame;

    if (!guest_mem_copy_in(unit->mem, (struct gpa){regs->rsp}, &frame, sizeof(frame)) ||
        !is_code_selector(unit, (uint16_t)frame.cs) || !is_data_selector(unit, (uint16_t)frame.ss) ||
        !is_canonical(frame.rip))
        return false;
    regs->rip = frame.rip;
    regs->rsp = frame.rsp;
    regs->rflags = user_flags(frame.rflags);
    unit->cs = (uint16_t)frame.cs;
    unit->ss = (uint16_t)frame.ss;
    return true;
}

/* The registers that ring 3 can do no more harm with than with any other; NULL: none of them. */
static __u64 *find_msr(const struct kvm_regs *regs, struct kvm_sregs *sregs)
{
    if ((uint32_t)regs->rcx == MSR_FS_BASE)
        return &sregs->fs.base;
    return (uint32_t)regs->rcx == MSR_GS_BASE ? &sregs->gs.base : NULL;
}

static bool read_msr(struct kvm_regs *regs, struct kvm_sregs *sregs)
{
    const __u64 *msr = find_msr(regs, sregs);

    if (msr == NULL)
        return false;
    regs->rax = *msr & 0xffffffff;
    regs->rdx = *msr >> 32;
    return true;
}

static bool write_msr(const struct kvm_regs *regs, struct kvm_sregs *sregs)
{
    uint64_t value = (regs->rax & 0xffffffff) | regs->rdx << 32;
    __u64 *msr = find_msr(regs, sregs);

    if (msr == NULL || !is_canonical(value))
        return false;
    *msr = value;
    return true;
}

static bool push(const struct trap_unit *unit, uint64_t value, struct kvm_regs *regs)
{
    if (!guest_mem_copy_out(unit->mem, (struct gpa){regs->rsp - sizeof(value)}, &value, sizeof(value)))
        return false;
    regs->rsp -= sizeof(value);
    return true;
}

static bool emulate(struct trap_unit *unit, const struct instruction *insn, struct kvm_regs *regs,
                    struct kvm_sregs *sregs)
{
    switch (insn->operation) {
    case INSTRUCTION_FAR_RETURN:
        return far_return(unit, regs);
    case INSTRUCTION_INTERRUPT_RETURN:
        return interrupt_return(unit, regs);
    case INSTRUCTION_RDMSR:
        if (!read_msr(regs, sregs))
            return false;
        break;
    case INSTRUCTION_WRMSR:
        if (!write_msr(regs, sregs))
            return false;
        break;
    case INSTRUCTION_LGDT:
        if (!load_table(unit, insn, &unit->gdt))
            return false;
        break;
    case INSTRUCTION_LIDT:
        if (!load_table(unit, insn, &unit->idt))
            return false;
        break;
    case INSTRUCTION_LTR:
        if (!load_task(unit, insn, regs))
            return false;
        break;
    case INSTRUCTION_LOAD_SEGMENT:
        if (!load_segment(unit, insn, regs, sregs))
            return false;
        break;
    case INSTRUCTION_READ_CR2:
        instruction_set_register(regs, insn->rm, unit->cr2);
        break;
    case INSTRUCTION_CLI:
    case INSTRUCTION_STI: /* there are no interrupts to hold back */
        break;
    case INSTRUCTION_PUSH:
        if (!push(unit, insn->constant, regs))
            return false;
        break;
    case INSTRUCTION_LOAD_CONSTANT:
        instruction_set_register(regs, insn->rm, insn->constant);
        break;
    default:
        return false;
    }
    regs->rip += insn->bytes;
    return true;
}

/* ---- delivery to the guest's own handler ---- */

struct guest_gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t stack;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};
_Static_assert(sizeof(struct guest_gate) == 16, "layout");

static bool find_gate(const struct trap_unit *unit, unsigned vector, struct guest_gate *out)
{
    enum { PRESENT_INTERRUPT_GATE = 0x8e, PRESENT_TRAP_GATE = 0x8f };
    uint64_t off = vector * sizeof(*out);

    return off + sizeof(*out) - 1 <= unit->idt.limit &&
           guest_mem_copy_in(unit->mem, (struct gpa){unit->idt.base + off}, out, sizeof(*out)) &&
           ((out->type & 0x9f) == PRESENT_INTERRUPT_GATE || (out->type & 0x9f) == PRESENT_TRAP_GATE) &&
           is_code_selector(unit, out->selector);
}

/* The stack on which the gate's handler runs: one of the task's, or the one in use. */
static bool find_stack(const struct trap_unit *unit, const struct guest_gate *gate, uint64_t rsp,
                       uint64_t *out)
{
    enum { TASK_STACKS = 36 };
    unsigned entry = gate->stack & 7;

    *out = rsp;
    if (entry != 0 && !guest_mem_copy_in(unit->mem, (struct gpa){unit->tss + TASK_STACKS + (entry - 1) * 8},
                                         out, sizeof(*out)))
        return false;
    *out &= ~15ull;
    return true;
}

static enum trap_verdict forward(struct trap_unit *unit, const struct trap *trap, struct kvm_regs *regs)
{
    struct guest_gate gate;
    struct {
        uint64_t error_code;
        struct frame frame;
    } pushed = {
        .error_code = trap->error_code,
        .frame = {regs->rip, unit->cs, regs->rflags | FLAG_RESERVED, regs->rsp, unit->ss},
    };
    uint64_t stack;

    if (!find_gate(unit, trap->vector, &gate))
        return TRAP_UNHANDLED;
    if (!find_stack(unit, &gate, regs->rsp, &stack))
        return TRAP_DOUBLE;
    /* The guest knows of no ring 3: its own access is the kernel's. */
    if (trap->vector == VECTOR_PAGE_FAULT) {
        pushed.error_code &= ~(uint64_t)FAULT_USER;
        unit->cr2 = trap->address;
    }
    size_t skipped = has_error_code(trap->vector) ? 0 : sizeof(pushed.error_code);
    size_t size = sizeof(pushed) - skipped;
    if (!guest_mem_copy_out(unit->mem, (struct gpa){stack - size}, (const char *)&pushed + skipped, size))
        return TRAP_DOUBLE;

    regs->rip = gate.offset_low | (uint64_t)gate.offset_middle << 16 | (uint64_t)gate.offset_high << 32;
    regs->rsp = stack - size;
    regs->rflags &= ~(uint64_t)(FLAG_TRAP | FLAG_NESTED | FLAG_RESUME | FLAG_INTERRUPT);
    unit->cs = gate.selector;
    return is_canonical(regs->rip) ? TRAP_FORWARDED : TRAP_DOUBLE;
}

/* ---- decisions ---- */

/*
 * A fault in the guard. Solo5 gives the guest all memory up to its stack, so a heap may legitimately grow
 * into the guard: then the guard gives way. It is the stack that has arrived here when the access is near the
 * stack pointer, and when everything between the guard and the top of memory has been accessed, as a stack
 * that grew down all the way has done.
 */
static enum trap_verdict guard_hit(struct trap_unit *unit, const struct trap *trap)
{
    uint64_t distance =
        trap->address > trap->regs.rsp ? trap->address - trap->regs.rsp : trap->regs.rsp - trap->address;

    if (distance < STACK_REACH && page_table_is_accessed(&unit->page_table, unit->guard.end, unit->stack_top))
        return TRAP_STACK;
    for (uint64_t page = unit->guard.start; page < unit->guard.end; page += GUEST_PAGE_SIZE)
        if (!page_table_add_page(&unit->page_table, page, PAGE_USER | PAGE_WRITE))
            return TRAP_SEAL;
    unit->guard.start = unit->guard.end;
    return TRAP_RESUME;
}

static struct instruction fetch(const struct trap_unit *unit, const struct kvm_regs *regs)
{
    uint8_t bytes[INSTRUCTION_BYTES_MAX];
    size_t size = 0;
    while (size < sizeof(bytes) &&
           guest_mem_copy_in(unit->mem, (struct gpa){regs->rip + size}, &bytes[size], 1))
        size++;
    return instruction_decode(bytes, size, regs);
}

/*
 * Privileged instructions come in groups, each with one exit this way and not with one each: Solo5's lgdt,
 * two pushes, lretq, a mov and three loads of segment registers. What cannot be emulated is left to the
 * guest, which traps there again; so is what lies outside the page of code in which the guest has trapped, as
 * it may not be executable.
 */
static void emulate_followers(struct trap_unit *unit, uint64_t page, struct kvm_regs *regs,
                              struct kvm_sregs *sregs)
{
    for (unsigned n = 0; n < FOLLOWERS_MAX; n++) {
        struct instruction insn = fetch(unit, regs);
        if (regs->rip / GUEST_PAGE_SIZE != page || (regs->rip + insn.bytes - 1) / GUEST_PAGE_SIZE != page ||
            !emulate(unit, &insn, regs, sregs))
            return;
    }
}

static enum trap_verdict protection_fault(struct trap_unit *unit, struct trap *trap, struct kvm_regs *regs,
                                          struct kvm_sregs *sregs)
{
    struct instruction insn = fetch(unit, regs);
    uint64_t page = regs->rip / GUEST_PAGE_SIZE;

    trap->instruction = insn.name;
    if (!instruction_is_privileged(insn.operation))
        return forward(unit, trap, regs);
    if (insn.operation == INSTRUCTION_HLT)
        return TRAP_HALTED;
    if (!emulate(unit, &insn, regs, sregs))
        return TRAP_PRIVILEGED;
    /* A guest that steps itself wants a trap after each. */
    if ((regs->rflags & FLAG_TRAP) == 0)
        emulate_followers(unit, page, regs, sregs);
    return TRAP_RESUME;
}

static enum trap_verdict decide(struct trap_unit *unit, struct trap *trap, struct kvm_regs *regs,
                                struct kvm_sregs *sregs)
{
    if (trap->vector == VECTOR_DEBUG && unit->is_stepping) {
        unit->is_stepping = false;
        return TRAP_STARTED;
    }
    if (trap->vector == VECTOR_PAGE_FAULT && trap->address >= unit->guard.start &&
        trap->address < unit->guard.end)
        return guard_hit(unit, trap);
    if (trap->vector == VECTOR_PAGE_FAULT && (trap->error_code & FAULT_PRESENT) != 0)
        return TRAP_SEAL;
    if (trap->vector == VECTOR_GENERAL_PROTECTION)
        return protection_fault(unit, trap, regs, sregs);
    return forward(unit, trap, regs);
}

void trap_read(const struct trap_unit *unit, unsigned vector, const struct kvm_regs *regs,
               const struct kvm_sregs *sregs, struct trap *out)
{
    struct frame frame;
    uint64_t at = regs->rsp;
    *out = (struct trap){.verdict = TRAP_KERNEL, .vector = vector, .instruction = "", .regs = *regs};

    size_t size = sizeof(frame) + (has_error_code(vector) ? sizeof(out->error_code) : 0);
    if (at < LOW_STACK || at > LOW_STACK_TOP - size)
        return;
    if (has_error_code(vector)) {
        memcpy(&out->error_code, guest_mem_at(unit->mem, at, sizeof(out->error_code)),
               sizeof(out->error_code));
        at += sizeof(out->error_code);
    }
    memcpy(&frame, guest_mem_at(unit->mem, at, sizeof(frame)), sizeof(frame));

    out->regs.rip = frame.rip;
    out->regs.rsp = frame.rsp;
    out->regs.rflags = frame.rflags & ~(uint64_t)(FLAG_RESUME | (unit->is_stepping ? FLAG_TRAP : 0));
    out->fs_base = sregs->fs.base;
    out->address = vector == VECTOR_PAGE_FAULT ? sregs->cr2 : 0;
    if ((frame.cs & 3) == 3)
        out->verdict = TRAP_RESUME;
}

void trap_handle(struct trap_unit *unit, struct trap *trap, struct kvm_regs *regs, struct kvm_sregs *sregs)
{
    struct kvm_regs guest = trap->regs;

    if (trap->verdict == TRAP_KERNEL)
        return;
    trap->verdict = decide(unit, trap, &guest, sregs);
    if (unit->is_stepping && trap_is_survived(trap->verdict)) {
        /* The first instruction trapped, and has had its turn. */
        unit->is_stepping = false;
        trap->verdict = TRAP_STARTED;
    }
    descriptor_load_user(sregs);
    *regs = guest;
}

bool trap_is_survived(enum trap_verdict verdict)
{
    return verdict <= TRAP_FORWARDED;
}

const char *trap_vector_name(unsigned vector)
{
    static const char *const names[TRAP_VECTORS] = {"division error",
                                                    "debug exception",
                                                    "non-maskable interrupt",
                                                    "breakpoint",
                                                    "overflow",
                                                    "bound range exceeded",
                                                    "invalid instruction",
                                                    "no floating-point unit",
                                                    "double fault",
                                                    NULL,
                                                    "invalid task state",
                                                    "segment not present",
                                                    "stack segment fault",
                                                    "general protection fault",
                                                    "page fault",
                                                    NULL,
                                                    "floating-point error",
                                                    "misaligned access",
                                                    "machine check",
                                                    "vector floating-point error"};
    return vector < TRAP_VECTORS && names[vector] != NULL ? names[vector] : "exception";
}
