/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. Only whole pages can be present, so the first write to a part of a page takes the rest of it from
 * the image. A page that is present is written in place: what stands beside the written part is not touched.
 * Reading is by a shared mapping made at the start, and writing by system calls, so that the kernel can write
 * pages back and drop them: a guest that writes much does not fill its memory with it.
 */
#include "overlay/delta.h"

#include "base/fd.h"
#include "durable.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t bitmap_size(uint64_t capacity)
{
    uint64_t n_pages = (capacity + DELTA_PAGE - 1) / DELTA_PAGE;
    return (n_pages + 7) / 8;
}

uint64_t delta_bitmap_offset(void)
{
    return DELTA_PAGE;
}

uint64_t delta_data_offset(uint64_t capacity)
{
    return delta_bitmap_offset() + (bitmap_size(capacity) + DELTA_PAGE - 1) / DELTA_PAGE * DELTA_PAGE;
}

int delta_check_header(const struct delta_header *header, uint64_t capacity, struct error *err)
{
    if (header->magic != DELTA_MAGIC || header->version != DELTA_VERSION || header->pad != 0 ||
        memchr(header->image, '\0', sizeof(header->image)) == NULL ||
        memchr(header->owner, '\0', sizeof(header->owner)) == NULL)
        return error_set(err, ERROR_INPUT, "the delta file is none, or of another version");
    if (header->capacity != capacity)
        return error_set(err, ERROR_INPUT, "the delta file is for a device of %llu bytes, not %llu",
                         (unsigned long long)header->capacity, (unsigned long long)capacity);
    return 0;
}

static void count_present(struct delta *delta)
{
    delta->n_present = 0;
    for (uint64_t i = 0; i < delta->n_pages; i++)
        delta->n_present += delta->present[i / 8] >> i % 8 & 1u;
}

static int load(struct delta *delta, uint64_t capacity, struct error *err)
{
    struct delta_header header;
    struct stat st;
    if (fd_read_exactly_at(delta->fd, &header, sizeof(header), 0, "the delta file", err) != 0 ||
        delta_check_header(&header, capacity, err) != 0)
        return -1;
    uint64_t end = delta->data_off + delta->n_pages * DELTA_PAGE;
    if (fstat(delta->fd, &st) != 0)
        return error_errno(err, "read the delta file");
    if (st.st_size < 0 || (uint64_t)st.st_size != end)
        return error_set(err, ERROR_INPUT, "the delta file has %lld bytes instead of %llu",
                         (long long)st.st_size, (unsigned long long)end);
    size_t size = (size_t)bitmap_size(capacity);
    delta->present = malloc(size);
    if (delta->present == NULL)
        return error_errno(err, "read the delta file");
    if (fd_read_exactly_at(delta->fd, delta->present, size, delta_bitmap_offset(), "the delta file", err) !=
        0)
        return -1;
    void *bytes =
        mmap(NULL, delta->n_pages * DELTA_PAGE, PROT_READ, MAP_SHARED, delta->fd, (off_t)delta->data_off);
    if (bytes == MAP_FAILED)
        return error_errno(err, "map the delta file");
    delta->bytes = bytes;
    count_present(delta);
    return 0;
}

int delta_open(int fd, uint64_t capacity, uint64_t limit, struct delta *out, struct error *err)
{
    if (capacity == 0 || capacity > INT64_MAX / 2)
        return error_set(err, ERROR_INPUT, "a delta file for %llu bytes", (unsigned long long)capacity);
    *out = (struct delta){.fd = fd,
                          .n_pages = (capacity + DELTA_PAGE - 1) / DELTA_PAGE,
                          .data_off = delta_data_offset(capacity)};
    if (load(out, capacity, err) != 0) {
        delta_release(out);
        return -1;
    }
    out->n_present_max = limit == 0 ? UINT64_MAX : out->n_present + limit / DELTA_PAGE;
    return 0;
}

static bool is_present(const struct delta *delta, uint64_t page)
{
    return (delta->present[page / 8] >> page % 8 & 1u) != 0;
}

