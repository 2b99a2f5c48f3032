/* SPDX-License-Identifier: Apache-2.0 */
/* Delta files in the store: whose they are, what they fit to, and who may have them. */
#include "overlay/overlay.h"
#include "scratch.h"
#include "storage/delta_file.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct error err;

static void open_image(enum image_format format, const char *hosts, struct image *out)
{
    char path[128];
    const struct image_patch patch = {"/etc/hosts", hosts, strlen(hosts)};
    const struct image_request request = {
        .rootfs = path, .format = format, .patches = &patch, .n_patches = hosts[0] != '\0'};
    snprintf(path, sizeof(path), "%s/tree", scratch_dir);
    *out = IMAGE_NONE;
    ck_assert_ok(image_open(scratch_store, &request, out, &err), err);
}

static void set_up(void)
{
    scratch_set_up();
    scratch_run(
        "mkdir -p tree/etc && echo image > tree/etc/hosts && head -c 300000 /dev/urandom > tree/data");
}

/* Opens a device over an image and its delta file. */
static void open_device(const struct image *image, int delta_fd, struct overlay *out)
{
    const struct overlay_parts parts = {.capacity = image->capacity,
                                        .mode = OVERLAY_KEPT,
                                        .extents_fd = image->extents_fd,
                                        .n_extents = image->n_extents,
                                        .patches_fd = -1,
                                        .data_fds = image->data_fds,
                                        .n_data_fds = image->n_data_fds,
                                        .delta_fd = delta_fd};
    ck_assert_ok(overlay_open(&parts, out, &err), err);
}

static const enum image_format formats[] = {IMAGE_EXT2, IMAGE_FAT, IMAGE_ISO9660};

START_TEST(a_new_file_has_the_patches_and_keeps_them)
{
    struct image image;
    struct overlay device, patched;
    int fd = -1;
    static char a[4096], b[4096];
    open_image(formats[_i], "first\n", &image);
    const struct overlay_parts parts = {.capacity = image.capacity,
                                        .extents_fd = image.extents_fd,
                                        .n_extents = image.n_extents,
                                        .patches_fd = image.patches_fd,
                                        .data_fds = image.data_fds,
                                        .n_data_fds = image.n_data_fds};
    ck_assert_ok(delta_file_open(scratch_store, "me", &image, &fd, &err), err);
    open_device(&image, fd, &device);
    close(fd);
    ck_assert_ok(overlay_open(&parts, &patched, &err), err);
    for (uint64_t off = 0; off < image.capacity; off += sizeof(a)) {
        ck_assert_int_eq(overlay_read(&device, off, a, sizeof(a)), OVERLAY_OK);
        ck_assert_int_eq(overlay_read(&patched, off, b, sizeof(b)), OVERLAY_OK);
        ck_assert_mem_eq(a, b, sizeof(a));
    }
    ck_assert_int_eq(overlay_write(&device, 8192, "kept", 4), OVERLAY_OK);
    overlay_release(&device);
    image_release(&image);

    open_image(formats[_i], "other\n", &image);
    ck_assert_ok(delta_file_open(scratch_store, "me", &image, &fd, &err), err);
    open_device(&image, fd, &device);
    close(fd);
    for (uint64_t off = 0; off < image.capacity; off += sizeof(a)) {
        ck_assert_int_eq(overlay_read(&device, off, a, sizeof(a)), OVERLAY_OK);
        ck_assert_int_eq(overlay_read(&patched, off, b, sizeof(b)), OVERLAY_OK);
        if (off == 8192)
            memcpy(b, "kept", 4);
        ck_assert_mem_eq(a, b, sizeof(a));
    }
    overlay_release(&device);
    overlay_release(&patched);
    image_release(&image);
}
END_TEST

