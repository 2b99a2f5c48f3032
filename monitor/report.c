/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backtrace follows the chain of frame pointers: each frame holds the caller's frame pointer and the
 * return address. A guest compiled without frame pointers has no such chain; it ends where an address does
 * not make sense, that is where the next frame is not above the last or the return address is not in code.
 */
#include "report.h"

#include "abi/boot.h"
#include "syscalls.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_SIZE 8192
#define DEPTH_MAX 24

static struct {
    char bytes[TEXT_SIZE];
    size_t size;
} text;

__attribute__((format(printf, 1, 2))) static void add(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text.bytes + text.size, TEXT_SIZE - text.size, fmt, args);
    va_end(args);
    if (n > 0)
        text.size = text.size + (size_t)n < TEXT_SIZE ? text.size + (size_t)n : TEXT_SIZE - 1;
}

static void begin(const struct report_names *names, const char *what)
{
    text.size = 0;
    add("wherry-monitor: %s: %s: ", names->label, what);
}

static void end(void)
{
    for (size_t done = 0; done < text.size;) {
        ssize_t n = syscalls_write(STDERR_FILENO, text.bytes + done, text.size - done);
        if (n <= 0)
            return;
        done += (size_t)n;
    }
}

static void add_registers(const struct kvm_regs *r)
{
    add("  rip %016llx  rsp %016llx  rflags %08llx\n", r->rip, r->rsp, r->rflags);
    add("  rax %016llx  rbx %016llx  rcx %016llx  rdx %016llx\n", r->rax, r->rbx, r->rcx, r->rdx);
    add("  rsi %016llx  rdi %016llx  rbp %016llx  r8  %016llx\n", r->rsi, r->rdi, r->rbp, r->r8);
    add("  r9  %016llx  r10 %016llx  r11 %016llx  r12 %016llx\n", r->r9, r->r10, r->r11, r->r12);
    add("  r13 %016llx  r14 %016llx  r15 %016llx\n", r->r13, r->r14, r->r15);
}

/* What lies at an address: "code", "read-only data", "heap or stack" ... */
static const char *place_of(const struct report_names *names, const struct guest *guest, uint64_t addr)
{
    if (addr < GUEST_PAGE_SIZE)
        return "page 0";
    if (addr < GUEST_MIN_BASE)
        return "the monitor's pages";
    if (guest_mem_find_window(&guest->mem, addr) != NULL)
        return "the window of a block device";
    if (guest->ring.shared != NULL && addr >= guest->mem.size && addr - guest->mem.size < RING_BYTES)
        return "the ring";
    if (addr >= guest->mem.lent.start && addr < guest->mem.lent.end)
        return "the ring's buffers";
    if (addr >= guest->mem.size)
        return "beyond memory";
    const struct elf_segment *segment = elf_file_find_segment(names->elf, addr);
    if (segment == NULL)
        return "heap or stack";
    if ((segment->flags & PF_X) != 0)
        return "code";
    return (segment->flags & PF_W) != 0 ? "data" : "read-only data";
}

static void add_segment(const struct report_names *names, uint64_t addr)
{
    const struct elf_segment *s = elf_file_find_segment(names->elf, addr);
    if (s == NULL)
        return;
    add("  0x%llx is in the segment 0x%llx to 0x%llx (%c%c%c)\n", (unsigned long long)addr,
        (unsigned long long)s->vaddr, (unsigned long long)(s->vaddr + s->memsz),
        (s->flags & PF_R) != 0 ? 'r' : '-', (s->flags & PF_W) != 0 ? 'w' : '-',
        (s->flags & PF_X) != 0 ? 'x' : '-');
}

/* The name of the function that addr is in, and how far, if it is known. */
static void add_name(const struct report_names *names, uint64_t addr, unsigned back)
{
    struct symbol symbol;
    uint64_t off;
    const char *lent = graft_find_name(addr - back, &off);

    if (lent != NULL)
        add(" %s+0x%llx of the monitor", lent, (unsigned long long)off + back);
    else if (symbols_find(names->symbols, addr - back, &symbol))
        add(" %s+0x%llx", symbol.name, (unsigned long long)symbol.off + back);
}

