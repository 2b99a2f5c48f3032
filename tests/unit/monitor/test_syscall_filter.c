/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscall_filter.h: the BPF program says what the list says, for every number and for arguments around each
 * listed value; libseccomp's program for the same list says so too; and the kernel says the same to a child
 * that tries.
 */
#include "bpf_machine.h"
#include "syscall_filter.h"
#include "syscalls.h"
#include "unit.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct syscall_filter filter;
static struct syscall_program program;
static struct error err;

#define RULE(call, n, ...)                                             \
    {                                                                  \
        .number = (call), .n_matches = (n), .matches = { __VA_ARGS__ } \
    }

static const struct syscall_rule rules[] = {
    RULE(SYS_ioctl, 3, {0, SYSCALL_ARGUMENT_IS, 7}, {1, SYSCALL_ARGUMENT_IS, 0xae80},
         {2, SYSCALL_ARGUMENT_IS, 0}),
    RULE(SYS_write, 1, {0, SYSCALL_ARGUMENT_IS, 1}),
    RULE(SYS_write, 1, {0, SYSCALL_ARGUMENT_IS, 2}),
    RULE(SYS_ppoll, 2, {1, SYSCALL_ARGUMENT_AT_MOST, 3}, {3, SYSCALL_ARGUMENT_IS, 0}),
    RULE(SYS_pwritev2, 3, {0, SYSCALL_ARGUMENT_IS, 9}, {2, SYSCALL_ARGUMENT_IS, 1},
         {5, SYSCALL_ARGUMENT_IS, 2}),
    RULE(SYS_pwritev2, 2, {0, SYSCALL_ARGUMENT_IS, 2}, {3, SYSCALL_ARGUMENT_IS, UINT64_MAX}),
    RULE(SYS_exit_group, 1, {0, SYSCALL_ARGUMENT_AT_MOST, 255}),
    RULE(SYS_mmap, 2, {2, SYSCALL_ARGUMENT_WITHIN, 3}, {3, SYSCALL_ARGUMENT_WITHIN, 1ull << 40 | 0x22}),
    RULE(SYS_write, 1, {0, SYSCALL_ARGUMENT_IS, 4}), /* not next to its like */
    {.number = SYS_getppid, .fails_with = ENOSYS},
    {.number = SYS_sched_yield},
};

static void given_a_filter(void)
{
    memset(&filter, 0, sizeof(filter));
    err = (struct error){0};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        syscall_filter_add(&filter, &rules[i]);
}

static void compile(void)
{
    ck_assert_ok(syscall_filter_compile(&filter, &program, &err), err);
}

static struct scmp_arg_cmp comparison_of(const struct syscall_match *m)
{
    switch (m->kind) {
    case SYSCALL_ARGUMENT_IS:
        break;
    case SYSCALL_ARGUMENT_AT_MOST:
        return (struct scmp_arg_cmp){.arg = m->argument, .op = SCMP_CMP_LE, .datum_a = m->value};
    case SYSCALL_ARGUMENT_WITHIN:
        return (struct scmp_arg_cmp){.arg = m->argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = ~m->value};
    }
    return (struct scmp_arg_cmp){.arg = m->argument, .op = SCMP_CMP_EQ, .datum_a = m->value};
}

/* The same list, as libseccomp understands it. */
static void compile_by_libseccomp(struct syscall_program *out)
{
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_TRAP);
    ck_assert_ptr_nonnull(context);
    ck_assert_int_eq(seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), 0);
    for (size_t i = 0; i < filter.n_rules; i++) {
        const struct syscall_rule *rule = &filter.rules[i];
        struct scmp_arg_cmp compare[SYSCALL_FILTER_MATCHES_MAX];
        for (unsigned k = 0; k < rule->n_matches; k++)
            compare[k] = comparison_of(&rule->matches[k]);
        uint32_t action = rule->fails_with == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO((unsigned)rule->fails_with);
        ck_assert_int_eq(
            seccomp_rule_add_exact_array(context, action, rule->number, rule->n_matches, compare), 0);
    }

    int fd = memfd_create("program", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(seccomp_export_bpf(context, fd), 0);
    seccomp_release(context);
    ssize_t n = pread(fd, out->code, sizeof(out->code), 0);
    ck_assert_int_gt(n, 0);
    out->n = (size_t)n / sizeof(out->code[0]);
    close(fd);
}

