/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer: what one directory of an image's stack holds, as a table. Built by scanning the directory
 * (layer_scan), or read back from the index of the layer's pack (layer_decode).
 *
 * Entry 0 is the layer's root. Entries stand in breadth-first order, the children of a directory side by side
 * and sorted by the bytes of their names: the canonical order, in which a pack holds the files' contents.
 */
#ifndef STORAGE_LAYER_H
#define STORAGE_LAYER_H

#include "base/digest.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAYER_BLOCK_SIZE 4096u

/* The mtime of an entry that has none of its own: in a small layer (layer_scan_options.small_bytes), of a
 * whiteout, of the root of a layer that an engine has unpacked. */
#define LAYER_NO_TIME INT64_MIN

enum layer_entry_flags {
    LAYER_WHITEOUT = 1 << 0, /* hides the entry of that name in the layers below, and is nothing itself */
    LAYER_OPAQUE = 1 << 1,   /* a directory that hides what the layers below have in it */
    LAYER_SPARSE = 1 << 2,   /* only the file's segments have blocks */
    LAYER_IMPLIED = 1 << 3   /* a root that its archive says nothing about: it is as the one below */
};

/* One entry; the same in memory and in a pack's index. */
struct layer_entry {
    uint64_t size;   /* bytes of a regular file's contents */
    int64_t mtime;   /* seconds */
    uint64_t block;  /* of a regular file: its first block in the pack */
    uint32_t parent; /* entry number; of the root: 0 */
    uint32_t name;   /* offset in strings; not terminated */
    uint32_t target; /* of a symlink: offset in strings */
    uint32_t mode;   /* as in stat(2) */
    uint32_t uid;    /* */
    uint32_t gid;    /* */
    uint32_t major;  /* of a device node */
    uint32_t minor;  /* */
    uint32_t link;   /* the first entry that is the same file, a hard link; else the entry's own number */
    uint32_t first;  /* of a directory: its first child; of a sparse file: its first segment */
    uint32_t n;      /* of a directory: how many children; of a sparse file: how many segments */
    uint16_t name_size;
    uint16_t target_size;
    uint32_t flags; /* enum layer_entry_flags */
    uint32_t pad;   /* 0 */
};
_Static_assert(sizeof(struct layer_entry) == 80, "layout");

/* Where data of a sparse file is, in blocks; the rest of the file is zeros. Sorted, not touching. */
struct layer_segment {
    uint64_t file_block;
    uint64_t pack_block;
    uint64_t n_blocks;
};

/* An extended attribute of a file. Sorted by entry, then by name. */
struct layer_xattr {
    uint32_t entry; /* the first that is this file */
    uint32_t name;  /* offset in strings; not terminated */
    uint32_t value; /* the same */
    uint32_t value_size;
    uint16_t name_size;
    uint16_t pad; /* 0 */
};
_Static_assert(sizeof(struct layer_xattr) == 20, "layout");

struct layer {
    struct layer_entry *entries;
    uint32_t n_entries;
    uint32_t n_segments;
    uint32_t n_xattrs;
    struct layer_xattr *xattrs;
    struct layer_segment *segments;
    char *strings;
    size_t strings_size;
    uint64_t n_blocks; /* of the pack */
};

#define LAYER_NONE ((struct layer){.n_entries = 0})

struct layer_scan_options {
    /* Look for overlayfs's marks: whiteouts, opaque directories, redirects. Else everything is taken as it is
     * seen. */
    bool is_overlay;
    /* A layer of at most small_entries entries and small_bytes bytes of contents is fingerprinted by what is
     * in it, without times and inode numbers, and its entries get LAYER_NO_TIME. 0, 0: never. */
    uint32_t small_entries;
    uint64_t small_bytes;
    /* The layer has another identity: no fingerprint is computed. */
    bool has_identity;
};

/* What a scan learns beside the table. */
struct layer_scan_result {
    uint8_t fingerprint[DIGEST_SIZE]; /* of the layer's metadata, or contents if it is small */
    int64_t newest_ns;                /* the latest change (ctime) seen; 0 for a small layer */
    bool needs_merged_view; /* overlayfs's redirect or metacopy marks: only the kernel reads these */
};

/*
 * Reads the directory's tree: names and metadata, no contents (except of a small layer). Never follows a
 * symlink, does not enter what is mounted inside, and changes nothing. what names the directory in messages.
 * The layer is the caller's.
 */
int layer_scan(int dirfd, const char *what, const struct layer_scan_options *options, struct layer *out,
               struct layer_scan_result *result, struct error *err);

/* The canonical order of names, by their bytes: less than, equal to or greater than 0. */
int layer_compare_names(const char *a, size_t a_size, const char *b, size_t b_size);

/* How many blocks an entry has in the pack: 0 for all but regular files and for a hard link to an earlier
 * entry. */
uint64_t layer_entry_blocks(const struct layer *layer, uint32_t entry);

/* Finds the attributes of an entry, or of the one that it is a hard link to; returns how many there are. */
uint32_t layer_find_xattrs(const struct layer *layer, uint32_t entry, const struct layer_xattr **out);

/* Adds all attributes to a digest; none add nothing. */
void layer_xattrs_digest(const struct layer *layer, struct digest *digest);

/* Adds what an entry is to a digest, without times and places: small layers are known by this. */
void layer_entry_digest(const struct layer *layer, uint32_t entry, struct digest *digest);

/* The table as bytes, to be free(3)d by the caller. */
int layer_encode(const struct layer *layer, void **out_data, size_t *out_size, struct error *err);

/* Reads the table back from bytes that may be damaged: everything is checked, ERROR_INPUT says what is wrong.
 */
int layer_decode(const void *data, size_t size, struct layer *out, struct error *err);

/* Accepts LAYER_NONE and a half-built one. */
void layer_release(struct layer *layer);

#endif
