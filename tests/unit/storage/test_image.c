/* SPDX-License-Identifier: Apache-2.0 */
/* What storage/image.h promises for ext2 images of plain directories; e2fsck and debugfs are the judges. */
#include "overlay/extent.h"
#include "scratch.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_tree(const char *name, const struct image_patch *patches, size_t n, struct image *out,
                     struct error *err)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", scratch_dir, name);
    const struct image_request request = {
        .rootfs = path, .format = IMAGE_EXT2, .patches = patches, .n_patches = n};
    *out = IMAGE_NONE;
    return image_open(scratch_store, &request, out, err);
}

static int prepare_tree(const char *name, struct image *out, struct error *err)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", scratch_dir, name);
    const struct image_request request = {.rootfs = path, .format = IMAGE_EXT2};
    *out = IMAGE_NONE;
    return image_prepare(scratch_store, &request, out, err);
}

/* Makes the image of a tree into a file, and lets e2fsck judge it. */
static void make_image(const char *tree, const struct image_patch *patches, size_t n, const char *file)
{
    struct error err = {0};
    struct image image;
    ck_assert_ok(open_tree(tree, patches, n, &image, &err), err);
    scratch_copy_image(&image, file);
    image_release(&image);
    scratch_run("e2fsck -fn %s > fsck.log 2>&1 || { cat fsck.log; exit 1; }", file);
}

/* Lets debugfs unpack the image, and compares. */
static void compare_image(const char *tree, const char *file)
{
    scratch_run("rm -rf out && mkdir out && debugfs -R 'rdump / out' %s > /dev/null 2>&1 && "
                "diff -r --no-dereference %s out",
                file, tree);
}

START_TEST(a_tree_comes_back_as_it_was)
{
    scratch_run("mkdir -p tree/usr/lib/deep/er tree/empty && cp /usr/bin/env tree/usr && "
                "printf hello > tree/usr/lib/deep/er/file && : > tree/zero && "
                "head -c 4096 /dev/zero > tree/block && head -c 4097 /dev/urandom > tree/more");
    make_image("tree", NULL, 0, "image");
    compare_image("tree", "image");
}
END_TEST

START_TEST(large_files_use_indirect_blocks)
{
    scratch_run("mkdir tree && head -c 49153 /dev/urandom > tree/single && head -c 4300000 /dev/urandom > "
                "tree/double "
                "&& head -c 4243456 /dev/urandom > tree/edge");
    make_image("tree", NULL, 0, "image");
    compare_image("tree", "image");
}
END_TEST

START_TEST(an_image_of_many_groups_is_sound)
{
    scratch_run(
        "mkdir tree && head -c 140000000 /dev/urandom > tree/a && head -c 5000 /dev/urandom > tree/b");
    make_image("tree", NULL, 0, "image");
    compare_image("tree", "image");
}
END_TEST

/* So that one page-table entry can map 2 MiB of a pack (overlay.h). */
START_TEST(a_large_pack_is_mapped_in_large_pieces)
{
    const uint64_t large = 2u << 20;
    struct error err = {0};
    struct image image;
    uint64_t n_large = 0;

    scratch_run("mkdir tree && head -c 140000000 /dev/urandom > tree/a");
    ck_assert_ok(prepare_tree("tree", &image, &err), err);
    for (uint32_t i = 0; i < image.n_extents; i++) {
        struct extent e;
        ck_assert_int_eq(pread(image.extents_fd, &e, sizeof(e), (off_t)(i * sizeof(e))), (ssize_t)sizeof(e));
        if (e.file < image.n_meta_fds)
            continue;
        ck_assert_uint_eq(e.off % large, e.file_off % large);
        n_large += e.len / large;
    }
    ck_assert_uint_ge(n_large, 65);
    image_release(&image);
}
END_TEST

START_TEST(a_directory_of_many_files_is_sound)
{
    scratch_run("mkdir tree && cd tree && seq -f 'a-rather-long-name-for-a-file-%%06g' 1 6000 | xargs touch");
    make_image("tree", NULL, 0, "image");
    compare_image("tree", "image");
}
END_TEST

START_TEST(special_files_are_kept)
{
    if (geteuid() != 0 || scratch_try("mkdir tree && mknod tree/null c 1 3 2>/dev/null") != 0) {
        puts("device nodes need root");
        return;
    }
    scratch_run("mknod tree/big b 260 70000 && mkfifo tree/fifo && chown 70000:80000 tree/fifo && "
                "chmod 6751 tree/fifo && ln -s target tree/short && "
                "ln -s $(printf '%%0100d' 7) tree/long && echo x > tree/one && ln tree/one tree/two");
    make_image("tree", NULL, 0, "image");
    scratch_run("debugfs -R 'stat null' image 2>/dev/null | grep -q 'major/minor number: 01:03'");
    scratch_run("debugfs -R 'stat fifo' image 2>/dev/null | grep -q 'Mode: *06751'");
    scratch_run("debugfs -R 'stat fifo' image 2>/dev/null | grep -Eq 'User: *70000 +Group: *80000'");
    scratch_run("debugfs -R 'stat two' image 2>/dev/null | grep -q 'Links: 2'");
    scratch_run("debugfs -R 'stat short' image 2>/dev/null | grep -q 'Fast link dest: \"target\"'");
    scratch_run("debugfs -R 'cat two' image 2>/dev/null | grep -qx x");
}
END_TEST

