/* SPDX-License-Identifier: Apache-2.0 */
/* ISO 9660 images. bsdtar, xorriso and isoinfo are the judges. */
#include "scratch.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int open_image(const char *tree, const struct image_patch *patches, size_t n, struct image *out,
                      struct error *err)
{
    char path[128];
    const struct image_request request = {
        .rootfs = path, .format = IMAGE_ISO9660, .patches = patches, .n_patches = n};
    snprintf(path, sizeof(path), "%s/%s", scratch_dir, tree);
    *out = IMAGE_NONE;
    return image_open(scratch_store, &request, out, err);
}

static void make_image(const struct image_patch *patches, size_t n, const char *file)
{
    struct error err = {0};
    struct image image;
    ck_assert_ok(open_image("tree", patches, n, &image, &err), err);
    scratch_copy_image(&image, file);
    image_release(&image);
}

/* What a reader of Rock Ridge gets is what the directory holds, attributes included. (bsdtar loses a slash of
 * a symlink's target where that goes on in another entry.) */
static void compare(const char *file, const char *dir)
{
    scratch_run(
        "chmod -R u+rwX out 2>&-; rm -rf out && mkdir out && "
        "xorriso -indev %s -osirrox on -extract / out > xorriso.out 2>&1 || { cat xorriso.out; exit 1; }; "
        "diff -r -x fifo --no-dereference out %s && "
        "(cd out && find . -mindepth 1 ! -type l -printf '%%p %%m %%U %%G %%y %%TY-%%Tj %%TT\\n' | sed "
        "'s/[.][0-9]*$//' | sort) > a && "
        "(cd %s && find . -mindepth 1 ! -type l -printf '%%p %%m %%U %%G %%y %%TY-%%Tj %%TT\\n' | sed "
        "'s/[.][0-9]*$//' | sort) > b && "
        "diff a b",
        file, dir, dir);
    scratch_run("rm -rf out2 && mkdir out2 && bsdtar -xf %s -C out2 && diff -r -x fifo -x longer_target "
                "--no-dereference out2 %s",
                file, dir);
}

static void make_tree(void)
{
    scratch_run(
        "mkdir -p tree/etc tree/sub/deeper/empty tree/d1/d2/d3/d4/d5/d6/d7/d8/d9 && "
        "echo deep > tree/d1/d2/d3/d4/d5/d6/d7/d8/d9/file && echo x > tree/etc/hosts && : > tree/zero && "
        "head -c 100000 /dev/urandom > tree/sub/data && ln tree/sub/data tree/again && "
        "ln -s ../sub/data tree/etc/relative && ln -s /etc/./hosts tree/absolute && "
        "ln -s $(printf 'x%%.0s' $(seq 300)) tree/long_target && "
        "ln -s $(printf 'ab/%%.0s' $(seq 300))end tree/longer_target && "
        "echo n > tree/sub/$(printf 'n%%.0s' $(seq 255)) && mkfifo tree/fifo && "
        "echo u > tree/sub/gr\xc3\xbc\xc3\x9f\xe2\x82\xac && echo U > tree/sub/UPPER.TXT && "
        "echo i > tree/sub/upper.txt && chown 1000:100000 tree/sub/data && chmod 4751 tree/sub/data && "
        "touch -h -d @1700000000 tree/absolute tree/etc/hosts");
}

START_TEST(a_tree_comes_back_as_it_was)
{
    make_tree();
    make_image(NULL, 0, "image");
    compare("image", "tree");
}
END_TEST

START_TEST(every_reader_finds_the_files)
{
    make_tree();
    make_image(NULL, 0, "image");
    scratch_run(
        "isoinfo -R -i image -x /etc/hosts | cmp - tree/etc/hosts && "
        "isoinfo -J -i image -x '/sub/data;1' | cmp - tree/sub/data && "
        "isoinfo -J -i image -x '/absolute;1' | cmp - tree/etc/hosts && "
        "isoinfo -i image -x '/SUB/DATA.;1' | cmp - tree/sub/data && "
        "isoinfo -J -i image -f | grep -q gr && isoinfo -d -i image | grep -q 'Joliet with UCS level 3'");
    scratch_run("bsdtar -tf image --options '!rockridge' > names && grep -q 'sub/upper.txt' names && "
                "grep -q '/nnnnnnnn' names && [ $(sort names | uniq -d | wc -l) = 0 ] && "
                "bsdtar -tf image --options '!rockridge,!joliet' > names && grep -q 'SUB/UPPER.TXT' names && "
                "[ $(sort names | uniq -d | wc -l) = 0 ]");
}
END_TEST

START_TEST(the_same_tree_gives_the_same_bytes)
{
    struct error err = {0};
    struct image image;
    make_tree();
    make_image(NULL, 0, "image");
    scratch_run("cp -a tree other");
    ck_assert_ok(open_image("other", NULL, 0, &image, &err), err);
    scratch_copy_image(&image, "again");
    image_release(&image);
    scratch_run("cmp image again");
}
END_TEST

