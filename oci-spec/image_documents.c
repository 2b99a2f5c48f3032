/* SPDX-License-Identifier: Apache-2.0 */
#include "oci-spec/image_documents.h"

#include "base/cleanup.h"
#include "field.h"

#include <stdlib.h>
#include <string.h>

#define HEX_DIGITS "0123456789abcdef"

struct image_documents {
    struct arena arena;
};

struct image_documents *image_documents_new(struct error *err)
{
    struct image_documents *documents = calloc(1, sizeof(*documents));
    if (documents == NULL)
        error_errno(err, "read documents");
    return documents;
}

void image_documents_free(struct image_documents *documents)
{
    if (documents != NULL)
        arena_release(&documents->arena);
    free(documents);
}

/* --- checks of what will become part of a path --- */

static int check_hex(const struct field_reader *reader, const char *text, size_t skip, struct error *err)
{
    if (text == NULL)
        return 0;
    if (strlen(text) != skip + 64 || strspn(text + skip, HEX_DIGITS) != 64)
        return field_error(reader, err, "\"%.80s\" is no sha256 digest in hexadecimal", text);
    return 0;
}

static int check_digest(const struct field_reader *reader, const char *text, struct error *err)
{
    if (text != NULL && strncmp(text, IMAGE_DIGEST_PREFIX, strlen(IMAGE_DIGEST_PREFIX)) != 0)
        return field_error(reader, err, "\"%.80s\" is no sha256 digest", text);
    return check_hex(reader, text, strlen(IMAGE_DIGEST_PREFIX), err);
}

/* --- one document --- */

static int parse(struct image_documents *documents, const char *json, size_t size, enum json_type type,
                 const struct json **out, struct error *err)
{
    if (json_parse(json, size, IMAGE_DOCUMENT_SIZE_MAX, &documents->arena, out, err) < 0)
        return -1;
    if ((*out)->type != type)
        return error_set(err, ERROR_INPUT, "the document is %s instead of %s", json_type_name((*out)->type),
                         json_type_name(type));
    return 0;
}

/* Reads a document that is one object. */
static int read_object(struct image_documents *documents, const char *json, size_t size,
                       const struct field_object *object, void *out, struct error *err)
{
    const struct json *value;
    if (parse(documents, json, size, JSON_OBJECT, &value, err) < 0)
        return -1;
    _cleanup_(field_reader_release) struct field_reader reader = {.arena = &documents->arena,
                                                                  .skips_support = true};
    return field_read_object(&reader, object, value, out, err);
}

/* Reads a document that is an array of objects. */
static int read_array(struct image_documents *documents, const char *json, size_t size,
                      const struct field_object *object, void **out_items, size_t *out_n, struct error *err)
{
    const struct json *value;
    if (parse(documents, json, size, JSON_ARRAY, &value, err) < 0)
        return -1;
    _cleanup_(field_reader_release) struct field_reader reader = {.arena = &documents->arena,
                                                                  .skips_support = true};
    char *items = arena_alloc(&documents->arena, value->n_children, object->size, err);
    if (items == NULL)
        return -1;
    for (size_t i = 0; i < value->n_children; i++) {
        struct field_place place = field_enter_element(&reader, i);
        if (field_check_type(&reader, value->children[i], JSON_OBJECT, err) < 0 ||
            field_read_object(&reader, object, value->children[i], items + i * object->size, err) < 0)
            return -1;
        field_leave(&reader, place);
    }
    *out_items = items;
    *out_n = value->n_children;
    return 0;
}

/* --- index, manifest, config --- */

static int finish_descriptor(struct field_reader *reader, void *base, struct error *err)
{
    const struct image_descriptor *descriptor = base;
    return check_digest(reader, descriptor->digest, err);
}

static const struct field platform_fields[] = {
    {FIELD(image_platform, architecture, FIELD_STRING, "architecture")},
    {FIELD(image_platform, os, FIELD_STRING, "os")},
};
static const struct field_object platform_object = FIELD_OBJECT_OF(image_platform, platform_fields);

static const struct field descriptor_fields[] = {
    {FIELD(image_descriptor, media_type, FIELD_STRING, "mediaType")},
    {FIELD(image_descriptor, digest, FIELD_STRING, "digest"), .is_required = true},
    {FIELD(image_descriptor, size, FIELD_U64, "size")},
    {FIELD(image_descriptor, platform, FIELD_OBJECT, "platform"), .object = &platform_object},
    {FIELD(image_descriptor, annotations, FIELD_MAP, "annotations")},
};
static const struct field_object descriptor_object = {.size = sizeof(struct image_descriptor),
                                                      .fields = descriptor_fields,
                                                      .n_fields = sizeof(descriptor_fields) /
                                                                  sizeof(descriptor_fields[0]),
                                                      .finish = finish_descriptor};

