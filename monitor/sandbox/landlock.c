/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ruleset that handles every right and has no rule grants none. Each version of the kernel's interface
 * knows more rights, and refuses rulesets that name unknown ones: so the version is asked for first. The
 * numbers are the kernel's (include/uapi/linux/landlock.h of Linux 6.12), as the C library's headers may be
 * older than the kernel.
 */
#include "landlock.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

struct ruleset {
    uint64_t files;  /* from version 1 */
    uint64_t ports;  /* from version 4 */
    uint64_t scopes; /* from version 6 */
};

#define GET_VERSION (1u << 0)

#define FILES_V1 ((1u << 13) - 1) /* execute, read, write, make and remove all kinds */
#define FILES_V2 (1u << 13)       /* refer */
#define FILES_V3 (1u << 14)       /* truncate */
#define FILES_V5 (1u << 15)       /* ioctl on devices opened later */
#define PORTS_V4 (3u << 0)        /* bind, connect */
#define SCOPE_V6 (3u << 0)        /* abstract sockets, signals */

static struct ruleset ruleset_of(long version)
{
    struct ruleset rights = {.files = FILES_V1};

    if (version >= 2)
        rights.files |= FILES_V2;
    if (version >= 3)
        rights.files |= FILES_V3;
    if (version >= 4)
        rights.ports = PORTS_V4;
    if (version >= 5)
        rights.files |= FILES_V5;
    if (version >= 6)
        rights.scopes = SCOPE_V6;
    return rights;
}

int landlock_give_up_all(struct error *err)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, GET_VERSION);
    if (version < 0 && (errno == ENOSYS || errno == EOPNOTSUPP))
        return 0;
    if (version < 0)
        return error_errno(err, "Landlock: ask for its version");

    const struct ruleset rights = ruleset_of(version);
    _cleanup_close_ int fd = (int)syscall(SYS_landlock_create_ruleset, &rights, sizeof(rights), 0);
    if (fd < 0)
        return error_errno(err, "Landlock: make a ruleset");
    if (syscall(SYS_landlock_restrict_self, fd, 0) < 0)
        return error_errno(err, "Landlock: give up all rights");
    return 0;
}
