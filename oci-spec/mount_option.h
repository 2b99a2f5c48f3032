/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a mount that the specification lists (config.md, "Linux mount options"), in one table for
 * parser and features document. */
#ifndef MOUNT_OPTION_H
#define MOUNT_OPTION_H

#include <stddef.h>

enum mount_option_effect {
    MOUNT_OPTION_NOTHING, /* a flag of the kernel's that a guest cannot see */
    MOUNT_OPTION_BIND,
    MOUNT_OPTION_READ_ONLY,
    MOUNT_OPTION_READ_WRITE,
    MOUNT_OPTION_REFUSED
};

struct mount_option {
    const char *name;
    enum mount_option_effect effect;
};

/* All of them, in strcmp(3) order. */
const struct mount_option *mount_option_table(size_t *out_n);

/* NULL: not one of the specification's, so a file system's own. */
const struct mount_option *mount_option_find(const char *name);

#endif