START_TEST(contents_are_those_of_the_packs)
{
    struct error err = {0};
    struct image image;
    struct stat meta;
    make_tree();
    scratch_run("head -c 20000000 /dev/urandom > tree/large");
    ck_assert_ok(open_image("tree", NULL, 0, &image, &err), err);
    ck_assert_uint_eq(image.n_data_fds, 2);
    ck_assert_int_eq(fstat(image.data_fds[0], &meta), 0);
    ck_assert_int_lt(meta.st_size, 1 << 20);
    image_release(&image);
}
END_TEST

START_TEST(directories_may_be_large_and_files_sparse)
{
    scratch_run(
        "mkdir -p tree/d && cd tree/d && for i in $(seq 1 3000); do "
        "echo $i > \"a rather long name of a file that makes records large $i.html\"; done && cd ../.. && "
        "truncate -s 300M tree/sparse && echo end >> tree/sparse && head -c 70000 /dev/urandom | "
        "dd of=tree/sparse bs=1M seek=100 conv=notrunc status=none");
    make_image(NULL, 0, "image");
    compare("image", "tree");
    scratch_run("[ $(bsdtar -tf image --options '!rockridge' | sort -u | wc -l) = 3003 ] && "
                "[ $(bsdtar -tf image --options '!rockridge,!joliet' | sort -u | wc -l) = 3003 ]");
}
END_TEST

START_TEST(files_of_the_container_are_in_it)
{
    static char large[9000];
    memset(large, 'l', sizeof(large));
    const struct image_patch patches[] = {{"/etc/hosts", "other\n", 6},
                                          {"/way/new file", large, sizeof(large)},
                                          {"/run/a/empty", "", 0},
                                          {"/etc/relative", "no link\n", 8}};
    make_tree();
    scratch_run("ln -s sub/deeper tree/way && chown 7:8 tree/etc/hosts");
    make_image(patches, 4, "image");
    scratch_run("isoinfo -J -i image -x '/etc/hosts;1' | grep -qx other && "
                "isoinfo -J -i image -x '/absolute;1' | grep -qx other && "
                "isoinfo -R -i image -x /etc/relative | grep -qx 'no link'");
    scratch_run("mkdir out && bsdtar -xpf image -C out && [ $(stat -c %%u:%%g out/etc/hosts) = 7:8 ] && "
                "echo other > tree/etc/hosts && mkdir -p tree/run/a && : > tree/run/a/empty && "
                "rm tree/etc/relative && echo no link > tree/etc/relative && "
                "head -c 9000 /dev/zero | tr '\\0' l > 'tree/way/new file' && diff -r -x fifo -x "
                "longer_target --no-dereference out tree");
}
END_TEST

START_TEST(owners_are_those_that_the_container_sees)
{
    static const struct image_id_range ids[] = {{.inside = 0, .outside = 100000, .n = 1000}};
    struct error err = {0};
    struct image image = IMAGE_NONE;
    char path[128];
    const struct image_request request = {
        .rootfs = path, .format = IMAGE_ISO9660, .uids = {ids, 1}, .gids = {ids, 1}};
    snprintf(path, sizeof(path), "%s/tree", scratch_dir);
    make_tree();
    scratch_run("chown -hR 100000:100000 tree && chown 100042:5 tree/zero");
    ck_assert_ok(image_open(scratch_store, &request, &image, &err), err);
    scratch_copy_image(&image, "image");
    image_release(&image);
    scratch_run("mkdir out && bsdtar -xpf image -C out && [ $(stat -c %%u:%%g out/zero) = 42:65534 ] && "
                "[ $(stat -c %%u:%%g out/etc) = 0:0 ]");
}
END_TEST

START_TEST(what_it_cannot_hold_is_refused)
{
    struct error err = {0};
    struct image image;
    scratch_run("mkdir -p tree/sub && truncate -s 4G tree/sub/huge");
    ck_assert_fails(open_image("tree", NULL, 0, &image, &err), err, ERROR_REFUSED,
                    "'/sub/huge' cannot be in an ISO 9660 image: it is larger than 4 GiB");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("iso");
    TCase *tcase = unit_case(suite, "iso");
    if (system("command -v bsdtar && command -v xorriso && command -v isoinfo") != 0) {
        puts("bsdtar (libarchive-tools), xorriso or isoinfo (genisoimage) is not installed");
        return 77;
    }
    tcase_add_checked_fixture(tcase, scratch_set_up, scratch_tear_down);
    tcase_add_test(tcase, a_tree_comes_back_as_it_was);
    tcase_add_test(tcase, every_reader_finds_the_files);
    tcase_add_test(tcase, the_same_tree_gives_the_same_bytes);
    tcase_add_test(tcase, contents_are_those_of_the_packs);
    tcase_add_test(tcase, directories_may_be_large_and_files_sparse);
    tcase_add_test(tcase, files_of_the_container_are_in_it);
    tcase_add_test(tcase, owners_are_those_that_the_container_sees);
    tcase_add_test(tcase, what_it_cannot_hold_is_refused);
    return unit_run(suite);
}
