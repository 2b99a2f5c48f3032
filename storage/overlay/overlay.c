/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One reservation of address space holds the whole device. Anonymous memory fills it first, so that holes
 * read as zeros; then each extent replaces its part of it with a mapping of its data file: private and
 * writable, or shared and read-only. A private mapping leaves copy-on-write to the kernel: what a guest
 * writes becomes anonymous memory that is charged to its cgroup, and everything else stays one page cache for
 * all guests.
 *
 * A device with a delta file (delta.c) reads what is in it from there, and everything else from the image.
 *
 * Write-through devices read from a shared mapping too, but write with a system call (durable.h): a store
 * into a mapping of a file hole costs a hundred times more. Both see the same page cache.
 *
 * A data file that grows is mapped at its final length. Its pages appear as its size passes them, and until
 * then touching one is a SIGBUS, or EFAULT in the kernel: what is not there yet can be read by nobody.
 */
#include "overlay/overlay.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "durable.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What one page-table entry maps at most, as far as files are concerned. */
#define LARGE_PAGE (2u << 20)

/* Where a SIGBUS during a copy continues; NULL while no copy is under way. */
static _Thread_local sigjmp_buf *fault_return;

static void (*on_other_fault)(void);

static void on_bus_error(int signum)
{
    if (fault_return != NULL)
        siglongjmp(*fault_return, 1);
    if (on_other_fault != NULL)
        on_other_fault();
    /* Not ours: let it do what it would have done. The instruction is repeated when the handler returns. */
    signal(signum, SIG_DFL);
}

int overlay_catch_faults(struct error *err)
{
    /* NODEFER: the handler leaves by siglongjmp(3), which would need a system call to unblock the signal. */
    struct sigaction action = {.sa_handler = on_bus_error, .sa_flags = SA_NODEFER};
    if (sigaction(SIGBUS, &action, NULL) < 0)
        return error_errno(err, "catch SIGBUS");
    return 0;
}

void overlay_set_other_fault(void (*handler)(void))
{
    on_other_fault = handler;
}

static enum overlay_result copy_guarded(void *to, const void *from, size_t len)
{
    sigjmp_buf here;
    if (sigsetjmp(here, 0) != 0) {
        fault_return = NULL;
        return OVERLAY_IO;
    }
    fault_return = &here;
    memmove(to, from, len); /* a guest may write to its device what it sees in the device's window */
    __asm__ __volatile__("" ::: "memory");
    fault_return = NULL;
    return OVERLAY_OK;
}

static uint64_t round_up(uint64_t n)
{
    return (n + EXTENT_ALIGN - 1) & ~(uint64_t)(EXTENT_ALIGN - 1);
}

/*
 * size bytes that read as zeros, or MAP_FAILED. They begin at a multiple of LARGE_PAGE, so that extents which
 * the page cache holds in pieces as large, and which are as large and aligned themselves, take one page-table
 * entry for each.
 */
static void *reserve(size_t size)
{
    size_t slack = size >= LARGE_PAGE ? LARGE_PAGE : 0;
    char *at =
        mmap(NULL, size + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED || slack == 0)
        return at;

    size_t before = -(uintptr_t)at % LARGE_PAGE;
    if (before > 0)
        munmap(at, before);
    munmap(at + before + size, slack - before);
    return at + before;
}

static bool is_inside(uint64_t off, uint64_t len, uint64_t size)
{
    return len <= size && off <= size - len;
}

/* Checks one extent against the device, its predecessor's end and its data file. */
static int check_extent(const struct overlay_parts *parts, uint32_t i, const struct extent *e,
                        uint64_t previous_end, struct error *err)
{
    if (e->len == 0 || (e->off | e->len | e->file_off) % EXTENT_ALIGN != 0 || e->flags != 0)
        return error_set(err, ERROR_INPUT, "extent %u is empty, not aligned to %u or has unknown flags", i,
                         EXTENT_ALIGN);
    if (e->off < previous_end)
        return error_set(err, ERROR_INPUT, "extent %u overlaps the one before", i);
    if (!is_inside(e->off, e->len, round_up(parts->capacity)))
        return error_set(err, ERROR_INPUT, "extent %u reaches beyond the device's %llu bytes", i,
                         (unsigned long long)parts->capacity);
    if (e->file >= parts->n_data_fds)
        return error_set(err, ERROR_INPUT, "extent %u is in data file %u of %zu", i, e->file,
                         parts->n_data_fds);

    struct stat st;
    if (fstat(parts->data_fds[e->file], &st) < 0)
        return error_errno(err, "examine data file %u", e->file);
    uint64_t file_size;
    if (S_ISBLK(st.st_mode)) {
        off_t end = lseek(parts->data_fds[e->file], 0, SEEK_END);
        if (end < 0)
            return error_errno(err, "find the end of data file %u", e->file);
        file_size = (uint64_t)end;
    } else {
        file_size = (uint64_t)st.st_size;
    }
    if (!parts->is_filling && !is_inside(e->file_off, e->len, round_up(file_size)))
        return error_set(err, ERROR_INPUT, "extent %u reaches beyond the %llu bytes of data file %u", i,
                         (unsigned long long)file_size, e->file);
    return 0;
}

