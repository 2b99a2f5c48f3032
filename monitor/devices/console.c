/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The descriptor is shared with other processes, so it is not made non-blocking. Instead poll(2) is asked
 * first: a pipe that is writable takes PIPE_BUF bytes at once.
 */
#include "console.h"

#include "syscalls.h"
#include "x86_64/ticks.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITE_MAX (1u << 20)

/* Of one who waits for the other, before it sleeps. */
#define SPINS_MAX 1000u

void console_init(struct console *console, int fd)
{
    struct stat st;
    *console = (struct console){.fd = fd, .can_block = true};
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        console->can_block = false;
}

static bool has_room(const struct console *console, int timeout_ms)
{
    struct pollfd fd = {.fd = console->fd, .events = POLLOUT};
    struct timespec timeout = {.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000l};
    return ppoll(&fd, 1, &timeout, NULL) != 0;
}

/* Writes some bytes. Returns how many, or 0 when there is no room or nobody is there. */
static size_t write_some(struct console *console, const char *bytes, size_t size)
{
    size_t max = console->can_block ? PIPE_BUF : WRITE_MAX;

    if (console->can_block && !has_room(console, console->is_stalled ? 0 : CONSOLE_PATIENCE_MS)) {
        console->is_stalled = true;
        return 0;
    }
    ssize_t n;
    do
        n = syscalls_write(console->fd, bytes, size < max ? size : max);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
        console->is_stalled = false;
        return (size_t)n;
    }
    if (n < 0 && errno == EAGAIN)
        console->is_stalled = true;
    else if (n == 0 || errno != EFAULT) /* that is the guest's doing: a window that cannot be read */
        console->is_closed = true;
    return 0;
}

static void write_notice(struct console *console)
{
    char text[80];
    int n = snprintf(text, sizeof(text), "\n[wherry: %llu bytes of output dropped: nobody read them]\n",
                     (unsigned long long)console->dropped_bytes);
    if (write_some(console, text, (size_t)n) == (size_t)n)
        console->dropped_bytes = 0;
}

static void write_locked(struct console *console, const char *bytes, size_t size)
{
    if (console->dropped_bytes > 0 && !console->is_closed)
        write_notice(console);
    while (size > 0 && !console->is_closed) {
        size_t n = console->dropped_bytes > 0 ? 0 : write_some(console, bytes, size);
        if (n == 0) {
            console->dropped_bytes += size;
            return;
        }
        bytes += n;
        size -= n;
    }
}

/* At most what fits into the ring: a guest that never stops writing is not to keep anybody here. */
static bool flush_locked(struct console *console)
{
    char text[PIPE_BUF];

    for (size_t done = 0, n; done < GRAFT_CONSOLE_BYTES; done += n) {
        n = console_ring_peek(&console->ring, text, sizeof(text));
        if (n == SIZE_MAX)
            return false;
        if (n == 0)
            break;
        write_locked(console, text, n);
        console_ring_drop(&console->ring, n);
        atomic_fetch_add_explicit(console->ring_bytes, n, memory_order_relaxed);
    }
    return true;
}

/* Whoever is here writes, and may have to wait for a reader. */
static void lock(struct console *console)
{
    const struct timespec pause = {.tv_nsec = 100000};

    for (unsigned n = 0; atomic_exchange_explicit(&console->is_taken, true, memory_order_acquire); n++) {
        struct pollfd nothing = {.fd = -1};
        if (n < SPINS_MAX)
            ticks_relax();
        else
            (void)ppoll(&nothing, 1, &pause, NULL);
    }
}

static void unlock(struct console *console)
{
    atomic_store_explicit(&console->is_taken, false, memory_order_release);
}

void console_attach(struct console *console, struct graft_console *shared, _Atomic uint64_t *ring_bytes)
{
    console->ring.shared = shared;
    console->ring_bytes = ring_bytes;
}

bool console_flush(struct console *console)
{
    if (!console_ring_has_more(&console->ring))
        return true;
    lock(console);
    bool is_right = flush_locked(console);
    unlock(console);
    return is_right;
}

void console_write(struct console *console, const char *bytes, size_t size)
{
    lock(console);
    if (console_ring_has_more(&console->ring))
        (void)flush_locked(console);
    write_locked(console, bytes, size);
    unlock(console);
}
