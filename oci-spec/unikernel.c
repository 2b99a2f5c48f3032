/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: the layers are applied from the weakest to the strongest. urunc's metadata fills the struct first,
 * then each annotation dev.wherry.KEY overwrites what its key stands for. Devices are one key a kind: a
 * single dev.wherry.block.* puts urunc's block device aside, and dev.wherry.net.* its network device. Whether
 * urunc's metadata was complete is asked last, so that an annotation may supply what an image forgot.
 */
#include "oci-spec/unikernel.h"

#include "arena.h"
#include "device_name.h"
#include "pod.h"
#include "urunc.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "oci-spec/probe.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX "dev.wherry."

/* Between the options of a block device: some command lines take a comma for the end of an annotation. */
#define SEPARATORS ",;"

/* What a struct unikernel * really points into. */
struct document {
    struct arena arena;
    struct unikernel unikernel;
    struct unikernel_block *blocks; /* of dev.wherry.block.*, room for one each annotation */
    struct unikernel_net *nets;
    const char **warnings;
    size_t n_blocks, n_nets, n_warnings;
};

static void document_freep(struct document **document)
{
    if (*document != NULL)
        unikernel_free(&(*document)->unikernel);
}

static int bad_value(const struct config_pair *pair, struct error *err, const char *what)
{
    return error_set(err, ERROR_INPUT, "annotation %s: '%s' %s", pair->key, pair->value, what);
}

/* --- single keys --- */

static int read_binary(struct document *document, const struct config_pair *pair, struct error *err)
{
    if (pair->value[0] != '/')
        return bad_value(pair, err, "is not an absolute path");
    document->unikernel.binary = pair->value;
    return 0;
}

static int read_cmdline(struct document *document, const struct config_pair *pair, struct error *err)
{
    (void)err;
    document->unikernel.cmdline = pair->value;
    document->unikernel.cmdline_is_fallback = false;
    return 0;
}

static int read_type(struct document *document, const struct config_pair *pair, struct error *err)
{
    static const char *const names[] = {[UNIKERNEL_PLAIN] = "plain",
                                        [UNIKERNEL_KIT] = "kit",
                                        [UNIKERNEL_MIRAGE] = "mirage",
                                        [UNIKERNEL_RUMPRUN] = "rumprun"};
    for (int i = UNIKERNEL_PLAIN; i <= UNIKERNEL_RUMPRUN; i++) {
        if (strcmp(names[i], pair->value) == 0) {
            document->unikernel.type = (enum unikernel_type)i;
            return 0;
        }
    }
    return bad_value(pair, err, "is not plain, kit, mirage or rumprun");
}

/* A number of bytes, or of KiB, MiB or GiB with K, M or G behind it. Returns what is wrong with it, or NULL.
 */
static const char *scan_size(const char *text, uint64_t *out)
{
    static const char suffixes[] = "KMG";
    size_t digits = num_scan_u64(text, strlen(text), out);
    const char *suffix = text + digits;
    const char *found = suffix[0] == '\0' ? NULL : strchr(suffixes, suffix[0]);
    if (digits == 0 || (suffix[0] != '\0' && (found == NULL || suffix[1] != '\0')))
        return "is not a size such as '64M'";

    int shift = found == NULL ? 0 : 10 * (int)(found - suffixes + 1);
    if (*out > (uint64_t)INT64_MAX >> shift)
        return "is too large";
    *out <<= shift;
    return NULL;
}

static int read_memory(struct document *document, const struct config_pair *pair, struct error *err)
{
    uint64_t bytes;
    const char *wrong = scan_size(pair->value, &bytes);
    if (wrong != NULL)
        return bad_value(pair, err, wrong);
    if (bytes == 0 || bytes % 4096 != 0)
        return bad_value(pair, err, "is not a multiple of 4096 bytes");
    document->unikernel.memory_bytes = bytes;
    return 0;
}

static int read_mount_point(struct document *document, const struct config_pair *pair, struct error *err)
{
    if (pair->value[0] != '/')
        return bad_value(pair, err, "is not an absolute path");
    document->unikernel.mount_point = pair->value;
    return 0;
}

static int read_graft(struct document *document, const struct config_pair *pair, struct error *err)
{
    const bool is_off = strcmp(pair->value, "off") == 0;
    if (!is_off && strcmp(pair->value, "on") != 0)
        return bad_value(pair, err, "is not on or off");
    document->unikernel.has_no_graft = is_off;
    return 0;
}

/* Only checked here: whoever carries it out finds it in the annotations. */
static int read_probe(struct document *document, const struct config_pair *pair, struct error *err)
{
    struct probe probe;
    (void)document;
    return probe_parse(pair->value, &probe, err) < 0 ? error_wrap(err, "annotation %s", pair->key) : 0;
}

/* --- devices --- */

