/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of "wherry image" that look at what is in the store, and remove from it. */
#include "container_list.h"
#include "image_command.h"

#include "base/atomic_file.h"
#include "base/cleanup.h"
#include "base/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static double mib(uint64_t bytes)
{
    return (double)bytes / (1 << 20);
}

/* "2026-11-21 04:00", in the zone of the one who asks. */
static const char *format_time(int64_t seconds, char text[32])
{
    time_t t = (time_t)seconds;
    struct tm tm;
    if (localtime_r(&t, &tm) == NULL || strftime(text, 32, "%Y-%m-%d %H:%M", &tm) == 0)
        snprintf(text, 32, "%lld", (long long)seconds);
    return text;
}

static void write_image(struct json_writer *w, const struct catalog_image *image)
{
    json_write_member(w, "key", image->key);
    json_write_member(w, "format", image_format_name(image->format));
    json_write_member_integer(w, "capacity", (int64_t)image->capacity);
    json_write_member_integer(w, "metaBytes", (int64_t)image->meta_bytes);
    json_write_member_integer(w, "packBytes", (int64_t)image->pack_bytes);
    json_write_member_integer(w, "sharedBytes", (int64_t)image->shared_bytes);
    json_write_member_integer(w, "packs", image->n_packs);
    json_write_member_integer(w, "created", image->created);
    json_write_member_integer(w, "lastUsed", image->last_used);
    json_write_member_bool(w, "inUse", image->is_in_use);
}

int image_ls_command(const struct image_call *call, struct error *err)
{
    _cleanup_free_ struct catalog_image *images = NULL;
    char used[32];
    size_t n = 0;
    if (catalog_list(call->store, &images, &n, err) < 0)
        return -1;
    if (call->is_json) {
        struct json_writer *w = json_write_begin(false, err);
        if (w == NULL)
            return -1;
        json_write_array(w);
        for (size_t i = 0; i < n; i++) {
            json_write_object(w);
            write_image(w, &images[i]);
            json_write_object_end(w);
        }
        json_write_array_end(w);
        return image_print_json(w, err) < 0 ? -1 : EXIT_SUCCESS;
    }
    printf("%-16s %-7s %12s %10s %10s %10s  %-16s %s\n", "KEY", "FORMAT", "CAPACITY MiB", "OWN MiB",
           "PACKS MiB", "SHARED MiB", "LAST USED", "IN USE");
    for (size_t i = 0; i < n; i++)
        printf("%-16.16s %-7s %12.1f %10.1f %10.1f %10.1f  %-16s %s\n", images[i].key,
               image_format_name(images[i].format), mib(images[i].capacity), mib(images[i].meta_bytes),
               mib(images[i].pack_bytes), mib(images[i].shared_bytes), format_time(images[i].last_used, used),
               images[i].is_in_use ? "yes" : "no");
    return EXIT_SUCCESS;
}

/* --- inspect --- */

/* Everything about one image. */
struct details {
    struct catalog_image image;
    struct catalog_pack *packs;
    size_t n_packs;
    char (*sharers)[STORE_KEY_SIZE]; /* images that have a pack of this one */
    size_t n_sharers;
    pid_t *users;
    size_t n_users;
};

static void details_release(struct details *d)
{
    free(d->packs);
    free(d->sharers);
    free(d->users);
}

static bool has_pack_of(const struct details *d, const struct catalog_pack *packs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < d->n_packs; k++)
            if (strcmp(packs[i].key, d->packs[k].key) == 0)
                return true;
    return false;
}

static int find_sharers(struct store *store, struct details *d, struct error *err)
{
    _cleanup_free_ struct catalog_image *images = NULL;
    size_t n = 0;
    if (catalog_list(store, &images, &n, err) < 0)
        return -1;
    d->sharers = calloc(n + 1, sizeof(*d->sharers));
    if (d->sharers == NULL)
        return error_errno(err, "list the images");
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ struct catalog_pack *packs = NULL;
        struct error ignored; /* it was removed meanwhile */
        size_t n_packs = 0;
        if (strcmp(images[i].key, d->image.key) != 0 &&
            catalog_packs(store, images[i].key, &packs, &n_packs, &ignored) == 0 &&
            has_pack_of(d, packs, n_packs))
            memcpy(d->sharers[d->n_sharers++], images[i].key, STORE_KEY_SIZE);
    }
    return 0;
}