static void add_call(const struct report_names *names, unsigned depth, uint64_t addr)
{
    add("  #%-2u %016llx", depth, (unsigned long long)addr);
    /* A return address may be the first byte after the function that made the call. */
    add_name(names, addr, depth > 0);
    add("\n");
}

static bool is_code(const struct report_names *names, uint64_t addr)
{
    const struct elf_segment *segment = elf_file_find_segment(names->elf, addr);
    uint64_t off;
    return (segment != NULL && (segment->flags & PF_X) != 0) || graft_find_name(addr, &off) != NULL;
}

static void add_backtrace(const struct report_names *names, const struct guest *guest,
                          const struct kvm_regs *regs)
{
    uint64_t frame_at = regs->rbp;
    uint64_t frame[2]; /* the caller's frame pointer, the return address */

    add_call(names, 0, regs->rip);
    for (unsigned depth = 1; depth < DEPTH_MAX; depth++) {
        if (!guest_mem_copy_in(&guest->mem, (struct gpa){frame_at}, frame, sizeof(frame)) ||
            !is_code(names, frame[1]))
            return;
        add_call(names, depth, frame[1]);
        if (frame[0] <= frame_at)
            return;
        frame_at = frame[0];
    }
}

static void add_fault(const struct report_names *names, const struct guest *guest, const struct trap *trap)
{
    const char *access = (trap->error_code & FAULT_FETCH) != 0   ? "executing"
                         : (trap->error_code & FAULT_WRITE) != 0 ? "writing to"
                                                                 : "reading from";
    add("page fault: %s 0x%llx (%s)", access, (unsigned long long)trap->address,
        place_of(names, guest, trap->address));
}

static void add_cause(const struct report_names *names, const struct guest *guest, const struct trap *trap)
{
    switch (trap->verdict) {
    case TRAP_SEAL:
        add_fault(names, guest, trap);
        add(": host/guest translation fault\n");
        return;
    case TRAP_STACK:
        add("stack overflow: the stack has reached its guard at 0x%llx\n", (unsigned long long)trap->address);
        return;
    case TRAP_PRIVILEGED:
        add("privileged instruction: %s\n", trap->instruction);
        return;
    case TRAP_HALTED:
        add("hlt: nothing could wake it\n");
        return;
    case TRAP_DOUBLE:
        add("double fault: no way into its handler of: ");
        break;
    case TRAP_KERNEL:
        add("exception outside of the guest: ");
        break;
    default:
        break;
    }
    if (trap->vector == VECTOR_PAGE_FAULT)
        add_fault(names, guest, trap);
    else
        add("%s (vector %u, error code 0x%llx)", trap_vector_name(trap->vector), trap->vector,
            (unsigned long long)trap->error_code);
    add("\n");
}

static void add_trap(const struct report_names *names, const struct guest *guest, const struct trap *trap)
{
    add_cause(names, guest, trap);
    add_registers(&trap->regs);
    if (trap->vector == VECTOR_PAGE_FAULT)
        add_segment(names, trap->address);
    add_backtrace(names, guest, &trap->regs);
}

void report_trap(const struct report_names *names, const struct guest *guest, const struct trap *trap)
{
    begin(names, "guest trap");
    add_trap(names, guest, trap);
    end();
}

void report_breach(const struct report_names *names, const struct guest *guest, const char *what,
                   const struct kvm_regs *regs)
{
    begin(names, "guest trap");
    add("%s\n", what);
    if (regs != NULL) {
        add_registers(regs);
        add_backtrace(names, guest, regs);
    }
    end();
}

void report_abort(const struct report_names *names, const struct guest *guest, const struct trap *cause)
{
    begin(names, "guest abort");
    if (cause == NULL)
        add("it ended itself with status 255\n");
    else
        add_trap(names, guest, cause);
    end();
}
