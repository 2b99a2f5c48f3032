/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: urunc's own builds disagree on whether values are Base64. A value is taken as plain if it is what
 * the key can hold (a known word, an absolute path); else as Base64 if it decodes to printable text; else as
 * plain again. That is unambiguous in practice: the words in question decode to bytes that are no text.
 */
#include "urunc.h"

#include "base64.h"
#include "device_name.h"
#include "json_read.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

#define PREFIX    "com.urunc.unikernel."
#define FILE_NAME "/urunc.json"

/* One run over both sources. */
struct urunc {
    struct arena *arena;
    const struct config_map *annotations;
    const struct json *file; /* NULL: there is none */
};

/* A key's value, decoded, and where it stands, for messages. */
struct value {
    const char *text; /* NULL: not given */
    char where[160];
};

/* --- words --- */

struct word {
    const char *name;
    int meaning;
};

enum { UNSUPPORTED = -1 };

static const struct word types[] = {
    {"mirage", UNIKERNEL_MIRAGE}, {"rumprun", UNIKERNEL_RUMPRUN},
    {"unikraft", UNSUPPORTED},    {"mewz", UNSUPPORTED},
    {"linux", UNSUPPORTED},       {"hermit", UNSUPPORTED},
    {"freebsd", UNSUPPORTED},     {NULL, 0},
};

static const struct word hypervisors[] = {
    {"hvt", 1},
    {"spt", UNSUPPORTED},
    {"qemu", UNSUPPORTED},
    {"firecracker", UNSUPPORTED},
    {"cloud-hypervisor", UNSUPPORTED},
    {"hyperlight", UNSUPPORTED},
    {NULL, 0},
};

/* Go's strconv.ParseBool. */
static const struct word booleans[] = {
    {"1", 1}, {"t", 1}, {"T", 1},     {"true", 1},  {"TRUE", 1},  {"True", 1}, {"0", 0},
    {"f", 0}, {"F", 0}, {"false", 0}, {"FALSE", 0}, {"False", 0}, {NULL, 0},
};

static const struct word *find_word(const struct word *words, const char *text)
{
    for (; words->name != NULL; words++) {
        if (strcmp(words->name, text) == 0)
            return words;
    }
    return NULL;
}

/* --- values --- */

static bool is_printable(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return false;
    }
    return size > 0 && utf8_valid_prefix(text, size) == size;
}

/* Replaces *text by what it stands for. words are those that the key can hold; NULL: it holds any text. */
static int decode(struct arena *arena, const struct word *words, const char **text, struct error *err)
{
    if ((*text)[0] == '/' || (words != NULL && find_word(words, *text) != NULL))
        return 0;
    size_t length = strlen(*text), size;
    char *decoded = arena_alloc(arena, length + 1, 1, err);
    if (decoded == NULL)
        return -1;
    if (!base64_decode(*text, length, (unsigned char *)decoded, &size) || !is_printable(decoded, size))
        return 0;
    decoded[size] = '\0';
    *text = decoded;
    return 0;
}

static int get(const struct urunc *urunc, const char *key, const struct word *words, struct value *out,
               struct error *err)
{
    char full[128];
    snprintf(full, sizeof(full), PREFIX "%s", key);
    snprintf(out->where, sizeof(out->where), "annotation %s", full);
    out->text = config_map_find(urunc->annotations, full);

    const struct json *member = urunc->file == NULL ? NULL : json_get(urunc->file, full);
    if (out->text == NULL && member != NULL && member->type != JSON_NULL) {
        snprintf(out->where, sizeof(out->where), FILE_NAME ": %s", full);
        if (member->type != JSON_STRING)
            return error_set(err, ERROR_INPUT, "%s: must be a string, not %s", out->where,
                             json_type_name(member->type));
        out->text = member->text;
    }
    if (out->text != NULL && out->text[0] == '\0')
        out->text = NULL;
    return out->text == NULL ? 0 : decode(urunc->arena, words, &out->text, err);
}

/* *out stays as it is when the key is not given. */
static int get_word(const struct urunc *urunc, const char *key, const struct word *words, int *out,
                    struct error *err)
{
    struct value value;
    if (get(urunc, key, words, &value, err) < 0)
        return -1;
    if (value.text == NULL)
        return 0;
    const struct word *word = find_word(words, value.text);
    if (word == NULL)
        return error_set(err, ERROR_INPUT, "%s: unknown value '%s'", value.where, value.text);
    if (word->meaning == UNSUPPORTED)
        return error_set(err, ERROR_REFUSED, "%s: '%s' is not supported", value.where, value.text);
    *out = word->meaning;
    return 0;
}

static int get_path(const struct urunc *urunc, const char *key, const char **out, struct error *err)
{
    struct value value;
    if (get(urunc, key, NULL, &value, err) < 0)
        return -1;
    if (value.text == NULL)
        return 0;
    *out = value.text[0] == '/' ? value.text : arena_format(urunc->arena, err, "/%s", value.text);
    return *out == NULL ? -1 : 0;
}

static int refuse(const struct urunc *urunc, const char *key, struct error *err)
{
    struct value value;
    if (get(urunc, key, NULL, &value, err) < 0)
        return -1;
    return value.text == NULL ? 0 : error_set(err, ERROR_REFUSED, "%s: not supported", value.where);
}

