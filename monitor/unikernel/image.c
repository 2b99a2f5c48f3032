/* SPDX-License-Identifier: Apache-2.0 */
#include "image.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int image_map(int fd, struct image *out, struct error *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return error_errno(err, "examine the unikernel");
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        return error_set(err, ERROR_NOT_EXEC, "the unikernel is empty or no regular file");
    _cleanup_close_ int own_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own_fd < 0)
        return error_errno(err, "keep the unikernel's file");
    void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return error_errno(err, "map the unikernel");
    *out = (struct image){.bytes = bytes, .size = (size_t)st.st_size, .fd = take_fd(&own_fd)};
    return 0;
}

void image_release(struct image *image)
{
    if (image->bytes != NULL) {
        munmap(image->bytes, image->size);
        close(image->fd);
    }
    *image = (struct image){0};
}
