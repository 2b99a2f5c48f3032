/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File descriptors: whole reads and writes, and passing descriptors over a Unix socket (unix(7), SCM_RIGHTS).
 *
 * Nothing here owns a descriptor that it was given, unless it says so. Everything that is opened or received
 * is close-on-exec.
 */
#ifndef BASE_FD_H
#define BASE_FD_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The most descriptors that one message carries (SCM_MAX_FD of Linux). */
#define FD_PASS_MAX 253

/* Reads exactly size bytes. End of file before that is ERROR_INPUT. what names the source in messages. */
int fd_read_exactly(int fd, void *buf, size_t size, const char *what, struct error *err);

/*
 * Reads to end of file, at most max bytes; more is ERROR_INPUT. *out_data is the caller's to free(3) and has
 * a NUL after its *out_size bytes.
 */
int fd_read_all(int fd, size_t max, char **out_data, size_t *out_size, const char *what, struct error *err);

/* Writes all size bytes, also over short writes and EINTR. */
int fd_write_all(int fd, const void *buf, size_t size, const char *what, struct error *err);

/* The same at an offset of a file, whose own offset stays where it is. */
int fd_read_exactly_at(int fd, void *buf, size_t size, uint64_t off, const char *what, struct error *err);
int fd_write_all_at(int fd, const void *buf, size_t size, uint64_t off, const char *what, struct error *err);

/* How many bytes from off on are in a hole of the file, max at most; 0 also when that cannot be told. Moves
 * the file's own offset. */
uint64_t fd_hole_size(int fd, uint64_t off, uint64_t max);

/* Opens path relative to dirfd (AT_FDCWD for none) with O_CLOEXEC added to flags. */
int fd_open(int dirfd, const char *path, int flags, mode_t mode, int *out_fd, struct error *err);

/* Sends one message of size bytes together with n_fds descriptors (0 allowed, FD_PASS_MAX at most). */
int fd_send(int sock, const void *data, size_t size, const int *fds, size_t n_fds, struct error *err);

/*
 * Receives one message. *out_size gets its length; 0 means that the other side has closed. A message longer
 * than size, or with more than max_fds descriptors, is ERROR_INPUT and its descriptors are closed. The
 * received descriptors are the caller's.
 */
int fd_receive(int sock, void *buf, size_t size, size_t *out_size, int *fds, size_t max_fds,
               size_t *out_n_fds, struct error *err);

#endif
