/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where engines keep their images, read from their own records and never written: which images there are, and
 * the directories of whose layers containers of them are mounted. No engine is asked and none needs to run.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include "base/error.h"
#include "storage/image.h"

#include <stdbool.h>
#include <stddef.h>

enum engine_kind {
    ENGINE_PODMAN,     /* containers-storage: podman, buildah, CRI-O */
    ENGINE_CONTAINERD, /* the overlayfs snapshotter; also under docker and a kubelet */
    ENGINE_DOCKER,     /* docker's own overlay2 storage */
    ENGINE_COUNT,
    ENGINE_LAYOUT =
        ENGINE_COUNT /* no engine's: an OCI image layout (image-layout.md), a directory or an archive */
};

/* "podman", "containerd", "docker"; "OCI layout". */
const char *engine_name(enum engine_kind kind);

/* The engine of a name. False: there is none. */
bool engine_kind_find(const char *name, enum engine_kind *out);

struct engine {
    enum engine_kind kind;
    char *dir; /* absolute; the file of a layout in an archive */
};

#define ENGINE_NONE ((struct engine){.dir = NULL})

/*
 * Finds an engine's storage: text is a name (the usual directory of that engine, for this user) or a
 * directory, whose contents tell whose it is, or an archive with a layout in it. ERROR_NOT_FOUND,
 * ERROR_INPUT. *out is the caller's to release.
 */
int engine_open(const char *text, struct engine *out, struct error *err);

/* The engine's usual directory, whether it is there or not; the caller's to free(3). */
char *engine_usual_dir(enum engine_kind kind, struct error *err);

/* Tells whose storage a directory is. ERROR_NOT_FOUND: it is not there; ERROR_INPUT: nobody's that is known.
 */
int engine_recognise(const char *dir, enum engine_kind *out, struct error *err);

void engine_release(struct engine *engine);

/* How many directories hold an engine's records, at most. */
#define ENGINE_RECORDS_MAX 2

/* The directories, relative to the storage, in which something changes when an image comes or goes. */
size_t engine_record_dirs(enum engine_kind kind, const char *out[ENGINE_RECORDS_MAX]);

/* A layer that an engine has unpacked. */
struct engine_dir {
    char *path;
    char diff_id[STORE_KEY_SIZE]; /* of its archive; "": not known */
};

/* A layer that is an archive in a layout: see struct image_archive. */
struct engine_archive {
    char *path;
    uint64_t off, size;
    char name[80]; /* its digest with the prefix */
    char digest[STORE_KEY_SIZE];
    char diff_id[STORE_KEY_SIZE];
    enum image_compression compression;
};

struct engine_image {
    char *name; /* as a person says it; its id when it has no name */
    char *id;   /* hexadecimal */
    bool is_named;
    struct engine_dir *dirs; /* of its layers, lowest first */
    size_t n_dirs;
    struct engine_archive *archives; /* a layout's: its layers, lowest first */
    size_t n_archives;
    char *working_dir;    /* absolute; NULL: none */
    struct error problem; /* kind is not ERROR_NONE: why the layers are not known */
};

struct engine_images {
    struct engine_image *items; /* by name, then id; one with several names is there several times */
    size_t n;
};

#define ENGINE_IMAGES_NONE ((struct engine_images){.n = 0})

/* Lists the images. One whose records are incomplete (it is just coming, or going) is there with its problem.
 */
int engine_list(const struct engine *engine, struct engine_images *out, struct error *err);

void engine_images_release(struct engine_images *images);

/* Finds an image by its name, by the end of its name ("hello" is "localhost/hello:latest"), or by the start
 * of its id. ERROR_NOT_FOUND; ERROR_INPUT: several images are called so. */
int engine_find(const struct engine_images *images, const char *name, const struct engine_image **out,
                struct error *err);

/* The most directories that engines put on top of an image's layers. */
#define ENGINE_TOPS_MAX 2

/* What the engine puts on top of an image's layers for each container. It points into itself and into image.
 */
struct engine_tops {
    struct image_top tops[ENGINE_TOPS_MAX];
    size_t n;
    struct image_top_entry entries[16];
};

void engine_tops_init(struct engine_tops *tops, enum engine_kind kind, const struct engine_image *image);

#endif
