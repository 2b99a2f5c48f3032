/* SPDX-License-Identifier: Apache-2.0 */
#include "engine.h"

#include "base/cleanup.h"
#include "storage_reader.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTAINERD_CONTENT     "io.containerd.content.v1.content"
#define CONTAINERD_METADATA    "io.containerd.metadata.v1.bolt"
#define CONTAINERD_SNAPSHOTTER "io.containerd.snapshotter.v1.overlayfs"

struct engine_traits {
    const char *name;
    const char *root_dir;                    /* for root */
    const char *user_dir;                    /* for others, below their data directory; NULL: there is none */
    const char *mark;                        /* what only this engine has in its directory */
    const char *records[ENGINE_RECORDS_MAX]; /* the directories of its records; NULL: no more */
    int (*list)(const char *dir, struct engine_images *images, struct error *err);
};

static const struct engine_traits traits[ENGINE_COUNT + 1] = {
    [ENGINE_PODMAN] = {.name = "podman",
                       .root_dir = "/var/lib/containers/storage",
                       .user_dir = "containers/storage",
                       .mark = "overlay-images",
                       .records = {"overlay-images", "overlay-layers"},
                       .list = podman_storage_list},
    [ENGINE_CONTAINERD] = {.name = "containerd",
                           .root_dir = "/var/lib/containerd",
                           .mark = CONTAINERD_CONTENT,
                           .records = {CONTAINERD_METADATA, CONTAINERD_SNAPSHOTTER},
                           .list = containerd_storage_list},
    [ENGINE_DOCKER] = {.name = "docker",
                       .root_dir = "/var/lib/docker",
                       .user_dir = "docker",
                       .mark = "image/overlay2",
                       .records = {"image/overlay2"},
                       .list = docker_storage_list},
    [ENGINE_LAYOUT] = {.name = "OCI layout", .mark = "oci-layout", .records = {"."}, .list = layout_list},
};

const char *engine_name(enum engine_kind kind)
{
    return traits[kind].name;
}

bool engine_kind_find(const char *name, enum engine_kind *out)
{
    for (int i = 0; i < ENGINE_COUNT; i++) {
        if (strcmp(name, traits[i].name) == 0) {
            *out = (enum engine_kind)i;
            return true;
        }
    }
    return false;
}

size_t engine_record_dirs(enum engine_kind kind, const char *out[ENGINE_RECORDS_MAX])
{
    size_t n = 0;
    while (n < ENGINE_RECORDS_MAX && traits[kind].records[n] != NULL) {
        out[n] = traits[kind].records[n];
        n++;
    }
    return n;
}

char *engine_usual_dir(enum engine_kind kind, struct error *err)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    const char *user_dir = traits[kind].user_dir;
    char *dir = NULL;
    int n;
    if (geteuid() == 0 || user_dir == NULL)
        n = asprintf(&dir, "%s", traits[kind].root_dir);
    else if (data != NULL && data[0] == '/')
        n = asprintf(&dir, "%s/%s", data, user_dir);
    else
        n = asprintf(&dir, "%s/.local/share/%s", home != NULL ? home : "", user_dir);
    if (n >= 0)
        return dir;
    error_errno(err, "find the storage of %s", traits[kind].name);
    return NULL;
}

static bool has(const char *dir, const char *name)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/%s", dir, name);
    return n > 0 && (size_t)n < sizeof(path) && access(path, F_OK) == 0;
}

int engine_recognise(const char *dir, enum engine_kind *out, struct error *err)
{
    struct stat st;
    if (stat(dir, &st) < 0 && errno == ENOENT)
        return error_set(err, ERROR_NOT_FOUND, "there is no directory '%s'", dir);
    if (S_ISREG(st.st_mode)) {
        *out = ENGINE_LAYOUT;
        return 0;
    }
    for (int i = 0; i <= ENGINE_LAYOUT; i++) {
        if (has(dir, traits[i].mark)) {
            *out = (enum engine_kind)i;
            return 0;
        }
    }
    if (has(dir, "vfs-images"))
        return error_set(
            err, ERROR_REFUSED,
            "'%s' is podman's with the driver vfs, which copies an image for each container: use the "
            "driver overlay, or prepare the root file system of a container",
            dir);
    if (access(dir, R_OK | X_OK) < 0)
        return error_errno(err, "read '%s'", dir);
    return error_set(
        err, ERROR_INPUT,
        "'%s' is no storage of podman, containerd (overlayfs) or docker (overlay2), and no OCI layout", dir);
}

