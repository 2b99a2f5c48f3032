/* SPDX-License-Identifier: Apache-2.0 */
/* Reading proc_pid_mountinfo(5): which directories an overlay is mounted from. Pure functions over text. */
#ifndef STORAGE_MOUNTINFO_H
#define STORAGE_MOUNTINFO_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What overlayfs was mounted from, as its options say it: paths may be relative and go over symlinks. */
struct overlay_stack {
    char *mount_point;
    char **lowers; /* the uppermost first */
    size_t n_lowers;
    char *upper; /* NULL: none */
};

#define OVERLAY_STACK_NONE ((struct overlay_stack){.mount_point = NULL})

/*
 * Finds the mount of that id in the text of a mountinfo file. *out is OVERLAY_STACK_NONE when there is none,
 * or when it is no overlay of whole directories that this parser understands (data-only layers, other types):
 * the caller then looks at the merged tree. Fails only when memory runs out.
 */
int mountinfo_find_overlay(const char *text, size_t size, uint64_t mount_id, struct overlay_stack *out,
                           struct error *err);

/* Accepts OVERLAY_STACK_NONE and half-filled ones. */
void overlay_stack_release(struct overlay_stack *stack);

#endif