size_t delta_run(const struct delta *delta, uint64_t off, size_t len, bool *out_present)
{
    uint64_t page = off / DELTA_PAGE;
    size_t run = (size_t)(DELTA_PAGE - off % DELTA_PAGE);
    *out_present = is_present(delta, page);
    while (run < len && is_present(delta, ++page) == *out_present)
        run += DELTA_PAGE;
    return run < len ? run : len;
}

static uint64_t count_absent(const struct delta *delta, uint64_t first, uint64_t end)
{
    uint64_t n = 0;
    for (uint64_t page = first; page < end; page++)
        n += !is_present(delta, page);
    return n;
}

/* Writes a part of an absent page, with the rest of it out of the image. */
static enum overlay_result write_new_page(struct delta *delta, uint64_t off, const void *buf, size_t len,
                                          const unsigned char *base)
{
    uint64_t start = off - off % DELTA_PAGE;
    memcpy(delta->scratch, base + start, DELTA_PAGE);
    memcpy(delta->scratch + (off - start), buf, len);
    return durable_write(delta->fd, delta->scratch, DELTA_PAGE, delta->data_off + start);
}

/* Writes the data of a write; no page counts as present by it. */
static enum overlay_result write_data(struct delta *delta, uint64_t off, const char *buf, size_t len,
                                      const unsigned char *base)
{
    while (len > 0) {
        size_t in_page = (size_t)(DELTA_PAGE - off % DELTA_PAGE), part = len < in_page ? len : in_page;
        enum overlay_result result;
        if (part < DELTA_PAGE && !is_present(delta, off / DELTA_PAGE)) {
            result = write_new_page(delta, off, buf, part, base);
        } else {
            /* What follows in whole or present pages goes with it. */
            while (part < len && (len - part >= DELTA_PAGE || is_present(delta, (off + part) / DELTA_PAGE)))
                part += len - part < DELTA_PAGE ? len - part : DELTA_PAGE;
            result = durable_write(delta->fd, buf, part, delta->data_off + off);
        }
        if (result != OVERLAY_OK)
            return result;
        buf += part;
        off += part;
        len -= part;
    }
    return OVERLAY_OK;
}

/* Sets the bits of pages, on the disk first. */
static enum overlay_result set_present(struct delta *delta, uint64_t first, uint64_t end)
{
    while (first < end) {
        uint64_t byte = first / 8, n = 0;
        while (n < sizeof(delta->scratch) && byte + n <= (end - 1) / 8) {
            delta->scratch[n] = delta->present[byte + n];
            for (uint64_t page = (byte + n) * 8; page < (byte + n + 1) * 8; page++)
                if (page >= first && page < end)
                    delta->scratch[n] |= (unsigned char)(1u << page % 8);
            n++;
        }
        enum overlay_result result =
            durable_write(delta->fd, delta->scratch, n, delta_bitmap_offset() + byte);
        if (result != OVERLAY_OK)
            return result;
        memcpy(delta->present + byte, delta->scratch, n);
        first = (byte + n) * 8;
    }
    return OVERLAY_OK;
}

enum overlay_result delta_write(struct delta *delta, uint64_t off, const void *buf, size_t len,
                                const unsigned char *base)
{
    uint64_t first = off / DELTA_PAGE, end = (off + len + DELTA_PAGE - 1) / DELTA_PAGE;
    if (len == 0)
        return OVERLAY_OK;
    uint64_t n_new = count_absent(delta, first, end);
    if (n_new > 0 &&
        (delta->n_present >= delta->n_present_max || n_new > delta->n_present_max - delta->n_present))
        return OVERLAY_FULL;
    enum overlay_result result = write_data(delta, off, buf, len, base);
    if (result == OVERLAY_OK && n_new > 0)
        result = set_present(delta, first, end);
    if (result == OVERLAY_OK)
        delta->n_present += n_new;
    return result;
}

void delta_release(struct delta *delta)
{
    if (delta->bytes != NULL)
        munmap(delta->bytes, delta->n_pages * DELTA_PAGE);
    free(delta->present);
    *delta = (struct delta){.fd = -1};
}