START_TEST(names_of_any_bytes_are_kept)
{
    scratch_run("mkdir tree && cd tree && touch -- \"$(printf 'new\\nline')\" \"$(printf '\\377\\001')\" '*' "
                "' ' '-rf' "
                "\"$(printf '%%0255d' 1)\"");
    make_image("tree", NULL, 0, "image");
    compare_image("tree", "image");
}
END_TEST

START_TEST(a_sparse_file_stays_sparse)
{
    scratch_run("mkdir tree && truncate -s 100M tree/sparse && "
                "printf x | dd of=tree/sparse bs=1 seek=50000000 conv=notrunc status=none");
    make_image("tree", NULL, 0, "image");
    struct stat st;
    char path[128];
    snprintf(path, sizeof(path), "%s/image", scratch_dir);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_lt(st.st_size, 4 << 20);
    scratch_run("debugfs -R 'dump sparse back' image 2>/dev/null && cmp tree/sparse back");
}
END_TEST

START_TEST(symlinks_are_never_followed)
{
    scratch_run(
        "mkdir tree && ln -s / tree/root && ln -s ../../../../etc/passwd tree/passwd && ln -s . tree/loop");
    make_image("tree", NULL, 0, "image");
    compare_image("tree", "image");
}
END_TEST

START_TEST(a_second_call_finds_the_image)
{
    struct error err = {0};
    struct image first, second;
    scratch_run("mkdir tree && echo x > tree/file");
    ck_assert_ok(open_tree("tree", NULL, 0, &first, &err), err);
    image_release(&first);
    ck_assert_ok(open_tree("tree", NULL, 0, &first, &err), err);
    ck_assert_ok(open_tree("tree", NULL, 0, &second, &err), err);
    ck_assert(second.was_ready);
    ck_assert_str_eq(first.key, second.key);
    image_release(&first);
    image_release(&second);
}
END_TEST

START_TEST(a_changed_file_makes_another_image)
{
    struct error err = {0};
    struct image first, second;
    scratch_run("mkdir tree && echo one > tree/file");
    ck_assert_ok(open_tree("tree", NULL, 0, &first, &err), err);
    scratch_run("printf 'two\\n' > tree/file");
    ck_assert_ok(open_tree("tree", NULL, 0, &second, &err), err);
    ck_assert_str_ne(first.key, second.key);
    image_release(&first);
    image_release(&second);
}
END_TEST

START_TEST(copies_of_a_tree_give_the_same_bytes)
{
    scratch_run(
        "mkdir -p tree/d && cp /etc/passwd tree/d && ln -s x tree/l && cp -a tree copy && mkdir other && "
        "cp -a copy/l copy/d other && touch -r tree other");
    make_image("tree", NULL, 0, "a");
    make_image("copy", NULL, 0, "b");
    make_image("other", NULL, 0, "c");
    scratch_run("cmp a b && cmp a c");
}
END_TEST

START_TEST(patches_replace_and_add_files)
{
    const struct image_patch patches[] = {{"/etc/hosts", "127.0.0.1 me\n", 13},
                                          {"/etc/hostname", "box\n", 4},
                                          {"/run/a/b/c", "deep\n", 5},
                                          {"/etc/resolv.conf", "ns\n", 3}};
    scratch_run("mkdir -p tree/etc tree/conf && head -c 70000 /dev/urandom > tree/etc/hosts && "
                "echo old > tree/one && ln tree/one tree/etc/hostname && "
                "ln -s ../conf/r tree/etc/resolv.conf && cp -a tree expected && "
                "cd expected && rm etc/hosts etc/hostname && echo 127.0.0.1 me > etc/hosts && "
                "echo box > etc/hostname && mkdir -p run/a/b && echo deep > run/a/b/c && echo ns > conf/r");
    make_image("tree", patches, 4, "image");
    compare_image("expected", "image");
    make_image("tree", NULL, 0, "plain");
    compare_image("tree", "plain");
}
END_TEST

START_TEST(a_large_patch_fits)
{
    static char data[300000];
    const struct image_patch patch = {"/etc/hosts", data, sizeof(data)};
    memset(data, 'x', sizeof(data));
    scratch_run("mkdir tree");
    make_image("tree", &patch, 1, "image");
    scratch_run(
        "debugfs -R 'dump /etc/hosts back' image 2>/dev/null && [ $(tr -d -c x < back | wc -c) = 300000 ]");
}
END_TEST

