/* SPDX-License-Identifier: Apache-2.0 */
#include "id_maps.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAP_SIZE_MAX (64u << 10) /* of /proc/PID/uid_map: 340 lines at most (user_namespaces(7)) */

static int add_range(struct image_id_map *map, struct image_id_range range, struct error *err)
{
    struct image_id_range *grown =
        reallocarray((void *)(uintptr_t)map->ranges, map->n + 1, sizeof(*map->ranges));
    if (grown == NULL)
        return error_errno(err, "read the id maps");
    grown[map->n] = range;
    map->ranges = grown;
    map->n++;
    return 0;
}

static int take_mappings(const struct config_id_mappings *mappings, struct image_id_map *map,
                         struct error *err)
{
    for (size_t i = 0; i < mappings->n; i++) {
        const struct config_id_mapping *m = &mappings->items[i];
        const struct image_id_range range = {.inside = m->container_id, .outside = m->host_id, .n = m->size};
        if (add_range(map, range, err) < 0)
            return -1;
    }
    return 0;
}

/* The lines of /proc/PID/uid_map: first id inside, first id outside, how many. */
static int read_map(const char *directory, const char *name, struct image_id_map *map, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    _cleanup_close_ int fd = -1;
    char path[64];
    size_t size = 0;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    if (fd_open(AT_FDCWD, path, O_RDONLY, 0, &fd, err) < 0 ||
        fd_read_all(fd, MAP_SIZE_MAX, &text, &size, path, err) < 0)
        return -1;
    char *rest = text;
    for (const char *line; (line = strsep(&rest, "\n")) != NULL;) {
        struct image_id_range range;
        if (sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu32, &range.inside, &range.outside, &range.n) == 3 &&
            add_range(map, range, err) < 0)
            return -1;
    }
    return 0;
}

/* A joined namespace can be anywhere; engines name it by one of its processes. */
static int read_joined(const char *path, struct id_maps *maps, struct error *err)
{
    char directory[32];
    int pid, end = 0;
    if (sscanf(path, "/proc/%d/ns/user%n", &pid, &end) != 1 || path[end] != '\0' || end == 0) {
        log_line(
            LOG_LEVEL_WARNING,
            "linux.namespaces: what the user namespace '%s' maps is not known; the guest sees the owners "
            "of files as the host does",
            path);
        return 0;
    }
    snprintf(directory, sizeof(directory), "/proc/%d", pid);
    if (read_map(directory, "uid_map", &maps->uids, err) < 0)
        return -1;
    return read_map(directory, "gid_map", &maps->gids, err);
}

int id_maps_load(const struct config *config, struct id_maps *out, struct error *err)
{
    const struct config_namespace *user = &config->namespaces[CONFIG_NAMESPACE_USER];
    _cleanup_(id_maps_release) struct id_maps maps = ID_MAPS_NONE;

    if (!user->is_listed)
        return 0;
    if (take_mappings(&config->uid_mappings, &maps.uids, err) < 0 ||
        take_mappings(&config->gid_mappings, &maps.gids, err) < 0)
        return -1;
    if (user->path != NULL && maps.uids.n == 0 && read_joined(user->path, &maps, err) < 0)
        return -1;
    *out = maps;
    maps = ID_MAPS_NONE;
    return 0;
}

void id_maps_release(struct id_maps *maps)
{
    free((void *)(uintptr_t)maps->uids.ranges);
    free((void *)(uintptr_t)maps->gids.ranges);
    *maps = ID_MAPS_NONE;
}
