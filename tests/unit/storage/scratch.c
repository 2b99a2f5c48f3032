/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "overlay/overlay.h"
#include "unit.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char scratch_dir[64];
struct store *scratch_store;

void scratch_set_up(void)
{
    struct error err = {0};
    char path[128];
    strcpy(scratch_dir, "/tmp/test_storage.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(scratch_dir));
    snprintf(path, sizeof(path), "%s/store", scratch_dir);
    ck_assert_ok(store_open(path, &scratch_store, &err), err);
}

void scratch_tear_down(void)
{
    store_close(scratch_store);
    /* A builder in the background may still be at work. */
    scratch_run("cd / && for i in 1 2 3 4 5; do rm -rf %s 2> /dev/null && exit 0; sleep 0.3; done; exit 1",
                scratch_dir);
}

static int __attribute__((format(printf, 1, 0))) run(const char *format, va_list args)
{
    char command[4096];
    int used = snprintf(command, sizeof(command), "cd %s && PATH=$PATH:/usr/sbin:/sbin && ", scratch_dir);
    vsnprintf(command + used, sizeof(command) - (size_t)used, format, args);
    return system(command);
}

int scratch_try(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int status = run(format, args);
    va_end(args);
    return status;
}

void scratch_run(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int status = run(format, args);
    va_end(args);
    ck_assert_msg(status == 0, "'%s' ended with status %d", format, status);
}

void scratch_copy_image(const struct image *image, const char *name)
{
    struct error err = {0};
    struct overlay overlay;
    char path[256];
    const struct overlay_parts parts = {.capacity = image->capacity,
                                        .mode = OVERLAY_PRIVATE,
                                        .extents_fd = image->extents_fd,
                                        .n_extents = image->n_extents,
                                        .patches_fd = image->patches_fd,
                                        .data_fds = image->data_fds,
                                        .n_data_fds = image->n_data_fds,
                                        .is_filling = image->filling_fd >= 0,
                                        .filling_fd = image->filling_fd};
    ck_assert_ok(overlay_catch_faults(&err), err);
    ck_assert_ok(overlay_open(&parts, &overlay, &err), err);
    snprintf(path, sizeof(path), "%s/%s", scratch_dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    ck_assert_int_ge(fd, 0);
    static char buf[4096];
    for (uint64_t off = 0; off < image->capacity; off += sizeof(buf)) {
        enum overlay_result result;
        do
            result = overlay_read(&overlay, off, buf, sizeof(buf));
        while (result == OVERLAY_IO && overlay_wait(&overlay));
        ck_assert_int_eq(result, OVERLAY_OK);
        /* What reads as zeros becomes holes. */
        if (buf[0] != 0 || memcmp(buf, buf + 1, sizeof(buf) - 1) != 0)
            ck_assert_int_eq(pwrite(fd, buf, sizeof(buf), (off_t)off), sizeof(buf));
    }
    ck_assert_int_eq(ftruncate(fd, (off_t)image->capacity), 0);
    close(fd);
    overlay_release(&overlay);
}