static int get_device(const struct urunc *urunc, const char *key, const char **out, struct error *err)
{
    struct value value;
    if (get(urunc, key, NULL, &value, err) < 0)
        return -1;
    if (value.text != NULL && !device_name_is_valid(value.text))
        return error_set(err, ERROR_INPUT, "%s: '%s' is not the name of a device", value.where, value.text);
    *out = value.text;
    return 0;
}

/* --- sections --- */

static int read_kind(const struct urunc *urunc, struct unikernel *unikernel, struct urunc_found *found,
                     struct error *err)
{
    static const char *const refused[] = {"initrd", "bootKernel", "bootInitrd", "vAccel", "RPCAddress"};
    int type = UNIKERNEL_UNKNOWN, is_hvt = 0;
    if (get_word(urunc, "unikernelType", types, &type, err) < 0 ||
        get_word(urunc, "hypervisor", hypervisors, &is_hvt, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (refuse(urunc, refused[i], err) < 0)
            return -1;
    }
    unikernel->type = (enum unikernel_type)type;
    found->names_hvt = is_hvt != 0;
    return get_path(urunc, "binary", &unikernel->binary, err);
}

static int read_cmdline(const struct urunc *urunc, struct unikernel *unikernel, struct error *err)
{
    struct value value;
    if (get(urunc, "cmdline", NULL, &value, err) < 0)
        return -1;
    unikernel->cmdline = value.text;
    unikernel->cmdline_is_fallback = value.text != NULL;
    return 0;
}

static int read_block(const struct urunc *urunc, struct unikernel *unikernel, struct error *err)
{
    const char *path = NULL, *device = NULL;
    int uses_rootfs = 0;
    if (get_path(urunc, "block", &path, err) < 0 || get_device(urunc, "solo5BlkDev", &device, err) < 0 ||
        get_word(urunc, "useDMBlock", booleans, &uses_rootfs, err) < 0 ||
        get_word(urunc, "mountRootfs", booleans, &uses_rootfs, err) < 0 ||
        get_path(urunc, "blkMntPoint", &unikernel->mount_point, err) < 0)
        return -1;
    if (path == NULL && !uses_rootfs && device == NULL)
        return 0;

    struct unikernel_block *block = arena_alloc(urunc->arena, 1, sizeof(*block), err);
    if (block == NULL)
        return -1;
    *block = (struct unikernel_block){.device = device, .path = path};
    block->source = path == NULL ? UNIKERNEL_BLOCK_ROOTFS : UNIKERNEL_BLOCK_FILE;
    unikernel->blocks = block;
    unikernel->n_blocks = 1;
    return 0;
}

static int read_net(const struct urunc *urunc, struct unikernel *unikernel, struct error *err)
{
    const char *device = NULL;
    if (get_device(urunc, "solo5NetDev", &device, err) < 0)
        return -1;
    if (device == NULL)
        return 0;
    struct unikernel_net *net = arena_alloc(urunc->arena, 1, sizeof(*net), err);
    if (net == NULL)
        return -1;
    net->device = device;
    unikernel->nets = net;
    unikernel->n_nets = 1;
    return 0;
}

/* --- */

static int parse_file(struct urunc *urunc, const char *json, size_t size, struct error *err)
{
    if (json_parse(json, size, UNIKERNEL_URUNC_JSON_SIZE_MAX, urunc->arena, &urunc->file, err) < 0)
        return error_wrap(err, FILE_NAME);
    if (urunc->file->type != JSON_OBJECT)
        return error_set(err, ERROR_INPUT, FILE_NAME ": must be an object, not %s",
                         json_type_name(urunc->file->type));
    return 0;
}

static bool has_annotation(const struct config_map *annotations)
{
    for (size_t i = 0; i < annotations->n; i++) {
        if (strncmp(annotations->pairs[i].key, PREFIX, strlen(PREFIX)) == 0)
            return true;
    }
    return false;
}

int urunc_read(struct arena *arena, const struct config_map *annotations, const char *json, size_t size,
               struct unikernel *unikernel, struct urunc_found *out_found, struct error *err)
{
    *out_found = (struct urunc_found){0};
    struct urunc urunc = {.arena = arena, .annotations = annotations};
    if (json != NULL && parse_file(&urunc, json, size, err) < 0)
        return -1;
    if (urunc.file == NULL && !has_annotation(annotations))
        return 0;

    unikernel->is_declared = true;
    out_found->is_there = true;
    if (read_kind(&urunc, unikernel, out_found, err) < 0 || read_cmdline(&urunc, unikernel, err) < 0 ||
        read_block(&urunc, unikernel, err) < 0)
        return -1;
    return read_net(&urunc, unikernel, err);
}

int urunc_check_complete(const struct urunc_found *found, const struct unikernel *unikernel,
                         struct error *err)
{
    const char *missing = NULL;
    if (!found->is_there)
        return 0;
    if (unikernel->type == UNIKERNEL_UNKNOWN)
        missing = "unikernelType";
    else if (!found->names_hvt)
        missing = "hypervisor";
    else if (unikernel->binary == NULL)
        missing = "binary";
    if (missing == NULL)
        return 0;
    return error_set(err, ERROR_INPUT,
                     "the unikernel is only half described: neither an annotation nor " FILE_NAME
                     " gives " PREFIX "%s",
                     missing);
}