static void check_call(uint32_t arch, int number, const uint64_t arguments[6])
{
    struct seccomp_data call = {.nr = number, .arch = arch};
    memcpy(call.args, arguments, sizeof(call.args));
    int fate = syscall_filter_judge(&filter, number, arguments);
    uint32_t expected = SECCOMP_RET_TRAP;
    if (arch != AUDIT_ARCH_X86_64 || ((unsigned)number & 0x40000000u) != 0)
        expected = SECCOMP_RET_KILL_PROCESS;
    else if (fate != SYSCALL_FILTER_REFUSED)
        expected = fate == 0 ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | (uint32_t)fate;
    uint32_t verdict = bpf_machine_run(program.code, program.n, &call);
    ck_assert_msg(verdict == expected, "call %d(%#lx, %#lx, %#lx, %#lx): %#x, expected %#x", number,
                  arguments[0], arguments[1], arguments[2], arguments[3], verdict, expected);
}

/* Each argument takes each value near one of the list, in both halves; the others match the rule. */
static void check_around(const struct syscall_rule *rule)
{
    static const uint64_t steps[] = {0, 1, UINT64_MAX, 1ull << 32, 1ull << 63, 0x80000000u};
    uint64_t right[6] = {0};

    for (unsigned i = 0; i < rule->n_matches; i++)
        right[rule->matches[i].argument] = rule->matches[i].value;
    check_call(AUDIT_ARCH_X86_64, rule->number, right);
    for (unsigned argument = 0; argument < 6; argument++) {
        uint64_t near[6];
        memcpy(near, right, sizeof(near));
        for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
            near[argument] = right[argument] + steps[k];
            check_call(AUDIT_ARCH_X86_64, rule->number, near);
            near[argument] = steps[k];
            check_call(AUDIT_ARCH_X86_64, rule->number, near);
        }
        for (unsigned bit = 0; bit < 64; bit++) {
            near[argument] = right[argument] ^ 1ull << bit;
            check_call(AUDIT_ARCH_X86_64, rule->number, near);
        }
    }
}

/* Around each rule of the list, and every number. */
static void check_list(void)
{
    const uint64_t zero[6] = {0};

    for (size_t i = 0; i < filter.n_rules; i++)
        check_around(&filter.rules[i]);
    for (int number = 0; number < 1024; number++)
        check_call(AUDIT_ARCH_X86_64, number, zero);
}

/* The lists that are loaded: of a monitor with everything, and of one that is not there yet. */
enum { LIST_VCPU, LIST_IO, LIST_CONSOLE, LIST_SETUP, LIST_COUNT };

static void given_the_list(int which)
{
    static const int nets[] = {10, 12, 13}, volumes[] = {20, 21};
    const struct syscalls_use use = {.vcpu_fd = 5,
                                     .start_fd = 6,
                                     .net_fds = nets,
                                     .n_nets = 3,
                                     .volume_fds = volumes,
                                     .n_volumes = 2,
                                     .console_fd = 8,
                                     .call_fd = 7};

    if (which == LIST_VCPU)
        ck_assert_ok(syscalls_list(&use, &filter, &err), err);
    else if (which == LIST_IO)
        ck_assert_ok(syscalls_list_io(&use, &filter, &err), err);
    else if (which == LIST_CONSOLE)
        syscalls_list_console(&use, &filter);
    else
        syscalls_list_setup(&filter);
}

START_TEST(the_program_decides_as_the_list_does)
{
    compile();
    check_list();
}
END_TEST

START_TEST(the_monitor_s_lists_are_their_programs)
{
    given_the_list(_i);
    compile();
    check_list();
}
END_TEST

START_TEST(libseccomp_decides_the_same)
{
    compile_by_libseccomp(&program);
    check_list();
    check_call(AUDIT_ARCH_I386, SYS_write, (const uint64_t[6]){0});
}
END_TEST

