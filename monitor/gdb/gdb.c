/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: the guest either runs or stands. stand() takes its registers, answers gdb until that wants it to
 * run, and gives the registers back; everything else here finds out when to stand.
 *
 *   breakpoint, step   exceptions 3 and 1 through the guest's own IDT, which is the monitor's: this needs
 *                      nothing of the KVM, so it works on every one (gdb_on_trap())
 *   any other trap     the handling is tried on copies; if it would end the guest or call its handler, gdb
 *                      hears of it first
 *   a step over an instruction that leaves the guest (a hypercall, one that is emulated)
 *                      found before the next run (gdb_on_run()), as KVMs differ in what the trap flag does
 *                      there
 *   Ctrl-C             SIGIO makes KVM_RUN return
 *   watchpoint         KVM_EXIT_DEBUG, if the KVM lets debug registers work: probed once
 *                      (probe_debug_registers())
 */
#include "gdb/gdb.h"

#include "gdb/connection.h"
#include "gdb/stub.h"
#include "kvm.h"
#include "x86_64/descriptor.h"
#include "x86_64/low_memory.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define FLAG_TRAP         (1u << 8)
#define VECTOR_BREAKPOINT 3u
#define INT3_BYTES        1u

/* What the monitor exits with when gdb kills the guest. */
#define EXIT_KILLED 1

static struct {
    struct vm *vm; /* NULL: no debugger is attached */
    struct guest *guest;
    struct connection connection;
    struct stub stub;
    bool is_stepping;    /* the trap flag is set, because: */
    bool wants_step;     /* gdb wants one instruction to be executed, or something is watched by comparing */
    bool is_interrupted; /* Ctrl-C was pressed */
    bool is_fatal;       /* gdb has seen what ends the guest, and let it happen */
    bool has_watches;    /* the CPU's debug registers are in use */
    uint64_t from;       /* where the guest last stood */
    enum stub_signal signal; /* of the last stop */
} gdb;

/* Set by SIGIO. */
static volatile sig_atomic_t has_input;
static struct kvm_run *volatile interrupted_run;

static void on_input(int signum)
{
    (void)signum;
    has_input = 1;
    /* The signal may have come just before KVM_RUN, which must return all the same. */
    interrupted_run->immediate_exit = 1;
}

/* ---- the state of the CPU beyond what travels in kvm_run ---- */

/* The offset of XSTATE_BV, and its bits for the x87 and SSE state, in what KVM_GET_XSAVE gives. */
#define XSTATE_OFF    512u
#define XSTATE_LEGACY 3u

static void get_vectors(uint8_t *fxsave)
{
    struct kvm_xsave state;
    if (ioctl(gdb.vm->vcpu.fd, KVM_GET_XSAVE, &state) == 0)
        memcpy(fxsave, state.region, REGISTERS_FXSAVE_BYTES);
}

static void set_vectors(const uint8_t *fxsave)
{
    struct kvm_xsave state;
    if (ioctl(gdb.vm->vcpu.fd, KVM_GET_XSAVE, &state) < 0 ||
        memcmp(state.region, fxsave, REGISTERS_FXSAVE_BYTES) == 0)
        return;
    memcpy(state.region, fxsave, REGISTERS_FXSAVE_BYTES);
    state.region[XSTATE_OFF / sizeof(state.region[0])] |= XSTATE_LEGACY;
    if (ioctl(gdb.vm->vcpu.fd, KVM_SET_XSAVE, &state) < 0)
        fprintf(stderr, "wherry-monitor-debug: set the vector registers: %s\n", strerror(errno));
}

/* A KVM may have queued the step's exception although it has been dealt with. */
static void forget_exception(void)
{
    struct kvm_vcpu_events events;
    if (ioctl(gdb.vm->vcpu.fd, KVM_GET_VCPU_EVENTS, &events) < 0 ||
        (events.exception.injected == 0 && events.exception.pending == 0))
        return;
    events.exception.injected = 0;
    events.exception.pending = 0;
    (void)ioctl(gdb.vm->vcpu.fd, KVM_SET_VCPU_EVENTS, &events);
}

