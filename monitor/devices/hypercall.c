/* SPDX-License-Identifier: Apache-2.0 */
#include "hypercall.h"

#include <stdarg.h>
#include <stdio.h>

static enum hypercall_verdict halt(struct guest *guest, void *args)
{
    const struct hc_halt *call = args;

    guest->halt = (struct guest_halt){.exit_status = call->exit_status};
    if (call->cookie.value != 0) {
        if (!guest_mem_copy_in(&guest->mem, call->cookie, guest->halt.cookie, HALT_COOKIE_SIZE))
            return hypercall_bad_address(guest, call->cookie, HALT_COOKIE_SIZE);
        guest->halt.has_cookie = true;
    }
    return HYPERCALL_ENDED;
}

static const struct {
    const char *name;
    enum hypercall_verdict (*handler)(struct guest *guest, void *args);
    size_t size;
    bool has_results;
} calls[HYPERCALL_COUNT] = {
    [HYPERCALL_WALLTIME] = {"walltime", dev_time_walltime, sizeof(struct hc_walltime), true},
    [HYPERCALL_PUTS] = {"puts", dev_console_puts, sizeof(struct hc_puts), false},
    [HYPERCALL_POLL] = {"poll", dev_poll_poll, sizeof(struct hc_poll), true},
    [HYPERCALL_BLOCK_WRITE] = {"block write", dev_block_write, sizeof(struct hc_block_write), true},
    [HYPERCALL_BLOCK_READ] = {"block read", dev_block_read, sizeof(struct hc_block_read), true},
    [HYPERCALL_NET_WRITE] = {"net write", dev_net_write, sizeof(struct hc_net_write), true},
    [HYPERCALL_NET_READ] = {"net read", dev_net_read, sizeof(struct hc_net_read), true},
    [HYPERCALL_HALT] = {"halt", halt, sizeof(struct hc_halt), false},
};

/* Any hypercall's arguments. */
union arguments {
    struct hc_walltime walltime;
    struct hc_puts puts;
    struct hc_poll poll;
    struct hc_block_write block_write;
    struct hc_block_read block_read;
    struct hc_net_write net_write;
    struct hc_net_read net_read;
    struct hc_halt halt;
};

const char *hypercall_name(uint32_t number)
{
    return number < HYPERCALL_COUNT ? calls[number].name : NULL;
}

enum hypercall_verdict hypercall_breach(struct guest *guest, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(guest->breach, sizeof(guest->breach), fmt, args);
    va_end(args);
    return HYPERCALL_BREACH;
}

enum hypercall_verdict hypercall_bad_address(struct guest *guest, struct gpa gpa, uint64_t len)
{
    return hypercall_breach(guest, "invalid guest access: %llu bytes at 0x%llx are not the guest's to use",
                            (unsigned long long)len, (unsigned long long)gpa.value);
}

enum hypercall_verdict hypercall_run(struct guest *guest, uint32_t number, uint32_t address)
{
    union arguments args;
    struct gpa gpa = {address};

    guest_count(&guest->status->hypercalls, 1);
    if (number >= HYPERCALL_COUNT || calls[number].handler == NULL)
        return hypercall_breach(guest, "unknown hypercall %u", number);
    if (!guest_mem_copy_in(&guest->mem, gpa, &args, calls[number].size))
        return hypercall_bad_address(guest, gpa, calls[number].size);

    enum hypercall_verdict verdict = calls[number].handler(guest, &args);

    if (verdict == HYPERCALL_DONE && calls[number].has_results &&
        !guest_mem_copy_out(&guest->mem, gpa, &args, calls[number].size))
        return hypercall_bad_address(guest, gpa, calls[number].size);
    return verdict;
}
