/* SPDX-License-Identifier: Apache-2.0 */
#include "patch_file.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "overlay/extent.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int patch_file_add(struct patch_file *file, uint64_t off, const void *data, size_t size, struct error *err)
{
    const struct extent_patch header = {.off = off, .len = size};
    size_t padded = (size + 7) & ~(size_t)7, needed = file->size + sizeof(header) + padded;
    if (array_grow(&file->bytes, &file->room, needed, 1, "the patches", err) != 0)
        return -1;
    char *at = mempcpy(file->bytes + file->size, &header, sizeof(header));
    at = mempcpy(at, data, size);
    memset(at, 0, padded - size);
    file->size = needed;
    return 0;
}

int patch_file_make(const struct patch_file *file, int *out_fd, struct error *err)
{
    _cleanup_close_ int fd = memfd_create("patches", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return error_errno(err, "write the patches");
    if (fd_write_all(fd, file->bytes, file->size, "the patches", err) != 0)
        return -1;
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0 ||
        lseek(fd, 0, SEEK_SET) != 0)
        return error_errno(err, "seal the patches");
    *out_fd = take_fd(&fd);
    return 0;
}

void patch_file_release(struct patch_file *file)
{
    free(file->bytes);
    *file = PATCH_FILE_NONE;
}
