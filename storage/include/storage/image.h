/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block images: from a root file system to something that a monitor can map.
 *
 * An image is immutable once it is in the store, found again by a key that follows from what it was made of,
 * and deterministic: the same tree gives the same bytes. What an opened image hands out are descriptors and
 * extents (overlay/extent.h); the descriptors hold the image's lease: as long as one of them is open
 * anywhere, garbage collection leaves the image alone.
 */
#ifndef STORAGE_IMAGE_H
#define STORAGE_IMAGE_H

#include "base/error.h"
#include "storage/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum image_format {
    IMAGE_EXT2 = 1, /* revision 1, 4 KiB blocks, no feature that old readers lack; what the kit reads */
    IMAGE_TAR,      /* ustar with pax headers where a name or number needs them */
    IMAGE_CPIO,     /* newc */
    IMAGE_ISO9660,
    IMAGE_FAT,
    IMAGE_RAW /* one file of the tree, as it is */
};

/* A small file that differs between containers of one image: it replaces, or is added to, what the tree
 * holds. */
struct image_patch {
    const char *path; /* absolute, inside the tree: "/etc/hosts" */
    const void *data;
    size_t size;
};

/* Something that an engine puts on top of the layers of each of its containers before it calls the runtime.
 */
struct image_top_entry {
    const char *path;   /* absolute; directories on the way to it are as below, else root's with mode 0755 */
    uint32_t mode;      /* as in stat(2): a directory, an empty regular file or a symlink, owned by root */
    const char *target; /* of a symlink */
    bool only_if_missing; /* what the layers below have of that path stays */
};

/* A directory that an engine puts on top of the layers. */
struct image_top {
    const struct image_top_entry *entries;
    size_t n_entries;
    uint32_t root_mode;     /* permissions of the directory itself; 0: those of the one below */
    bool takes_owner_below; /* it belongs to whom the one below belongs; else to root */
};

enum image_compression { IMAGE_UNCOMPRESSED, IMAGE_GZIP, IMAGE_ZSTD };

/* The tar archive of a layer, as registries and OCI layouts have it (image-spec, layer.md). */
struct image_archive {
    const char *name;    /* for messages */
    const char *path;    /* of the file that it is in */
    uint64_t off;        /* where it begins there; 0: the file is the archive and nothing else */
    uint64_t size;       /* bytes */
    const char *digest;  /* SHA-256 of these, in hexadecimal digits */
    const char *diff_id; /* the same of what they decompress to */
    enum image_compression compression;
};

/*
 * A root file system that nobody has mounted yet: the directories that an engine's containers are mounted
 * from, lowest first, in overlayfs's form, or the archives that they are unpacked from; and what the engine
 * adds to them. What it really adds may differ: then the image is of no use to that container, and its packs
 * are.
 */
struct image_stack {
    const char *const *dirs;
    size_t n_dirs;
    const struct image_archive *archives; /* instead of dirs, lowest first */
    size_t n_archives;
    const struct image_top *tops; /* the lowest first */
    size_t n_tops;
};

/* Ids [outside, outside + n) of a tree's owners are [inside, inside + n) to the container. */
struct image_id_range {
    uint32_t inside;
    uint32_t outside;
    uint32_t n;
};

/* An id map; empty: ids are what they are. */
struct image_id_map {
    const struct image_id_range *ranges;
    size_t n;
};

/* How far a preparation is. The counters only grow, and any thread may read them meanwhile. */
struct image_progress {
    _Atomic uint64_t total_bytes; /* of files' contents that must be packed, once that is known */
    _Atomic uint64_t done_bytes;
    /* Called when the packing of a layer begins, from the thread that prepares. NULL: nobody wants to know.
     */
    void (*begin_layer)(void *context, const char *layer, uint64_t bytes);
    void *context;
};

/* Who knows from which archives engines have unpacked the directories of layers. */
struct image_archives {
    /* Finds the diff id (64 hexadecimal digits) for a directory; false: it is not known. */
    bool (*find)(void *context, const char *dir, char diff_id[STORE_KEY_SIZE]);
    void *context;
};

struct image_request {
    const char *rootfs; /* path of the tree; nothing in it is ever changed. With a stack: for messages */
    enum image_format format; /* */
    const char *raw_path;     /* with IMAGE_RAW: the file's absolute path inside the tree */
    const struct image_patch *patches;
    size_t n_patches;
    struct image_progress *progress;       /* image_prepare: NULL: nobody wants to know */
    const struct image_stack *stack;       /* image_prepare: what to take instead of rootfs; NULL: rootfs */
    const struct image_archives *archives; /* asked when an image is not there; NULL: nobody knows */
    struct image_id_map uids; /* of the owners that the tree's files have outside the container */
    struct image_id_map gids;
};

/* An image, open. Everything in it is the holder's until image_release(). */
struct image {
    uint64_t capacity; /* bytes, a multiple of 4096 */
    int extents_fd;    /* n_extents times struct extent, from offset 0 */
    uint32_t n_extents;
    int patches_fd; /* struct extent_patch and bytes, until end of file; -1: none */
    int *data_fds;  /* extent.file counts in this */
    size_t n_data_fds;
    size_t n_meta_fds; /* the first of data_fds: those that hold what was generated */
    int filling_fd;    /* the read end of a pipe; as long as its other end is open, data files may still
                          grow up to what the extents say (storage/overlay). -1: all is there */
    bool was_ready;    /* found in the store, nothing was built */
    char key[STORE_KEY_SIZE]; /* for messages and tests */
};

/* An empty one: image_release() of it does nothing. */
#define IMAGE_NONE ((struct image){.extents_fd = -1, .patches_fd = -1, .filling_fd = -1})

/*
 * Finds the image of a tree in the store, or builds it, and opens it. Two processes that want the same image
 * at once build it once. A build that dies leaves nothing that a later one trips over.
 */
int image_open(struct store *store, const struct image_request *request, struct image *out,
               struct error *err);

/*
 * As image_open without patches, and the whole image is in the store when it returns. (image_open may return
 * an image that reads files of the root file system in place, and others of them from a file that a process
 * in the background fills before it builds the image.)
 */
int image_prepare(struct store *store, const struct image_request *request, struct image *out,
                  struct error *err);

/* Closes what the image holds. Accepts IMAGE_NONE and half-filled ones. */
void image_release(struct image *image);

#endif