START_TEST(only_one_has_it)
{
    struct image image;
    struct overlay device;
    int fd = -1, other = -1;
    open_image(IMAGE_EXT2, "", &image);
    ck_assert_ok(delta_file_open(scratch_store, "me", &image, &fd, &err), err);
    open_device(&image, fd, &device);
    close(fd);
    ck_assert_fails(delta_file_open(scratch_store, "me", &image, &other, &err), err, ERROR_STATE,
                    "me: what was written to it is in use by another container");
    ck_assert_fails(delta_file_remove(scratch_store, "", &err), err, ERROR_NOT_FOUND, "has no delta file ''");
    ck_assert_ok(delta_file_open(scratch_store, "you", &image, &other, &err), err);
    close(other);
    overlay_release(&device);
    ck_assert_ok(delta_file_open(scratch_store, "me", &image, &other, &err), err);
    close(other);
    image_release(&image);
}
END_TEST

START_TEST(another_image_is_refused_by_name)
{
    struct image image;
    int fd = -1;
    open_image(IMAGE_EXT2, "", &image);
    ck_assert_ok(delta_file_open(scratch_store, "me", &image, &fd, &err), err);
    close(fd);
    image_release(&image);
    scratch_run("sleep 0.02; echo changed > tree/etc/hosts");
    open_image(IMAGE_EXT2, "", &image);
    ck_assert_fails(delta_file_open(scratch_store, "me", &image, &fd, &err), err, ERROR_STATE,
                    "give up what was written with 'wherry image drop ");
    ck_assert_ptr_nonnull(strstr(err.text, "/store/delta/"));
    image_release(&image);
}
END_TEST

START_TEST(they_are_listed_and_removed)
{
    struct image image;
    struct delta_file *files = NULL;
    size_t n = 0;
    int fd = -1, you = -1;
    open_image(IMAGE_EXT2, "", &image);
    ck_assert_ok(delta_file_open(scratch_store, "you", &image, &you, &err), err);
    ck_assert_ok(delta_file_open(scratch_store, "me", &image, &fd, &err), err);
    close(fd);
    ck_assert_ok(delta_file_list(scratch_store, &files, &n, &err), err);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(files[0].owner, "me");
    ck_assert(!files[0].is_in_use && files[1].is_in_use);
    ck_assert_str_eq(files[1].image, image.key);
    ck_assert_uint_le(files[0].bytes, 65536);
    ck_assert_fails(delta_file_remove(scratch_store, files[1].key, &err), err, ERROR_STATE, "is in use");
    ck_assert_ok(delta_file_remove(scratch_store, files[0].key, &err), err);
    ck_assert_fails(delta_file_remove(scratch_store, files[0].key, &err), err, ERROR_NOT_FOUND,
                    "has no delta file");
    delta_file_list_free(files, n);
    close(you);
    image_release(&image);
}
END_TEST

START_TEST(a_damaged_file_is_refused)
{
    struct image image;
    int fd = -1;
    open_image(IMAGE_EXT2, "", &image);
    ck_assert_ok(delta_file_open(scratch_store, "me", &image, &fd, &err), err);
    close(fd);
    scratch_run("for f in store/delta/*; do printf x | dd of=$f bs=1 conv=notrunc status=none; done");
    ck_assert_fails(delta_file_open(scratch_store, "me", &image, &fd, &err), err, ERROR_INPUT, "is damaged");
    image_release(&image);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("delta_file");
    TCase *tcase = unit_case(suite, "delta_file");
    tcase_add_checked_fixture(tcase, set_up, scratch_tear_down);
    tcase_add_loop_test(tcase, a_new_file_has_the_patches_and_keeps_them, 0,
                        sizeof(formats) / sizeof(formats[0]));
    tcase_add_test(tcase, only_one_has_it);
    tcase_add_test(tcase, another_image_is_refused_by_name);
    tcase_add_test(tcase, they_are_listed_and_removed);
    tcase_add_test(tcase, a_damaged_file_is_refused);
    return unit_run(suite);
}
