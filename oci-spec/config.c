/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: bytes become a tree (json_read.h), the tree becomes structs by way of the sections' tables
 * (field.h), and the structs are checked against the rules that need more than one of them (validate.h). Tree
 * and structs share one arena, in which the struct config itself lives too.
 */
#include "oci-spec/config.h"

#include "section.h"
#include "validate.h"

#include "base/cleanup.h"

#include <stdlib.h>
#include <string.h>

/* What a struct config * really points into. */
struct document {
    struct arena arena;
    struct config config;
};

static const struct field root_fields[] = {
    {FIELD(config_root, path, FIELD_STRING, "path"), .is_required = true},
    {FIELD(config_root, readonly, FIELD_BOOL, "readonly")},
};
static const struct field_object root_object = FIELD_OBJECT_OF(config_root, root_fields);

static const struct field config_fields[] = {
    {FIELD(config, oci_version, FIELD_STRING, "ociVersion")},
    {FIELD(config, process, FIELD_OBJECT_NEW, "process"), .object = &process_section},
    {FIELD(config, root, FIELD_OBJECT, "root"), .object = &root_object},
    {FIELD(config, hostname, FIELD_STRING, "hostname")},
    {FIELD(config, domainname, FIELD_STRING, "domainname")},
    {FIELD_LIST(config, mounts, n_mounts, FIELD_OBJECTS, "mounts"), .object = &mount_section},
    {FIELD(config, hooks, FIELD_OBJECT, "hooks"), .object = &hooks_section},
    {FIELD(config, annotations, FIELD_MAP, "annotations")},
    {.name = "linux", .type = FIELD_OBJECT, .extra = FIELD_NONE, .object = &linux_section},
    {FIELD(config, vm, FIELD_OBJECT_NEW, "vm"), .object = &vm_section},
};

const struct field_object config_section = FIELD_OBJECT_OF(config, config_fields);

/* --- one run --- */

static void document_free(struct document *document)
{
    if (document == NULL)
        return;
    arena_release(&document->arena);
    free(document);
}

static void document_freep(struct document **document)
{
    document_free(*document);
}

/* NULL: err says why. */
static struct document *document_new(struct error *err)
{
    struct document *document = calloc(1, sizeof(*document));
    if (document == NULL)
        error_errno(err, "allocate a configuration");
    return document;
}

/* Reads value into base with the reader standing at where, which is the object's path in config.json. */
static int read_section(struct document *document, const struct field_object *section, const char *where,
                        const struct json *value, void *base, struct error *err)
{
    _cleanup_(field_reader_release) struct field_reader reader = {.arena = &document->arena};
    strcpy(reader.pattern, where);
    strcpy(reader.path, where);
    if (field_read_object(&reader, section, value, base, err) < 0)
        return -1;
    document->config.refusal = reader.refusal;
    return field_take_warnings(&reader, &document->config.warnings, err);
}

static int parse_json(struct document *document, const char *json, size_t size, const struct json **out_value,
                      struct error *err)
{
    return json_parse(json, size, CONFIG_SIZE_MAX, &document->arena, out_value, err);
}

/* --- */

int config_parse(const char *json, size_t size, struct config **out_config, struct error *err)
{
    _cleanup_(document_freep) struct document *document = document_new(err);
    const struct json *value;
    if (document == NULL || parse_json(document, json, size, &value, err) < 0)
        return -1;
    if (validate_document(value, err) < 0)
        return -1;
    if (read_section(document, &config_section, "", value, &document->config, err) < 0)
        return -1;
    if (validate_config(&document->config, err) < 0)
        return -1;
    *out_config = &take_ptr(document)->config;
    return 0;
}

int config_parse_process(const char *json, size_t size, struct config **out_config, struct error *err)
{
    _cleanup_(document_freep) struct document *document = document_new(err);
    const struct json *value;
    if (document == NULL || parse_json(document, json, size, &value, err) < 0)
        return -1;
    document->config.process = arena_alloc(&document->arena, 1, sizeof(struct config_process), err);
    if (document->config.process == NULL)
        return -1;
    if (read_section(document, &process_section, "process", value, document->config.process, err) < 0 ||
        config_check_supported(&document->config, err) < 0)
        return -1;
    *out_config = &take_ptr(document)->config;
    return 0;
}

int config_parse_resources(const char *json, size_t size, struct config **out_config, struct error *err)
{
    _cleanup_(document_freep) struct document *document = document_new(err);
    const struct json *value;
    if (document == NULL || parse_json(document, json, size, &value, err) < 0)
        return -1;
    if (read_section(document, &resources_section, "linux.resources", value, &document->config.resources,
                     err) < 0 ||
        config_check_supported(&document->config, err) < 0)
        return -1;
    *out_config = &take_ptr(document)->config;
    return 0;
}

int config_check_supported(const struct config *config, struct error *err)
{
    return config->refusal == NULL ? 0 : error_set(err, ERROR_REFUSED, "%s", config->refusal);
}

const struct config_strings *config_env(const struct config *config)
{
    static const char *const none[] = {NULL};
    static const struct config_strings empty = {.items = none};
    return config->process != NULL ? &config->process->env : &empty;
}

void config_free(struct config *config)
{
    if (config != NULL)
        document_free((struct document *)((char *)config - offsetof(struct document, config)));
}

static int compare_key_with_pair(const void *key, const void *pair)
{
    return strcmp(key, ((const struct config_pair *)pair)->key);
}

const char *config_map_find(const struct config_map *map, const char *key)
{
    if (map->n == 0)
        return NULL;
    const struct config_pair *pair =
        bsearch(key, map->pairs, map->n, sizeof(map->pairs[0]), compare_key_with_pair);
    return pair == NULL ? NULL : pair->value;
}
