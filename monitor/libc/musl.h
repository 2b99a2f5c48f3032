/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Linux has and musl 1.2 does not declare. Included before every file of a monitor that is linked with
 * musl (monitor/CMakeLists.txt); the manual pages of the functions say what they do.
 */
#ifndef MUSL_H
#define MUSL_H

#include <linux/fs.h>
#include <linux/mount.h>
#include <sys/types.h>
#include <sys/uio.h>

ssize_t pwritev2(int fd, const struct iovec *iov, int n, off_t off, int flags);
int fsopen(const char *type, unsigned flags);
int fsconfig(int fd, unsigned command, const char *key, const void *value, int extra);
int fsmount(int fd, unsigned flags, unsigned attributes);

#endif
