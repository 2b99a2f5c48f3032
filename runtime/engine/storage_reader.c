/* SPDX-License-Identifier: Apache-2.0 */
#include "storage_reader.h"

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fd.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int storage_read(const char *dir, char **out_data, size_t *out_size, struct error *err, const char *fmt, ...)
{
    _cleanup_free_ char *relative = NULL, *path = NULL;
    _cleanup_close_ int fd = -1;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&relative, fmt, args);
    va_end(args);
    if (n < 0)
        return error_errno(err, "read the records in '%s'", dir);
    if (asprintf(&path, "%s/%s", dir, relative) < 0)
        return error_errno(err, "read '%s'", relative);
    if (fd_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0, &fd, err) < 0)
        return -1;
    return fd_read_all(fd, IMAGE_DOCUMENT_SIZE_MAX, out_data, out_size, path, err);
}

struct engine_image *storage_add_image(struct engine_images *images, const char *name, const char *id,
                                       struct error *err)
{
    struct engine_image *grown = reallocarray(images->items, images->n + 1, sizeof(*grown));
    if (grown == NULL) {
        error_errno(err, "list the images");
        return NULL;
    }
    images->items = grown;
    struct engine_image *image = &grown[images->n++];
    *image = (struct engine_image){
        .name = strdup(name != NULL ? name : id), .id = strdup(id), .is_named = name != NULL};
    if (image->name == NULL || image->id == NULL) {
        error_errno(err, "list the images");
        return NULL;
    }
    return image;
}

/* Takes dir over. */
static int add_dir(struct engine_image *image, const char *diff_id, char *dir, struct error *err)
{
    struct engine_dir *grown = reallocarray(image->dirs, image->n_dirs + 1, sizeof(*grown));
    if (grown != NULL)
        image->dirs = grown;
    if (grown == NULL || dir == NULL) {
        error_errno(err, "list the layers of '%s'", image->name);
        free(dir);
        return -1;
    }
    struct engine_dir *added = &image->dirs[image->n_dirs++];
    *added = (struct engine_dir){.path = dir};
    if (diff_id != NULL)
        snprintf(added->diff_id, sizeof(added->diff_id), "%s", diff_id + strlen(IMAGE_DIGEST_PREFIX));
    return 0;
}

int storage_add_dir(struct engine_image *image, const char *diff_id, struct error *err, const char *fmt, ...)
{
    char *dir = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&dir, fmt, args);
    va_end(args);
    return add_dir(image, diff_id, n < 0 ? NULL : dir, err);
}

int storage_set_working_dir(struct engine_image *image, const char *dir, struct error *err)
{
    if (dir == NULL)
        return 0;
    image->working_dir = strdup(dir);
    return image->working_dir == NULL ? error_errno(err, "read about '%s'", image->name) : 0;
}

int storage_copy_layers(struct engine_image *to, const struct engine_image *from, struct error *err)
{
    to->problem = from->problem;
    for (size_t i = 0; i < from->n_dirs; i++) {
        if (add_dir(to, NULL, strdup(from->dirs[i].path), err) < 0)
            return -1;
        memcpy(to->dirs[i].diff_id, from->dirs[i].diff_id, sizeof(to->dirs[i].diff_id));
    }
    return storage_set_working_dir(to, from->working_dir, err);
}

void storage_chain_id(char chain[CHAIN_ID_SIZE], const char *diff_id)
{
    const char *hex = diff_id + strlen(IMAGE_DIGEST_PREFIX);
    char pair[2 * IMAGE_DIGEST_LENGTH + 2];
    uint8_t digest[DIGEST_SIZE];
    if (chain[0] == '\0') {
        snprintf(chain, CHAIN_ID_SIZE, "%s", hex);
        return;
    }
    int n = snprintf(pair, sizeof(pair), IMAGE_DIGEST_PREFIX "%s %s", chain, diff_id);
    digest_of(pair, (size_t)n, digest);
    digest_format(digest, chain);
}