static int map_extent(const struct overlay_parts *parts, struct overlay *o, const struct extent *e,
                      struct error *err)
{
    int protection = parts->mode == OVERLAY_PRIVATE ? PROT_READ | PROT_WRITE : PROT_READ;
    int sharing = parts->mode == OVERLAY_PRIVATE ? MAP_PRIVATE | MAP_NORESERVE : MAP_SHARED;
    void *at = mmap(o->bytes + e->off, e->len, protection, sharing | MAP_FIXED, parts->data_fds[e->file],
                    (off_t)e->file_off);
    if (at == MAP_FAILED)
        return error_errno(err, "map %llu bytes of data file %u", (unsigned long long)e->len, e->file);
    return 0;
}

/* Reads all extents; *out is the caller's to free(3). */
static int load_extents(const struct overlay_parts *parts, struct extent **out, struct error *err)
{
    size_t size = (size_t)parts->n_extents * sizeof(struct extent);
    _cleanup_free_ struct extent *extents = malloc(size + 1);
    if (extents == NULL)
        return error_errno(err, "read the extents");
    if (fd_read_exactly_at(parts->extents_fd, extents, size, 0, "the extents", err) != 0)
        return -1;
    *out = take_ptr(extents);
    return 0;
}

static int map_extents(const struct overlay_parts *parts, const struct extent *extents, struct overlay *o,
                       struct error *err)
{
    uint64_t previous_end = 0;
    for (uint32_t i = 0; i < parts->n_extents; i++) {
        if (check_extent(parts, i, &extents[i], previous_end, err) < 0 ||
            map_extent(parts, o, &extents[i], err) < 0)
            return -1;
        previous_end = extents[i].off + extents[i].len;
    }
    return 0;
}

/* Lays the patches of [bytes, bytes + size) over a private mapping. */
static int apply_patches(struct overlay *o, const unsigned char *bytes, size_t size, struct error *err)
{
    size_t at = 0;
    while (at < size) {
        struct extent_patch patch;
        if (size - at < sizeof(patch))
            return error_set(err, ERROR_INPUT, "patches end inside a header");
        memcpy(&patch, bytes + at, sizeof(patch));
        at += sizeof(patch);
        if (patch.len == 0 || patch.len > size - at)
            return error_set(err, ERROR_INPUT, "a patch of %llu bytes is empty or cut off",
                             (unsigned long long)patch.len);
        if (!is_inside(patch.off, patch.len, o->capacity))
            return error_set(err, ERROR_INPUT, "a patch at %llu reaches beyond the device",
                             (unsigned long long)patch.off);
        memcpy(o->bytes + patch.off, bytes + at, patch.len);
        uint64_t padded = (patch.len + 7) & ~7ull;
        at += padded < size - at ? padded : size - at;
    }
    return 0;
}

/* Patches are few and small (extent.h): more than this is a mistake. */
#define PATCHES_BYTES_MAX (16u << 20)

static int load_patches(const struct overlay_parts *parts, struct overlay *o, struct error *err)
{
    if (parts->patches_fd < 0)
        return 0;
    if (parts->mode == OVERLAY_WRITE_THROUGH || parts->mode == OVERLAY_KEPT)
        return error_set(err, ERROR_INPUT, "patches on a device whose writes are kept");
    if (lseek(parts->patches_fd, 0, SEEK_SET) < 0)
        return error_errno(err, "read the patches");

    _cleanup_free_ char *bytes = NULL;
    size_t size = 0;
    if (fd_read_all(parts->patches_fd, PATCHES_BYTES_MAX, &bytes, &size, "the patches", err) < 0)
        return -1;
    return apply_patches(o, (const unsigned char *)bytes, size, err);
}

