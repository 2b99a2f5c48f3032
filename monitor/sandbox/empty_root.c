/* SPDX-License-Identifier: Apache-2.0 */
#include "empty_root.h"

#include "base/cleanup.h"

#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/*
 * The new root is mounted over the old one. A look-up of "/" does not see it, but one of "/.." does (it ends
 * at the root, and then follows mounts). pivot_root(".", ".") stacks the old root on the new one, where it is
 * unmounted; pivot_root(2) describes this last step.
 */
int empty_root_replace(struct error *err)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return error_errno(err, "empty root: keep mounts private");
    if (mount("empty", "/", "tmpfs", FLAGS, "mode=555,nr_blocks=1,nr_inodes=1") < 0)
        return error_errno(err, "empty root: mount a tmpfs");
    if (chdir("/..") < 0)
        return error_errno(err, "empty root: enter it");
    if (syscall(SYS_pivot_root, ".", ".") < 0)
        return error_errno(err, "empty root: pivot_root");
    if (umount2(".", MNT_DETACH) < 0)
        return error_errno(err, "empty root: unmount the old root");
    if (chdir("/") < 0)
        return error_errno(err, "empty root: enter it");
    if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | FLAGS, NULL) < 0)
        return error_errno(err, "empty root: make it read-only");
    return 0;
}

int empty_root_enter(struct error *err)
{
    _cleanup_close_ int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
    if (fs < 0)
        return error_errno(err, "empty root: open a tmpfs");
    if (fsconfig(fs, FSCONFIG_SET_STRING, "mode", "555", 0) < 0 ||
        fsconfig(fs, FSCONFIG_SET_STRING, "nr_blocks", "1", 0) < 0 ||
        fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", "1", 0) < 0 ||
        fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return error_errno(err, "empty root: configure a tmpfs");

    _cleanup_close_ int root = fsmount(
        fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    if (root < 0)
        return error_errno(err, "empty root: mount a tmpfs");
    if (fchdir(root) < 0 || chroot(".") < 0)
        return error_errno(err, "empty root: enter it");
    return 0;
}