static const struct field manifest_fields[] = {
    {FIELD_LIST(image_manifest, manifests, n_manifests, FIELD_OBJECTS, "manifests"),
     .object = &descriptor_object},
    {FIELD(image_manifest, config, FIELD_OBJECT, "config"), .object = &descriptor_object},
    {FIELD_LIST(image_manifest, layers, n_layers, FIELD_OBJECTS, "layers"), .object = &descriptor_object},
};
static const struct field_object manifest_object = FIELD_OBJECT_OF(image_manifest, manifest_fields);

int image_documents_manifest(struct image_documents *documents, const char *json, size_t size,
                             struct image_manifest *out, struct error *err)
{
    struct image_manifest manifest = {.n_layers = 0};
    if (read_object(documents, json, size, &manifest_object, &manifest, err) < 0)
        return -1;
    *out = manifest;
    return 0;
}

struct layout_document {
    const char *version;
};

static const struct field layout_fields[] = {
    {FIELD(layout_document, version, FIELD_STRING, "imageLayoutVersion"), .is_required = true},
};
static const struct field_object layout_object = FIELD_OBJECT_OF(layout_document, layout_fields);

int image_documents_layout(struct image_documents *documents, const char *json, size_t size,
                           struct error *err)
{
    struct layout_document layout = {.version = NULL};
    if (read_object(documents, json, size, &layout_object, &layout, err) < 0)
        return -1;
    if (layout.version == NULL || strncmp(layout.version, "1.", 2) != 0)
        return error_set(err, ERROR_REFUSED, "the layout has version \"%.40s\", this program reads 1",
                         layout.version != NULL ? layout.version : "");
    return 0;
}

struct config_rootfs {
    struct config_strings diff_ids;
};
struct config_defaults {
    const char *working_dir;
};
struct config_document {
    struct config_rootfs rootfs;
    struct config_defaults defaults;
};

static int finish_rootfs(struct field_reader *reader, void *base, struct error *err)
{
    const struct config_rootfs *rootfs = base;
    for (size_t i = 0; i < rootfs->diff_ids.n; i++)
        if (check_digest(reader, rootfs->diff_ids.items[i], err) < 0)
            return -1;
    return 0;
}

static const struct field rootfs_fields[] = {
    {FIELD(config_rootfs, diff_ids, FIELD_STRINGS, "diff_ids")},
};
static const struct field_object rootfs_object = {
    .size = sizeof(struct config_rootfs), .fields = rootfs_fields, .n_fields = 1, .finish = finish_rootfs};
static const struct field process_fields[] = {
    {FIELD(config_defaults, working_dir, FIELD_STRING, "WorkingDir")},
};
static const struct field_object process_object = FIELD_OBJECT_OF(config_defaults, process_fields);
static const struct field config_fields[] = {
    {FIELD(config_document, defaults, FIELD_OBJECT, "config"), .object = &process_object},
    {FIELD(config_document, rootfs, FIELD_OBJECT, "rootfs"), .object = &rootfs_object, .is_required = true},
};
static const struct field_object config_object = FIELD_OBJECT_OF(config_document, config_fields);

int image_documents_config(struct image_documents *documents, const char *json, size_t size,
                           struct image_config *out, struct error *err)
{
    struct config_document config = {.rootfs.diff_ids.n = 0};
    if (read_object(documents, json, size, &config_object, &config, err) < 0)
        return -1;
    const char *dir = config.defaults.working_dir;
    *out = (struct image_config){.diff_ids = config.rootfs.diff_ids,
                                 .working_dir = dir != NULL && dir[0] == '/' ? dir : NULL};
    return 0;
}

/* --- containers-storage --- */

static int finish_image(struct field_reader *reader, void *base, struct error *err)
{
    const struct image_record *image = base;
    return check_hex(reader, image->id, 0, err) < 0 ? -1 : check_hex(reader, image->layer, 0, err);
}

static const struct field image_fields[] = {
    {FIELD(image_record, id, FIELD_STRING, "id"), .is_required = true},
    {FIELD(image_record, names, FIELD_STRINGS, "names")},
    {FIELD(image_record, layer, FIELD_STRING, "layer")},
};
static const struct field_object image_object = {
    .size = sizeof(struct image_record),
    .fields = image_fields,
    .n_fields = sizeof(image_fields) / sizeof(image_fields[0]),
    .finish = finish_image,
};