static int set_debug_registers(const uint64_t addresses[WATCHPOINTS_MAX], uint64_t dr7)
{
    struct kvm_guest_debug debug = {.control = dr7 != 0 ? KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP : 0};

    for (unsigned i = 0; i < WATCHPOINTS_MAX; i++)
        debug.arch.debugreg[i] = addresses[i];
    debug.arch.debugreg[7] = dr7;
    return ioctl(gdb.vm->vcpu.fd, KVM_SET_GUEST_DEBUG, &debug);
}

static void arm_watches(void)
{
    uint64_t addresses[WATCHPOINTS_MAX], dr7;

    breakpoints_format_registers(&gdb.stub.breakpoints, addresses, &dr7);
    breakpoints_note_values(&gdb.stub.breakpoints, &gdb.guest->mem);
    if (dr7 == 0 && !gdb.has_watches)
        return;
    gdb.has_watches = dr7 != 0;
    if (gdb.stub.can_watch_access && set_debug_registers(addresses, dr7) < 0)
        fprintf(stderr, "wherry-monitor-debug: set the debug registers: %s\n", strerror(errno));
}

/* ---- standing ---- */

static void take_registers(const struct kvm_regs *regs, const struct kvm_sregs *sregs)
{
    struct registers *r = &gdb.stub.registers;

    r->general = *regs;
    if (gdb.is_stepping)
        r->general.rflags &= ~(uint64_t)FLAG_TRAP;
    r->selectors[0] = sregs->cs.selector;
    r->selectors[1] = sregs->ss.selector;
    r->selectors[2] = sregs->ds.selector;
    r->selectors[3] = sregs->es.selector;
    r->selectors[4] = sregs->fs.selector;
    r->selectors[5] = sregs->gs.selector;
    r->fs_base = sregs->fs.base;
    r->gs_base = sregs->gs.base;
    get_vectors(r->fxsave);
}

static void give_registers(struct kvm_regs *regs, struct kvm_sregs *sregs)
{
    const struct registers *r = &gdb.stub.registers;

    *regs = r->general;
    if (gdb.is_stepping)
        regs->rflags |= FLAG_TRAP;
    sregs->fs.base = r->fs_base;
    sregs->gs.base = r->gs_base;
    set_vectors(r->fxsave);
}

static void detach(void)
{
    connection_close(&gdb.connection);
    /* Nothing more is to interrupt the guest, nor what has come meanwhile. */
    (void)signal(SIGIO, SIG_IGN);
    has_input = 0;
    gdb.vm->vcpu.run->immediate_exit = 0;
    gdb.vm = NULL;
    fprintf(stderr, "wherry-monitor-debug: the debugger has detached\n");
}

static _Noreturn void die(void)
{
    fprintf(stderr, "wherry-monitor-debug: killed by the debugger\n");
    _exit(EXIT_KILLED);
}

/* Answers gdb until it wants the guest to run, or goes away. */
static enum stub_action converse(void)
{
    static struct stub_reply reply;
    struct connection *c = &gdb.connection;

    for (;;) {
        enum connection_event event = connection_receive(c);
        if (event == CONNECTION_CLOSED)
            return STUB_DETACH;
        if (event == CONNECTION_INTERRUPT)
            continue;
        enum stub_action action =
            stub_handle(&gdb.stub, (const char *)c->reader.payload, c->reader.size, &reply);
        if (action == STUB_REPLY || reply.size > 0)
            connection_send(c, reply.bytes, reply.size);
        c->has_no_acks = gdb.stub.has_no_acks;
        if (action != STUB_REPLY)
            return action;
    }
}

/*
 * The guest stands, at these registers, until gdb lets it go on with them as they are then. Returns whether
 * it goes on with the exception for which it was stopped.
 */
