/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program compares the number with those of the list, one after the other. Behind each stand its rules,
 * in the order of the list: each argument in two halves, as seccomp(2) knows only 32-bit words. What fails
 * goes on to the next rule, and the last is followed by the refusal.
 *
 * When a filter is loaded, the kernel goes through it once for each of its system calls, to know those that
 * pass whatever their arguments are. It ends at the first argument that is looked at. So one is, in vain, at
 * the very beginning: that walk took up to 0.1 ms, longer than all the rest.
 *
 * The program is made here, and not by libseccomp, because that first asks the kernel for all that it could
 * do, which takes longer than all the rest; the tests hold the two against each other.
 *
 * Why a refused call traps and does not kill: a kill says nothing to anybody but the kernel's audit log. The
 * handler's address was given to the kernel before the filter, and the filter allows nobody to change it; all
 * it does is one write and one exit, which the filter has to allow anyhow. When it cannot run (its signal is
 * blocked, its stack is gone) the kernel kills.
 */
#include "syscall_filter.h"

#include "base/bug.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Numbers from here on belong to the x32 interface. */
#define X32_NUMBERS 0x40000000u

void syscall_filter_add(struct syscall_filter *filter, const struct syscall_rule *rule)
{
    BUG_ON(filter->n_rules == SYSCALL_FILTER_RULES_MAX || rule->n_matches > SYSCALL_FILTER_MATCHES_MAX);
    filter->rules[filter->n_rules++] = *rule;
}

static bool match_holds(const struct syscall_match *m, uint64_t value)
{
    switch (m->kind) {
    case SYSCALL_ARGUMENT_IS:
        return value == m->value;
    case SYSCALL_ARGUMENT_AT_MOST:
        return value <= m->value;
    case SYSCALL_ARGUMENT_WITHIN:
        return (value & ~m->value) == 0;
    }
    return false;
}

static bool rule_matches(const struct syscall_rule *rule, int number, const uint64_t arguments[6])
{
    if (rule->number != number)
        return false;
    for (unsigned i = 0; i < rule->n_matches; i++)
        if (!match_holds(&rule->matches[i], arguments[rule->matches[i].argument]))
            return false;
    return true;
}

int syscall_filter_judge(const struct syscall_filter *filter, int number, const uint64_t arguments[6])
{
    for (size_t i = 0; i < filter->n_rules; i++)
        if (rule_matches(&filter->rules[i], number, arguments))
            return filter->rules[i].fails_with;
    return SYSCALL_FILTER_REFUSED;
}

/* ---- Reporting a refused call ---- */

static char *append_text(char *at, const char *text)
{
    size_t size = strlen(text);
    memcpy(at, text, size);
    return at + size;
}

static char *append_number(char *at, unsigned n)
{
    char digits[10];
    size_t i = sizeof(digits);
    do
        digits[--i] = (char)('0' + n % 10);
    while ((n /= 10) != 0);
    memcpy(at, digits + i, sizeof(digits) - i);
    return at + sizeof(digits) - i;
}

/* The signal's code when a filter has sent it (sigaction(2)); the C library's headers lack it. */
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

/* Runs in the place of the refused call. snprintf(3) is no function for signal handlers. */
static void on_refused_call(int signum, siginfo_t *info, void *context)
{
    char text[128];
    (void)signum;
    (void)context;

    /* Somebody may as well have sent the signal. */
    if (info->si_code != SYS_SECCOMP)
        _exit(SYSCALL_FILTER_EXIT);
    char *end = append_text(text, "wherry-monitor: seccomp: system call ");
    end = append_number(end, (unsigned)info->si_syscall);
    end = append_text(end, " with these arguments is not on the list of this process\n");
    const struct iovec iov = {.iov_base = text, .iov_len = (size_t)(end - text)};
    (void)!pwritev2(STDERR_FILENO, &iov, 1, -1, 0);
    _exit(SYSCALL_FILTER_EXIT);
}

int syscall_filter_catch(struct error *err)
{
    struct sigaction action = {.sa_sigaction = on_refused_call, .sa_flags = SA_SIGINFO};

    if (sigaction(SIGSYS, &action, NULL) < 0)
        return error_errno(err, "catch refused system calls");
    return 0;
}

/* ---- Making the program ---- */

/* A program in the making. What no longer fits is counted all the same. */
struct program {
    struct sock_filter *code;
    size_t n;
};

static void emit(struct program *p, uint16_t operation, uint32_t operand, size_t if_true, size_t if_false)
{
    if (p->n < SYSCALL_PROGRAM_MAX)
        p->code[p->n] = (struct sock_filter){
            .code = operation, .k = operand, .jt = (uint8_t)if_true, .jf = (uint8_t)if_false};
    p->n++;
}

static void emit_load(struct program *p, size_t off)
{
    emit(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)off, 0, 0);
}

/* The instructions of a match, as emit_match() makes them. */
static size_t match_size(const struct syscall_match *m)
{
    return m->kind == SYSCALL_ARGUMENT_AT_MOST ? 5 : 4;
}

