/* SPDX-License-Identifier: Apache-2.0 */
/* errno, with Linux's numbers. One thread, so a plain variable. */
#ifndef ERRNO_H
#define ERRNO_H

extern int errno;

#define ENOENT       2
#define EIO          5
#define ENOMEM       12
#define ENODEV       19
#define ENOTDIR      20
#define EISDIR       21
#define EINVAL       22
#define ERANGE       34
#define ENAMETOOLONG 36
#define ELOOP        40
#define EOVERFLOW    75
#define EOPNOTSUPP   95

#endif
