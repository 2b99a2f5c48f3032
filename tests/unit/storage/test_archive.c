/* SPDX-License-Identifier: Apache-2.0 */
/* Images that are archives, and raw ones. tar, bsdtar and cpio are the judges. */
#include "scratch.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int open_image(const struct image_request *request, struct image *out, struct error *err)
{
    char path[128];
    struct image_request with_path = *request;
    snprintf(path, sizeof(path), "%s/tree", scratch_dir);
    with_path.rootfs = path;
    *out = IMAGE_NONE;
    return image_open(scratch_store, &with_path, out, err);
}

static void make_image(const struct image_request *request, const char *file)
{
    struct error err = {0};
    struct image image;
    ck_assert_ok(open_image(request, &image, &err), err);
    ck_assert_uint_eq(image.capacity % 4096, 0);
    scratch_copy_image(&image, file);
    image_release(&image);
}

static void make_tree(void)
{
    scratch_run("mkdir -p tree/etc tree/sub/empty && echo x > tree/etc/file && : > tree/zero && "
                "head -c 100000 /dev/urandom > tree/sub/data && ln tree/sub/data tree/sub/again && "
                "d=tree/$(printf '%%0120d' 1)/$(printf '%%0150d' 2) && mkdir -p $d && echo long > $d/name");
}

START_TEST(tar_comes_back_as_it_was)
{
    const struct image_request request = {.format = IMAGE_TAR};
    make_tree();
    make_image(&request, "image");
    scratch_run("mkdir out && tar -xf image -C out && diff -r tree out");
    scratch_run("[ $(tail -c 1024 image | tr -d '\\0' | wc -c) = 0 ]");
    if (scratch_try("command -v bsdtar > /dev/null") == 0)
        scratch_run("mkdir out2 && bsdtar -xf image -C out2 && diff -r tree out2");
}
END_TEST

START_TEST(tar_shows_symlinks_as_what_they_lead_to)
{
    const struct image_request request = {.format = IMAGE_TAR};
    make_tree();
    scratch_run(
        "ln -s etc/file tree/rel && ln -s /etc/file tree/sub/abs && ln -s ../../../../etc/passwd tree/out && "
        "ln -s loop tree/loop && ln -s etc tree/dir && mkdir l && ln -s rel tree/twice");
    make_image(&request, "image");
    scratch_run("mkdir out && tar -xf image -C out && for f in rel sub/abs twice; do "
                "[ ! -L out/$f ] && cmp tree/etc/file out/$f || exit 1; done; "
                "[ -L out/out ] && [ -L out/loop ] && [ $(readlink out/dir) = etc ]");
}
END_TEST

START_TEST(cpio_comes_back_as_it_was)
{
    const struct image_request request = {.format = IMAGE_CPIO};
    if (scratch_try("command -v cpio > /dev/null") != 0) {
        puts("cpio is not installed");
        return;
    }
    make_tree();
    scratch_run("ln -s etc/file tree/rel");
    make_image(&request, "image");
    scratch_run("mkdir out && cd out && cpio -idm --quiet < ../image && diff -r --no-dereference ../tree .");
}
END_TEST

START_TEST(what_is_sparse_stays_sparse)
{
    const struct image_request request = {.format = _i == 0 ? IMAGE_TAR : IMAGE_CPIO};
    scratch_run("mkdir tree && head -c 3000001 /dev/urandom > tree/a && truncate -s 160M tree/sparse && "
                "for at in 0 1 3 80 150; do echo $at | dd of=tree/sparse bs=1M seek=$at conv=notrunc "
                "status=none; done && head -c 3000001 /dev/urandom > tree/z");
    make_image(&request, "image");
    scratch_run(
        "[ $(du -m store | tail -n 1 | cut -f1) -lt 40 ] && [ $(stat -c %%s image) -gt 173000000 ] && "
        "mkdir out && bsdtar -xf image -C out && diff -r tree out");
}
END_TEST

