/* SPDX-License-Identifier: Apache-2.0 */
#include "archive_sink.h"

#include "base/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In one piece in the page cache, where the file system can do that: see pack.c. */
#define BUFFER_SIZE (2u << 20)

int archive_sink_init(struct archive_sink *sink, int fd, struct error *err)
{
    *sink = (struct archive_sink){.fd = fd, .buffer = malloc(BUFFER_SIZE)};
    return sink->buffer == NULL ? error_errno(err, "write an archive") : 0;
}

void archive_sink_release(struct archive_sink *sink)
{
    free(sink->buffer);
    *sink = ARCHIVE_SINK_NONE;
}

int archive_sink_flush(struct archive_sink *sink, struct error *err)
{
    if (fd_write_all(sink->fd, sink->buffer, sink->used, "an archive", err) != 0)
        return -1;
    sink->used = 0;
    return 0;
}

int archive_sink_add(struct archive_sink *sink, const void *data, size_t size, struct error *err)
{
    const char *from = data;
    while (size > 0) {
        size_t part = BUFFER_SIZE - sink->used;
        if (part == 0) {
            if (archive_sink_flush(sink, err) != 0)
                return -1;
            continue;
        }
        if (part > size)
            part = size;
        memcpy(sink->buffer + sink->used, from, part);
        sink->used += part;
        sink->written += part;
        from += part;
        size -= part;
    }
    return 0;
}

int archive_sink_pad(struct archive_sink *sink, size_t align, struct error *err)
{
    static const char zeros[4096];
    size_t size = (size_t)(-sink->written & (align - 1));
    return archive_sink_add(sink, zeros, size, err);
}

/* Leaves out what would be whole buffers of zeros: there are holes in the archive, too. Its end is none, so
 * it has its size. *out is how much that was. */
static int skip_hole(struct archive_sink *sink, int fd, uint64_t off, uint64_t size, uint64_t *out,
                     struct error *err)
{
    *out = 0;
    if (sink->used > 0 || size < BUFFER_SIZE)
        return 0;
    uint64_t n = fd_hole_size(fd, off, size) / BUFFER_SIZE * BUFFER_SIZE;
    if (n > 0 && lseek(sink->fd, (off_t)n, SEEK_CUR) < 0)
        return error_errno(err, "write an archive");
    sink->written += n;
    *out = n;
    return 0;
}

int archive_sink_copy(struct archive_sink *sink, int fd, uint64_t off, uint64_t size, struct error *err)
{
    for (uint64_t done = 0; done < size;) {
        uint64_t hole;
        if ((sink->used == BUFFER_SIZE && archive_sink_flush(sink, err) != 0) ||
            skip_hole(sink, fd, off + done, size - done, &hole, err) != 0)
            return -1;
        if (hole > 0) {
            done += hole;
            continue;
        }
        size_t want = BUFFER_SIZE - sink->used;
        if (want > size - done)
            want = (size_t)(size - done);
        ssize_t n = pread(fd, sink->buffer + sink->used, want, (off_t)(off + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "read a file");
        if (n == 0)
            return error_set(err, ERROR_STATE, "a file was changed while it was read");
        sink->used += (size_t)n;
        sink->written += (uint64_t)n;
        done += (uint64_t)n;
    }
    return 0;
}
