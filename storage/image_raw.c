/* SPDX-License-Identifier: Apache-2.0 */
#include "image_raw.h"

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/path.h"
#include "overlay/extent.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* What tells this file, as it is now, from all others. */
static void derive_key(const struct stat *st, char key[STORE_KEY_SIZE])
{
    const uint64_t fields[] = {IMAGE_RAW,
                               st->st_dev,
                               st->st_ino,
                               (uint64_t)st->st_size,
                               (uint64_t)st->st_mtim.tv_sec,
                               (uint64_t)st->st_mtim.tv_nsec,
                               (uint64_t)st->st_ctim.tv_sec,
                               (uint64_t)st->st_ctim.tv_nsec};
    uint8_t raw[DIGEST_SIZE];
    digest_of(fields, sizeof(fields), raw);
    digest_format(raw, key);
}

static int open_file(const struct image_request *request, int *out_fd, struct stat *st, struct error *err)
{
    _cleanup_close_ int root_fd = -1, fd = -1;
    if (fd_open(AT_FDCWD, request->rootfs, O_RDONLY | O_DIRECTORY, 0, &root_fd, err) != 0 ||
        path_open_in_root(root_fd, request->raw_path, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd, err) != 0)
        return -1;
    if (fstat(fd, st) != 0)
        return error_errno(err, "examine '%s'", request->raw_path);
    if (!S_ISREG(st->st_mode) || st->st_size == 0)
        return error_set(err, ERROR_REFUSED, "'%s' is no regular file, or empty", request->raw_path);
    *out_fd = take_fd(&fd);
    return 0;
}

int image_raw_open(const struct image_request *request, struct image *out, struct error *err)
{
    _cleanup_(image_release) struct image image = IMAGE_NONE;
    _cleanup_close_ int fd = -1;
    struct stat st;

    if (request->raw_path == NULL)
        return error_set(err, ERROR_USAGE, "a raw image needs the path of a file");
    if (request->n_patches > 0)
        return error_set(err, ERROR_REFUSED, "'%s' cannot be put into a raw image", request->patches[0].path);
    if (open_file(request, &fd, &st, err) != 0)
        return -1;

    uint64_t size = ((uint64_t)st.st_size + EXTENT_ALIGN - 1) / EXTENT_ALIGN * EXTENT_ALIGN;
    const struct extent extent = {.len = size};
    image.data_fds = malloc(sizeof(int));
    image.extents_fd = memfd_create("extents", MFD_CLOEXEC);
    if (image.data_fds == NULL || image.extents_fd < 0)
        return error_errno(err, "open '%s'", request->raw_path);
    if (fd_write_all(image.extents_fd, &extent, sizeof(extent), "the extents", err) != 0)
        return -1;
    image.data_fds[0] = take_fd(&fd);
    image.n_data_fds = 1;
    image.n_extents = 1;
    image.capacity = size;
    image.was_ready = true;
    derive_key(&st, image.key);
    *out = image;
    image = IMAGE_NONE;
    return 0;
}