/* Keeps what writes will need: the extents and descriptors of one's own. Takes *extents. */
static int keep_files(const struct overlay_parts *parts, struct extent **extents, struct overlay *o,
                      struct error *err)
{
    o->data_fds = malloc((parts->n_data_fds + 1) * sizeof(int));
    if (o->data_fds == NULL)
        return error_errno(err, "keep the data files");
    for (; o->n_data_fds < parts->n_data_fds; o->n_data_fds++) {
        int fd = fcntl(parts->data_fds[o->n_data_fds], F_DUPFD_CLOEXEC, 0);
        if (fd < 0)
            return error_errno(err, "keep data file %zu", o->n_data_fds);
        o->data_fds[o->n_data_fds] = fd;
    }
    o->extents = take_ptr(*extents);
    o->n_extents = parts->n_extents;
    return 0;
}

/* The delta file takes the place of the data files: nothing else is written to. */
static int open_delta(const struct overlay_parts *parts, struct overlay *o, struct error *err)
{
    o->delta = calloc(1, sizeof(*o->delta));
    o->data_fds = malloc(sizeof(int));
    if (o->delta == NULL || o->data_fds == NULL)
        return error_errno(err, "keep the delta file");
    o->data_fds[0] = fcntl(parts->delta_fd, F_DUPFD_CLOEXEC, 0);
    if (o->data_fds[0] < 0)
        return error_errno(err, "keep the delta file");
    o->n_data_fds = 1;
    return delta_open(o->data_fds[0], parts->capacity, parts->write_limit, o->delta, err);
}

static int watch_filling(const struct overlay_parts *parts, struct overlay *o, struct error *err)
{
    /* 0 is none. */
    o->filling_fd = fcntl(parts->filling_fd, F_DUPFD_CLOEXEC, 1);
    if (o->filling_fd < 0)
        return error_errno(err, "keep the pipe of who fills it");
    o->is_filling = true;
    return 0;
}

static int count_writes(const struct overlay_parts *parts, struct overlay *o, struct error *err)
{
    o->touched = calloc(o->mapped / EXTENT_ALIGN / 8 + 1, 1);
    if (o->touched == NULL)
        return error_errno(err, "count the pages that are written");
    o->n_pages_left = parts->write_limit / EXTENT_ALIGN;
    return 0;
}

int overlay_open(const struct overlay_parts *parts, struct overlay *out, struct error *err)
{
    _cleanup_(overlay_release) struct overlay o = {.capacity = parts->capacity, .mode = parts->mode};
    _cleanup_free_ struct extent *extents = NULL;

    if (parts->capacity == 0 || parts->capacity > INT64_MAX)
        return error_set(err, ERROR_INPUT, "a block device of %llu bytes",
                         (unsigned long long)parts->capacity);
    if (load_extents(parts, &extents, err) < 0)
        return -1;

    o.mapped = round_up(parts->capacity);
    void *at = reserve(o.mapped);
    if (at == MAP_FAILED)
        return error_errno(err, "reserve %llu bytes for a block device", (unsigned long long)parts->capacity);
    o.bytes = at;

    /* Patches are written before a read-only device loses its write permission, so such a device is private
     * too. */
    struct overlay_parts mapping = *parts;
    if (parts->patches_fd >= 0 && parts->mode == OVERLAY_READ_ONLY)
        mapping.mode = OVERLAY_PRIVATE;
    if (map_extents(&mapping, extents, &o, err) < 0 || load_patches(parts, &o, err) < 0)
        return -1;
    if (parts->mode != OVERLAY_PRIVATE && mprotect(o.bytes, o.mapped, PROT_READ) < 0)
        return error_errno(err, "make a block device read-only");
    if (parts->mode == OVERLAY_WRITE_THROUGH && keep_files(parts, &extents, &o, err) < 0)
        return -1;
    if (parts->mode == OVERLAY_KEPT && open_delta(parts, &o, err) < 0)
        return -1;
    if (parts->mode == OVERLAY_PRIVATE && parts->write_limit > 0 && count_writes(parts, &o, err) < 0)
        return -1;
    if (parts->is_filling && watch_filling(parts, &o, err) < 0)
        return -1;

    *out = o;
    o = (struct overlay){0};
    return 0;
}

bool overlay_wait(struct overlay *overlay)
{
    /* A file that grows wakes nobody. What is written at a time takes about as long as this. */
    static const struct timespec moment = {.tv_nsec = 1000000};
    struct pollfd fd = {.fd = overlay->filling_fd};
    if (!overlay->is_filling)
        return false;
    if (ppoll(&fd, 1, &moment, NULL) > 0)
        overlay->is_filling = false;
    return true;
}

