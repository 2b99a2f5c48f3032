/* SPDX-License-Identifier: Apache-2.0 */
/* What the layers of an overlay mount become: the merged tree as the kernel shows it is the judge. */
#include "image_direct.h"
#include "scratch.h"
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOWER "graph/overlay/"

/* Lays out two complete layers and an upper one, as podman does, and mounts them. */
static void mount_layers(const char *name)
{
    scratch_run("mkdir -p " LOWER "%s/diff " LOWER "%s/work " LOWER "%s/merged && cd " LOWER
                " && mount -t overlay overlay -o lowerdir=l/B:l/A,upperdir=%s/diff,workdir=%s/work %s/merged",
                name, name, name, name, name, name);
}

static void set_up(void)
{
    scratch_set_up();
    scratch_run(
        "mkdir -p " LOWER "a/diff " LOWER "b/diff " LOWER "l && cd " LOWER
        " && ln -s ../a/diff l/A && ln -s ../b/diff l/B && cd a/diff && mkdir -p etc gone opaque/sub keep && "
        "echo a > etc/both && ln etc/both etc/link && echo low > opaque/low && echo x > hidden && "
        "echo k > keep/k && head -c 20000 /dev/urandom > big && cd ../../b/diff && mkdir -p etc keep && "
        "echo b > etc/both && echo k2 > keep/k2");
}

static void tear_down(void)
{
    scratch_try("umount " LOWER "*/merged 2>/dev/null; true");
    scratch_tear_down();
}

/* The image of a container's root file system: prepared, or opened in whatever way is fastest. */
static void open_merged(const char *name, bool prepared, struct image *out)
{
    struct error err = {0};
    char path[160];
    snprintf(path, sizeof(path), "%s/" LOWER "%s/merged", scratch_dir, name);
    const struct image_request request = {.rootfs = path, .format = IMAGE_EXT2};
    *out = IMAGE_NONE;
    if (prepared)
        ck_assert_ok(image_prepare(scratch_store, &request, out, &err), err);
    else
        ck_assert_ok(image_open(scratch_store, &request, out, &err), err);
}

static void compare(const char *name, struct image *image)
{
    scratch_copy_image(image, "image");
    scratch_run("e2fsck -fn image > fsck.log 2>&1 || { cat fsck.log; exit 1; }");
    scratch_run("rm -rf out && mkdir out && debugfs -R 'rdump / out' image > /dev/null 2>&1 && "
                "diff -r --no-dereference " LOWER "%s/merged out",
                name);
}

START_TEST(whiteouts_and_opaque_directories_hide)
{
    struct image image;
    mount_layers("c");
    scratch_run("cd " LOWER
                "c/merged && rm hidden && rm -r gone opaque && mkdir opaque && echo n > opaque/new && "
                "echo c > keep/k && ln -s /proc/mounts etc/mtab");
    open_merged("c", true, &image);
    ck_assert_uint_eq(image.n_data_fds, 4);
    compare("c", &image);
    image_release(&image);
}
END_TEST

START_TEST(two_containers_of_one_image_share_it)
{
    struct image first, second;
    mount_layers("c");
    mount_layers("d");
    scratch_run("for i in c d; do ln -s /proc/mounts " LOWER "$i/merged/etc/mtab; sleep 0.05; done");
    open_merged("c", true, &first);
    open_merged("d", false, &second);
    ck_assert(second.was_ready);
    ck_assert_str_eq(first.key, second.key);
    image_release(&first);
    image_release(&second);
}
END_TEST

START_TEST(a_change_in_the_upper_layer_makes_another_image)
{
    struct image first, second;
    mount_layers("c");
    open_merged("c", true, &first);
    scratch_run("echo more > " LOWER "c/merged/etc/both");
    open_merged("c", true, &second);
    ck_assert_str_ne(first.key, second.key);
    compare("c", &second);
    image_release(&first);
    image_release(&second);
}
END_TEST

START_TEST(an_image_read_in_place_has_the_same_bytes)
{
    struct image first, second;
    mount_layers("c");
    scratch_run("head -c 300000 /dev/urandom > " LOWER "a/diff/large && truncate -s 80M " LOWER
                "a/diff/sparse && "
                "echo end >> " LOWER "a/diff/sparse && echo mine > " LOWER "c/merged/mine");
    open_merged("c", false, &first);
    ck_assert(!first.was_ready);
    compare("c", &first);
    scratch_run("mv image direct");
    open_merged("c", true, &second);
    ck_assert_uint_eq(second.n_data_fds, 4);
    scratch_copy_image(&second, "image");
    scratch_run("cmp image direct");
    image_release(&first);
    image_release(&second);
}
END_TEST

/* A thousand files of a layer, which are too much to be copied before the start. */
static void add_small_files(const char *layer)
{
    scratch_run("cd " LOWER "%s/diff && for d in 0 1 2 3; do mkdir few$d; for f in $(seq 250); do "
                "head -c $((d * 3000 + f * 7)) /dev/urandom > few$d/$f; done; done",
                layer);
}

START_TEST(many_small_files_come_while_the_guest_runs)
{
    struct image first, second;
    add_small_files("a");
    mount_layers("c");
    scratch_run("echo mine > " LOWER "c/merged/mine && rm " LOWER "c/merged/few1/7");
    open_merged("c", false, &first);
    ck_assert_int_ge(first.filling_fd, 0);
    compare("c", &first);
    scratch_run("mv image direct");
    open_merged("c", true, &second);
    ck_assert_int_eq(second.filling_fd, -1);
    scratch_copy_image(&second, "image");
    scratch_run("cmp image direct");
    image_release(&first);
    image_release(&second);
}
END_TEST

