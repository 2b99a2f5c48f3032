/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output is gathered, and the monitor fetches it (struct graft_console). What there is no room for goes by
 * the hypercall, which the monitor serves after it has fetched everything before.
 *
 * A write may be interrupted by an exception of the guest, whose handler writes as well. So what was copied
 * counts only if nobody has written meanwhile; else it is copied once more, behind that.
 */
#include "copy.h"
#include "hypercall.h"

void graft_console_write(const char *buf, size_t size);
int graft_puts(const char *buf, int size);
void graft_call_puts(const volatile struct hc_puts *call);

INLINE void puts_by_hypercall(const char *buf, uint64_t size)
{
    volatile struct hc_puts call = {.data = buf, .len = size};

    hypercall(HYPERCALL_PUTS, &call);
}

/* False when there is no room. */
INLINE int gather(struct graft_console *console, const char *buf, uint64_t size)
{
    uint64_t tail;

    do {
        tail = console->tail;
        if (size > GRAFT_CONSOLE_BYTES - (tail - console->head))
            return 0;
        const uint64_t at = tail % GRAFT_CONSOLE_BYTES, to_end = GRAFT_CONSOLE_BYTES - at;
        const uint64_t first = size < to_end ? size : to_end;
        copy(console->bytes + at, buf, first);
        copy(console->bytes, buf + first, size - first);
        /* A full barrier, too: tail is there before is_watched is looked at. */
    } while (!__atomic_compare_exchange_n(&console->tail, &tail, tail + size, 0, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED));
    return 1;
}

INLINE void write(const char *buf, uint64_t size)
{
    struct graft_console *console = graft_console();

    if (!gather(console, buf, size))
        puts_by_hypercall(buf, size);
    else if (console->is_watched == 0)
        puts_by_hypercall(buf, 0);
}

void graft_console_write(const char *buf, size_t size)
{
    write(buf, size);
}

int graft_puts(const char *buf, int size)
{
    write(buf, (uint64_t)(int64_t)size);
    return size;
}

void graft_call_puts(const volatile struct hc_puts *call)
{
    write(call->data, call->len);
}
