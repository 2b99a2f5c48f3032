/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a delta file: it is refused, or works as a disk does. */
#include "base/bug.h"
#include "overlay/delta.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CAPACITY (100ull * DELTA_PAGE)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Writes at an offset that the bytes name, and finds it there. */
static void use(struct delta *delta, uint64_t off)
{
    static unsigned char base[CAPACITY], buf[3 * DELTA_PAGE];
    bool is_present = false;
    memset(buf, 'x', sizeof(buf));
    BUG_ON(delta_write(delta, off, buf, sizeof(buf), base) != OVERLAY_OK);
    for (size_t done = 0, run; done < sizeof(buf); done += run) {
        run = delta_run(delta, off + done, sizeof(buf) - done, &is_present);
        BUG_ON(!is_present || memcmp(delta->bytes + off + done, buf, run) != 0);
    }
    BUG_ON(delta->n_present > delta->n_pages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct delta delta;
    struct error err = {0};
    int fd = memfd_create("delta", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size ||
        (size > DELTA_PAGE && size < 4 * DELTA_PAGE &&
         ftruncate(fd, (off_t)(delta_data_offset(CAPACITY) + CAPACITY)) != 0)) {
        close(fd);
        return 0;
    }
    if (delta_open(fd, CAPACITY, 0, &delta, &err) != 0) {
        BUG_ON(err.text[0] == '\0');
    } else {
        use(&delta, data[size - 1] * 600ull);
        delta_release(&delta);
    }
    close(fd);
    return 0;
}
