/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_map.h"

#include "abi/boot.h"
#include "base/bug.h"
#include "x86_64/low_memory.h"

#define LARGE_PAGE (2ull << 20)

/* What a program leaves must hold this much before a guard is worth its place. */
#define FREE_MIN_FOR_GUARD (512u << 10)

static uint64_t page_down(uint64_t addr)
{
    return addr & ~(uint64_t)(GUEST_PAGE_SIZE - 1);
}

static uint64_t page_up(uint64_t addr)
{
    return page_down(addr + GUEST_PAGE_SIZE - 1);
}

static void add_range(struct memory_map *map, uint64_t start, uint64_t end, uint32_t rights)
{
    if (start >= end)
        return;
    BUG_ON(map->n_ranges == MEMORY_MAP_RANGES_MAX);
    map->ranges[map->n_ranges++] = (struct page_range){.start = start, .end = end, .rights = rights};
}

/* A guest that is offered features answers in the boot information, which has a page of its own for it. */
static void add_low_memory(struct memory_map *map, bool is_answered, bool has_graft)
{
    add_range(map, LOW_DESCRIPTORS, LOW_STUBS, PAGE_WRITE);
    add_range(map, LOW_STUBS, LOW_STACK, PAGE_EXECUTE);
    add_range(map, LOW_STACK, LOW_STACK_TOP, PAGE_WRITE);
    add_range(map, LOW_BOOT_INFO, LOW_MANIFEST, PAGE_USER | (is_answered ? PAGE_WRITE : 0));
    add_range(map, LOW_MANIFEST, LOW_BOOT_INFO_END, PAGE_USER);
    if (has_graft) {
        add_range(map, LOW_GRAFT_CODE, LOW_GRAFT_TABLE, PAGE_USER | PAGE_EXECUTE);
        add_range(map, LOW_GRAFT_TABLE, LOW_GRAFT_DATA, PAGE_USER);
        add_range(map, LOW_GRAFT_DATA, LOW_GRAFT_END, PAGE_USER | PAGE_WRITE);
    }
}

static uint32_t segment_rights(uint32_t flags)
{
    uint32_t rights = 0;
    if ((flags & (PF_R | PF_W | PF_X)) != 0)
        rights |= PAGE_USER;
    if ((flags & PF_W) != 0)
        rights |= PAGE_WRITE;
    if ((flags & PF_X) != 0)
        rights |= PAGE_EXECUTE;
    return rights;
}

/* Returns where the segments end. */
static uint64_t add_segments(struct memory_map *map, const struct elf_file *elf)
{
    uint64_t at = GUEST_MIN_BASE;

    for (uint32_t i = 0; i < elf->n_segments; i++) {
        const struct elf_segment *s = &elf->segments[i];
        /* A segment may begin in the last page of one with the same rights. */
        uint64_t start = page_down(s->vaddr) > at ? page_down(s->vaddr) : at;
        uint64_t end = page_up(s->vaddr + s->memsz);
        uint32_t rights = segment_rights(s->flags);

        add_range(map, at, start, PAGE_USER | PAGE_WRITE);
        if ((rights & PAGE_USER) != 0)
            add_range(map, start, end, rights);
        if ((rights & PAGE_WRITE) == 0 && start < end)
            map->seals[map->n_seals++] = (struct guest_seal){.start = start, .end = end};
        at = end > at ? end : at;
    }
    return at;
}

/* The guard within [start, end), which the program leaves. */
static struct guest_seal plan_guard(uint64_t start, uint64_t end)
{
    uint64_t free_bytes = end - start;
    if (free_bytes < FREE_MIN_FOR_GUARD)
        return (struct guest_seal){.start = end, .end = end};

    uint64_t stack = free_bytes / 8 < MEMORY_MAP_STACK_MAX ? free_bytes / 8 : MEMORY_MAP_STACK_MAX;
    uint64_t guard_end = page_down(end - stack);
    /* Large pages above the guard, when the stack's share has room for them. */
    if (stack >= 2 * LARGE_PAGE)
        guard_end = (guard_end + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
    return (struct guest_seal){.start = guard_end - MEMORY_MAP_GUARD_BYTES, .end = guard_end};
}

int memory_map_plan(const struct elf_file *elf, uint64_t size, uint64_t ring_bytes, bool has_graft,
                    struct memory_map *out, struct error *err)
{
    if (elf->end > size)
        return error_set(err, ERROR_NOT_EXEC,
                         "the unikernel reaches to 0x%llx, beyond the 0x%llx bytes of guest memory",
                         (unsigned long long)elf->end, (unsigned long long)size);

    out->n_ranges = 0;
    out->n_seals = 0;
    add_low_memory(out, ring_bytes > 0, has_graft);
    uint64_t free_start = add_segments(out, elf);
    out->guard = plan_guard(free_start, size);
    add_range(out, free_start, out->guard.start, PAGE_USER | PAGE_WRITE);
    add_range(out, out->guard.end, size, PAGE_USER | PAGE_WRITE | PAGE_TRACED);
    add_range(out, size, size + ring_bytes, PAGE_USER | PAGE_WRITE);
    return 0;
}

void memory_map_add_windows(struct memory_map *map, const struct guest_window *windows, size_t n_windows)
{
    for (size_t i = 0; i < n_windows; i++)
        add_range(map, windows[i].start, windows[i].end, PAGE_USER);
}
