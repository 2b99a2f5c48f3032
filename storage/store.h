/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's directories, open. What lies where:
 *
 *   data/KEY       the pack of a layer (pack.h)
 *   img/KEY/       an image (image_object.h): info, map, meta, and hard links 0, 1, ... to its packs
 *   lock/KEY       who builds KEY right now (base/lock.h)
 *   verified/BOOT/KEY  KEY was found intact since the machine booted (verified.h)
 *   delta/KEY      what a guest wrote (storage/delta_file.h)
 *   archive/DIGEST there is a pack of the layer whose archive, uncompressed, has this digest (archive_pack.h)
 *
 * Everything in data and img is immutable. A hidden name (ATOMIC_FILE_PREFIX) is what a dead builder left.
 */
#ifndef STORAGE_STORE_DIRS_H
#define STORAGE_STORE_DIRS_H

#include "storage/store.h"

/* Held shared by whoever builds, exclusively by who sweeps. */
#define STORE_COLLECT_LOCK "collect"

struct store {
    int data_fd;
    int img_fd;
    int lock_fd;
    int verified_fd; /* of this boot */
    int delta_fd;
    int archive_fd;
    char *path; /* for messages */
};

#endif
