/* SPDX-License-Identifier: Apache-2.0 */
#include "blob.h"

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/tar_reader.h"
#include "storage_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* An index may name indexes; more levels than this are none of an image's. */
#define INDEX_DEPTH_MAX 4

#define BLOB_FOLDER "blobs/sha256/"

/* --- an archive --- */

static int read_file(void *context, void *buf, size_t size, size_t *out_n, struct error *err)
{
    ssize_t n;
    while ((n = read(*(int *)context, buf, size)) < 0)
        if (errno != EINTR)
            return error_errno(err, "read it");
    *out_n = (size_t)n;
    return 0;
}

static int compare_places(const void *a, const void *b)
{
    return strcmp(((const struct blob_place *)a)->name, ((const struct blob_place *)b)->name);
}

static int add_place(struct blob_store *store, const struct tar_entry *entry, int fd, struct error *err)
{
    const char *name = strncmp(entry->path, "./", 2) == 0 ? entry->path + 2 : entry->path;
    off_t off = lseek(fd, 0, SEEK_CUR);
    if (!S_ISREG(entry->mode) || entry->is_link || strlen(name) >= sizeof(store->places->name))
        return 0;
    struct blob_place *grown = reallocarray(store->places, store->n_places + 1, sizeof(*grown));
    if (grown == NULL || off < 0)
        return error_errno(err, "list it");
    store->places = grown;
    grown[store->n_places] = (struct blob_place){.off = (uint64_t)off, .size = entry->size};
    strcpy(grown[store->n_places++].name, name);
    return 0;
}

static void tar_reader_freep(struct tar_reader **tar)
{
    tar_reader_free(*tar);
}

static int list_archive(struct blob_store *store, int fd, struct error *err)
{
    const struct tar_stream stream = {.read = read_file, .context = &fd};
    _cleanup_(tar_reader_freep) struct tar_reader *tar = NULL;
    struct tar_entry entry;
    bool is_end = false;
    if (tar_reader_new(&stream, &tar, err) < 0)
        return -1;
    while (!is_end)
        if (tar_reader_next(tar, &entry, &is_end, err) < 0 ||
            (!is_end && add_place(store, &entry, fd, err) < 0))
            return -1;
    if (store->n_places == 0)
        return error_set(err, ERROR_INPUT, "it has no files");
    qsort(store->places, store->n_places, sizeof(*store->places), compare_places);
    return 0;
}

static const struct blob_place *find_place(const struct blob_store *store, const char *name)
{
    struct blob_place key;
    if (strlen(name) >= sizeof(key.name))
        return NULL;
    strcpy(key.name, name);
    return bsearch(&key, store->places, store->n_places, sizeof(key), compare_places);
}

int blob_store_open(const char *path, struct blob_store *out, struct error *err)
{
    _cleanup_(blob_store_release) struct blob_store store = {.path = path};
    _cleanup_close_ int fd = -1;
    struct stat st;
    if (fd_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0, &fd, err) < 0)
        return -1;
    if (fstat(fd, &st) < 0)
        return error_errno(err, "examine '%s'", path);
    if (!S_ISDIR(st.st_mode) && list_archive(&store, fd, err) < 0)
        return error_wrap(err, "read the archive '%s', which must be a tar archive that is not compressed",
                          path);
    *out = store;
    store = BLOB_STORE_NONE;
    return 0;
}

void blob_store_release(struct blob_store *store)
{
    free(store->places);
    *store = BLOB_STORE_NONE;
}

static int read_place(const struct blob_store *store, const struct blob_place *place, char **out,
                      size_t *out_size, struct error *err)
{
    _cleanup_close_ int fd = -1;
    if (place->size > IMAGE_DOCUMENT_SIZE_MAX)
        return error_set(err, ERROR_INPUT, "'%s' has more than %u bytes", place->name,
                         IMAGE_DOCUMENT_SIZE_MAX);
    if (fd_open(AT_FDCWD, store->path, O_RDONLY, 0, &fd, err) < 0)
        return -1;
    _cleanup_free_ char *text = malloc((size_t)place->size + 1);
    if (text == NULL || lseek(fd, (off_t)place->off, SEEK_SET) < 0)
        return error_errno(err, "read '%s'", place->name);
    if (fd_read_exactly(fd, text, (size_t)place->size, place->name, err) < 0)
        return -1;
    text[place->size] = '\0';
    *out = take_ptr(text);
    *out_size = (size_t)place->size;
    return 0;
}