START_TEST(a_socket_is_none_of_a_tar_archive)
{
    const struct image_request request = {.format = IMAGE_TAR};
    scratch_run("mkdir tree && echo x > tree/file && "
                "python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('tree/socket')\"");
    make_image(&request, "image");
    scratch_run("[ $(tar -tf image) = file ]");
}
END_TEST

START_TEST(patches_are_part_of_an_archive)
{
    const struct image_patch patches[] = {{"/etc/file", "other\n", 6}, {"/run/a/new", "new\n", 4}};
    const struct image_request request = {.format = IMAGE_TAR, .patches = patches, .n_patches = 2};
    const struct image_request plain = {.format = IMAGE_TAR};
    make_tree();
    make_image(&plain, "plain");
    make_image(&request, "image");
    scratch_run(
        "cp -a tree expected && echo other > expected/etc/file && mkdir -p expected/run/a && "
        "echo new > expected/run/a/new && mkdir out && tar -xf image -C out && diff -r expected out && "
        "mkdir out2 && tar -xf plain -C out2 && diff -r tree out2");
}
END_TEST

START_TEST(archives_are_found_again)
{
    static const enum image_format formats[] = {IMAGE_TAR, IMAGE_CPIO};
    struct error err = {0};
    struct image image;
    const struct image_request request = {.format = formats[_i]};
    make_tree();
    ck_assert_ok(open_image(&request, &image, &err), err);
    image_release(&image);
    ck_assert_ok(open_image(&request, &image, &err), err);
    image_release(&image);
    ck_assert_ok(open_image(&request, &image, &err), err);
    ck_assert(image.was_ready);
    image_release(&image);
}
END_TEST

START_TEST(a_raw_image_is_the_file)
{
    const struct image_request request = {.format = IMAGE_RAW, .raw_path = "/disk"};
    scratch_run("mkdir tree && head -c 10000 /dev/urandom > tree/disk");
    make_image(&request, "image");
    scratch_run("cmp -n 10000 tree/disk image && [ $(stat -c %%s image) = 12288 ]");
}
END_TEST

START_TEST(what_is_no_raw_image_is_refused)
{
    struct error err = {0};
    struct image image;
    const struct image_patch patch = {"/etc/hosts", "x", 1};
    struct image_request request = {.format = IMAGE_RAW, .raw_path = "/none"};
    scratch_run("mkdir tree && : > tree/empty && ln -s /../../../etc/passwd tree/out");
    ck_assert_fails(open_image(&request, &image, &err), err, ERROR_SYSTEM, "open '/none'");
    request.raw_path = "/out";
    ck_assert_fails(open_image(&request, &image, &err), err, ERROR_SYSTEM, "open '/out'");
    request.raw_path = "/empty";
    ck_assert_fails(open_image(&request, &image, &err), err, ERROR_REFUSED, "is no regular file, or empty");
    request.patches = &patch;
    request.n_patches = 1;
    ck_assert_fails(open_image(&request, &image, &err), err, ERROR_REFUSED,
                    "'/etc/hosts' cannot be put into a raw image");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("archive");
    TCase *tcase = unit_case(suite, "archive");
    tcase_add_checked_fixture(tcase, scratch_set_up, scratch_tear_down);
    tcase_add_test(tcase, tar_comes_back_as_it_was);
    tcase_add_test(tcase, tar_shows_symlinks_as_what_they_lead_to);
    tcase_add_test(tcase, cpio_comes_back_as_it_was);
    tcase_add_loop_test(tcase, what_is_sparse_stays_sparse, 0, 2);
    tcase_add_test(tcase, a_socket_is_none_of_a_tar_archive);
    tcase_add_test(tcase, patches_are_part_of_an_archive);
    tcase_add_loop_test(tcase, archives_are_found_again, 0, 2);
    tcase_add_test(tcase, a_raw_image_is_the_file);
    tcase_add_test(tcase, what_is_no_raw_image_is_refused);
    return unit_run(suite);
}
