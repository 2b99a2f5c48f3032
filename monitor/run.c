/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: KVM_RUN, look at the exit, go on. Nearly every exit is a hypercall. The others are the trap stubs'
 * `out`; everything else should not happen to a guest in ring 3, and ends it with a report.
 *
 * A port is no proof of who wrote to it: a KVM may not honour the I/O permission bitmap. That an exit is a
 * stub's is seen from rip, as ring 3 cannot be in the stubs' page.
 */
#include "run.h"

#include "abi/hypercall.h"
#include "console_thread.h"
#include "hypercall.h"
#include "io_thread.h"
#include "x86_64/descriptor.h"
#include "x86_64/low_memory.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#define EXIT_ABORT 255

struct run {
    struct vm *vm;
    struct guest *guest;
    const struct run_options *options;
    struct run_end *end;
    struct trap last_trap; /* the last one that was forwarded to the guest, for the report of its abort */
    bool is_started;
    bool has_ended;
};

static void end(struct run *run, enum status_exit reason, int exit_status)
{
    run->end->reason = reason;
    run->end->exit_status = exit_status;
    run->has_ended = true;
}

/* The guest, which has been reported, must not go on. regs are those of its crash; NULL: not known. */
static void end_crashed(struct run *run, enum status_exit reason, int exit_status,
                        const struct kvm_regs *regs)
{
    if (run->options->debugger != NULL && regs != NULL)
        run->options->debugger->on_crash(run->guest, reason, regs);
    end(run, reason, exit_status);
}

static void note_started(struct run *run)
{
    run->is_started = true;
    /* First the phase: who is told must not find the container "created" any more. */
    atomic_store_explicit(&run->guest->status->phase, STATUS_RUNNING, memory_order_release);
    if (run->options->on_started != NULL)
        run->options->on_started(run->options->context);
}

static void end_with_breach(struct run *run, const char *what)
{
    struct vcpu *vcpu = &run->vm->vcpu;
    const struct kvm_regs *regs = vcpu_sync(vcpu) == 0 ? &vcpu->run->s.regs.regs : NULL;

    run_end_claim(run->guest);
    report_breach(&run->options->names, run->guest, what, regs);
    end_crashed(run, STATUS_EXIT_TRAP, run->options->breach_status, regs);
}

static void end_with_halt(struct run *run)
{
    int status = run->guest->halt.exit_status & 0xff;
    struct vcpu *vcpu = &run->vm->vcpu;
    const struct trap *cause = run->last_trap.verdict == TRAP_FORWARDED ? &run->last_trap : NULL;
    const struct kvm_regs *regs = NULL;

    /* What the guest has sent, it has sent. */
    if (ring_drain(run->guest) == RING_BREACH) {
        end_with_breach(run, run->guest->ring.breach);
        return;
    }
    run_end_claim(run->guest);
    if (status != EXIT_ABORT) {
        end(run, STATUS_EXIT_HALT, status);
        return;
    }
    if (cause != NULL)
        regs = &cause->regs;
    else if (vcpu_sync(vcpu) == 0)
        regs = &vcpu->run->s.regs.regs;
    report_abort(&run->options->names, run->guest, cause);
    end_crashed(run, STATUS_EXIT_ABORT, status, regs);
}

static void handle_hypercall(struct run *run, uint32_t number, uint32_t address)
{
    switch (hypercall_run(run->guest, number, address)) {
    case HYPERCALL_DONE:
        if (number == HYPERCALL_POLL)
            io_thread_note_poll(run->guest->io);
        break;
    case HYPERCALL_ENDED:
        end_with_halt(run);
        break;
    case HYPERCALL_BREACH:
        end_with_breach(run, run->guest->breach);
        break;
    }
}

static void handle_trap(struct run *run, unsigned vector)
{
    const struct debugger *debugger = run->options->debugger;
    struct vcpu *vcpu = &run->vm->vcpu;
    struct trap trap;

    if (!vcpu_has_registers(vcpu) && vcpu_sync(vcpu) < 0) {
        end_with_breach(run, "an exception whose registers cannot be read");
        return;
    }
    struct kvm_sync_regs *regs = &vcpu->run->s.regs;
    if (regs->regs.rip < LOW_STUBS || regs->regs.rip >= LOW_STACK) {
        end_with_breach(run, "out to a port that is no hypercall's");
        return;
    }
    if (vector == TRAP_VECTOR_SYSCALL) {
        end_with_breach(run, "privileged instruction: syscall");
        return;
    }
    trap_read(&run->vm->traps, vector, &regs->regs, &regs->sregs, &trap);
    if (debugger != NULL && debugger->on_trap(&trap, &regs->regs, &regs->sregs)) {
        vcpu_set_dirty(vcpu);
        return;
    }
    trap_handle(&run->vm->traps, &trap, &regs->regs, &regs->sregs);
    if (!trap_is_survived(trap.verdict)) {
        /* What it has sent, it has sent; what else the ring holds makes no difference any more. */
        (void)ring_drain(run->guest);
        run_end_claim(run->guest);
        report_trap(&run->options->names, run->guest, &trap);
        end_crashed(run, STATUS_EXIT_TRAP, run->options->breach_status, &trap.regs);
        return;
    }
    if (trap.verdict == TRAP_FORWARDED)
        run->last_trap = trap;
    vcpu_set_dirty(vcpu);
}

