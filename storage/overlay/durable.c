/* SPDX-License-Identifier: Apache-2.0 */
#include "durable.h"

#include <errno.h>
#include <sys/uio.h>

enum overlay_result durable_write(int fd, const void *bytes, size_t len, uint64_t off)
{
    const char *buf = bytes;
    while (len > 0) {
        union { /* pwritev2(2) only reads, but its iovec has no const */
            const void *in;
            void *out;
        } data = {.in = buf};
        const struct iovec iov = {.iov_base = data.out, .iov_len = len};
        ssize_t n = pwritev2(fd, &iov, 1, (off_t)off, RWF_DSYNC);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 && (errno == ENOSPC || errno == EDQUOT) ? OVERLAY_NO_SPACE : OVERLAY_IO;
        buf += n;
        off += (uint64_t)n;
        len -= (size_t)n;
    }
    return OVERLAY_OK;
}
