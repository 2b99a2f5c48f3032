/* SPDX-License-Identifier: Apache-2.0 */
/* FAT images. fsck.fat and mtools are the judges. */
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
        .rootfs = path, .format = IMAGE_FAT, .patches = patches, .n_patches = n};
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
    scratch_run("fsck.fat -n %s > fsck.out || { cat fsck.out; exit 1; }", file);
}

/* What mtools read from an image is what the directory holds. */
static void compare(const char *file, const char *dir)
{
    scratch_run("rm -rf out && mkdir out && MTOOLS_SKIP_CHECK=1 mcopy -s -p -m -Q -i %s '::*' out && "
                "diff -r %s out",
                file, dir);
}

static void make_tree(void)
{
    scratch_run("mkdir -p tree/etc tree/sub/deeper/empty tree/UPPER && echo x > tree/etc/hosts && "
                ": > tree/zero && head -c 100000 /dev/urandom > tree/sub/data && "
                "head -c 4096 /dev/urandom > tree/sub/block && echo r > tree/UPPER/README.TXT && "
                "echo l > 'tree/sub/a name that is long and has spaces.text' && "
                "echo u > tree/sub/gr\xc3\xbc\xc3\x9f\xe2\x82\xac && touch -d @1700000000 tree/etc/hosts");
}

