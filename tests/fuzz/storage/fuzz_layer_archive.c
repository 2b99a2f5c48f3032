/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a layer's archive: what is accepted is a table that a pack can hold, whose contents are in the
 * spool, and what is not is refused with a reason. */
#include "base/bug.h"
#include "base/cleanup.h"
#include "layer_archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t left;
};

/* Gives out odd pieces, as pipes do. */
static int read_input(void *context, void *buf, size_t size, size_t *out_n, struct error *err)
{
    struct input *input = context;
    size_t n = size < 700 ? size : 700;
    (void)err;
    if (n > input->left)
        n = input->left;
    if (n > 0)
        memcpy(buf, input->data, n);
    input->data += n;
    input->left -= n;
    *out_n = n;
    return 0;
}

/* Makes the check sums of an archive's headers right: no fuzzer finds them by chance. */
static void mend_sums(uint8_t *data, size_t size)
{
    for (size_t at = 0; at + 512 <= size;) {
        uint8_t *header = data + at;
        char text[13] = "", sum_text[8];
        unsigned int sum = 0;
        memset(header + 148, ' ', 8);
        for (size_t i = 0; i < 512; i++)
            sum += header[i];
        snprintf(sum_text, sizeof(sum_text), "%06o", sum & 0777777);
        memcpy(header + 148, sum_text, 7);
        memcpy(text, header + 124, 12);
        uint64_t length = strchr("07xgLK", header[156]) != NULL ? strtoull(text, NULL, 8) : 0;
        at += 512 + (size_t)((length + 511) / 512 * 512 > size ? size : (length + 511) / 512 * 512);
    }
}

static void check_spool(const struct layer_spool *spool, off_t end)
{
    struct layer decoded = LAYER_NONE;
    struct error err = {0};
    void *table = NULL;
    size_t size = 0;
    if (layer_encode(&spool->layer, &table, &size, &err) == 0) {
        BUG_ON(layer_decode(table, size, &decoded, &err) != 0);
        layer_release(&decoded);
    }
    free(table);
    for (uint32_t i = 0; i < spool->layer.n_entries; i++) {
        uint64_t n = layer_entry_blocks(&spool->layer, i);
        BUG_ON(n > 0 && (spool->blocks[i] + n) * LAYER_BLOCK_SIZE > (uint64_t)end);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_free_ uint8_t *copy = malloc(size + 1);
    struct input input = {copy, size};
    const struct tar_stream stream = {.read = read_input, .context = &input};
    struct layer_spool spool = LAYER_SPOOL_NONE;
    struct error err = {0};
    static int fd = -1;

    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    /* An odd size leaves them as they are. */
    if (size % 2 == 0)
        mend_sums(copy, size);
    if (fd < 0)
        fd = memfd_create("spool", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0)
        return 0;
    if (layer_archive_read(&stream, fd, &spool, &err) != 0)
        BUG_ON(err.text[0] == '\0');
    else
        check_spool(&spool, lseek(fd, 0, SEEK_END));
    layer_spool_release(&spool);
    return 0;
}
