/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "settings.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "storage/catalog.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <time.h>

struct image_options {
    const char *store;
    const char *as;
    uint64_t min_age;
    bool is_json;
};

static const struct cli_option options[] = {
    {"store", 0, CLI_TEXT, offsetof(struct image_options, store), "DIR", "the store (the settings' one)"},
    {"as", 0, CLI_TEXT, offsetof(struct image_options, as), "FORMAT", "prepare: ext2, tar or cpio (ext2)"},
    {"min-age", 0, CLI_NUMBER, offsetof(struct image_options, min_age), "SECONDS",
     "gc: leave images younger than this (0)"},
    {"json", 0, CLI_FLAG, offsetof(struct image_options, is_json), NULL, "ls, inspect, gc: print JSON"},
    CLI_END,
};

/* What the subcommands get: the store is open, args are those after the subcommand's name. */
struct image_call {
    const struct image_options *options;
    struct store *store;
    char *const *args;
    int n_args;
};

static const char *const format_names[] = {
    [IMAGE_EXT2] = "ext2",       [IMAGE_TAR] = "tar", [IMAGE_CPIO] = "cpio",
    [IMAGE_ISO9660] = "iso9660", [IMAGE_FAT] = "fat", [IMAGE_RAW] = "raw",
};

static const char *format_name(enum image_format format)
{
    size_t n = sizeof(format_names) / sizeof(format_names[0]);
    return (size_t)format < n && format_names[format] != NULL ? format_names[format] : "unknown";
}

static int find_format(const char *name, enum image_format *out, struct error *err)
{
    *out = IMAGE_EXT2;
    if (name == NULL)
        return 0;
    for (size_t i = 0; i < sizeof(format_names) / sizeof(format_names[0]); i++) {
        if (format_names[i] != NULL && strcmp(format_names[i], name) == 0) {
            *out = (enum image_format)i;
            return 0;
        }
    }
    return error_set(err, ERROR_USAGE, "unknown format \"%s\"", name);
}

static double elapsed_s(uint64_t since_ns)
{
    return (double)(clock_monotonic_ns() - since_ns) / 1e9;
}

static int prepare(const struct image_call *call, struct error *err)
{
    struct image_request request = {.rootfs = NULL};
    if (find_format(call->options->as, &request.format, err) < 0)
        return -1;
    for (int i = 0; i < call->n_args; i++) {
        _cleanup_(image_release) struct image image = IMAGE_NONE;
        uint64_t start_ns = clock_monotonic_ns();
        request.rootfs = call->args[i];
        if (image_prepare(call->store, &request, &image, err) < 0)
            return -1;
        printf("%s  %s: %s in %.2f s, %.1f MiB\n", image.key, call->args[i],
               image.was_ready ? "was ready" : "built", elapsed_s(start_ns),
               (double)image.capacity / (1 << 20));
        fflush(stdout);
    }
    return EXIT_SUCCESS;
}

static void print_json(const struct catalog_image *image)
{
    printf("{\"key\":\"%s\",\"format\":\"%s\",\"capacity\":%llu,\"metaBytes\":%llu,\"packBytes\":%llu,"
           "\"sharedBytes\":%llu,\"packs\":%u,\"created\":%lld,\"inUse\":%s}",
           image->key, format_name(image->format), (unsigned long long)image->capacity,
           (unsigned long long)image->meta_bytes, (unsigned long long)image->pack_bytes,
           (unsigned long long)image->shared_bytes, image->n_packs, (long long)image->created,
           image->is_in_use ? "true" : "false");
}

static int ls(const struct image_call *call, struct error *err)
{
    _cleanup_free_ struct catalog_image *images = NULL;
    size_t n = 0;
    if (catalog_list(call->store, &images, &n, err) < 0)
        return -1;
    if (call->options->is_json) {
        putchar('[');
        for (size_t i = 0; i < n; i++) {
            fputs(i > 0 ? "," : "", stdout);
            print_json(&images[i]);
        }
        puts("]");
        return EXIT_SUCCESS;
    }
    printf("%-16s %-7s %12s %10s %10s %10s %s\n", "KEY", "FORMAT", "CAPACITY MiB", "OWN MiB", "PACKS MiB",
           "SHARED MiB", "IN USE");
    for (size_t i = 0; i < n; i++)
        printf("%-16.16s %-7s %12.1f %10.1f %10.1f %10.1f %s\n", images[i].key, format_name(images[i].format),
               (double)images[i].capacity / (1 << 20), (double)images[i].meta_bytes / (1 << 20),
               (double)images[i].pack_bytes / (1 << 20), (double)images[i].shared_bytes / (1 << 20),
               images[i].is_in_use ? "yes" : "no");
    return EXIT_SUCCESS;
}

