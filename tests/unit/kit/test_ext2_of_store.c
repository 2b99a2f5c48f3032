/* SPDX-License-Identifier: Apache-2.0 */
/* The images that the storage module writes are read by the kit as they were meant. */
#include "kit/fs.h"
#include "scratch.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t image_size;

static int read_image(void *context, uint64_t off, void *buf, size_t size)
{
    ck_assert(off <= image_size && size <= image_size - off);
    memcpy(buf, (const char *)context + off, size);
    return 0;
}

/* Makes an image of the tree, with one file patched, and mounts it. */
static struct fs *mount_tree(char **out_image)
{
    static const struct image_patch patch = {
        .path = "/etc/hosts", .data = "127.0.0.1 localhost\n", .size = 20};
    char path[128];
    struct error err = {0};
    struct stat st;
    struct fs *fs;
    struct image image = IMAGE_NONE;
    snprintf(path, sizeof(path), "%s/tree", scratch_dir);
    const struct image_request request = {
        .rootfs = path, .format = IMAGE_EXT2, .patches = &patch, .n_patches = 1};
    ck_assert_ok(image_open(scratch_store, &request, &image, &err), err);
    scratch_copy_image(&image, "image");
    image_release(&image);

    snprintf(path, sizeof(path), "%s/image", scratch_dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &st), 0);
    image_size = (size_t)st.st_size;
    *out_image = mmap(NULL, image_size, PROT_READ, MAP_PRIVATE, fd, 0);
    ck_assert(*out_image != MAP_FAILED);
    close(fd);
    const struct fs_source source = {
        .read = read_image, .context = *out_image, .size = image_size, .unit = 4096};
    ck_assert_int_eq(fs_mount(&source, &fs), 0);
    return fs;
}

static void expect(struct fs *fs, const char *path, const char *text)
{
    struct fs_file file;
    char buf[64] = "";
    ck_assert_msg(fs_open(fs, path, &file) == 0, "%s", path);
    ck_assert_int_eq(fs_read(&file, 0, buf, sizeof(buf) - 1), (int64_t)strlen(text));
    ck_assert_str_eq(buf, text);
}

START_TEST(a_tree_of_the_store_is_read)
{
    char *image;
    scratch_run("mkdir -p tree/etc tree/a/b && printf old > tree/etc/hosts && printf deep > tree/a/b/c"
                " && ln -s ../etc/hosts tree/a/short && ln -s "
                "/a/./././././././././././././././././././././././b/c tree/long"
                " && : > tree/empty && head -c 6000000 /dev/urandom > tree/big && chmod 640 tree/empty"
                " && touch -d @1000000000 tree/empty && seq -f 'tree/a/file-%%g' 1000 | xargs touch");
    struct fs *fs = mount_tree(&image);
    expect(fs, "/etc/hosts", "127.0.0.1 localhost\n");
    expect(fs, "/a/short", "127.0.0.1 localhost\n");
    expect(fs, "/a/b/c", "deep");
    expect(fs, "/long", "deep");
    expect(fs, "/empty", "");
    expect(fs, "/a/file-1000", "");

    struct fs_file file;
    ck_assert_int_eq(fs_open(fs, "/empty", &file), 0);
    ck_assert_int_eq(file.mode, 0640);
    ck_assert_int_eq(file.mtime, 1000000000);

    static char got[6000000];
    char path[128];
    ck_assert_int_eq(fs_open(fs, "/big", &file), 0);
    ck_assert_int_eq(fs_read(&file, 0, got, sizeof(got)), sizeof(got));
    snprintf(path, sizeof(path), "%s/got", scratch_dir);
    FILE *f = fopen(path, "we");
    ck_assert_uint_eq(fwrite(got, 1, sizeof(got), f), sizeof(got));
    fclose(f);
    scratch_run("cmp got tree/big");
    fs_unmount(fs);
    munmap(image, image_size);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ext2_of_store");
    TCase *t = unit_case(suite, "ext2_of_store");
    tcase_add_checked_fixture(t, scratch_set_up, scratch_tear_down);
    tcase_add_test(t, a_tree_of_the_store_is_read);
    return unit_run(suite);
}
