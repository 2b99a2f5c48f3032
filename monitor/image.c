/* SPDX-License-Identifier: Apache-2.0 */
#include "image.h"

#include <sys/mman.h>
#include <sys/stat.h>

int image_map(int fd, struct image *out, struct error *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return error_errno(err, "examine the unikernel");
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        return error_set(err, ERROR_NOT_EXEC, "the unikernel is empty or no regular file");
    void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return error_errno(err, "map the unikernel");
    *out = (struct image){.bytes = bytes, .size = (size_t)st.st_size};
    return 0;
}

void image_release(struct image *image)
{
    if (image->bytes != NULL)
        munmap(image->bytes, image->size);
    *image = (struct image){0};
}