int image_documents_images(struct image_documents *documents, const char *json, size_t size,
                           struct image_records *out, struct error *err)
{
    void *items;
    size_t n;
    if (read_array(documents, json, size, &image_object, &items, &n, err) < 0)
        return -1;
    *out = (struct image_records){items, n};
    return 0;
}

static int finish_layer(struct field_reader *reader, void *base, struct error *err)
{
    const struct layer_record *layer = base;
    if (check_hex(reader, layer->id, 0, err) < 0 || check_hex(reader, layer->parent, 0, err) < 0)
        return -1;
    return check_digest(reader, layer->diff_digest, err);
}

static const struct field layer_fields[] = {
    {FIELD(layer_record, id, FIELD_STRING, "id"), .is_required = true},
    {FIELD(layer_record, parent, FIELD_STRING, "parent")},
    {FIELD(layer_record, diff_digest, FIELD_STRING, "diff-digest")},
};
static const struct field_object layer_object = {
    .size = sizeof(struct layer_record),
    .fields = layer_fields,
    .n_fields = sizeof(layer_fields) / sizeof(layer_fields[0]),
    .finish = finish_layer,
};

int image_documents_layers(struct image_documents *documents, const char *json, size_t size,
                           struct layer_records *out, struct error *err)
{
    void *items;
    size_t n;
    if (read_array(documents, json, size, &layer_object, &items, &n, err) < 0)
        return -1;
    *out = (struct layer_records){items, n};
    return 0;
}

/* --- docker --- */

/* One name and what it stands for. */
struct reference {
    const char *name;
    const char *id; /* without its prefix */
};

static int compare_references(const void *a, const void *b)
{
    const struct reference *ra = a, *rb = b;
    int order = strcmp(ra->id, rb->id);
    return order != 0 ? order : strcmp(ra->name, rb->name);
}

/* Collects the references of a document {"Repositories": {REPOSITORY: {NAME: DIGEST}}}. */
static int list_references(struct image_documents *documents, const struct json *repositories,
                           struct reference **out, size_t *out_n, struct error *err)
{
    size_t room = 0, n = 0;
    for (size_t i = 0; i < repositories->n_children; i++)
        room += repositories->children[i]->n_children;
    struct reference *references = arena_alloc(&documents->arena, room, sizeof(*references), err);
    if (references == NULL)
        return -1;
    for (size_t i = 0; i < repositories->n_children; i++) {
        const struct json *names = repositories->children[i];
        for (size_t k = 0; k < names->n_children; k++) {
            const struct json *value = names->children[k];
            struct field_reader reader = {.skips_support = true};
            if (value->key == NULL || value->type != JSON_STRING)
                return error_set(err, ERROR_INPUT, "a repository's names are no strings by name");
            if (check_digest(&reader, value->text, err) < 0)
                return -1;
            references[n++] = (struct reference){value->key, value->text + strlen(IMAGE_DIGEST_PREFIX)};
        }
    }
    if (n > 1)
        qsort(references, n, sizeof(*references), compare_references);
    *out = references;
    *out_n = n;
    return 0;
}

/* Makes one record of each run of references with the same id. */
static int group_references(struct image_documents *documents, const struct reference *references, size_t n,
                            struct image_records *out, struct error *err)
{
    struct image_record *records = arena_alloc(&documents->arena, n, sizeof(*records), err);
    const char **names = arena_alloc(&documents->arena, n, sizeof(*names), err);
    size_t n_records = 0, n_names = 0;
    if (records == NULL || names == NULL)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (n_records == 0 || strcmp(records[n_records - 1].id, references[i].id) != 0)
            records[n_records++] =
                (struct image_record){.id = references[i].id, .names = {names + n_names, 0}};
        if (strchr(references[i].name, '@') != NULL)
            continue;
        names[n_names++] = references[i].name;
        records[n_records - 1].names.n++;
    }
    *out = (struct image_records){records, n_records};
    return 0;
}

int image_documents_repositories(struct image_documents *documents, const char *json, size_t size,
                                 struct image_records *out, struct error *err)
{
    const struct json *value;
    struct reference *references;
    size_t n;

    if (parse(documents, json, size, JSON_OBJECT, &value, err) < 0)
        return -1;
    const struct json *repositories = json_get(value, "Repositories");
    if (repositories == NULL || repositories->type != JSON_OBJECT)
        return error_set(err, ERROR_INPUT, "the document has no object \"Repositories\"");
    if (list_references(documents, repositories, &references, &n, err) < 0)
        return -1;
    return group_references(documents, references, n, out, err);
}
