/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of "wherry image" that look at what is in the store, and remove from it. */
#include "image_command.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double mib(uint64_t bytes)
{
    return (double)bytes / (1 << 20);
}

static void write_image(struct json_writer *w, const struct catalog_image *image)
{
    json_write_object(w);
    json_write_member(w, "key", image->key);
    json_write_member(w, "format", image_format_name(image->format));
    json_write_member_integer(w, "capacity", (int64_t)image->capacity);
    json_write_member_integer(w, "metaBytes", (int64_t)image->meta_bytes);
    json_write_member_integer(w, "packBytes", (int64_t)image->pack_bytes);
    json_write_member_integer(w, "sharedBytes", (int64_t)image->shared_bytes);
    json_write_member_integer(w, "packs", image->n_packs);
    json_write_member_integer(w, "created", image->created);
    json_write_member_bool(w, "inUse", image->is_in_use);
    json_write_object_end(w);
}

int image_ls_command(const struct image_call *call, struct error *err)
{
    _cleanup_free_ struct catalog_image *images = NULL;
    size_t n = 0;
    if (catalog_list(call->store, &images, &n, err) < 0)
        return -1;
    if (call->is_json) {
        struct json_writer *w = json_write_begin(false, err);
        if (w == NULL)
            return -1;
        json_write_array(w);
        for (size_t i = 0; i < n; i++)
            write_image(w, &images[i]);
        json_write_array_end(w);
        return image_print_json(w, err) < 0 ? -1 : EXIT_SUCCESS;
    }
    printf("%-16s %-7s %12s %10s %10s %10s %s\n", "KEY", "FORMAT", "CAPACITY MiB", "OWN MiB", "PACKS MiB",
           "SHARED MiB", "IN USE");
    for (size_t i = 0; i < n; i++)
        printf("%-16.16s %-7s %12.1f %10.1f %10.1f %10.1f %s\n", images[i].key,
               image_format_name(images[i].format), mib(images[i].capacity), mib(images[i].meta_bytes),
               mib(images[i].pack_bytes), mib(images[i].shared_bytes), images[i].is_in_use ? "yes" : "no");
    return EXIT_SUCCESS;
}

int image_inspect_command(const struct image_call *call, struct error *err)
{
    for (int i = 0; i < call->n_args; i++) {
        struct catalog_image image;
        if (catalog_find(call->store, call->args[i], &image, err) < 0)
            return -1;
        struct json_writer *w = json_write_begin(!call->is_json, err);
        if (w == NULL)
            return -1;
        write_image(w, &image);
        if (image_print_json(w, err) < 0)
            return -1;
    }
    return EXIT_SUCCESS;
}

/* What verify tells as it goes. */
struct verification {
    bool is_json;
    struct error err; /* the first failure to tell */
};

static void report_object(void *context, const char *kind, const char *key, const struct error *found)
{
    struct verification *verification = context;
    if (!verification->is_json) {
        if (found == NULL)
            printf("ok       %-5s %s\n", kind, key);
        else
            printf("damaged  %-5s %s: %s\n", kind, key, found->text);
        return;
    }
    struct json_writer *w = json_write_begin(false, &verification->err);
    if (w == NULL)
        return;
    json_write_object(w);
    json_write_member(w, "kind", kind);
    json_write_member(w, "key", key);
    json_write_member_bool(w, "damaged", found != NULL);
    json_write_member(w, "error", found != NULL ? found->text : NULL);
    json_write_object_end(w);
    image_print_json(w, &verification->err);
}

int image_verify_command(const struct image_call *call, struct error *err)
{
    struct verification verification = {.is_json = call->is_json};
    size_t n_damaged = 0;
    if (catalog_verify(call->store, report_object, &verification, &n_damaged, err) < 0)
        return -1;
    if (verification.err.kind != ERROR_NONE) {
        *err = verification.err;
        return -1;
    }
    if (n_damaged > 0)
        return error_set(err, ERROR_INPUT, "%zu objects of the store are damaged", n_damaged);
    return EXIT_SUCCESS;
}

int image_rm_command(const struct image_call *call, struct error *err)
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

static int write_collected(const struct catalog_collected *c, struct error *err)
{
    struct json_writer *w = json_write_begin(false, err);
    if (w == NULL)
        return -1;
    json_write_object(w);
    json_write_member_integer(w, "images", (int64_t)c->n_images);
    json_write_member_integer(w, "packs", (int64_t)c->n_packs);
    json_write_member_integer(w, "leftovers", (int64_t)c->n_leftovers);
    json_write_member_integer(w, "freedBytes", (int64_t)c->freed_bytes);
    json_write_member_bool(w, "partial", c->is_partial);
    json_write_object_end(w);
    return image_print_json(w, err);
}

int image_gc_command(const struct image_call *call, struct error *err)
{
    struct catalog_collected c;
    uint64_t min_age = call->options->min_age > INT64_MAX ? INT64_MAX : call->options->min_age;
    if (catalog_collect(call->store, (int64_t)min_age, &c, err) < 0)
        return -1;
    if (call->is_json)
        return write_collected(&c, err) < 0 ? -1 : EXIT_SUCCESS;
    printf("removed %zu images, %zu packs and %zu leftovers: %.1f MiB%s\n", c.n_images, c.n_packs,
           c.n_leftovers, mib(c.freed_bytes),
           c.is_partial ? " (builds are running: packs have to wait)" : "");
    return EXIT_SUCCESS;
}

int image_export_command(const struct image_call *call, struct error *err)
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
