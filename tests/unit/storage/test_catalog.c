/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"
#include "storage/catalog.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_PROCESSES 50

static int open_tree(struct store *store, const char *name, struct image *out, struct error *err)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", scratch_dir, name);
    const struct image_request request = {.rootfs = path, .format = IMAGE_EXT2};
    *out = IMAGE_NONE;
    return image_open(store, &request, out, err);
}

static void make_image(const char *name, struct image *out)
{
    struct error err = {0};
    scratch_run("mkdir -p %s && head -c 100000 /dev/urandom > %s/file", name, name);
    ck_assert_ok(open_tree(scratch_store, name, out, &err), err);
}

START_TEST(images_are_listed_and_found)
{
    struct error err = {0};
    struct image a, b;
    struct catalog_image *list = NULL, found;
    size_t n = 0;
    make_image("a", &a);
    make_image("b", &b);
    image_release(&b);
    ck_assert_ok(catalog_list(scratch_store, &list, &n, &err), err);
    ck_assert_uint_eq(n, 2);
    ck_assert_int_lt(strcmp(list[0].key, list[1].key), 0);
    for (size_t i = 0; i < n; i++) {
        ck_assert_int_eq(list[i].is_in_use, strcmp(list[i].key, a.key) == 0);
        ck_assert_uint_eq(list[i].n_packs, 1);
        ck_assert_uint_ge(list[i].pack_bytes, 100000);
        ck_assert_uint_eq(list[i].shared_bytes, 0);
    }
    free(list);
    char start[9] = "";
    memcpy(start, a.key, 8);
    ck_assert_ok(catalog_find(scratch_store, start, &found, &err), err);
    ck_assert_str_eq(found.key, a.key);
    ck_assert_fails(catalog_find(scratch_store, "xyz", &found, &err), err, ERROR_NOT_FOUND,
                    "has no image 'xyz'");
    image_release(&a);
}
END_TEST

START_TEST(an_image_in_use_stays)
{
    struct error err = {0};
    struct image image;
    struct catalog_collected collected;
    make_image("a", &image);
    char key[STORE_KEY_SIZE];
    memcpy(key, image.key, sizeof(key));
    ck_assert_fails(catalog_remove(scratch_store, key, &err), err, ERROR_STATE, "is in use");
    ck_assert_ok(catalog_collect(scratch_store, &(struct catalog_limits){.min_age = 0}, &collected, &err),
                 err);
    ck_assert_uint_eq(collected.n_images + collected.n_packs, 0);
    image_release(&image);
    ck_assert_ok(catalog_collect(scratch_store, &(struct catalog_limits){.min_age = 3600}, &collected, &err),
                 err);
    ck_assert_uint_eq(collected.n_images, 0);
    ck_assert_ok(catalog_collect(scratch_store, &(struct catalog_limits){.min_age = 0}, &collected, &err),
                 err);
    ck_assert_uint_eq(collected.n_images, 1);
    ck_assert_uint_eq(collected.n_packs, 1);
    ck_assert_uint_ge(collected.freed_bytes, 100000);
    ck_assert_fails(catalog_remove(scratch_store, key, &err), err, ERROR_NOT_FOUND, "has no image");
}
END_TEST

/* Where a flipped byte must be noticed: the file, and what the message calls it. */
static const struct {
    const char *file;
    const char *message;
} damaged[] = {
    {"img/*/meta", "its meta is damaged"},
    {"img/*/map", "its map is damaged"},
    {"img/*/info", "its info is damaged"},
    {"data/*", "damaged"},
};

START_TEST(a_flipped_byte_is_found)
{
    struct error err = {0};
    struct image image;
    size_t n = 0;
    make_image("a", &image);
    image_release(&image);
    scratch_run("f=$(echo store/%s) && chmod u+w $f && "
                "b=$(od -An -tu1 -j20 -N1 $f) && printf \"\\\\$(printf %%o $((b ^ 1)))\" | "
                "dd of=$f bs=1 seek=20 conv=notrunc status=none && rm -f store/verified/*/*",
                damaged[_i].file);
    ck_assert_ok(catalog_verify(scratch_store, NULL, NULL, &n, &err), err);
    ck_assert_uint_eq(n, 1);
    ck_assert_fails(open_tree(scratch_store, "a", &image, &err), err, ERROR_INPUT, damaged[_i].message);
}
END_TEST

START_TEST(an_export_is_the_image)
{
    struct error err = {0};
    struct image image;
    char path[128];
    make_image("a", &image);
    scratch_copy_image(&image, "copy");
    snprintf(path, sizeof(path), "%s/export", scratch_dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    ck_assert_int_ge(fd, 0);
    ck_assert_ok(catalog_export(&image, fd, &err), err);
    close(fd);
    image_release(&image);
    scratch_run("cmp copy export");
}
END_TEST

/* One of many at once: opens two trees in turn, and now and then collects. */
static int crowd(int number)
{
    struct error err = {0};
    struct store *store = NULL;
    struct catalog_collected collected;
    char path[128];
    snprintf(path, sizeof(path), "%s/store", scratch_dir);
    if (store_open(path, &store, &err) != 0)
        return 1;
    for (int i = 0; i < 10; i++) {
        struct image image = IMAGE_NONE;
        int failed = number % 5 == 0 && i % 2 == 0
                         ? catalog_collect(store, &(struct catalog_limits){.min_age = 0}, &collected, &err)
                         : open_tree(store, (number + i) % 2 == 0 ? "a" : "b", &image, &err);
        image_release(&image);
        if (failed != 0) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
    }
    store_close(store);
    return 0;
}

START_TEST(fifty_processes_at_once_do_no_harm)
{
    struct error err = {0};
    size_t n = 1;
    pid_t pids[N_PROCESSES];
    scratch_run("for d in a b; do mkdir $d && head -c 300000 /dev/urandom > $d/file; done; sleep 0.05");
    for (int i = 0; i < N_PROCESSES; i++) {
        pids[i] = fork();
        ck_assert_int_ge(pids[i], 0);
        if (pids[i] == 0)
            _exit(crowd(i));
    }
    for (int i = 0; i < N_PROCESSES; i++) {
        int status = 0;
        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert_int_eq(status, 0);
    }
    ck_assert_ok(catalog_verify(scratch_store, NULL, NULL, &n, &err), err);
    ck_assert_uint_eq(n, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("catalog");
    TCase *tcase = unit_case(suite, "catalog");
    tcase_add_checked_fixture(tcase, scratch_set_up, scratch_tear_down);
    tcase_add_test(tcase, images_are_listed_and_found);
    tcase_add_test(tcase, an_image_in_use_stays);
    tcase_add_loop_test(tcase, a_flipped_byte_is_found, 0, sizeof(damaged) / sizeof(damaged[0]));
    tcase_add_test(tcase, an_export_is_the_image);
    tcase_add_test(tcase, fifty_processes_at_once_do_no_harm);
    return unit_run(suite);
}