static bool stand(struct kvm_regs *regs, struct kvm_sregs *sregs)
{
    breakpoints_withdraw(&gdb.stub.breakpoints, &gdb.guest->mem);
    take_registers(regs, sregs);
    gdb.stub.passes_signal = false;
    enum stub_action action = converse();
    if (action == STUB_KILL)
        die();
    if (action == STUB_DETACH)
        breakpoints_clear(&gdb.stub.breakpoints);

    arm_watches();
    gdb.wants_step = action == STUB_STEP;
    gdb.is_stepping = gdb.wants_step || (gdb.has_watches && !gdb.stub.can_watch_access);
    give_registers(regs, sregs);
    gdb.from = regs->rip;
    gdb.is_fatal = false;
    if (action == STUB_DETACH) {
        /* What the guest was stopped for is no longer anybody else's business. */
        bool is_exception = gdb.signal != STUB_SIGTRAP && gdb.signal != STUB_SIGINT;
        detach();
        return is_exception;
    }
    breakpoints_insert(&gdb.stub.breakpoints, &gdb.guest->mem);
    return gdb.stub.passes_signal;
}

static void say_stop(enum stub_signal signal, const char *why)
{
    gdb.signal = signal;
    stub_stop(&gdb.stub, signal, why);
    connection_send(&gdb.connection, gdb.stub.stop, gdb.stub.stop_size);
}

static void say_watch(const struct watchpoint *watch)
{
    gdb.signal = STUB_SIGTRAP;
    stub_stop_at_watch(&gdb.stub, watch);
    connection_send(&gdb.connection, gdb.stub.stop, gdb.stub.stop_size);
}

/* After a step: whether the guest has to stand, which has then been said. */
static bool ends_step(void)
{
    const struct watchpoint *watch =
        gdb.stub.can_watch_access ? NULL : breakpoints_find_changed(&gdb.stub.breakpoints, &gdb.guest->mem);

    if (watch != NULL)
        say_watch(watch);
    else if (gdb.wants_step)
        say_stop(STUB_SIGTRAP, NULL);
    return watch != NULL || gdb.wants_step;
}

/* ---- the hooks ---- */

static enum stub_signal signal_of(unsigned vector)
{
    static const uint8_t signals[TRAP_VECTORS] = {
        [0] = STUB_SIGFPE,  [1] = STUB_SIGTRAP, [3] = STUB_SIGTRAP, [6] = STUB_SIGILL,  [11] = STUB_SIGBUS,
        [12] = STUB_SIGBUS, [16] = STUB_SIGFPE, [17] = STUB_SIGBUS, [19] = STUB_SIGFPE,
    };
    return vector < TRAP_VECTORS && signals[vector] != 0 ? signals[vector] : STUB_SIGSEGV;
}

/*
 * Tries what the trap will do. True when the guest goes on without noticing: then it has been done.
 * *out_is_fatal says whether the guest will end.
 */
static bool handle_quietly(const struct trap *trap, struct kvm_regs *regs, struct kvm_sregs *sregs,
                           bool *out_is_fatal)
{
    struct trap_unit unit = gdb.vm->traps;
    struct trap tried = *trap;
    struct kvm_regs next = *regs;
    struct kvm_sregs next_sregs = *sregs;

    /* With the flag set, no more than this one instruction is emulated. */
    if (gdb.is_stepping)
        tried.regs.rflags |= FLAG_TRAP;
    trap_handle(&unit, &tried, &next, &next_sregs);
    *out_is_fatal = !trap_is_survived(tried.verdict);
    if (*out_is_fatal || tried.verdict == TRAP_FORWARDED)
        return false;
    gdb.vm->traps = unit;
    *regs = next;
    *sregs = next_sregs;
    if (gdb.is_stepping)
        regs->rflags |= FLAG_TRAP;
    return true;
}

/* The guest has executed one instruction. */
static void on_step(struct trap *trap, struct kvm_regs *regs, struct kvm_sregs *sregs)
{
    descriptor_load_user(sregs);
    if (ends_step())
        (void)stand(&trap->regs, sregs);
    else
        trap->regs.rflags |= FLAG_TRAP;
    *regs = trap->regs;
}

