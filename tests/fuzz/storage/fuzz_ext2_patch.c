/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an image's generated part: files are put into it, or that is refused. */
#include "base/bug.h"
#include "ext2_patch.h"

#include <sys/mman.h>
#include <unistd.h>

#define BLOCK_SIZE 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct image_patch patches[] = {
        {"/etc/hosts", "x", 1}, {"/a/b", "yy", 2}, {"/etc/resolv.conf", "", 0}};
    struct error err = {0};
    size_t whole = (size + BLOCK_SIZE - 1) / BLOCK_SIZE * BLOCK_SIZE,
           half = whole / 2 / BLOCK_SIZE * BLOCK_SIZE;
    /* One file stands for two: the second holds the second half. */
    const struct extent extents[] = {{.len = half},
                                     {.off = half, .len = whole - half, .file_off = half, .file = 1}};
    bool is_cut = half > 0;
    int patches_fd = -1;
    int fd = memfd_create("meta", MFD_CLOEXEC);
    if (fd < 0 || size == 0 || write(fd, data, size) != (ssize_t)size || ftruncate(fd, (off_t)whole) != 0) {
        close(fd);
        return 0;
    }
    const int fds[] = {fd, fd};
    const struct ext2_source source = {
        .meta_fds = fds, .n_meta_fds = 2, .extents = extents + !is_cut, .n_extents = 1 + is_cut};
    if (ext2_patch(&source, patches, 3, &patches_fd, &err) != 0)
        BUG_ON(err.text[0] == '\0');
    else
        close(patches_fd);
    close(fd);
    return 0;
}