static int print_details(const struct details *d, struct error *err)
{
    struct json_writer *w = json_write_begin(false, err);
    if (w == NULL)
        return -1;
    json_write_object(w);
    write_image(w, &d->image);
    json_write_key(w, "packList");
    json_write_array(w);
    for (size_t i = 0; i < d->n_packs; i++) {
        json_write_object(w);
        json_write_member(w, "key", d->packs[i].key);
        json_write_member_integer(w, "bytes", (int64_t)d->packs[i].bytes);
        json_write_member_integer(w, "images", d->packs[i].n_images);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_key(w, "sharedWith");
    json_write_array(w);
    for (size_t i = 0; i < d->n_sharers; i++)
        json_write_string(w, d->sharers[i]);
    json_write_array_end(w);
    json_write_key(w, "users");
    json_write_array(w);
    for (size_t i = 0; i < d->n_users; i++)
        json_write_integer(w, d->users[i]);
    json_write_array_end(w);
    json_write_object_end(w);
    return image_print_json(w, err);
}

static void tell_details(const struct details *d)
{
    char text[32];
    printf("%s\n", d->image.key);
    printf("  format     %s\n", image_format_name(d->image.format));
    printf("  capacity   %.1f MiB\n", mib(d->image.capacity));
    printf("  made       %s\n", format_time(d->image.created, text));
    printf("  last used  %s\n", format_time(d->image.last_used, text));
    printf("  own part   %.1f MiB\n", mib(d->image.meta_bytes));
    for (size_t i = 0; i < d->n_packs; i++) {
        printf("  pack       %.16s %.1f MiB", d->packs[i].key, mib(d->packs[i].bytes));
        if (d->packs[i].n_images > 1)
            printf(", of %u images", d->packs[i].n_images);
        putchar('\n');
    }
    for (size_t i = 0; i < d->n_sharers; i++)
        printf("  shares with %.16s\n", d->sharers[i]);
    for (size_t i = 0; i < d->n_users; i++)
        printf("  used by    process %d\n", (int)d->users[i]);
}

int image_inspect_command(const struct image_call *call, struct error *err)
{
    for (int i = 0; i < call->n_args; i++) {
        _cleanup_(details_release) struct details d = {.n_packs = 0};
        if (catalog_find(call->store, call->args[i], &d.image, err) < 0 ||
            catalog_packs(call->store, d.image.key, &d.packs, &d.n_packs, err) < 0 ||
            find_sharers(call->store, &d, err) < 0 ||
            catalog_users(call->store, d.image.key, &d.users, &d.n_users, err) < 0)
            return -1;
        if (!call->is_json)
            tell_details(&d);
        else if (print_details(&d, err) < 0)
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

/* Says which containers have an image open; processes that are none of a container's go by their numbers. */
static int refuse_used(const struct image_call *call, const char *key, struct error *err)
{
    _cleanup_(container_list_release) struct container_list list = CONTAINER_LIST_NONE;
    _cleanup_free_ pid_t *users = NULL;
    char names[512] = "";
    size_t n = 0, used = 0;
    struct error ignored;

    if (catalog_users(call->store, key, &users, &n, &ignored) < 0 || n == 0)
        return -1;
    if (container_list_read(call->global, &list, &ignored) < 0)
        list = CONTAINER_LIST_NONE;
    for (size_t i = 0; i < n && used < sizeof(names) - 1; i++) {
        const char *id = NULL;
        for (size_t k = 0; k < list.n && id == NULL; k++)
            id = list.states[k].pid == users[i] ? list.states[k].id : NULL;
        const char *comma = used > 0 ? ", " : "";
        int size = id != NULL
                       ? snprintf(names + used, sizeof(names) - used, "%scontainer '%s'", comma, id)
                       : snprintf(names + used, sizeof(names) - used, "%sprocess %d", comma, (int)users[i]);
        used = size < 0 ? sizeof(names) : used + (size_t)size;
    }
    return error_set(err, ERROR_STATE,
                     "the image '%s' is in use by %s: it can be removed when that has ended", key, names);
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
            return err->kind == ERROR_STATE ? refuse_used(call, key, err) : -1;
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
    const struct catalog_limits limits = {.min_age = (int64_t)min_age, .max_bytes = call->options->max_size};
    if (catalog_collect(call->store, &limits, &c, err) < 0)
        return -1;
    if (call->is_json)
        return write_collected(&c, err) < 0 ? -1 : EXIT_SUCCESS;
    printf("removed %zu images, %zu packs and %zu leftovers: %.1f MiB%s\n", c.n_images, c.n_packs,
           c.n_leftovers, mib(c.freed_bytes),
           c.is_partial ? " (builds are running: packs have to wait)" : "");
    return EXIT_SUCCESS;
}

/* The file is there with all of its bytes, or not at all. */
static int export_as(const struct image *image, const char *path, struct error *err)
{
    struct stat st;
    _cleanup_(atomic_file_release) struct atomic_file file = ATOMIC_FILE_NONE;
    _cleanup_close_ int dir_fd = -1;
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    _cleanup_free_ char *dir = slash == NULL ? strdup(".") : strndup(path, (size_t)(name - path));

    if (dir == NULL)
        return error_errno(err, "name the directory of '%s'", path);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return error_set(err, ERROR_USAGE, "write '%s': it is no regular file", path);
    if (fd_open(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0, &dir_fd, err) < 0)
        return -1;
    if (atomic_file_begin(&file, dir_fd, 0644, err) < 0 || catalog_export(image, file.fd, err) < 0 ||
        atomic_file_commit(&file, name, ATOMIC_FILE_REPLACE, NULL, err) < 0)
        return error_wrap(err, "write '%s'", path);
    return 0;
}

int image_export_command(const struct image_call *call, struct error *err)
{
    _cleanup_(image_release) struct image image = IMAGE_NONE;
    struct catalog_image found;
    if (catalog_find(call->store, call->args[0], &found, err) < 0 ||
        catalog_open(call->store, found.key, &image, err) < 0 || export_as(&image, call->args[1], err) < 0)
        return -1;
    return EXIT_SUCCESS;
}