bool gdb_on_trap(struct trap *trap, struct kvm_regs *regs, struct kvm_sregs *sregs)
{
    bool is_fatal = false;

    if (gdb.vm == NULL || trap->verdict == TRAP_KERNEL)
        return false;
    if (gdb.is_stepping)
        trap->regs.rflags &= ~(uint64_t)FLAG_TRAP;
    if (trap->vector == VECTOR_DEBUG && gdb.is_stepping) {
        on_step(trap, regs, sregs);
        return true;
    }
    uint64_t before = trap->regs.rip - INT3_BYTES;
    bool is_breakpoint = trap->vector == VECTOR_BREAKPOINT && breakpoints_has(&gdb.stub.breakpoints, before);
    if (!is_breakpoint && handle_quietly(trap, regs, sregs, &is_fatal))
        return true;

    if (is_breakpoint)
        trap->regs.rip = before;
    say_stop(is_breakpoint ? STUB_SIGTRAP : signal_of(trap->vector), is_breakpoint ? "swbreak" : NULL);
    descriptor_load_user(sregs);
    bool is_passed = stand(&trap->regs, sregs) && !is_breakpoint;
    *regs = trap->regs;
    if (is_passed)
        trap->regs.rflags &= ~(uint64_t)FLAG_TRAP;
    gdb.is_fatal = is_passed && is_fatal;
    return !is_passed;
}

/* Where the guest is, if it can stand there; a stub of the monitor's is no place to be shown. */
static struct kvm_sync_regs *sync_guest(void)
{
    struct vcpu *vcpu = &gdb.vm->vcpu;

    if (vcpu_sync(vcpu) < 0 || (vcpu->run->s.regs.sregs.cs.selector & 3) != 3)
        return NULL;
    return &vcpu->run->s.regs;
}

static void stand_here(struct kvm_sync_regs *regs)
{
    struct vcpu *vcpu = &gdb.vm->vcpu;

    forget_exception();
    descriptor_load_user(&regs->sregs);
    (void)stand(&regs->regs, &regs->sregs);
    vcpu_set_dirty(vcpu);
}

/* Whether the last exit ended a step, or was a watchpoint's. */
static void look_for_step(uint32_t exit_reason, uint64_t dr6)
{
    bool is_debug_exit = exit_reason == KVM_EXIT_DEBUG;
    struct kvm_sync_regs *regs = is_debug_exit || gdb.is_stepping ? sync_guest() : NULL;

    if (regs == NULL || (!is_debug_exit && regs->regs.rip == gdb.from))
        return;
    const struct watchpoint *watch =
        is_debug_exit ? breakpoints_find_watch(&gdb.stub.breakpoints, dr6) : NULL;
    if (watch != NULL)
        say_watch(watch);
    else if (!gdb.is_stepping)
        say_stop(STUB_SIGTRAP, NULL);
    else if (!ends_step())
        return;
    stand_here(regs);
}

static void look_for_input(void)
{
    has_input = 0;
    gdb.vm->vcpu.run->immediate_exit = 0;
    /* A debugger that is gone is found out when the guest stands. */
    if (connection_look(&gdb.connection) != CONNECTION_PACKET)
        gdb.is_interrupted = true;
}

static void look_for_interrupt(void)
{
    /* In a stub: the trap is on its way, and after it there is another chance. */
    struct kvm_sync_regs *regs = sync_guest();
    if (regs == NULL)
        return;
    gdb.is_interrupted = false;
    say_stop(STUB_SIGINT, NULL);
    stand_here(regs);
}

void gdb_on_run(void)
{
    if (gdb.vm == NULL)
        return;
    const struct kvm_run *run = gdb.vm->vcpu.run;
    look_for_step(run->exit_reason, run->debug.arch.dr6);
    if (gdb.vm != NULL && has_input)
        look_for_input();
    if (gdb.vm != NULL && gdb.is_interrupted)
        look_for_interrupt();
}