START_TEST(a_tree_comes_back_as_it_was)
{
    make_tree();
    make_image(NULL, 0, "image");
    compare("image", "tree");
    scratch_run("mdir -i image ::etc | grep -q '2023-11-14'");
    scratch_run(
        "[ $(od -An -tu2 -j11 -N2 image) = 512 ] && dd if=image bs=1 skip=54 count=5 2>&- | grep -q FAT16");
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

START_TEST(many_clusters_make_it_fat32)
{
    make_tree();
    scratch_run("truncate -s 300M tree/sparse && echo end >> tree/sparse && head -c 70000 /dev/urandom | "
                "dd of=tree/sparse bs=1M seek=100 conv=notrunc status=none");
    make_image(NULL, 0, "image");
    compare("image", "tree");
    scratch_run(
        "dd if=image bs=1 skip=82 count=5 2>&- | grep -q FAT32 && [ $(wc -c < image) -gt 200000000 ]");
}
END_TEST

START_TEST(names_are_unique_in_both_forms)
{
    scratch_run(
        "mkdir -p tree/d && cd tree/d && for i in $(seq 1 700); do echo $i > \"long file name $i.html\"; "
        "done && echo a > LONGFI~1.HTM && echo b > .hidden && echo c > 'a+b' && echo d > a.b.c");
    make_image(NULL, 0, "image");
    compare("image", "tree");
    scratch_run("[ $(mdir -a -b -i image ::d | wc -l) = 704 ] && "
                "[ $(mdir -a -i image ::d | cut -c1-12 | sort | uniq -d | grep -c '^[A-Z]') = 0 ]");
}
END_TEST

START_TEST(links_are_files_of_their_own)
{
    make_tree();
    scratch_run(
        "ln tree/sub/data tree/again && ln -s sub/data tree/link && ln -s /etc/hosts tree/sub/abs && "
        "ln -s sub tree/dir && ln -s nowhere tree/dangling && ln -s ../../../../etc/passwd tree/out.of && "
        "mkfifo tree/fifo");
    make_image(NULL, 0, "image");
    scratch_run(
        "rm tree/dir tree/dangling tree/out.of tree/fifo tree/sub/abs && cp -p tree/etc/hosts tree/sub/abs");
    compare("image", "tree");
}
END_TEST

START_TEST(files_of_the_container_are_in_it)
{
    static char large[9000];
    memset(large, 'l', sizeof(large));
    const struct image_patch patches[] = {{"/etc/hosts", "other\n", 6},
                                          {"/run/a/new file", large, sizeof(large)},
                                          {"/run/a/empty", "", 0},
                                          {"/etc/hosts", "last\n", 5}};
    make_tree();
    scratch_run("ln -s sub tree/way");
    make_image(patches, 4, "image");
    scratch_run("rm tree/way && echo last > tree/etc/hosts && mkdir -p tree/run/a && : > tree/run/a/empty && "
                "head -c 9000 /dev/zero | tr '\\0' l > 'tree/run/a/new file'");
    compare("image", "tree");
}
END_TEST

START_TEST(containers_with_other_files_share_the_image)
{
    const struct image_patch one[] = {{"/etc/hosts", "one\n", 4}},
                             two[] = {{"/etc/hosts", "the second\n", 11}};
    struct error err = {0};
    struct image image;
    char key[STORE_KEY_SIZE];
    make_tree();
    ck_assert_ok(open_image("tree", one, 1, &image, &err), err);
    memcpy(key, image.key, sizeof(key));
    image_release(&image);
    ck_assert_ok(open_image("tree", two, 1, &image, &err), err);
    ck_assert_str_eq(image.key, key);
    ck_assert(image.was_ready);
    scratch_copy_image(&image, "image");
    image_release(&image);
    scratch_run("fsck.fat -n image > /dev/null && [ \"$(mtype -i image ::etc/hosts)\" = 'the second' ]");
}
END_TEST

static const struct {
    const char *command;
    const char *message;
} refused[] = {
    {"echo > tree/sub/a:b", "'/sub/a:b' cannot be in a FAT image: FAT allows no character 0x3a in a name"},
    {"echo > tree/sub/dot.",
     "'/sub/dot.' cannot be in a FAT image: FAT allows no space or period at the end"},
    {"echo > tree/sub/Data",
     "'/sub/data' cannot be in a FAT image: FAT cannot tell it from 'Data' beside it"},
    {"echo > $(printf 'tree/sub/\\377')", "cannot be in a FAT image: its name is no UTF-8"},
    {"truncate -s 4G tree/sub/huge", "'/sub/huge' cannot be in a FAT image: it is larger than 4 GiB"},
};

START_TEST(what_fat_cannot_hold_is_refused)
{
    struct error err = {0};
    struct image image;
    make_tree();
    scratch_run("%s", refused[_i].command);
    ck_assert_fails(open_image("tree", NULL, 0, &image, &err), err, ERROR_REFUSED, refused[_i].message);
}
END_TEST

START_TEST(what_cannot_be_a_file_of_the_container_is_refused)
{
    struct error err = {0};
    struct image image;
    const struct {
        struct image_patch patches[2];
        const char *message;
    } cases[] = {
        {{{"/sub", "x", 1}, {"/a", "x", 1}}, "put '/sub' into the image: in the image it is a directory"},
        {{{"/zero/x", "x", 1}, {"/a", "x", 1}}, "put '/zero/x' into the image: 'zero' is no directory"},
        {{{"/a/../b", "x", 1}, {"/a", "x", 1}}, "put '/a/../b' into the image: '..' in its path"},
        {{{"/n", "x", 1}, {"/n/m", "x", 1}}, "'/n' both as a file and as a directory"},
    };
    make_tree();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_fails(open_image("tree", cases[i].patches, 2, &image, &err), err, ERROR_REFUSED,
                        cases[i].message);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fat");
    TCase *tcase = unit_case(suite, "fat");
    if (system("PATH=$PATH:/usr/sbin:/sbin; command -v fsck.fat && command -v mcopy") != 0) {
        puts("fsck.fat (dosfstools) or mcopy (mtools) is not installed");
        return 77;
    }
    tcase_add_checked_fixture(tcase, scratch_set_up, scratch_tear_down);
    tcase_add_test(tcase, a_tree_comes_back_as_it_was);
    tcase_add_test(tcase, the_same_tree_gives_the_same_bytes);
    tcase_add_test(tcase, contents_are_those_of_the_packs);
    tcase_add_test(tcase, many_clusters_make_it_fat32);
    tcase_add_test(tcase, names_are_unique_in_both_forms);
    tcase_add_test(tcase, links_are_files_of_their_own);
    tcase_add_test(tcase, files_of_the_container_are_in_it);
    tcase_add_test(tcase, containers_with_other_files_share_the_image);
    tcase_add_loop_test(tcase, what_fat_cannot_hold_is_refused, 0,
                        (int)(sizeof(refused) / sizeof(refused[0])));
    tcase_add_test(tcase, what_cannot_be_a_file_of_the_container_is_refused);
    return unit_run(suite);
}