static enum overlay_result read_kept(const struct overlay *o, uint64_t off, char *buf, size_t len)
{
    while (len > 0) {
        bool is_in_delta;
        size_t part = delta_run(o->delta, off, len, &is_in_delta);
        enum overlay_result result =
            copy_guarded(buf, (is_in_delta ? o->delta->bytes : o->bytes) + off, part);
        if (result != OVERLAY_OK)
            return result;
        buf += part;
        off += part;
        len -= part;
    }
    return OVERLAY_OK;
}

enum overlay_result overlay_read(const struct overlay *overlay, uint64_t off, void *buf, size_t len)
{
    if (!is_inside(off, len, overlay->capacity))
        return OVERLAY_RANGE;
    if (overlay->mode == OVERLAY_KEPT)
        return read_kept(overlay, off, buf, len);
    return copy_guarded(buf, overlay->bytes + off, len);
}

/* The extent that holds byte off, or NULL in a hole. */
static const struct extent *find_extent(const struct overlay *o, uint64_t off)
{
    uint32_t low = 0, high = o->n_extents;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct extent *e = &o->extents[middle];
        if (off < e->off)
            high = middle;
        else if (off - e->off >= e->len)
            low = middle + 1;
        else
            return e;
    }
    return NULL;
}

static enum overlay_result write_through(const struct overlay *o, uint64_t off, const char *buf, size_t len)
{
    while (len > 0) {
        const struct extent *e = find_extent(o, off);
        if (e == NULL)
            return OVERLAY_RANGE;
        uint64_t inside = off - e->off;
        size_t part = len < e->len - inside ? len : (size_t)(e->len - inside);
        enum overlay_result result = durable_write(o->data_fds[e->file], buf, part, e->file_off + inside);
        if (result != OVERLAY_OK)
            return result;
        buf += part;
        off += part;
        len -= part;
    }
    return OVERLAY_OK;
}

static enum overlay_result write_kept(const struct overlay *o, uint64_t off, const void *buf, size_t len)
{
    sigjmp_buf here;
    if (sigsetjmp(here, 0) != 0) {
        fault_return = NULL;
        return OVERLAY_IO;
    }
    fault_return = &here;
    enum overlay_result result = delta_write(o->delta, off, buf, len, o->bytes);
    fault_return = NULL;
    return result;
}

/* Takes the pages of a private write off what is left, before it is done. */
static bool take_pages(struct overlay *o, uint64_t off, size_t len)
{
    uint64_t first = off / EXTENT_ALIGN, end = (off + len + EXTENT_ALIGN - 1) / EXTENT_ALIGN, n = 0;
    for (uint64_t page = first; page < end; page++)
        n += (o->touched[page / 8] >> page % 8 & 1u) == 0;
    if (n > o->n_pages_left)
        return false;
    for (uint64_t page = first; page < end; page++)
        o->touched[page / 8] |= (unsigned char)(1u << page % 8);
    o->n_pages_left -= n;
    return true;
}

enum overlay_result overlay_write(struct overlay *overlay, uint64_t off, const void *buf, size_t len)
{
    if (overlay->mode == OVERLAY_READ_ONLY)
        return OVERLAY_READ_ONLY_DEVICE;
    if (!is_inside(off, len, overlay->capacity))
        return OVERLAY_RANGE;
    if (overlay->mode == OVERLAY_WRITE_THROUGH)
        return write_through(overlay, off, buf, len);
    if (overlay->mode == OVERLAY_KEPT)
        return write_kept(overlay, off, buf, len);
    if (overlay->touched != NULL && !take_pages(overlay, off, len))
        return OVERLAY_FULL;
    return copy_guarded(overlay->bytes + off, buf, len);
}

void overlay_release(struct overlay *overlay)
{
    if (overlay->bytes != NULL)
        munmap(overlay->bytes, overlay->mapped);
    for (size_t i = 0; i < overlay->n_data_fds; i++)
        close(overlay->data_fds[i]);
    if (overlay->filling_fd > 0)
        close(overlay->filling_fd);
    if (overlay->delta != NULL)
        delta_release(overlay->delta);
    free(overlay->delta);
    free(overlay->touched);
    free(overlay->data_fds);
    free(overlay->extents);
    *overlay = (struct overlay){0};
}
