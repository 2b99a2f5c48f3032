/* SPDX-License-Identifier: Apache-2.0 */
#include "mount_option.h"

#include <stdlib.h>
#include <string.h>

static const struct mount_option table[] = {
    {"async", MOUNT_OPTION_NOTHING},
    {"atime", MOUNT_OPTION_NOTHING},
    {"bind", MOUNT_OPTION_BIND},
    {"defaults", MOUNT_OPTION_NOTHING},
    {"dev", MOUNT_OPTION_NOTHING},
    {"diratime", MOUNT_OPTION_NOTHING},
    {"dirsync", MOUNT_OPTION_NOTHING},
    {"exec", MOUNT_OPTION_NOTHING},
    {"idmap", MOUNT_OPTION_REFUSED},
    {"iversion", MOUNT_OPTION_NOTHING},
    {"lazytime", MOUNT_OPTION_NOTHING},
    {"loud", MOUNT_OPTION_NOTHING},
    {"mand", MOUNT_OPTION_NOTHING},
    {"noatime", MOUNT_OPTION_NOTHING},
    {"nodev", MOUNT_OPTION_NOTHING},
    {"nodiratime", MOUNT_OPTION_NOTHING},
    {"noexec", MOUNT_OPTION_NOTHING},
    {"noiversion", MOUNT_OPTION_NOTHING},
    {"nolazytime", MOUNT_OPTION_NOTHING},
    {"nomand", MOUNT_OPTION_NOTHING},
    {"norelatime", MOUNT_OPTION_NOTHING},
    {"nostrictatime", MOUNT_OPTION_NOTHING},
    {"nosuid", MOUNT_OPTION_NOTHING},
    {"nosymfollow", MOUNT_OPTION_NOTHING},
    {"private", MOUNT_OPTION_NOTHING},
    {"ratime", MOUNT_OPTION_NOTHING},
    {"rbind", MOUNT_OPTION_BIND},
    {"rdev", MOUNT_OPTION_NOTHING},
    {"rdiratime", MOUNT_OPTION_NOTHING},
    {"relatime", MOUNT_OPTION_NOTHING},
    {"remount", MOUNT_OPTION_NOTHING},
    {"rexec", MOUNT_OPTION_NOTHING},
    {"ridmap", MOUNT_OPTION_REFUSED},
    {"rnoatime", MOUNT_OPTION_NOTHING},
    {"rnodev", MOUNT_OPTION_NOTHING},
    {"rnodiratime", MOUNT_OPTION_NOTHING},
    {"rnoexec", MOUNT_OPTION_NOTHING},
    {"rnorelatime", MOUNT_OPTION_NOTHING},
    {"rnostrictatime", MOUNT_OPTION_NOTHING},
    {"rnosuid", MOUNT_OPTION_NOTHING},
    {"rnosymfollow", MOUNT_OPTION_NOTHING},
    {"ro", MOUNT_OPTION_READ_ONLY},
    {"rprivate", MOUNT_OPTION_NOTHING},
    {"rrelatime", MOUNT_OPTION_NOTHING},
    {"rro", MOUNT_OPTION_READ_ONLY},
    {"rrw", MOUNT_OPTION_READ_WRITE},
    {"rshared", MOUNT_OPTION_NOTHING},
    {"rslave", MOUNT_OPTION_NOTHING},
    {"rstrictatime", MOUNT_OPTION_NOTHING},
    {"rsuid", MOUNT_OPTION_NOTHING},
    {"rsymfollow", MOUNT_OPTION_NOTHING},
    {"runbindable", MOUNT_OPTION_NOTHING},
    {"rw", MOUNT_OPTION_READ_WRITE},
    {"shared", MOUNT_OPTION_NOTHING},
    {"silent", MOUNT_OPTION_NOTHING},
    {"slave", MOUNT_OPTION_NOTHING},
    {"strictatime", MOUNT_OPTION_NOTHING},
    {"suid", MOUNT_OPTION_NOTHING},
    {"symfollow", MOUNT_OPTION_NOTHING},
    {"sync", MOUNT_OPTION_NOTHING},
    {"tmpcopyup", MOUNT_OPTION_NOTHING},
    {"unbindable", MOUNT_OPTION_NOTHING},
};

const struct mount_option *mount_option_table(size_t *out_n)
{
    *out_n = sizeof(table) / sizeof(table[0]);
    return table;
}

static int compare_name_with_option(const void *name, const void *option)
{
    return strcmp(name, ((const struct mount_option *)option)->name);
}

const struct mount_option *mount_option_find(const char *name)
{
    return bsearch(name, table, sizeof(table) / sizeof(table[0]), sizeof(table[0]), compare_name_with_option);
}
