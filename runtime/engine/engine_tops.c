/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What engines put on top of an image's layers, as far as it is the same for every container: seen in the
 * directories of podman 4.3, docker 20.10 and containerd 1.6, and in the sources that make them
 * (containers-storage drivers/overlay/overlay.go, moby daemon/initlayer/setup_unix.go, containerd
 * snapshots/overlay/overlay.go).
 */
#include "engine.h"

#include <sys/stat.h>

#define DIR_MODE  (S_IFDIR | 0755)
#define FILE_MODE (S_IFREG | 0755)
#define LINK_MODE (S_IFLNK | 0777)

static const struct image_top_entry docker_init[] = {
    {.path = "/dev/pts", .mode = DIR_MODE, .only_if_missing = true},
    {.path = "/dev/shm", .mode = DIR_MODE, .only_if_missing = true},
    {.path = "/proc", .mode = DIR_MODE, .only_if_missing = true},
    {.path = "/sys", .mode = DIR_MODE, .only_if_missing = true},
    {.path = "/.dockerenv", .mode = FILE_MODE},
    {.path = "/etc/resolv.conf", .mode = FILE_MODE},
    {.path = "/etc/hosts", .mode = FILE_MODE},
    {.path = "/etc/hostname", .mode = FILE_MODE},
    {.path = "/dev/console", .mode = FILE_MODE},
    {.path = "/etc/mtab", .mode = LINK_MODE, .target = "/proc/mounts"},
};

static void add_top(struct engine_tops *tops, struct image_top top)
{
    tops->tops[tops->n++] = top;
}

void engine_tops_init(struct engine_tops *tops, enum engine_kind kind, const struct engine_image *image)
{
    size_t n = 0;
    *tops = (struct engine_tops){.n = 0};
    if (kind == ENGINE_DOCKER)
        add_top(tops, (struct image_top){.entries = docker_init,
                                         .n_entries = sizeof(docker_init) / sizeof(docker_init[0]),
                                         .root_mode = 0755});
    if (kind == ENGINE_PODMAN)
        tops->entries[n++] =
            (struct image_top_entry){.path = "/etc/mtab", .mode = LINK_MODE, .target = "/proc/mounts"};
    /* Under containerd it is the runtime that makes the working directory, in its own way. */
    if (kind != ENGINE_CONTAINERD && image->working_dir != NULL)
        tops->entries[n++] =
            (struct image_top_entry){.path = image->working_dir, .mode = DIR_MODE, .only_if_missing = true};
    add_top(tops, (struct image_top){.entries = tops->entries,
                                     .n_entries = n,
                                     .root_mode = kind == ENGINE_PODMAN ? 0 : 0755,
                                     .takes_owner_below = kind != ENGINE_DOCKER});
}
