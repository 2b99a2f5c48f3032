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
    size_t whole = (size + BLOCK_SIZE - 1) / BLOCK_SIZE * BLOCK_SIZE;
    const struct extent extent = {.len = whole};
    int patches_fd = -1;
    int fd = memfd_create("meta", MFD_CLOEXEC);
    if (fd < 0 || size == 0 || write(fd, data, size) != (ssize_t)size || ftruncate(fd, (off_t)whole) != 0) {
        close(fd);
        return 0;
    }
    if (ext2_patch(fd, &extent, 1, patches, 3, &patches_fd, &err) != 0)
        BUG_ON(err.text[0] == '\0');
    else
        close(patches_fd);
    close(fd);
    return 0;
}
