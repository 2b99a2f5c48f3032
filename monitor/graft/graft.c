/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: a caller reaches a function of Solo5's library by its address, as the library is a compilation unit
 * of its own, so whoever replaces its first instruction has replaced it. All of the file is hostile, but a
 * file that lies in its symbols can harm only the guest that is made from it: what is changed is its own
 * code, before it runs, within the segment.
 */
#include "graft.h"

#include "abi/hypercall.h"
#include "base/bug.h"
#include "graft_layout.h"
#include "guest_mem.h"
#include "load.h"
#include "unikernel.h"

#include <string.h>

/* jmp rel32 */
#define JUMP_OPCODE 0xe9
#define JUMP_BYTES  5u

/* No compiler makes more of platform_puts(). */
#define PUTS_SIZE_MAX 1024u

/* image.c: the list of functions comes first. */
extern const unsigned char graft_image[], graft_image_end[];

static const struct graft_function *function_at(size_t i)
{
    return (const struct graft_function *)(const void *)graft_image + i;
}

static size_t count_functions(void)
{
    size_t n = 0;
    while (function_at(n)->name[0] != '\0')
        n++;
    BUG_ON(n > GRAFT_JUMPS_MAX);
    return n;
}

static bool is_code(const struct elf_file *elf, uint64_t addr, uint64_t len)
{
    const struct elf_segment *s = elf_file_find_segment(elf, addr);
    return s != NULL && (s->flags & PF_X) != 0 && addr - s->vaddr <= s->filesz &&
           len <= s->filesz - (addr - s->vaddr);
}

static bool is_in_reach(const struct graft_jump *jump)
{
    int64_t distance = (int64_t)(jump->to - (jump->from + JUMP_BYTES));
    return distance >= INT32_MIN && distance <= INT32_MAX;
}

static bool is_clear_of(const struct graft *graft, uint64_t addr)
{
    for (size_t i = 0; i < graft->n_jumps; i++)
        if (addr < graft->jumps[i].from + JUMP_BYTES && graft->jumps[i].from < addr + JUMP_BYTES)
            return false;
    return true;
}

/*
 * What a function is known by. The interface's are global, as no other function of a program can have their
 * names then. Solo5 writes its own messages by platform_puts(), which it hides; a local function of that name
 * is Solo5's if it makes the hypercall itself: mov $0x502,%edx; out %eax,(%dx).
 */
static bool makes_hypercall(const unsigned char *code, size_t size, enum hypercall number)
{
    const unsigned char port[] = {0xba, (HYPERCALL_PORT + (unsigned)number) & 0xff, HYPERCALL_PORT >> 8, 0,
                                  0};
    const unsigned char *found = memmem(code, size, port, sizeof(port));

    return found != NULL && memchr(found + sizeof(port), 0xef, size - (size_t)(found + sizeof(port) - code));
}

static bool is_known(const struct unikernel *unikernel, const char *name, const struct symbol_function *found)
{
    if (found->n != 1 || found->size < JUMP_BYTES || !is_code(&unikernel->elf, found->start, found->size))
        return false;
    if (strcmp(name, "platform_puts") != 0)
        return found->is_global;
    const struct elf_segment *s = elf_file_find_segment(&unikernel->elf, found->start);
    const unsigned char *code = unikernel->symbols.bytes + s->file_off + (found->start - s->vaddr);
    return found->size <= PUTS_SIZE_MAX && makes_hypercall(code, found->size, HYPERCALL_PUTS);
}

static void add_jump(struct graft *graft, const char *name, const struct graft_jump *jump)
{
    if (!is_in_reach(jump) || !is_clear_of(graft, jump->from))
        return;
    graft->jumps[graft->n_jumps++] = *jump;
    if (strcmp(name, "solo5_block_read") == 0)
        graft->reads_windows = true;
    else
        graft->gathers_output = true;
}

void graft_plan(const struct unikernel *unikernel, struct graft *out)
{
    const char *names[GRAFT_JUMPS_MAX] = {0};
    struct symbol_function found[GRAFT_JUMPS_MAX];
    const size_t n = count_functions();

    *out = (struct graft){0};
    if (unikernel->has_kit)
        return;
    for (size_t i = 0; i < n; i++)
        names[i] = function_at(i)->name;
    symbols_find_functions(&unikernel->symbols, names, n, found);
    for (size_t i = 0; i < n; i++)
        if (is_known(unikernel, names[i], &found[i]))
            add_jump(out, names[i],
                     &(struct graft_jump){.from = found[i].start, .to = function_at(i)->entry});
}

static int write_jump(const struct graft_jump *jump, const struct guest_mem *mem, const struct elf_file *elf,
                      struct error *err)
{
    int32_t distance = (int32_t)(jump->to - (jump->from + JUMP_BYTES));
    unsigned char code[JUMP_BYTES] = {JUMP_OPCODE};

    memcpy(code + 1, &distance, sizeof(distance));
    return load_patch(mem, elf_file_find_segment(elf, jump->from), jump->from, code, sizeof(code), err);
}

int graft_apply(const struct graft *graft, const struct guest_mem *mem, const struct elf_file *elf,
                struct error *err)
{
    const size_t size = (size_t)(graft_image_end - graft_image);

    if (graft->n_jumps == 0)
        return 0;
    memcpy(guest_mem_at(mem, LOW_GRAFT_CODE, size), graft_image, size);
    for (size_t i = 0; i < graft->n_jumps; i++)
        if (write_jump(&graft->jumps[i], mem, elf, err) < 0)
            return -1;
    return 0;
}

void graft_add_block(const struct guest_mem *mem, uint32_t handle, uint64_t block_size)
{
    struct graft_table *table = guest_mem_at(mem, LOW_GRAFT_TABLE, sizeof(*table));

    table->blocks[handle] = (struct graft_block){.block_size = block_size};
    for (size_t i = 0; i < mem->n_windows; i++)
        if (mem->windows[i].handle == handle) {
            table->blocks[handle].window = (struct gpa){mem->windows[i].start};
            table->blocks[handle].window_bytes = mem->windows[i].end - mem->windows[i].start;
        }
}

const char *graft_find_name(uint64_t address, uint64_t *out_off)
{
    const char *name = NULL;
    uint64_t start = LOW_GRAFT_CODE;

    if (address < LOW_GRAFT_CODE || address >= LOW_GRAFT_CODE + (uint64_t)(graft_image_end - graft_image))
        return NULL;
    for (const struct graft_function *f = function_at(0); f->name[0] != '\0'; f++)
        if (f->entry <= address && f->entry >= start) {
            name = f->name;
            start = f->entry;
        }
    *out_off = address - start;
    return name;
}
