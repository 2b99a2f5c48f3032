/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of system calls, each with what its arguments must be, and the seccomp filter made of it
 * (seccomp(2)). A thread under the filter can make exactly the calls that one of the rules matches. Any other
 * call does not happen; instead the thread gets SIGSYS, which syscall_filter_catch() turns into a report and
 * the end of the process. A call by another architecture's entry (32-bit, x32) kills at once.
 */
#ifndef SYSCALL_FILTER_H
#define SYSCALL_FILTER_H

#include "base/error.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The exit status after a refused system call: as if SIGSYS had killed the process. */
#define SYSCALL_FILTER_EXIT 159

#define SYSCALL_FILTER_MATCHES_MAX 4

/* The kernel takes no longer program (BPF_MAXINSNS, linux/filter.h). */
#define SYSCALL_PROGRAM_MAX 4096

/* Rules for the most devices that a guest can have, and a few more. */
#define SYSCALL_FILTER_RULES_MAX 512

enum syscall_match_kind {
    SYSCALL_ARGUMENT_IS = 0,
    SYSCALL_ARGUMENT_AT_MOST, /* unsigned */
    SYSCALL_ARGUMENT_WITHIN   /* no bits but those of the value */
};

/* All 64 bits of the argument are compared. */
struct syscall_match {
    unsigned argument; /* 0 to 5 */
    enum syscall_match_kind kind;
    uint64_t value;
};

/* A system call (a SYS_ number) that is allowed when all matches hold. */
struct syscall_rule {
    int number;
    unsigned n_matches;
    struct syscall_match matches[SYSCALL_FILTER_MATCHES_MAX];
    int fails_with; /* an errno: the call is not made, and its caller sees this error; 0: it is made */
};

struct syscall_filter {
    size_t n_rules;
    struct syscall_rule rules[SYSCALL_FILTER_RULES_MAX];
};

/* Adds a rule. More than SYSCALL_FILTER_RULES_MAX is a bug of the caller. */
void syscall_filter_add(struct syscall_filter *filter, const struct syscall_rule *rule);

#define SYSCALL_FILTER_REFUSED (-1)

/*
 * What becomes of a call: 0, it is made; an errno, it fails with that; or SYSCALL_FILTER_REFUSED. The first
 * rule that matches decides. What the kernel decides must agree; the tests compare.
 */
int syscall_filter_judge(const struct syscall_filter *filter, int number, const uint64_t arguments[6]);

/*
 * Lets refused calls be reported on stderr, and end the process. The filter should allow pwritev2 at position
 * -1 on descriptor 2, else nothing is said; it must allow exit_group.
 */
int syscall_filter_catch(struct error *err);

/* Puts the calling thread under the filter, for ever. Sets no_new_privs (without which it is not allowed). */
int syscall_filter_load(const struct syscall_filter *filter, struct error *err);

/* A filter as the kernel gets it. */
struct syscall_program {
    size_t n;
    struct sock_filter code[SYSCALL_PROGRAM_MAX];
};

/* Makes the program that syscall_filter_load() loads. ERROR_REFUSED when the list is too long for one. */
int syscall_filter_compile(const struct syscall_filter *filter, struct syscall_program *out,
                           struct error *err);

#endif
