/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_archives.h"

#include <stdlib.h>
#include <string.h>

/* Where engines have the directories of layers, below their own; "*" stands for one name. */
static const char *const places[] = {"/overlay/*/diff", "/overlay2/*/diff",
                                     "/io.containerd.snapshotter.v1.overlayfs/snapshots/*/fs"};

/* The length of the engine's directory in the path of a layer's; 0: it is none of these. */
static size_t measure_engine_dir(const char *path, const char *place)
{
    const char *star = strchr(place, '*');
    size_t before = (size_t)(star - place), after = strlen(star + 1), size = strlen(path);
    if (size <= after || strcmp(path + size - after, star + 1) != 0)
        return 0;
    size_t end = size - after;
    while (end > 0 && path[end - 1] != '/')
        end--;
    if (end < before || memcmp(path + end - before, place, before) != 0)
        return 0;
    return end - before;
}

/* Reads the records of the engine that has a directory. What cannot be read is not known. */
static void read_engine(struct engine_archives *archives, const char *path, size_t dir_size)
{
    struct engine engine = ENGINE_NONE;
    struct error ignored;
    if (archives->dir != NULL && strlen(archives->dir) == dir_size &&
        memcmp(archives->dir, path, dir_size) == 0)
        return;
    engine_archives_release(archives);
    archives->dir = strndup(path, dir_size);
    engine.dir = archives->dir;
    if (archives->dir == NULL || engine_recognise(archives->dir, &engine.kind, &ignored) < 0 ||
        engine_list(&engine, &archives->images, &ignored) < 0)
        archives->images = ENGINE_IMAGES_NONE;
}

static bool find(void *context, const char *dir, char diff_id[STORE_KEY_SIZE])
{
    struct engine_archives *archives = context;
    size_t dir_size = 0;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && dir_size == 0; i++)
        dir_size = measure_engine_dir(dir, places[i]);
    if (dir_size == 0)
        return false;
    read_engine(archives, dir, dir_size);
    for (size_t i = 0; i < archives->images.n; i++) {
        const struct engine_image *image = &archives->images.items[i];
        for (size_t k = 0; k < image->n_dirs; k++) {
            if (image->dirs[k].diff_id[0] == '\0' || strcmp(image->dirs[k].path, dir) != 0)
                continue;
            memcpy(diff_id, image->dirs[k].diff_id, STORE_KEY_SIZE);
            return true;
        }
    }
    return false;
}

struct image_archives engine_archives_for(struct engine_archives *archives)
{
    return (struct image_archives){.find = find, .context = archives};
}

void engine_archives_release(struct engine_archives *archives)
{
    engine_images_release(&archives->images);
    free(archives->dir);
    *archives = ENGINE_ARCHIVES_NONE;
}
