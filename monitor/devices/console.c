/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The descriptor is shared with other processes, so it is not made non-blocking. Instead poll(2) is asked
 * first: a pipe that is writable takes PIPE_BUF bytes at once.
 */
#include "console.h"

#include "syscalls.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITE_MAX (1u << 20)

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

void console_write(struct console *console, const char *bytes, size_t size)
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
