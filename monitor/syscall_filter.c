/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libseccomp makes the BPF program; it takes about 30 µs, and the kernel as long again to load it.
 *
 * Why a refused call traps and does not kill: a kill says nothing to anybody but the kernel's audit log. The
 * handler's address was given to the kernel before the filter, and the filter allows nobody to change it; all
 * it does is one write and one exit, which the filter has to allow anyhow. When it cannot run (its signal is
 * blocked, its stack is gone) the kernel kills.
 */
#include "syscall_filter.h"

#include "base/bug.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

void syscall_filter_add(struct syscall_filter *filter, const struct syscall_rule *rule)
{
    BUG_ON(filter->n_rules == SYSCALL_FILTER_RULES_MAX || rule->n_matches > SYSCALL_FILTER_MATCHES_MAX);
    filter->rules[filter->n_rules++] = *rule;
}

static bool rule_allows(const struct syscall_rule *rule, int number, const uint64_t arguments[6])
{
    if (rule->number != number)
        return false;
    for (unsigned i = 0; i < rule->n_matches; i++) {
        const struct syscall_match *m = &rule->matches[i];
        uint64_t value = arguments[m->argument];
        if (m->kind == SYSCALL_ARGUMENT_IS ? value != m->value : value > m->value)
            return false;
    }
    return true;
}

bool syscall_filter_allows(const struct syscall_filter *filter, int number, const uint64_t arguments[6])
{
    for (size_t i = 0; i < filter->n_rules; i++)
        if (rule_allows(&filter->rules[i], number, arguments))
            return true;
    return false;
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

/* ---- Making the filter ---- */

static void context_release(scmp_filter_ctx *context)
{
    if (*context != NULL)
        seccomp_release(*context);
}
#define _cleanup_context_ __attribute__((cleanup(context_release)))

static int context_add(scmp_filter_ctx context, const struct syscall_rule *rule)
{
    struct scmp_arg_cmp compare[SYSCALL_FILTER_MATCHES_MAX];

    for (unsigned i = 0; i < rule->n_matches; i++)
        compare[i] = (struct scmp_arg_cmp){
            .arg = rule->matches[i].argument,
            .op = rule->matches[i].kind == SYSCALL_ARGUMENT_IS ? SCMP_CMP_EQ : SCMP_CMP_LE,
            .datum_a = rule->matches[i].value,
        };
    int result =
        seccomp_rule_add_exact_array(context, SCMP_ACT_ALLOW, rule->number, rule->n_matches, compare);
    return result == -EEXIST ? 0 : result;
}

/* Returns NULL with err. Rules are looked at in the order of the list: the most frequent call comes first. */
static scmp_filter_ctx context_make(const struct syscall_filter *filter, struct error *err)
{
    _cleanup_context_ scmp_filter_ctx context = seccomp_init(SCMP_ACT_TRAP);

    if (context == NULL) {
        error_number(err, ENOMEM, "make a seccomp filter");
        return NULL;
    }
    int result = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    for (size_t i = 0; i < filter->n_rules && result == 0; i++) {
        result = context_add(context, &filter->rules[i]);
        if (result == 0)
            result = seccomp_syscall_priority(context, filter->rules[i].number,
                                              (uint8_t)(i < UINT8_MAX ? UINT8_MAX - i : 0));
    }
    if (result != 0) {
        error_number(err, -result, "make a seccomp filter");
        return NULL;
    }
    scmp_filter_ctx made = context;
    context = NULL;
    return made;
}

/*
 * libseccomp frees memory after it has loaded the filter. A heap that then shrinks would make a system call
 * that is not on the list.
 */
static void keep_heap(void)
{
    (void)mallopt(M_TRIM_THRESHOLD, INT_MAX);
    (void)mallopt(M_MMAP_MAX, 0);
}

int syscall_filter_load(const struct syscall_filter *filter, struct error *err)
{
    keep_heap();
    _cleanup_context_ scmp_filter_ctx context = context_make(filter, err);

    if (context == NULL)
        return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return error_errno(err, "set no_new_privs");
    int result = seccomp_load(context);
    if (result != 0)
        return error_number(err, -result, "load the seccomp filter");
    return 0;
}

int syscall_filter_export(const struct syscall_filter *filter, int fd, struct error *err)
{
    _cleanup_context_ scmp_filter_ctx context = context_make(filter, err);

    if (context == NULL)
        return -1;
    int result = seccomp_export_bpf(context, fd);
    if (result != 0)
        return error_number(err, -result, "export the seccomp filter");
    return 0;
}
