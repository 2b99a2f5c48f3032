/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of the engines' storages share: files, and the list that they fill. */
#ifndef STORAGE_READER_H
#define STORAGE_READER_H

#include "engine.h"
#include "oci-spec/image_documents.h"

#include <stdbool.h>

/* One reader for each kind of storage. They fill images, which may be half-filled after a failure. */
int podman_storage_list(const char *dir, struct engine_images *images, struct error *err);
int containerd_storage_list(const char *dir, struct engine_images *images, struct error *err);
int docker_storage_list(const char *dir, struct engine_images *images, struct error *err);
int layout_list(const char *dir, struct engine_images *images, struct error *err);

/* Reads a file of at most IMAGE_DOCUMENT_SIZE_MAX bytes below a directory; the path is as for printf(3).
 * *out_data is the caller's to free(3). */
int storage_read(const char *dir, char **out_data, size_t *out_size, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Adds an image that has no layers yet. name is copied; NULL: it has none. */
struct engine_image *storage_add_image(struct engine_images *images, const char *name, const char *id,
                                       struct error *err);

/* Adds the directory of an image's next layer upwards, and the diff id of what was unpacked there (with its
 * prefix; NULL: not known). The path is as for printf(3). */
int storage_add_dir(struct engine_image *image, const char *diff_id, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Notes an image's working directory; NULL: none. */
int storage_set_working_dir(struct engine_image *image, const char *dir, struct error *err);

/* Copies what is known of one image to another. */
int storage_copy_layers(struct engine_image *to, const struct engine_image *from, struct error *err);

#define CHAIN_ID_SIZE 65

/* The chain id (config.md) of the lowest layer up to one with diff_id; chain is that of the layer below, and
 * becomes its own. Both without prefix; for the lowest layer chain is "". */
void storage_chain_id(char chain[CHAIN_ID_SIZE], const char *diff_id);

#endif