int blob_store_read(const struct blob_store *store, const char *name, char **out, size_t *out_size,
                    struct error *err)
{
    if (store->places == NULL)
        return storage_read(store->path, out, out_size, err, "%s", name);
    const struct blob_place *place = find_place(store, name);
    if (place == NULL)
        return error_set(err, ERROR_INPUT, "the archive '%s' has no file '%s'", store->path, name);
    return read_place(store, place, out, out_size, err);
}

int blob_store_find(const struct blob_store *store, const struct image_descriptor *descriptor,
                    char **out_path, uint64_t *out_off, struct error *err)
{
    _cleanup_free_ char *path = NULL;
    char name[sizeof(BLOB_FOLDER) + IMAGE_DIGEST_LENGTH];
    uint64_t size, off = 0;
    struct stat st;
    snprintf(name, sizeof(name), BLOB_FOLDER "%s", descriptor->digest + strlen(IMAGE_DIGEST_PREFIX));
    const struct blob_place *place = store->places != NULL ? find_place(store, name) : NULL;
    if ((place != NULL ? asprintf(&path, "%s", store->path) : asprintf(&path, "%s/%s", store->path, name)) <
        0) {
        path = NULL;
        return error_errno(err, "find the blob '%s'", descriptor->digest);
    }
    if (place != NULL) {
        off = place->off;
        size = place->size;
    } else if (store->places != NULL || stat(path, &st) < 0) {
        return error_set(err, ERROR_INPUT, "the blob '%s' is not there", descriptor->digest);
    } else {
        size = (uint64_t)st.st_size;
    }
    if (size != descriptor->size)
        return error_set(err, ERROR_INPUT, "the blob '%s' has %llu bytes instead of %llu", descriptor->digest,
                         (unsigned long long)size, (unsigned long long)descriptor->size);
    *out_path = take_ptr(path);
    *out_off = off;
    return 0;
}

/* --- documents --- */

static int read_blob(const struct blob_store *store, const char *digest, char **out, size_t *out_size,
                     struct error *err)
{
    const char *hex = digest + strlen(IMAGE_DIGEST_PREFIX);
    uint8_t found[DIGEST_SIZE];
    char text[DIGEST_TEXT_SIZE], name[sizeof(BLOB_FOLDER) + IMAGE_DIGEST_LENGTH];
    snprintf(name, sizeof(name), BLOB_FOLDER "%s", hex);
    if (blob_store_read(store, name, out, out_size, err) < 0)
        return -1;
    digest_of(*out, *out_size, found);
    digest_format(found, text);
    if (strcmp(text, hex) != 0)
        return error_set(err, ERROR_INPUT, "the blob '%s/" BLOB_FOLDER "%s' is damaged", store->path, hex);
    return 0;
}

/* The machine in the names of Go. */
static const char *architecture(void)
{
    static const char *const names[][2] = {{"x86_64", "amd64"}, {"aarch64", "arm64"}};
    static struct utsname name;
    if (uname(&name) == 0)
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            if (strcmp(name.machine, names[i][0]) == 0)
                return names[i][1];
    return name.machine;
}

bool blob_is_for_here(const struct image_platform *platform)
{
    return (platform->architecture == NULL || strcmp(platform->architecture, architecture()) == 0) &&
           (platform->os == NULL || strcmp(platform->os, "linux") == 0);
}

static const struct image_descriptor *choose(const struct image_manifest *index)
{
    for (size_t i = 0; i < index->n_manifests; i++)
        if (blob_is_for_here(&index->manifests[i].platform))
            return &index->manifests[i];
    return NULL;
}

int blob_read_manifest(const struct blob_store *store, const char *digest, struct image_documents *documents,
                       struct image_manifest *out, struct error *err)
{
    for (int depth = 0; depth < INDEX_DEPTH_MAX; depth++) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        if (read_blob(store, digest, &text, &size, err) < 0)
            return -1;
        if (image_documents_manifest(documents, text, size, out, err) < 0)
            return error_wrap(err, "the manifest '%s'", digest);
        if (out->config.digest != NULL)
            return 0;
        const struct image_descriptor *chosen = choose(out);
        if (chosen == NULL)
            return error_set(err, ERROR_INPUT, "the index '%s' has no image for linux on %s", digest,
                             architecture());
        digest = chosen->digest;
    }
    return error_set(err, ERROR_INPUT, "the index '%s' is too deep", digest);
}

int blob_read_config(const struct blob_store *store, const struct image_manifest *manifest,
                     struct image_documents *documents, struct image_config *out, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    size_t size;
    if (read_blob(store, manifest->config.digest, &text, &size, err) < 0)
        return -1;
    if (image_documents_config(documents, text, size, out, err) < 0)
        return error_wrap(err, "the configuration '%s'", manifest->config.digest);
    return 0;
}
