/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: a caller reaches a function of Solo5's library by its address, as the library is a compilation unit
 * of its own, so whoever replaces its first instruction has replaced it. A hypercall of that library is a
 * piece of code that nobody jumps into, whose arguments and results are in memory, and below whose stack
 * pointer is nothing (Solo5 is compiled without a red zone), so a call can take its place.
 *
 * All of the file is hostile, but a file that lies in its symbols can harm only the guest that is made from
 * it: what is changed is its own code, before it runs, within the segment.
 */
#include "graft.h"

#include "abi/hypercall.h"
#include "base/bug.h"
#include "call_sites.h"
#include "graft_layout.h"
#include "guest_mem.h"
#include "load.h"
#include "unikernel.h"

#include <string.h>

/* jmp rel32 and call rel32 */
#define JUMP_OPCODE 0xe9
#define CALL_OPCODE 0xe8
#define JUMP_BYTES  5u
#define NOP_OPCODE  0x90

/* No compiler makes more of the functions whose code is looked at. */
#define CHECKED_SIZE_MAX 1024u

/* What a frame has beyond the MTU: the Ethernet header and a VLAN tag. */
#define FRAME_EXTRA_BYTES 18u
#define BUFFER_ALIGN      64u

/* image.c: the list of functions comes first. */
extern const unsigned char graft_image[], graft_image_end[];