int engine_open(const char *text, struct engine *out, struct error *err)
{
    _cleanup_free_ char *dir = NULL;
    enum engine_kind kind;
    if (engine_kind_find(text, &kind) && (dir = engine_usual_dir(kind, err)) == NULL)
        return -1;
    if (dir == NULL && (dir = realpath(text, NULL)) == NULL) {
        if (errno == ENOENT)
            return error_set(
                err, ERROR_NOT_FOUND,
                "there is no directory '%s'; engines known by name are podman, containerd and docker", text);
        return error_errno(err, "find '%s'", text);
    }
    if (engine_recognise(dir, &kind, err) < 0)
        return -1;
    *out = (struct engine){.kind = kind, .dir = take_ptr(dir)};
    return 0;
}

void engine_release(struct engine *engine)
{
    free(engine->dir);
    *engine = ENGINE_NONE;
}

static int compare_images(const void *a, const void *b)
{
    const struct engine_image *ia = a, *ib = b;
    int order = strcmp(ia->name, ib->name);
    return order != 0 ? order : strcmp(ia->id, ib->id);
}

int engine_list(const struct engine *engine, struct engine_images *out, struct error *err)
{
    _cleanup_(engine_images_release) struct engine_images images = ENGINE_IMAGES_NONE;
    if (traits[engine->kind].list(engine->dir, &images, err) < 0)
        return error_wrap(err, "read the images of %s in '%s'", traits[engine->kind].name, engine->dir);
    if (images.n > 1)
        qsort(images.items, images.n, sizeof(*images.items), compare_images);
    *out = images;
    images = ENGINE_IMAGES_NONE;
    return 0;
}

void engine_images_release(struct engine_images *images)
{
    for (size_t i = 0; i < images->n; i++) {
        struct engine_image *image = &images->items[i];
        for (size_t k = 0; k < image->n_dirs; k++)
            free(image->dirs[k].path);
        free(image->dirs);
        for (size_t k = 0; k < image->n_archives; k++)
            free(image->archives[k].path);
        free(image->archives);
        free(image->name);
        free(image->id);
        free(image->working_dir);
    }
    free(images->items);
    *images = ENGINE_IMAGES_NONE;
}

/* Whether a person who says text may mean a name: "hello" for "localhost/hello:latest". */
static bool is_called(const char *name, const char *text)
{
    size_t size = strlen(text), length = strlen(name);
    for (const char *at = name; (at = strstr(at, text)) != NULL; at++) {
        const char *end = at + size;
        if ((at == name || at[-1] == '/') && (end == name + length || strcmp(end, ":latest") == 0))
            return true;
    }
    return false;
}

int engine_find(const struct engine_images *images, const char *name, const struct engine_image **out,
                struct error *err)
{
    const struct engine_image *found = NULL;
    bool is_id = strlen(name) >= 4 && strspn(name, "0123456789abcdef") == strlen(name);
    for (size_t i = 0; i < images->n; i++) {
        const struct engine_image *image = &images->items[i];
        if (strcmp(image->name, name) == 0) {
            *out = image;
            return 0;
        }
        if (!is_called(image->name, name) && !(is_id && strncmp(image->id, name, strlen(name)) == 0))
            continue;
        if (found != NULL && strcmp(found->id, image->id) != 0)
            return error_set(err, ERROR_INPUT, "'%s' may be '%s' or '%s': say the whole name", name,
                             found->name, image->name);
        found = image;
    }
    if (found == NULL)
        return error_set(err, ERROR_NOT_FOUND, "the engine has no image '%s'", name);
    *out = found;
    return 0;
}