void gdb_on_crash(enum status_exit reason, const struct kvm_regs *regs)
{
    struct kvm_sregs sregs = {0};
    struct kvm_regs last = *regs;

    if (gdb.vm == NULL || gdb.is_fatal)
        return;
    /* The report was the guest's last word; whatever gdb makes of it, it ends. */
    sregs = gdb.vm->vcpu.run->s.regs.sregs;
    say_stop(reason == STATUS_EXIT_ABORT ? STUB_SIGABRT : STUB_SIGSYS, NULL);
    (void)stand(&last, &sregs);
}

void gdb_on_end(enum status_exit reason, int exit_status)
{
    char text[8];

    if (gdb.vm == NULL)
        return;
    if (reason == STATUS_EXIT_TRAP)
        snprintf(text, sizeof(text), "X%02x", (unsigned)gdb.signal);
    else
        snprintf(text, sizeof(text), "W%02x", (unsigned)exit_status & 0xff);
    connection_send(&gdb.connection, text, strlen(text));
    connection_close(&gdb.connection);
    gdb.vm = NULL;
}

/* ---- the beginning ---- */

/*
 * Some KVMs take debug registers and never load them. So one is set on an instruction that ring 3 may not
 * even fetch, and the guest is sent there: a register that works stops it before the page fault does (AMD64
 * manual volume 2, 8.5).
 */
static bool probe_debug_registers(struct kvm_sync_regs *regs)
{
    struct vcpu *vcpu = &gdb.vm->vcpu;
    const struct kvm_sync_regs saved = *regs;
    const uint64_t addresses[WATCHPOINTS_MAX] = {LOW_STUBS}, none[WATCHPOINTS_MAX] = {0};
    const uint64_t execute_first = 0x602;

    if (set_debug_registers(addresses, execute_first) < 0)
        return false;
    descriptor_load_user(&regs->sregs);
    regs->regs.rip = LOW_STUBS;
    vcpu_set_dirty(vcpu);
    bool works = vcpu_run(vcpu) == 0 && vcpu->run->exit_reason == KVM_EXIT_DEBUG;
    (void)vcpu_sync(vcpu);
    (void)set_debug_registers(none, 0);
    forget_exception();
    *regs = saved;
    vcpu->run->exit_reason = KVM_EXIT_UNKNOWN;
    return works;
}

static int catch_input(struct error *err)
{
    const struct sigaction action = {.sa_handler = on_input};

    interrupted_run = gdb.vm->vcpu.run;
    if (sigaction(SIGIO, &action, NULL) < 0)
        return error_errno(err, "catch the debugger's signal");
    return connection_call_on_input(&gdb.connection, err);
}

int gdb_attach(struct vm *vm, struct guest *guest, uint16_t port, struct error *err)
{
    struct kvm_sync_regs *regs = &vm->vcpu.run->s.regs;

    /* The debugger writes where the loader has mapped the unikernel's file: the mapping is private. */
    if (mprotect(guest_mem_at(&guest->mem, 0, guest->mem.size), guest->mem.size, PROT_READ | PROT_WRITE) < 0)
        return error_errno(err, "make guest memory writable for the debugger");
    if (connection_open(port, &gdb.connection, err) < 0)
        return -1;
    gdb.vm = vm;
    gdb.guest = guest;
    gdb.stub.mem = &guest->mem;
    if (catch_input(err) < 0)
        return -1;
    if (vcpu_sync(&vm->vcpu) < 0)
        return error_errno(err, "get the registers of the guest");

    gdb.stub.can_watch_access = probe_debug_registers(regs);
    /* The first step is the debugger's: nobody else waits for it. */
    vm->traps.is_stepping = false;
    regs->regs.rflags &= ~(uint64_t)FLAG_TRAP;
    gdb.signal = STUB_SIGTRAP;
    stub_stop(&gdb.stub, STUB_SIGTRAP, NULL);
    stand_here(regs);
    return 0;
}
