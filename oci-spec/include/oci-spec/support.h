/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What wherry does with each property of runtime-spec 1.3's config.json: one table, which the parser obeys
 * and from which docs/config.md is made.
 *
 * A property is written as its path: names joined by dots, "[]" for the elements of an array and "*" for the
 * values of a map whose keys are free, as in "linux.resources.rdma.*.hcaHandles". What lies below a property
 * that is ignored, refused or meaningless shares its fate and has no entry, unless it differs.
 */
#ifndef OCI_SPEC_SUPPORT_H
#define OCI_SPEC_SUPPORT_H

#include <stddef.h>

enum support_action {
    SUPPORT_HONOURED,   /* decides what the guest is or sees, or how the container lives */
    SUPPORT_MONITOR,    /* applied to the monitor, which is the container's process */
    SUPPORT_REFUSED,    /* an error that names it for a unikernel, unless it is empty (null, false, "", [],
                           {}) */
    SUPPORT_IGNORED,    /* one warning, unless it is empty */
    SUPPORT_MEANINGLESS /* skipped: it cannot make a difference to a unikernel */
};

struct support_entry {
    const char *path;
    enum support_action action;
    const char *why; /* what happens, or why it does not; a sentence without its period */
};

/* All entries, in strcmp(3) order of path. */
const struct support_entry *support_table(size_t *out_n);

/* The entry of exactly this path, or NULL. */
const struct support_entry *support_find(const char *path);

/* "honoured", "monitor", "refused", "ignored", "meaningless" */
const char *support_action_name(enum support_action action);

#endif