/* Falls through when the match holds, else skips itself and `rest` instructions behind it. */
static void emit_match(struct program *p, const struct syscall_match *m, size_t rest)
{
    size_t off = offsetof(struct seccomp_data, args) + m->argument * sizeof(uint64_t);
    uint32_t low = (uint32_t)m->value, high = (uint32_t)(m->value >> 32);

    emit_load(p, off + sizeof(uint32_t));
    switch (m->kind) {
    case SYSCALL_ARGUMENT_IS:
        emit(p, BPF_JMP | BPF_JEQ | BPF_K, high, 0, rest + 2);
        emit_load(p, off);
        emit(p, BPF_JMP | BPF_JEQ | BPF_K, low, 0, rest);
        break;
    case SYSCALL_ARGUMENT_AT_MOST:
        emit(p, BPF_JMP | BPF_JGT | BPF_K, high, rest + 3, 0);
        emit(p, BPF_JMP | BPF_JEQ | BPF_K, high, 0, 2);
        emit_load(p, off);
        emit(p, BPF_JMP | BPF_JGT | BPF_K, low, rest, 0);
        break;
    case SYSCALL_ARGUMENT_WITHIN:
        emit(p, BPF_JMP | BPF_JSET | BPF_K, ~high, rest + 2, 0);
        emit_load(p, off);
        emit(p, BPF_JMP | BPF_JSET | BPF_K, ~low, rest, 0);
        break;
    }
}

/* The instructions of a rule, as emit_rule() makes them. */
static size_t rule_size(const struct syscall_rule *rule)
{
    size_t size = 1; /* the verdict */
    for (unsigned i = 0; i < rule->n_matches; i++)
        size += match_size(&rule->matches[i]);
    return size;
}

static void emit_rule(struct program *p, const struct syscall_rule *rule)
{
    size_t rest = rule_size(rule);

    for (unsigned i = 0; i < rule->n_matches; i++) {
        rest -= match_size(&rule->matches[i]);
        emit_match(p, &rule->matches[i], rest);
    }
    uint32_t verdict =
        rule->fails_with == 0 ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | (uint32_t)rule->fails_with;
    emit(p, BPF_RET | BPF_K, verdict, 0, 0);
}

/* A number, and the instructions of its rules and of the refusal behind them. */
struct branch {
    int number;
    size_t size;
};

/* The list's numbers, each once. Returns how many. */
static size_t collect_branches(const struct syscall_filter *filter, struct branch *out)
{
    size_t n = 0;

    for (size_t i = 0; i < filter->n_rules; i++) {
        const struct syscall_rule *rule = &filter->rules[i];
        size_t at = 0;
        while (at < n && out[at].number != rule->number)
            at++;
        if (at == n)
            out[n++] = (struct branch){.number = rule->number, .size = 1};
        out[at].size += rule_size(rule);
    }
    return n;
}

/* Falls through for this number, else skips. */
static void emit_number(struct program *p, int number, size_t skipped)
{
    /* A conditional jump reaches no further. */
    if (skipped <= UINT8_MAX) {
        emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, skipped);
        return;
    }
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 1, 0);
    emit(p, BPF_JMP | BPF_JA, (uint32_t)skipped, 0, 0);
}

/* Falls through for other numbers. */
static void emit_branch(struct program *p, const struct syscall_filter *filter, const struct branch *branch)
{
    emit_number(p, branch->number, branch->size);
    for (size_t i = 0; i < filter->n_rules; i++)
        if (filter->rules[i].number == branch->number)
            emit_rule(p, &filter->rules[i]);
    emit(p, BPF_RET | BPF_K, SECCOMP_RET_TRAP, 0, 0);
}

int syscall_filter_compile(const struct syscall_filter *filter, struct syscall_program *out,
                           struct error *err)
{
    struct program p = {.code = out->code};
    struct branch branches[SYSCALL_FILTER_RULES_MAX];
    const size_t n = collect_branches(filter, branches);

    emit_load(&p, offsetof(struct seccomp_data, args));
    emit_load(&p, offsetof(struct seccomp_data, arch));
    emit(&p, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
    emit(&p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
    emit_load(&p, offsetof(struct seccomp_data, nr));
    emit(&p, BPF_JMP | BPF_JGE | BPF_K, X32_NUMBERS, 0, 1);
    emit(&p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
    for (size_t i = 0; i < n; i++)
        emit_branch(&p, filter, &branches[i]);
    emit(&p, BPF_RET | BPF_K, SECCOMP_RET_TRAP, 0, 0);
    if (p.n > SYSCALL_PROGRAM_MAX)
        return error_set(err, ERROR_REFUSED, "a list of %zu system calls is too long for a filter",
                         filter->n_rules);
    out->n = p.n;
    return 0;
}

int syscall_filter_load(const struct syscall_filter *filter, struct error *err)
{
    static struct syscall_program program;

    if (syscall_filter_compile(filter, &program, err) < 0)
        return -1;
    const struct sock_fprog request = {.len = (unsigned short)program.n, .filter = program.code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return error_errno(err, "set no_new_privs");
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &request) < 0)
        return error_errno(err, "load the seccomp filter");
    return 0;
}