START_TEST(libseccomp_decides_the_same_of_the_monitor_s_lists)
{
    given_the_list(_i);
    compile_by_libseccomp(&program);
    check_list();
}
END_TEST

/* The kernel asks both lists: what the second allows, the first must not refuse. */
START_TEST(what_a_running_monitor_calls_is_on_the_list_of_its_setup)
{
    static struct syscall_filter setup;

    given_the_list(_i);
    syscalls_list_setup(&setup);
    for (size_t i = 0; i < filter.n_rules; i++) {
        uint64_t arguments[6] = {0};
        for (unsigned k = 0; k < filter.rules[i].n_matches; k++)
            arguments[filter.rules[i].matches[k].argument] = filter.rules[i].matches[k].value;
        ck_assert_msg(syscall_filter_judge(&setup, filter.rules[i].number, arguments) == 0,
                      "rule %zu: system call %d", i, filter.rules[i].number);
    }
}
END_TEST

START_TEST(an_argument_of_64_bits_has_a_limit)
{
    const uint64_t limit = 5ull << 32 | 7;
    const uint64_t near[] = {0,     7,         8,          4ull << 32 | 9, limit - 1,
                             limit, limit + 1, 6ull << 32, 6ull << 32 | 1, UINT64_MAX};

    filter.n_rules = 0;
    syscall_filter_add(&filter,
                       &(struct syscall_rule)RULE(SYS_read, 1, {2, SYSCALL_ARGUMENT_AT_MOST, limit}));
    compile();
    for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++)
        check_call(AUDIT_ARCH_X86_64, SYS_read, (const uint64_t[6]){0, 0, near[i]});
}
END_TEST

START_TEST(a_list_that_is_too_long_is_refused)
{
    const struct syscall_rule rule =
        RULE(SYS_write, 4, {0, SYSCALL_ARGUMENT_IS, 1}, {1, SYSCALL_ARGUMENT_IS, 1},
             {2, SYSCALL_ARGUMENT_IS, 1}, {3, SYSCALL_ARGUMENT_IS, 1});
    filter.n_rules = 0;
    for (unsigned i = 0; i < SYSCALL_FILTER_RULES_MAX; i++)
        syscall_filter_add(&filter, &rule);
    ck_assert_fails(syscall_filter_compile(&filter, &program, &err), err, ERROR_REFUSED,
                    "a list of 512 system calls is too long");
}
END_TEST

START_TEST(other_architectures_are_killed)
{
    const uint64_t arguments[6] = {1};
    compile();
    check_call(AUDIT_ARCH_I386, SYS_write, arguments);
    check_call(AUDIT_ARCH_X86_64, (int)(SYS_write | 0x40000000u), arguments);
}
END_TEST

START_TEST(the_longest_list_is_a_program)
{
    memset(&filter, 0, sizeof(filter));
    for (unsigned fd = 0; fd < SYSCALL_FILTER_RULES_MAX; fd++)
        syscall_filter_add(&filter,
                           &(struct syscall_rule)RULE(SYS_write, 1, {0, SYSCALL_ARGUMENT_IS, 3 * fd}));
    compile();
    for (unsigned fd = 0; fd < 3 * SYSCALL_FILTER_RULES_MAX + 3; fd++)
        check_call(AUDIT_ARCH_X86_64, SYS_write, (const uint64_t[6]){fd});
}
END_TEST

/* Makes the call in a child under the filter. Returns the child's wait status. */
static int try_call(long number, long a, long b, long c)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct error e = {0};
        if (syscall_filter_catch(&e) < 0 || syscall_filter_load(&filter, &e) < 0)
            _exit(1);
        syscall(number, a, b, c, 0, 0, 0);
        syscall(SYS_exit_group, 42);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

START_TEST(the_kernel_lets_listed_calls_pass)
{
    int status = try_call(SYS_write, STDOUT_FILENO, (long)"", 0);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 42);
}
END_TEST

