/* SPDX-License-Identifier: Apache-2.0 */
#include "solo5_library.h"

#include "abi/note.h"
#include "graft_layout.h"

static const struct manifest *manifest;
static uint64_t ticks_per_us;

void solo5_library_init(const struct boot_info *info)
{
    manifest = info->mft;
    ticks_per_us = info->cpu_cycle_freq / 1000000;
}

/* A byte is read once: what is changed is not a constant for a compiler. */
int is_grafted(const void *function)
{
    const volatile unsigned char *code = function;

    if (code[0] == 0xe9)
        return 1;
    for (;; code++) {
        if (code[0] == 0xba && code[2] == HYPERCALL_PORT >> 8)
            return 0;
        const uint32_t distance =
            code[1] | (uint32_t)code[2] << 8 | (uint32_t)code[3] << 16 | (uint32_t)code[4] << 24;
        const uint64_t to = (uint64_t)(uintptr_t)code + 5 + (uint64_t)(int32_t)distance;
        if (code[0] == 0xe8 && to >= LOW_GRAFT_CODE && to < LOW_GRAFT_TABLE)
            return 1;
    }
}

static const struct manifest_entry *find_device(solo5_handle_t handle, uint32_t type)
{
    if (handle >= manifest->n_entries || manifest->entries[handle].type != type)
        return NULL;
    return &manifest->entries[handle];
}

static int is_one_block(solo5_handle_t handle, solo5_off_t offset, size_t size)
{
    const struct manifest_entry *entry = find_device(handle, MANIFEST_BLOCK);
    return entry != NULL && offset % entry->u.block.block_size == 0 && size == entry->u.block.block_size;
}

solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf, size_t size)
{
    if (!is_one_block(handle, offset, size))
        return SOLO5_R_EINVAL;
    volatile struct hc_block_read call = {.handle = handle, .offset = offset, .data = buf, .len = size};
    hypercall(HYPERCALL_BLOCK_READ, &call);
    return (solo5_result_t)call.ret;
}

solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf, size_t size)
{
    if (!is_one_block(handle, offset, size))
        return SOLO5_R_EINVAL;
    volatile struct hc_block_write call = {.handle = handle, .offset = offset, .data = buf, .len = size};
    hypercall(HYPERCALL_BLOCK_WRITE, &call);
    return (solo5_result_t)call.ret;
}

int platform_puts(const char *buf, int size)
{
    print_bytes(buf, (uint64_t)(int64_t)size);
    return size;
}

void solo5_console_write(const char *buf, size_t size)
{
    print_bytes(buf, size);
}

solo5_time_t solo5_clock_monotonic(void)
{
    return __builtin_ia32_rdtsc() / ticks_per_us * 1000;
}

solo5_time_t solo5_clock_wall(void)
{
    volatile struct hc_walltime call;
    hypercall(HYPERCALL_WALLTIME, &call);
    return call.nsecs;
}

void solo5_exit(int status)
{
    volatile struct hc_halt call = {.exit_status = status};
    hypercall(HYPERCALL_HALT, &call);
    for (;;)
        ;
}

solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size)
{
    volatile struct hc_net_read call = {.handle = handle, .data = buf, .len = size};
    hypercall(HYPERCALL_NET_READ, &call);
    *read_size = call.len;
    return (solo5_result_t)call.ret;
}

solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size)
{
    volatile struct hc_net_write call = {.handle = handle, .data = buf, .len = size};
    hypercall(HYPERCALL_NET_WRITE, &call);
    return (solo5_result_t)call.ret;
}

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set)
{
    solo5_time_t now = solo5_clock_monotonic();
    volatile struct hc_poll call = {.timeout_nsecs = deadline > now ? deadline - now : 0};
    hypercall(HYPERCALL_POLL, &call);
    if (ready_set != NULL)
        *ready_set = call.ready_set;
}