/* Opens the image of a container as one that is filled later, by the test. */
static void open_to_fill(const char *name, struct source *source, struct image *out, struct image_fill *fill)
{
    static const char key[STORE_KEY_SIZE] = "key";
    struct error err = {0};
    char path[160];
    snprintf(path, sizeof(path), "%s/" LOWER "%s/merged", scratch_dir, name);
    ck_assert_ok(source_open(path, source, &err), err);
    ck_assert_ok(image_direct_open(scratch_store, source, key, out, fill, &err), err);
    ck_assert_int_ge(fill->file_fd, 0);
}

START_TEST(a_file_that_changes_before_it_is_copied_is_noticed)
{
    struct error err = {0};
    struct source source = SOURCE_NONE;
    struct image image = IMAGE_NONE;
    struct image_fill fill = IMAGE_FILL_NONE;
    add_small_files("a");
    mount_layers("c");
    open_to_fill("c", &source, &image, &fill);
    struct pollfd end = {.fd = image.filling_fd};
    ck_assert_int_eq(poll(&end, 1, 0), 0);
    scratch_run("echo more >> " LOWER "a/diff/few2/100");
    ck_assert_fails(image_fill_run(&fill, &err), err, ERROR_STATE,
                    "copy small files: '100': it was changed while it was read");
    image_fill_release(&fill);
    ck_assert_int_eq(poll(&end, 1, 0), 1);
    image_release(&image);
    source_release(&source);
}
END_TEST

START_TEST(the_image_cannot_write_to_what_fills_it)
{
    struct source source = SOURCE_NONE;
    struct image image = IMAGE_NONE;
    struct image_fill fill = IMAGE_FILL_NONE;
    struct stat file, data;
    bool is_found = false;
    add_small_files("a");
    mount_layers("c");
    open_to_fill("c", &source, &image, &fill);
    ck_assert_int_eq(fstat(fill.file_fd, &file), 0);
    for (size_t i = 0; i < image.n_data_fds; i++) {
        ck_assert_int_eq(fstat(image.data_fds[i], &data), 0);
        if (data.st_ino != file.st_ino)
            continue;
        is_found = true;
        ck_assert_int_eq(fcntl(image.data_fds[i], F_GETFL) & O_ACCMODE, O_RDONLY);
    }
    ck_assert(is_found);
    image_fill_release(&fill);
    image_release(&image);
    source_release(&source);
}
END_TEST

START_TEST(the_packs_are_built_in_the_background)
{
    struct image image = IMAGE_NONE;
    mount_layers("c");
    open_merged("c", false, &image);
    for (int i = 0; i < 200 && !image.was_ready; i++) {
        image_release(&image);
        usleep(20000);
        open_merged("c", false, &image);
    }
    ck_assert(image.was_ready);
    image_release(&image);
}
END_TEST

START_TEST(redirected_directories_are_read_as_merged)
{
    struct image image;
    scratch_run("mkdir -p " LOWER "c/diff " LOWER "c/work " LOWER "c/merged && cd " LOWER
                " && mount -t overlay overlay -o redirect_dir=on,metacopy=on,"
                "lowerdir=l/B:l/A,upperdir=c/diff,workdir=c/work c/merged && "
                "mv c/merged/keep c/merged/moved && chmod 600 c/merged/big");
    open_merged("c", true, &image);
    ck_assert_uint_eq(image.n_data_fds, 2);
    compare("c", &image);
    image_release(&image);
}
END_TEST

START_TEST(a_changed_layer_of_no_engine_is_noticed)
{
    struct image first, second;
    scratch_run("mkdir -p low up work " LOWER "c/merged && echo 1 > low/f && "
                "mount -t overlay overlay -o lowerdir=low,upperdir=up,workdir=work " LOWER "c/merged");
    open_merged("c", true, &first);
    scratch_run("umount " LOWER "c/merged && echo 2 > low/f && "
                "mount -t overlay overlay -o lowerdir=low,upperdir=up,workdir=work " LOWER "c/merged");
    open_merged("c", true, &second);
    ck_assert_str_ne(first.key, second.key);
    compare("c", &second);
    image_release(&first);
    image_release(&second);
}
END_TEST

int main(void)
{
    if (geteuid() != 0 || system("d=$(mktemp -d) && cd $d && mkdir l u w m && "
                                 "mount -t overlay o -o lowerdir=l,upperdir=u,workdir=w m 2>/dev/null && "
                                 "umount m && rm -r $d") != 0) {
        puts("overlay mounts need root");
        return 77;
    }
    Suite *suite = suite_create("source");
    TCase *tcase = unit_case(suite, "source");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, whiteouts_and_opaque_directories_hide);
    tcase_add_test(tcase, two_containers_of_one_image_share_it);
    tcase_add_test(tcase, a_change_in_the_upper_layer_makes_another_image);
    tcase_add_test(tcase, an_image_read_in_place_has_the_same_bytes);
    tcase_add_test(tcase, many_small_files_come_while_the_guest_runs);
    tcase_add_test(tcase, a_file_that_changes_before_it_is_copied_is_noticed);
    tcase_add_test(tcase, the_image_cannot_write_to_what_fills_it);
    tcase_add_test(tcase, the_packs_are_built_in_the_background);
    tcase_add_test(tcase, redirected_directories_are_read_as_merged);
    tcase_add_test(tcase, a_changed_layer_of_no_engine_is_noticed);
    return unit_run(suite);
}
