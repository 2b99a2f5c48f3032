/* SPDX-License-Identifier: Apache-2.0 */
#include "guest_mem.h"

#include "abi/boot.h"
#include "base/bug.h"

#include <string.h>
#include <sys/mman.h>

int guest_mem_init(struct guest_mem *mem, uint64_t size, uint64_t annex, struct error *err)
{
    if (size % GUEST_PAGE_SIZE != 0 || size < GUEST_MEM_MIN || size > GUEST_MEM_MAX)
        return error_set(err, ERROR_INPUT, "%llu bytes of guest memory: not 2 MiB to 4 GiB in whole pages",
                         (unsigned long long)size);

    void *bytes =
        mmap(NULL, size + annex, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (bytes == MAP_FAILED)
        return error_errno(err, "map %llu bytes of guest memory", (unsigned long long)size);

    *mem = (struct guest_mem){
        .bytes = bytes, .size = size, .mapped = size + annex, .lent = {.start = size, .end = size}};
    return 0;
}

void guest_mem_seal(struct guest_mem *mem, const struct guest_seal *seals, size_t n_seals)
{
    mem->seals = seals;
    mem->n_seals = n_seals;
}

void guest_mem_lend(struct guest_mem *mem, uint64_t start, uint64_t end)
{
    BUG_ON(start < mem->size || end < start || end > mem->mapped);
    mem->lent = (struct guest_seal){.start = start, .end = end};
}

static bool is_inside(uint64_t addr, uint64_t len, uint64_t start, uint64_t end)
{
    return addr >= start && addr <= end && len <= end - addr;
}

static bool is_sealed(const struct guest_mem *mem, uint64_t addr, uint64_t len)
{
    /* The first seal that ends after addr is the only one that can overlap first. */
    size_t low = 0, high = mem->n_seals;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (mem->seals[middle].end <= addr)
            low = middle + 1;
        else
            high = middle;
    }
    return len > 0 && low < mem->n_seals && mem->seals[low].start < addr + len;
}

void guest_mem_set_windows(struct guest_mem *mem, const struct guest_window *windows, size_t n_windows)
{
    mem->windows = windows;
    mem->n_windows = n_windows;
}

const struct guest_window *guest_mem_find_window(const struct guest_mem *mem, uint64_t addr)
{
    for (size_t i = 0; i < mem->n_windows; i++)
        if (addr >= mem->windows[i].start && addr < mem->windows[i].end)
            return &mem->windows[i];
    return NULL;
}

static const void *borrow_memory(const struct guest_mem *mem, struct gpa gpa, uint64_t len)
{
    if (is_inside(gpa.value, len, GUEST_MIN_BASE, mem->size) ||
        is_inside(gpa.value, len, mem->readable_low.start, mem->readable_low.end) ||
        is_inside(gpa.value, len, mem->lent.start, mem->lent.end))
        return mem->bytes + gpa.value;
    return NULL;
}

const void *guest_mem_borrow(const struct guest_mem *mem, struct gpa gpa, uint64_t len)
{
    const struct guest_window *window = guest_mem_find_window(mem, gpa.value);

    if (window == NULL)
        return borrow_memory(mem, gpa, len);
    return len <= window->end - gpa.value ? window->bytes + (gpa.value - window->start) : NULL;
}

void *guest_mem_borrow_writable(const struct guest_mem *mem, struct gpa gpa, uint64_t len)
{
    if (is_inside(gpa.value, len, mem->lent.start, mem->lent.end))
        return mem->bytes + gpa.value;
    if (!is_inside(gpa.value, len, GUEST_MIN_BASE, mem->size) || is_sealed(mem, gpa.value, len))
        return NULL;
    return mem->bytes + gpa.value;
}

bool guest_mem_copy_in(const struct guest_mem *mem, struct gpa gpa, void *buf, size_t len)
{
    const void *from = borrow_memory(mem, gpa, len);
    if (from == NULL)
        return false;
    memcpy(buf, from, len);
    return true;
}

bool guest_mem_copy_out(const struct guest_mem *mem, struct gpa gpa, const void *buf, size_t len)
{
    void *to = guest_mem_borrow_writable(mem, gpa, len);
    if (to == NULL)
        return false;
    memcpy(to, buf, len);
    return true;
}

void *guest_mem_at(const struct guest_mem *mem, uint64_t addr, uint64_t len)
{
    BUG_ON(addr > mem->mapped || len > mem->mapped - addr);
    return mem->bytes + addr;
}

void guest_mem_release(struct guest_mem *mem)
{
    if (mem->bytes != NULL)
        munmap(mem->bytes, mem->mapped);
    *mem = (struct guest_mem){0};
}