/* dev.wherry.block.NAME = SOURCE[,format=FORMAT][,ro|,keep|,discard][,limit=SIZE] */
static int read_block_source(const char *text, struct unikernel_block *block)
{
    if (strcmp(text, "rootfs") == 0) {
        block->source = UNIKERNEL_BLOCK_ROOTFS;
        return 0;
    }
    block->source = strncmp(text, "file:", 5) == 0 ? UNIKERNEL_BLOCK_FILE : UNIKERNEL_BLOCK_MOUNT;
    if (strncmp(text, "file:/", 6) == 0) {
        block->path = text + 5;
        return 0;
    }
    if (strncmp(text, "mount:/", 7) == 0) {
        block->path = text + 6;
        return 0;
    }
    return -1;
}

static int read_block_option(const char *text, struct unikernel_block *block)
{
    static const char *const formats[] = {
        [UNIKERNEL_FORMAT_RAW] = "raw",         [UNIKERNEL_FORMAT_EXT2] = "ext2",
        [UNIKERNEL_FORMAT_TAR] = "tar",         [UNIKERNEL_FORMAT_CPIO] = "cpio",
        [UNIKERNEL_FORMAT_ISO9660] = "iso9660", [UNIKERNEL_FORMAT_FAT] = "fat",
    };
    static const char *const changes[] = {
        [UNIKERNEL_CHANGES_KEEP] = "keep", [UNIKERNEL_CHANGES_DISCARD] = "discard"};
    if (strcmp(text, "ro") == 0) {
        block->readonly = true;
        return 0;
    }
    for (int i = UNIKERNEL_CHANGES_KEEP; i <= UNIKERNEL_CHANGES_DISCARD; i++) {
        if (strcmp(text, changes[i]) == 0 && block->changes == UNIKERNEL_CHANGES_DEFAULT) {
            block->changes = (enum unikernel_changes)i;
            return 0;
        }
    }
    if (strncmp(text, "limit=", 6) == 0)
        return block->limit_bytes != 0 || scan_size(text + 6, &block->limit_bytes) != NULL ||
                       block->limit_bytes == 0
                   ? -1
                   : 0;
    if (strncmp(text, "format=", 7) != 0 || block->format != UNIKERNEL_FORMAT_DEFAULT)
        return -1;
    for (int i = UNIKERNEL_FORMAT_RAW; i <= UNIKERNEL_FORMAT_FAT; i++) {
        if (strcmp(formats[i], text + 7) == 0)
            block->format = (enum unikernel_block_format)i;
    }
    return block->format == UNIKERNEL_FORMAT_DEFAULT ? -1 : 0;
}

/* A file is a block device as it is; a tree has to become one. */
static int check_block(const struct config_pair *pair, const struct unikernel_block *block, struct error *err)
{
    bool is_raw = block->format == UNIKERNEL_FORMAT_RAW;
    if (block->source == UNIKERNEL_BLOCK_ROOTFS && is_raw)
        return bad_value(pair, err, "gives the whole root file system the format raw");
    if (block->readonly && (block->changes != UNIKERNEL_CHANGES_DEFAULT || block->limit_bytes > 0))
        return bad_value(pair, err, "is read-only, and says what becomes of writes");
    if (block->source == UNIKERNEL_BLOCK_FILE && !is_raw && block->format != UNIKERNEL_FORMAT_DEFAULT)
        return bad_value(pair, err, "gives a file another format than raw");
    return 0;
}

static int read_block(struct document *document, const char *device, const struct config_pair *pair,
                      struct error *err)
{
    struct unikernel_block *block = &document->blocks[document->n_blocks];
    block->device = device;
    char *rest = arena_copy(&document->arena, pair->value, strlen(pair->value), err);
    if (rest == NULL)
        return -1;
    if (read_block_source(strsep(&rest, SEPARATORS), block) < 0)
        return bad_value(pair, err, "is not of the form rootfs, file:/PATH or mount:/PATH");
    while (rest != NULL) {
        if (read_block_option(strsep(&rest, SEPARATORS), block) < 0)
            return bad_value(
                pair, err,
                "has an option other than one each of format=FORMAT, limit=SIZE, and ro, keep or discard");
    }
    document->n_blocks++;
    return check_block(pair, block, err);
}

/* dev.wherry.net.NAME = INTERFACE */
static int read_net(struct document *document, const char *device, const struct config_pair *pair,
                    struct error *err)
{
    size_t length = strlen(pair->value);
    if (length == 0 || length > 15 || strpbrk(pair->value, "/ \t\n:") != NULL)
        return bad_value(pair, err, "is not the name of an interface");
    document->nets[document->n_nets++] = (struct unikernel_net){.device = device, .interface = pair->value};
    return 0;
}

/* --- all keys --- */

static int read_device_key(struct document *document, const char *prefix, const struct config_pair *pair,
                           int (*read)(struct document *, const char *, const struct config_pair *,
                                       struct error *),
                           struct error *err)
{
    const char *device = pair->key + strlen(prefix);
    if (!device_name_is_valid(device))
        return error_set(err, ERROR_INPUT, "annotation %s: '%s' is not the name of a device", pair->key,
                         device);
    return read(document, device, pair, err);
}