static void expect_enosys(long number)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct error e = {0};
        if (syscall_filter_load(&filter, &e) < 0)
            _exit(1);
        long result = syscall(number, 0, 0);
        syscall(SYS_exit_group, result == -1 && errno == ENOSYS ? 42 : 2);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 42);
}

/* getppid(2) cannot fail, but for a filter. */
START_TEST(a_call_fails_as_the_list_says)
{
    expect_enosys(SYS_getppid);
}
END_TEST

/* Its flags are in memory, where no filter can look: so there is none. */
START_TEST(a_monitor_has_no_clone3)
{
    given_the_list(LIST_SETUP);
    expect_enosys(SYS_clone3);
}
END_TEST

START_TEST(the_kernel_refuses_other_calls_and_arguments)
{
    static const struct {
        long number, a, b, c;
    } calls[] = {{SYS_getpid, 0, 0, 0},
                 {SYS_write, 0, 0, 0},
                 {SYS_ioctl, 7, 0xae81, 0},
                 {SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC},
                 {SYS_openat, -100, (long)"/", 0},
                 {SYS_execve, (long)"/bin/true", 0, 0},
                 {SYS_clone, SIGCHLD, 0, 0},
                 {SYS_rt_sigaction, SIGSYS, 0, 0},
                 {SYS_exit_group, 256, 0, 0}};
    int status = try_call(calls[_i].number, calls[_i].a, calls[_i].b, calls[_i].c);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), SYSCALL_FILTER_EXIT);
}
END_TEST

START_TEST(a_refused_call_is_reported_by_number)
{
    int pair[2], saved = dup(STDERR_FILENO);
    char text[256] = {0};
    ck_assert_int_eq(pipe(pair), 0);
    dup2(pair[1], STDERR_FILENO);
    try_call(SYS_getpgrp, 0, 0, 0);
    dup2(saved, STDERR_FILENO);
    ck_assert_int_gt(read(pair[0], text, sizeof(text) - 1), 0);
    ck_assert_str_eq(text,
                     "wherry-monitor: seccomp: system call 111 with these arguments is not on the list of "
                     "this process\n");
    close(saved);
    close(pair[0]);
    close(pair[1]);
}
END_TEST

START_TEST(the_signal_from_somebody_else_is_not_reported)
{
    int pair[2];
    char byte;
    ck_assert_int_eq(pipe(pair), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct error e = {0};
        if (dup2(pair[1], STDERR_FILENO) < 0 || syscall_filter_catch(&e) < 0)
            _exit(1);
        raise(SIGSYS);
        _exit(2);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    close(pair[1]);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), SYSCALL_FILTER_EXIT);
    ck_assert_int_eq(read(pair[0], &byte, 1), 0);
    close(pair[0]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("syscall_filter");
    TCase *t = unit_case(suite, "syscall_filter");
    tcase_add_checked_fixture(t, given_a_filter, NULL);
    tcase_add_test(t, the_program_decides_as_the_list_does);
    tcase_add_loop_test(t, the_monitor_s_lists_are_their_programs, 0, LIST_COUNT);
    tcase_add_test(t, libseccomp_decides_the_same);
    tcase_add_loop_test(t, libseccomp_decides_the_same_of_the_monitor_s_lists, 0, LIST_COUNT);
    tcase_add_loop_test(t, what_a_running_monitor_calls_is_on_the_list_of_its_setup, 0, LIST_SETUP);
    tcase_add_test(t, an_argument_of_64_bits_has_a_limit);
    tcase_add_test(t, a_list_that_is_too_long_is_refused);
    tcase_add_test(t, other_architectures_are_killed);
    tcase_add_test(t, the_longest_list_is_a_program);
    tcase_add_test(t, the_kernel_lets_listed_calls_pass);
    tcase_add_test(t, a_call_fails_as_the_list_says);
    tcase_add_test(t, a_monitor_has_no_clone3);
    tcase_add_loop_test(t, the_kernel_refuses_other_calls_and_arguments, 0, 9);
    tcase_add_test(t, a_refused_call_is_reported_by_number);
    tcase_add_test(t, the_signal_from_somebody_else_is_not_reported);
    return unit_run(suite);
}