START_TEST(a_patch_that_leads_nowhere_is_refused)
{
    struct error err = {0};
    struct image image;
    const struct image_patch onto_dir = {"/etc", "x", 1}, through_file = {"/file/x", "x", 1},
                             loop = {"/l/x", "x", 1};
    scratch_run("mkdir -p tree/etc && echo x > tree/file && ln -s l tree/l");
    ck_assert_fails(open_tree("tree", &onto_dir, 1, &image, &err), err, ERROR_REFUSED,
                    "put '/etc' into the image: in the image it is no regular file");
    ck_assert_fails(open_tree("tree", &through_file, 1, &image, &err), err, ERROR_REFUSED,
                    "'file' is no directory in the image");
    ck_assert_fails(open_tree("tree", &loop, 1, &image, &err), err, ERROR_REFUSED, "too many symlinks");
}
END_TEST

START_TEST(what_is_no_directory_is_an_error)
{
    struct error err = {0};
    struct image image;
    scratch_run("echo x > tree");
    ck_assert_fails(open_tree("tree", NULL, 0, &image, &err), err, ERROR_SYSTEM, "Not a directory");
    ck_assert_fails(open_tree("none", NULL, 0, &image, &err), err, ERROR_SYSTEM, "No such file or directory");
}
END_TEST

START_TEST(owners_are_those_that_the_container_sees)
{
    static const struct image_id_range ids[] = {{.inside = 0, .outside = 100000, .n = 1000},
                                                {.inside = 2000, .outside = 7, .n = 1}};
    char path[128], plain[STORE_KEY_SIZE];
    struct error err = {0};
    struct image image;
    struct image_request request = {.rootfs = path, .format = IMAGE_EXT2};
    snprintf(path, sizeof(path), "%s/tree", scratch_dir);
    scratch_run(
        "mkdir tree && : > tree/root && : > tree/user && : > tree/other && : > tree/nobody && "
        "chown 100000:100000 tree tree/root && chown 100042:100001 tree/user && chown 7:100000 tree/other && "
        "chown 0:101000 tree/nobody");
    ck_assert_ok(image_open(scratch_store, &request, &image, &err), err);
    memcpy(plain, image.key, sizeof(plain));
    image_release(&image);
    request.uids = request.gids = (struct image_id_map){.ranges = ids, .n = 2};
    ck_assert_ok(image_open(scratch_store, &request, &image, &err), err);
    ck_assert_str_ne(image.key, plain);
    scratch_copy_image(&image, "image");
    image_release(&image);
    scratch_run(
        "e2fsck -fn image > /dev/null 2>&1 && set -- root 0 0 user 42 1 other 2000 0 nobody 65534 65534 && "
        "while [ $# -gt 0 ]; do debugfs -R \"stat $1\" image 2>/dev/null | "
        "grep -q \"User: *$2 *Group: *$3 \" || { echo $1; exit 1; }; shift 3; done");
}
END_TEST

int main(void)
{
    if (system("PATH=$PATH:/usr/sbin:/sbin; command -v e2fsck debugfs > /dev/null") != 0) {
        puts("e2fsprogs is not installed");
        return 77;
    }
    Suite *suite = suite_create("image");
    TCase *tcase = unit_case(suite, "image");
    tcase_add_checked_fixture(tcase, scratch_set_up, scratch_tear_down);
    tcase_add_test(tcase, a_tree_comes_back_as_it_was);
    tcase_add_test(tcase, large_files_use_indirect_blocks);
    tcase_add_test(tcase, an_image_of_many_groups_is_sound);
    tcase_add_test(tcase, a_large_pack_is_mapped_in_large_pieces);
    tcase_add_test(tcase, a_directory_of_many_files_is_sound);
    tcase_add_test(tcase, special_files_are_kept);
    tcase_add_test(tcase, names_of_any_bytes_are_kept);
    tcase_add_test(tcase, a_sparse_file_stays_sparse);
    tcase_add_test(tcase, symlinks_are_never_followed);
    tcase_add_test(tcase, a_second_call_finds_the_image);
    tcase_add_test(tcase, a_changed_file_makes_another_image);
    tcase_add_test(tcase, copies_of_a_tree_give_the_same_bytes);
    tcase_add_test(tcase, patches_replace_and_add_files);
    tcase_add_test(tcase, a_large_patch_fits);
    tcase_add_test(tcase, a_patch_that_leads_nowhere_is_refused);
    tcase_add_test(tcase, what_is_no_directory_is_an_error);
    tcase_add_test(tcase, owners_are_those_that_the_container_sees);
    return unit_run(suite);
}
