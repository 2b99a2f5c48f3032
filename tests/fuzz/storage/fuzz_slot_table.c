/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the end of an image's generated part: its slots are filled, or that is refused. */
#include "base/bug.h"
#include "slot_table.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char large[5000];
    const struct image_patch patches[] = {
        {"/etc/hosts", "x", 1}, {"/a", large, sizeof(large)}, {"/b", "", 0}};
    struct error err = {0};
    int patches_fd = -1;
    int fd = memfd_create("meta", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        close(fd);
        return 0;
    }
    for (size_t n = 1; n <= 3; n++) {
        if (slot_table_fill(fd, patches, n, &patches_fd, &err) != 0)
            BUG_ON(err.text[0] == '\0');
        else
            close(patches_fd);
    }
    close(fd);
    return 0;
}
