/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_STEP 65536

int fd_read_exactly(int fd, void *buf, size_t size, const char *what, struct error *err)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = read(fd, (char *)buf + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "read %s", what);
        if (n == 0)
            return error_set(err, ERROR_INPUT, "read %s: ends after %zu of %zu bytes", what, done, size);
        done += (size_t)n;
    }
    return 0;
}

int fd_read_all(int fd, size_t max, char **out_data, size_t *out_size, const char *what, struct error *err)
{
    _cleanup_free_ char *data = NULL;
    size_t used = 0, room = 0;

    for (;;) {
        if (room - used < 2) {
            size_t bigger = room + (room < READ_STEP ? READ_STEP : room);
            char *grown = realloc(data, bigger);
            if (grown == NULL)
                return error_errno(err, "read %s", what);
            data = grown;
            room = bigger;
        }
        ssize_t n = read(fd, data + used, room - used - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "read %s", what);
        if (n == 0)
            break;
        used += (size_t)n;
        if (used > max)
            return error_set(err, ERROR_INPUT, "read %s: longer than %zu bytes", what, max);
    }

    data[used] = '\0';
    *out_data = take_ptr(data);
    *out_size = used;
    return 0;
}

int fd_write_all(int fd, const void *buf, size_t size, const char *what, struct error *err)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = write(fd, (const char *)buf + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "write %s", what);
        done += (size_t)n;
    }
    return 0;
}

int fd_read_exactly_at(int fd, void *buf, size_t size, uint64_t off, const char *what, struct error *err)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = pread(fd, (char *)buf + done, size - done, (off_t)(off + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "read %s", what);
        if (n == 0)
            return error_set(err, ERROR_INPUT, "read %s: ends after %zu of %zu bytes", what, done, size);
        done += (size_t)n;
    }
    return 0;
}

int fd_write_all_at(int fd, const void *buf, size_t size, uint64_t off, const char *what, struct error *err)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = pwrite(fd, (const char *)buf + done, size - done, (off_t)(off + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "write %s", what);
        done += (size_t)n;
    }
    return 0;
}

uint64_t fd_hole_size(int fd, uint64_t off, uint64_t max)
{
    off_t end = lseek(fd, (off_t)off, SEEK_DATA);
    /* No data is left: the hole ends with the file. */
    if (end < 0 && errno == ENXIO)
        end = lseek(fd, 0, SEEK_END);
    if (end < 0 || (uint64_t)end <= off)
        return 0;
    return (uint64_t)end - off < max ? (uint64_t)end - off : max;
}

int fd_open(int dirfd, const char *path, int flags, mode_t mode, int *out_fd, struct error *err)
{
    int fd = openat(dirfd, path, flags | O_CLOEXEC, mode);
    if (fd < 0)
        return error_errno(err, "open '%s'", path);
    *out_fd = fd;
    return 0;
}

int fd_send(int sock, const void *data, size_t size, const int *fds, size_t n_fds, struct error *err)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(FD_PASS_MAX * sizeof(int))];
    } control;
    union { /* sendmsg(2) only reads, but its iovec has no const */
        const void *in;
        void *out;
    } payload = {.in = data};
    struct iovec iov = {.iov_base = payload.out, .iov_len = size};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

    if (n_fds > FD_PASS_MAX)
        return error_set(err, ERROR_BUG, "send %zu descriptors in one message", n_fds);
    if (n_fds > 0) {
        memset(&control, 0, sizeof(control));
        msg.msg_control = control.bytes;
        msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
    }

    ssize_t n;
    do
        n = sendmsg(sock, &msg, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_errno(err, "send a message");
    if ((size_t)n != size)
        return error_set(err, ERROR_SYSTEM, "send a message: only %zd of %zu bytes went out", n, size);
    return 0;
}

static void close_all(const int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
}

/* Collects the descriptors of a received message into got, which has room for FD_PASS_MAX. */
static size_t collect_fds(struct msghdr *msg, int *got)
{
    size_t n = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t more = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(got + n, CMSG_DATA(c), more * sizeof(int));
        n += more;
    }
    return n;
}

int fd_receive(int sock, void *buf, size_t size, size_t *out_size, int *fds, size_t max_fds,
               size_t *out_n_fds, struct error *err)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(FD_PASS_MAX * sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = buf, .iov_len = size};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control)};
    int got[FD_PASS_MAX];

    ssize_t n;
    do
        n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_errno(err, "receive a message");

    size_t n_got = collect_fds(&msg, got);
    if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || n_got > max_fds) {
        close_all(got, n_got);
        return error_set(err, ERROR_INPUT,
                         "receive a message: longer than %zu bytes or with more than %zu descriptors", size,
                         max_fds);
    }
    if (n_got > 0)
        memcpy(fds, got, n_got * sizeof(int));
    *out_n_fds = n_got;
    *out_size = (size_t)n;
    return 0;
}
