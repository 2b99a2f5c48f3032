/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include "solo5.h"

#include <string.h>

static struct stdio_file stdout_file = {.mode = _IOLBF}, stderr_file = {.mode = _IONBF};
FILE *const stdout = &stdout_file, *const stderr = &stderr_file;

int fflush(FILE *f)
{
    if (f == NULL)
        f = stdout;
    if (f->used > 0)
        solo5_console_write(f->buffer, f->used);
    f->used = 0;
    return 0;
}

void stdio_exit(void)
{
    fflush(stdout);
}

void stream_write(struct stdio_file *f, const char *data, size_t n)
{
    while (n > 0) {
        size_t room = sizeof(f->buffer) - f->used;
        size_t part = n < room ? n : room;
        memcpy(f->buffer + f->used, data, part);
        f->used += part;
        if (f->used == sizeof(f->buffer) || (f->mode == _IOLBF && memrchr(data, '\n', part) != NULL))
            fflush(f);
        data += part;
        n -= part;
    }
}

void stream_end(struct stdio_file *f)
{
    if (f->mode == _IONBF)
        fflush(f);
}
