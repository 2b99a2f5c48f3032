/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The box around a monitor, built in two steps, each once, by the only thread:
 *
 *   sandbox_enter   as soon as everything that needs a name or a right is there: before the unikernel's first
 *                   byte is looked at. The process keeps its descriptors and nothing else.
 *   sandbox_seal    before the guest's first instruction: it keeps six system calls.
 *
 * docs/monitor.md, "The box", describes what each stage takes away.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include "base/error.h"
#include "syscalls.h"

#include <stdbool.h>
#include <stddef.h>

/* The stages of sandbox_enter(), in their order. */
enum sandbox_stage {
    SANDBOX_USER_NAMESPACE,
    SANDBOX_NAMESPACES,
    SANDBOX_ROOT,
    SANDBOX_CAPABILITIES,
    SANDBOX_PROCESS, /* no_new_privs, not dumpable, no memory that becomes executable */
    SANDBOX_LIMITS,
    SANDBOX_LANDLOCK,
    SANDBOX_STAGE_COUNT
};

/*
 * What was skipped because the host does not allow it, and why: the namespaces and the empty root, for a
 * process without rights on a host that forbids user namespaces.
 */
struct sandbox_skips {
    bool is_skipped[SANDBOX_STAGE_COUNT];
    struct error why[SANDBOX_STAGE_COUNT];
};

struct sandbox_plan {
    /* The namespaces (CLONE_NEW*) to leave for fresh ones; any but CLONE_NEWPID and CLONE_NEWTIME. */
    unsigned own_namespaces;
};

/*
 * Takes away names and rights. After an error the process is partly boxed and must end. skips is filled in
 * either case.
 */
int sandbox_enter(const struct sandbox_plan *plan, struct sandbox_skips *skips, struct error *err);

/* Formats what was skipped, or nothing. Returns the length. */
size_t sandbox_format_skips(const struct sandbox_skips *skips, char *text, size_t size);

/*
 * Closes every descriptor but 1, 2 and those in use, and leaves the system calls of syscalls_list(). After
 * this the process can only end by _exit(2): atexit handlers and cleanups make other calls.
 */
int sandbox_seal(const struct syscalls_use *use, struct error *err);

#endif