static const struct graft_function *function_at(size_t i)
{
    return (const struct graft_function *)(const void *)graft_image + i;
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
 * is Solo5's if it makes the hypercall itself. So do the network's functions, of which all are replaced or
 * none: those that are not would not find what the others have received.
 */
struct known_function {
    const char *name;
    enum hypercall number;
    bool is_hidden;
    bool is_checked; /* makes the hypercall itself */
};

static const struct known_function known_functions[] = {
    {"solo5_block_read", HYPERCALL_BLOCK_READ, false, false},
    {"solo5_console_write", HYPERCALL_PUTS, false, false},
    {"platform_puts", HYPERCALL_PUTS, true, true},
    {"solo5_net_read", HYPERCALL_NET_READ, false, true},
    {"solo5_net_write", HYPERCALL_NET_WRITE, false, true},
    {"solo5_yield", HYPERCALL_POLL, false, true},
};

#define N_KNOWN (sizeof(known_functions) / sizeof(known_functions[0]))

_Static_assert(N_KNOWN <= GRAFT_JUMPS_MAX && CALL_SITES_MAX <= GRAFT_JUMPS_MAX, "each can be replaced");

#define NET_FUNCTIONS 3u

/* What the replacement of solo5_yield() calls. */
#define CLOCK_FUNCTION "solo5_clock_monotonic"

static size_t count_functions(void)
{
    size_t n = 0;
    while (function_at(n)->name[0] != '\0')
        n++;
    BUG_ON(n > N_KNOWN);
    return n;
}

static const struct known_function *find_known(const char *name)
{
    for (size_t i = 0; i < N_KNOWN; i++)
        if (strcmp(known_functions[i].name, name) == 0)
            return &known_functions[i];
    BUG_ON(true);
}

static bool is_of_net(enum hypercall number)
{
    return number == HYPERCALL_NET_READ || number == HYPERCALL_NET_WRITE || number == HYPERCALL_POLL;
}

static bool is_one(const struct unikernel *unikernel, const struct symbol_function *found)
{
    return found->n == 1 && found->size >= JUMP_BYTES && is_code(&unikernel->elf, found->start, found->size);
}

static bool is_known(const struct unikernel *unikernel, const struct known_function *known,
                     const struct symbol_function *found)
{
    if (!is_one(unikernel, found) || (!known->is_hidden && !found->is_global))
        return false;
    if (!known->is_checked)
        return true;
    const struct elf_segment *s = elf_file_find_segment(&unikernel->elf, found->start);
    const unsigned char *code = unikernel->symbols.bytes + s->file_off + (found->start - s->vaddr);
    return found->size <= CHECKED_SIZE_MAX && call_sites_include(code, found->size, known->number);
}

static void add_jump(struct graft *graft, enum hypercall number, const struct graft_jump *jump)
{
    if (!is_in_reach(jump) || !is_clear_of(graft, jump->from))
        return;
    graft->jumps[graft->n_jumps++] = *jump;
    graft->reads_windows |= number == HYPERCALL_BLOCK_READ;
    graft->gathers_output |= number == HYPERCALL_PUTS;
}

/* The functions of the list that are of the network, or those that are not. */
static void add_jumps(const struct unikernel *unikernel, const struct symbol_function *found, bool of_net,
                      struct graft *graft)
{
    for (size_t i = 0; function_at(i)->name[0] != '\0'; i++) {
        const struct known_function *known = find_known(function_at(i)->name);
        if (is_of_net(known->number) == of_net && is_known(unikernel, known, &found[i]))
            add_jump(graft, known->number,
                     &(struct graft_jump){.from = found[i].start, .to = function_at(i)->entry});
    }
}

/* What was added behind the first n_jumps is for the network: if it is not all of it, or not usable, none of
 * it stays. */
static void settle_net(struct graft *graft, size_t n_jumps, bool is_usable)
{
    graft->uses_ring = is_usable && graft->n_jumps == n_jumps + NET_FUNCTIONS;
    if (!graft->uses_ring)
        graft->n_jumps = n_jumps;
}

static void add_net_jumps(const struct unikernel *unikernel, const struct symbol_function *found,
                          const struct symbol_function *clock, struct graft *graft)
{
    const size_t n_jumps = graft->n_jumps;

    if (!manifest_has(&unikernel->manifest, MANIFEST_NET) || !is_one(unikernel, clock) || !clock->is_global)
        return;
    add_jumps(unikernel, found, true, graft);
    settle_net(graft, n_jumps, is_clear_of(graft, clock->start));
    if (graft->uses_ring)
        graft->clock = clock->start;
}

static const struct graft_function *find_function(enum hypercall number)
{
    for (const struct graft_function *f = function_at(0); f->name[0] != '\0'; f++)
        if (find_known(f->name)->number == number)
            return f;
    return NULL;
}

/* Like functions: those of the network, or the others. */
static void add_calls(const struct call_sites *sites, bool of_net, struct graft *graft)
{
    for (size_t i = 0; i < sites->n; i++) {
        const struct call_site *site = &sites->sites[i];
        const struct graft_function *function = find_function(site->number);
        if (function != NULL && is_of_net(site->number) == of_net)
            add_jump(graft, site->number,
                     &(struct graft_jump){
                         .from = site->at, .to = function->call_entry, .call_bytes = site->bytes});
    }
}

static void plan_calls(const struct unikernel *unikernel, struct graft *graft)
{
    struct call_sites sites;

    if (!call_sites_find(unikernel, &sites))
        return;
    add_calls(&sites, false, graft);
    if (!manifest_has(&unikernel->manifest, MANIFEST_NET))
        return;
    const size_t n_jumps = graft->n_jumps;
    add_calls(&sites, true, graft);
    settle_net(graft, n_jumps, true);
}

static bool has_any(const struct symbol_function *found, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (found[i].n > 0)
            return true;
    return false;
}

void graft_plan(const struct unikernel *unikernel, struct graft *out)
{
    const char *names[N_KNOWN + 1];
    struct symbol_function found[N_KNOWN + 1];
    const size_t n = count_functions();

    *out = (struct graft){0};
    if (unikernel->has_kit)
        return;
    for (size_t i = 0; i < n; i++)
        names[i] = function_at(i)->name;
    names[n] = CLOCK_FUNCTION;
    symbols_find_functions(&unikernel->symbols, names, n + 1, found);
    if (!has_any(found, n + 1)) {
        plan_calls(unikernel, out);
        return;
    }
    add_jumps(unikernel, found, false, out);
    add_net_jumps(unikernel, found, &found[n], out);
}

static int write_jump(const struct graft_jump *jump, const struct guest_mem *mem, const struct elf_file *elf,
                      struct error *err)
{
    int32_t distance = (int32_t)(jump->to - (jump->from + JUMP_BYTES));
    unsigned char code[CALL_SITE_BYTES_MAX] = {
        jump->call_bytes > 0 ? CALL_OPCODE : JUMP_OPCODE, 0, 0, 0, 0, NOP_OPCODE};
    const size_t size = jump->call_bytes > 0 ? jump->call_bytes : JUMP_BYTES;

    memcpy(code + 1, &distance, sizeof(distance));
    return load_patch(mem, elf_file_find_segment(elf, jump->from), jump->from, code, size, err);
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

/* Which buffers of so many bytes there are. False when there are too few. */
static bool divide_buffers(struct graft_net *net, uint32_t n_devices)
{
    const uint64_t room = (GRAFT_FRAMES_BYTES - sizeof(struct graft_frames)) / net->buffer_bytes;
    const uint32_t n = room < GRAFT_BUFFERS_MAX ? (uint32_t)room : GRAFT_BUFFERS_MAX;

    net->n_writes = n / 4 < GRAFT_WRITES_MAX ? n / 4 : GRAFT_WRITES_MAX;
    net->n_posts = (n - net->n_writes) / n_devices;
    if (net->n_posts > GRAFT_POSTS_MAX)
        net->n_posts = GRAFT_POSTS_MAX;
    return net->n_writes >= 2 && net->n_posts >= 2;
}

volatile uint32_t *graft_set_net(const struct graft *graft, const struct guest_mem *mem,
                                 const struct manifest_table *manifest, uint64_t ring, uint64_t tsc_hz)
{
    struct graft_table *table = guest_mem_at(mem, LOW_GRAFT_TABLE, sizeof(*table));
    struct graft_net net = {.ring = {ring},
                            .frames = {mem->lent.start},
                            .clock = {graft->clock},
                            .mem_size = mem->size,
                            .buffer_bytes = GRAFT_BUFFER_BYTES_MIN,
                            .ticks_per_us = (uint32_t)(tsc_hz / 1000000)};
    uint32_t n_devices = 0;

    for (uint32_t i = 0; i < manifest->n_entries; i++) {
        if (manifest->entries[i].type != MANIFEST_NET)
            continue;
        const uint32_t longest = manifest->entries[i].u.net.mtu + FRAME_EXTRA_BYTES;
        if (longest > net.buffer_bytes)
            net.buffer_bytes = (longest + BUFFER_ALIGN - 1) / BUFFER_ALIGN * BUFFER_ALIGN;
        net.devices |= 1ull << i;
        n_devices++;
    }
    if (n_devices == 0 || !divide_buffers(&net, n_devices))
        net.devices = 0;
    table->net = net;
    return net.devices != 0 ? &table->net.is_watched : NULL;
}

const char *graft_find_name(uint64_t address, uint64_t *out_off)
{
    const char *name = NULL;
    uint64_t start = LOW_GRAFT_CODE;

    if (address < LOW_GRAFT_CODE || address >= LOW_GRAFT_CODE + (uint64_t)(graft_image_end - graft_image))
        return NULL;
    for (const struct graft_function *f = function_at(0); f->name[0] != '\0'; f++)
        for (unsigned i = 0; i < 2; i++) {
            const uint64_t entry = i == 0 ? f->entry : f->call_entry;
            if (entry <= address && entry >= start) {
                name = f->name;
                start = entry;
            }
        }
    *out_off = address - start;
    return name;
}
