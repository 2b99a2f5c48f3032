/* SPDX-License-Identifier: Apache-2.0 */
/* Invariants that hold in every build: not assert(3), which NDEBUG removes together with what it evaluates.
 */
#ifndef BASE_BUG_H
#define BASE_BUG_H

/* Reports file, line and the broken invariant on stderr and aborts. */
_Noreturn void bug_report(const char *file, int line, const char *what);

#define BUG_ON(condition)                               \
    do {                                                \
        if (__builtin_expect(!!(condition), 0))         \
            bug_report(__FILE__, __LINE__, #condition); \
    } while (0)

#endif
