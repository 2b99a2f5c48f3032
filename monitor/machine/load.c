/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <string.h>
#include <sys/mman.h>

/* Below this, a copy costs less than a mapping. */
#define MAP_MIN_BYTES (64u << 10)

/* Copies [from, to) of a segment's bytes. Memory is fresh: what the file does not fill is zero. */
static void copy(const struct guest_mem *mem, const struct elf_segment *s, const struct image *image,
                 uint64_t from, uint64_t to)
{
    memcpy(guest_mem_at(mem, s->vaddr + from, to - from), (const char *)image->bytes + s->file_off + from,
           to - from);
}

/* The whole pages of a segment's bytes, as offsets from its start; false when it must be copied. */
static bool plan_mapping(const struct elf_segment *s, uint64_t *out_from, uint64_t *out_to)
{
    if ((s->flags & PF_W) != 0 || s->filesz < MAP_MIN_BYTES ||
        s->vaddr % GUEST_PAGE_SIZE != s->file_off % GUEST_PAGE_SIZE)
        return false;
    *out_from = -s->vaddr % GUEST_PAGE_SIZE;
    *out_to = s->filesz - (s->vaddr + s->filesz) % GUEST_PAGE_SIZE;
    return *out_from < *out_to;
}

static int load_segment(const struct guest_mem *mem, const struct elf_segment *s, const struct image *image,
                        struct error *err)
{
    uint64_t from, to;

    if (!plan_mapping(s, &from, &to)) {
        copy(mem, s, image, 0, s->filesz);
        return 0;
    }
    void *at = guest_mem_at(mem, s->vaddr + from, to - from);
    if (mmap(at, to - from, PROT_READ, MAP_PRIVATE | MAP_FIXED, image->fd, (off_t)(s->file_off + from)) ==
        MAP_FAILED)
        return error_errno(err, "map a segment of the unikernel");
    copy(mem, s, image, 0, from);
    copy(mem, s, image, to, s->filesz);
    return 0;
}

int load_segments(const struct guest_mem *mem, const struct elf_file *elf, const struct image *image,
                  struct error *err)
{
    for (uint32_t i = 0; i < elf->n_segments; i++)
        if (load_segment(mem, &elf->segments[i], image, err) < 0)
            return -1;
    return 0;
}

/* The pages that hold [addr, addr + size). */
static int protect(const struct guest_mem *mem, uint64_t addr, size_t size, int protection, struct error *err)
{
    uint64_t start = addr & ~(uint64_t)(GUEST_PAGE_SIZE - 1);
    uint64_t len = ((addr + size + GUEST_PAGE_SIZE - 1) & ~(uint64_t)(GUEST_PAGE_SIZE - 1)) - start;

    if (mprotect(guest_mem_at(mem, start, len), len, protection) < 0)
        return error_errno(err, "change a segment of the unikernel");
    return 0;
}

int load_patch(const struct guest_mem *mem, const struct elf_segment *segment, uint64_t addr,
               const void *bytes, size_t size, struct error *err)
{
    uint64_t from, to;
    bool is_mapped = plan_mapping(segment, &from, &to);

    if (is_mapped && protect(mem, addr, size, PROT_READ | PROT_WRITE, err) < 0)
        return -1;
    memcpy(guest_mem_at(mem, addr, size), bytes, size);
    return is_mapped ? protect(mem, addr, size, PROT_READ, err) : 0;
}
