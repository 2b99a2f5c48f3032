/* SPDX-License-Identifier: Apache-2.0 */
#include "patches.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Mounted by engines into every container and of no use to a unikernel. */
static bool is_usual(const char *destination)
{
    static const char *const usual[] = {"/dev/shm", "/dev/termination-log", "/run/secrets", "/sys/fs/cgroup",
                                        "/run"};
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
        if (strcmp(destination, usual[i]) == 0)
            return true;
    return false;
}

/* *out_data stays NULL for what cannot be a patch. */
static int read_source(const char *source, char **out_data, size_t *out_size, struct error *err)
{
    _cleanup_close_ int fd = -1;
    struct stat st;

    /* Not to be opened if it is a device or a pipe: opening alone can have effects. */
    if (stat(source, &st) < 0)
        return error_errno(err, "look at '%s'", source);
    if (!S_ISREG(st.st_mode) || st.st_size > PATCHES_FILE_MAX)
        return 0;
    if (fd_open(AT_FDCWD, source, O_RDONLY | O_NONBLOCK, 0, &fd, err) < 0)
        return -1;
    return fd_read_all(fd, PATCHES_FILE_MAX, out_data, out_size, source, err);
}

int patches_collect(const struct config *config, struct patches *out, struct error *err)
{
    _cleanup_(patches_release) struct patches patches = PATCHES_NONE;

    patches.items = calloc(config->n_mounts + 1, sizeof(*patches.items));
    if (patches.items == NULL)
        return error_errno(err, "read the mounted files");
    for (size_t i = 0; i < config->n_mounts; i++) {
        const struct config_mount *mount = &config->mounts[i];
        char *data = NULL;
        size_t size = 0;
        if (!mount->is_bind || mount->source == NULL)
            continue;
        if (read_source(mount->source, &data, &size, err) < 0)
            return error_wrap(err, "mount \"%s\"", mount->destination);
        if (data != NULL)
            patches.items[patches.n++] =
                (struct image_patch){.path = mount->destination, .data = data, .size = size};
        else if (!is_usual(mount->destination))
            log_line(LOG_LEVEL_WARNING,
                     "mount \"%s\": the guest does not see it; give it a block device with "
                     "the annotation dev.wherry.block.NAME",
                     mount->destination);
    }
    *out = patches;
    patches = PATCHES_NONE;
    return 0;
}

void patches_release(struct patches *patches)
{
    for (size_t i = 0; i < patches->n; i++)
        free((void *)(uintptr_t)patches->items[i].data);
    free(patches->items);
    *patches = PATCHES_NONE;
}