/* A misspelled key must not stop a container (config.md, "Annotations"), but somebody should hear of it. */
static int warn_unknown(struct document *document, const struct config_pair *pair, struct error *err)
{
    const char *text =
        arena_format(&document->arena, err, "annotation %s is ignored: it is not known", pair->key);
    if (text == NULL)
        return -1;
    document->warnings[document->n_warnings++] = text;
    return 0;
}

static int read_key(struct document *document, const struct config_pair *pair, struct error *err)
{
    static const struct {
        const char *key;
        int (*read)(struct document *, const struct config_pair *, struct error *);
    } keys[] = {
        {PREFIX "binary", read_binary}, {PREFIX "cmdline", read_cmdline},
        {PREFIX "memory", read_memory}, {PREFIX "mount-point", read_mount_point},
        {PREFIX "type", read_type},     {PREFIX "graft", read_graft},
        {PROBE_ANNOTATION, read_probe},
    };
    static const char block[] = PREFIX "block.", net[] = PREFIX "net.";

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (strcmp(keys[i].key, pair->key) == 0)
            return keys[i].read(document, pair, err);
    }
    if (strncmp(pair->key, block, strlen(block)) == 0)
        return read_device_key(document, block, pair, read_block, err);
    if (strncmp(pair->key, net, strlen(net)) == 0)
        return read_device_key(document, net, pair, read_net, err);
    return warn_unknown(document, pair, err);
}

static int make_room(struct document *document, size_t n, struct error *err)
{
    document->blocks = arena_alloc(&document->arena, n, sizeof(*document->blocks), err);
    if (document->blocks == NULL)
        return -1;
    document->nets = arena_alloc(&document->arena, n, sizeof(*document->nets), err);
    if (document->nets == NULL)
        return -1;
    document->warnings = arena_alloc(&document->arena, n + 1, sizeof(*document->warnings), err);
    return document->warnings == NULL ? -1 : 0;
}

/* The map is sorted, so are the devices of each kind. */
static int read_annotations(struct document *document, const struct config_map *annotations,
                            struct error *err)
{
    struct unikernel *unikernel = &document->unikernel;
    if (make_room(document, annotations->n, err) < 0)
        return -1;
    for (size_t i = 0; i < annotations->n; i++) {
        const struct config_pair *pair = &annotations->pairs[i];
        if (strncmp(pair->key, PREFIX, strlen(PREFIX)) != 0 || strcmp(pair->key, POD_CONTAINERS) == 0)
            continue;
        size_t n_warnings = document->n_warnings;
        if (read_key(document, pair, err) < 0)
            return -1;
        unikernel->is_declared |= document->n_warnings == n_warnings;
    }
    if (document->n_blocks > 0) {
        unikernel->blocks = document->blocks;
        unikernel->n_blocks = document->n_blocks;
    }
    if (document->n_nets > 0) {
        unikernel->nets = document->nets;
        unikernel->n_nets = document->n_nets;
    }
    unikernel->warnings = (struct config_strings){.items = document->warnings, .n = document->n_warnings};
    return 0;
}

/* The result must not depend on how long the configuration lives. */
static int copy_annotations(struct arena *arena, const struct config_map *from, struct config_map *to,
                            struct error *err)
{
    struct config_pair *pairs = arena_alloc(arena, from->n, sizeof(*pairs), err);
    if (pairs == NULL)
        return -1;
    for (size_t i = 0; i < from->n; i++) {
        pairs[i].key = arena_copy(arena, from->pairs[i].key, strlen(from->pairs[i].key), err);
        if (pairs[i].key == NULL)
            return -1;
        pairs[i].value = arena_copy(arena, from->pairs[i].value, strlen(from->pairs[i].value), err);
        if (pairs[i].value == NULL)
            return -1;
    }
    *to = (struct config_map){.pairs = pairs, .n = from->n};
    return 0;
}

int unikernel_read(const struct config_map *annotations, const char *urunc_json, size_t size,
                   struct unikernel **out_unikernel, struct error *err)
{
    _cleanup_(document_freep) struct document *document = calloc(1, sizeof(*document));
    if (document == NULL)
        return error_errno(err, "allocate a unikernel's description");

    static const struct config_map none = {.n = 0};
    const struct config_map *meant = pod_means_container(annotations) ? annotations : &none;
    struct config_map own;
    struct urunc_found urunc;
    if (copy_annotations(&document->arena, meant, &own, err) < 0 ||
        urunc_read(&document->arena, &own, urunc_json, size, &document->unikernel, &urunc, err) < 0 ||
        read_annotations(document, &own, err) < 0 ||
        urunc_check_complete(&urunc, &document->unikernel, err) < 0)
        return -1;
    *out_unikernel = &take_ptr(document)->unikernel;
    return 0;
}

void unikernel_free(struct unikernel *unikernel)
{
    if (unikernel == NULL)
        return;
    struct document *document = (struct document *)((char *)unikernel - offsetof(struct document, unikernel));
    arena_release(&document->arena);
    free(document);
}