static int inspect(const struct image_call *call, struct error *err)
{
    for (int i = 0; i < call->n_args; i++) {
        struct catalog_image image;
        if (catalog_find(call->store, call->args[i], &image, err) < 0)
            return -1;
        print_json(&image);
        putchar('\n');
    }
    return EXIT_SUCCESS;
}

static void report_object(void *context, const char *kind, const char *key, const struct error *found)
{
    (void)context;
    if (found == NULL)
        printf("ok       %-5s %s\n", kind, key);
    else
        printf("damaged  %-5s %s: %s\n", kind, key, found->text);
}

static int verify(const struct image_call *call, struct error *err)
{
    size_t n_damaged = 0;
    if (catalog_verify(call->store, report_object, NULL, &n_damaged, err) < 0)
        return -1;
    if (n_damaged > 0)
        return error_set(err, ERROR_INPUT, "%zu objects of the store are damaged", n_damaged);
    return EXIT_SUCCESS;
}

static int rm(const struct image_call *call, struct error *err)
{
    for (int i = 0; i < call->n_args; i++) {
        struct catalog_image image;
        const char *key = call->args[i];
        /* A damaged image is not found by the start of its key; by all of it, it is removed. */
        if (strlen(key) < STORE_KEY_SIZE - 1) {
            if (catalog_find(call->store, key, &image, err) < 0)
                return -1;
            key = image.key;
        }
        if (catalog_remove(call->store, key, err) < 0)
            return -1;
    }
    return EXIT_SUCCESS;
}

static int gc(const struct image_call *call, struct error *err)
{
    struct catalog_collected c;
    uint64_t min_age = call->options->min_age > INT64_MAX ? INT64_MAX : call->options->min_age;
    if (catalog_collect(call->store, (int64_t)min_age, &c, err) < 0)
        return -1;
    if (call->options->is_json)
        printf("{\"images\":%zu,\"packs\":%zu,\"leftovers\":%zu,\"freedBytes\":%llu,\"partial\":%s}\n",
               c.n_images, c.n_packs, c.n_leftovers, (unsigned long long)c.freed_bytes,
               c.is_partial ? "true" : "false");
    else
        printf("removed %zu images, %zu packs and %zu leftovers: %.1f MiB%s\n", c.n_images, c.n_packs,
               c.n_leftovers, (double)c.freed_bytes / (1 << 20),
               c.is_partial ? " (builds are running: packs have to wait)" : "");
    return EXIT_SUCCESS;
}

static int export(const struct image_call *call, struct error *err)
{
    _cleanup_(image_release) struct image image = IMAGE_NONE;
    _cleanup_close_ int fd = -1;
    struct catalog_image found;
    if (catalog_find(call->store, call->args[0], &found, err) < 0 ||
        catalog_open(call->store, found.key, &image, err) < 0 ||
        fd_open(AT_FDCWD, call->args[1], O_WRONLY | O_CREAT | O_TRUNC, 0644, &fd, err) < 0)
        return -1;
    return catalog_export(&image, fd, err) < 0 ? -1 : EXIT_SUCCESS;
}

static const struct {
    const char *name;
    int min_args, max_args;
    int (*run)(const struct image_call *call, struct error *err);
} subcommands[] = {
    {"prepare", 1, INT_MAX, prepare}, {"ls", 0, 0, ls},       {"inspect", 1, INT_MAX, inspect},
    {"verify", 0, 0, verify},         {"rm", 1, INT_MAX, rm}, {"gc", 0, 0, gc},
    {"export", 2, 2, export},
};

static void store_closep(struct store **store)
{
    store_close(*store);
}

static int run(const struct cli_invocation *invocation, struct error *err)
{
    _cleanup_(store_closep) struct store *store = NULL;
    _cleanup_(settings_release) struct settings settings = {0};
    const struct image_options *given = invocation->options;
    const char *name = invocation->args[0];
    struct image_call call = {given, NULL, invocation->args + 1, invocation->n_args - 1};

    for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++) {
        if (strcmp(subcommands[i].name, name) != 0)
            continue;
        if (call.n_args < subcommands[i].min_args || call.n_args > subcommands[i].max_args)
            return error_set(err, ERROR_USAGE, "\"image %s\" with %d arguments", name, call.n_args);
        if (given->store == NULL && settings_load(invocation->global->settings, &settings, err) < 0)
            return -1;
        if (store_open(given->store != NULL ? given->store : settings.store, &store, err) < 0)
            return -1;
        call.store = store;
        return subcommands[i].run(&call, err);
    }
    return error_set(err, ERROR_USAGE, "unknown command \"image %s\"", name);
}

const struct cli_command cmd_image = {
    .name = "image",
    .arguments = "prepare DIR... | ls | inspect KEY... | verify | rm KEY... | gc | export KEY FILE",
    .summary = "look after the store of images",
    .options = options,
    .options_size = sizeof(struct image_options),
    .min_args = 1,
    .max_args = INT_MAX,
    .run = run,
};