static void handle_doorbell(struct run *run)
{
    if (run->guest->ring.shared == NULL)
        return;
    if (ring_serve(run->guest) == RING_BREACH)
        end_with_breach(run, run->guest->ring.breach);
    io_thread_note_ring(run->guest->io);
}

static void handle_io(struct run *run)
{
    const struct kvm_run *k = run->vm->vcpu.run;
    unsigned port = k->io.port;

    if (k->io.direction == KVM_EXIT_IO_OUT && k->io.count == 1) {
        if (k->io.size == 4 && port >= HYPERCALL_PORT && port < HYPERCALL_PORT + HYPERCALL_COUNT) {
            uint32_t address;
            memcpy(&address, (const char *)k + k->io.data_offset, sizeof(address));
            vcpu_bring_registers(&run->vm->vcpu, false);
            handle_hypercall(run, port - HYPERCALL_PORT, address);
            if (port == HYPERCALL_PORT + HYPERCALL_PUTS)
                console_thread_note_write(run->guest->console_thread);
            return;
        }
        if (k->io.size == 1 && port >= TRAP_PORT && port < TRAP_PORT + TRAP_STUBS) {
            handle_trap(run, port - TRAP_PORT);
            return;
        }
        if (port == DOORBELL_PORT) {
            handle_doorbell(run);
            return;
        }
    }
    hypercall_breach(run->guest, "Invalid guest port access: port=0x%x", port);
    end_with_breach(run, run->guest->breach);
}

static void handle_exit(struct run *run)
{
    const struct kvm_run *k = run->vm->vcpu.run;

    if (!console_flush(&run->guest->console)) {
        end_with_breach(run, CONSOLE_BREACH);
        return;
    }
    switch (k->exit_reason) {
    case KVM_EXIT_IO:
        handle_io(run);
        return;
    case KVM_EXIT_MMIO:
        hypercall_breach(run->guest, "an access to 0x%llx, where there is no memory",
                         (unsigned long long)k->mmio.phys_addr);
        break;
    case KVM_EXIT_SHUTDOWN:
        hypercall_breach(run->guest, "a triple fault");
        break;
    case KVM_EXIT_INTERNAL_ERROR:
        hypercall_breach(run->guest, "KVM cannot go on with it (suberror %u)", k->internal.suberror);
        break;
    case KVM_EXIT_FAIL_ENTRY:
        hypercall_breach(run->guest, "KVM cannot enter it (reason 0x%llx)",
                         (unsigned long long)k->fail_entry.hardware_entry_failure_reason);
        break;
    case KVM_EXIT_DEBUG:
        if (run->options->debugger != NULL)
            return; /* on_run() sees it */
        __attribute__((fallthrough));
    default:
        hypercall_breach(run->guest, "KVM exit %u, which is not expected", k->exit_reason);
        break;
    }
    end_with_breach(run, run->guest->breach);
}

void run_guest(struct vm *vm, struct guest *guest, const struct run_options *options, struct run_end *out)
{
    struct run run = {.vm = vm, .guest = guest, .options = options, .end = out};

    /* A guest's first exits are the privileged instructions of its start; later ones are hypercalls. */
    vcpu_bring_registers(&vm->vcpu, true);
    while (!run.has_ended) {
        if (options->debugger != NULL)
            options->debugger->on_run();
        if (vcpu_run(&vm->vcpu) < 0) {
            if (errno == EINTR)
                continue;
            /* A part of a window that is not there yet: the guest repeats the instruction. */
            if (errno == EFAULT && guest_wait_filled(guest))
                continue;
            (void)console_flush(&guest->console);
            hypercall_breach(guest, "KVM: host/guest translation fault: %s%s", strerror(errno),
                             errno == EFAULT ? ": a file behind its memory fails or was cut short" : "");
            end_with_breach(&run, guest->breach);
            break;
        }
        guest_count(&guest->status->exits, 1);
        handle_exit(&run);
        /* Whatever the first exit was: the guest has been at its first instruction. */
        if (!run.is_started)
            note_started(&run);
    }
    if (options->debugger != NULL)
        options->debugger->on_end(out->reason, out->exit_status);
    run_end_note(guest->status, out->reason);
}
