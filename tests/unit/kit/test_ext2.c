/* SPDX-License-Identifier: Apache-2.0 */
/* Files of images that mke2fs(8) made are found and read; images that contradict themselves are refused. */
#include "kit/fs.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IMAGE_SIZE (24u << 20)
#define BIG_SIZE   (5000000u) /* with 1024-byte blocks: up to the doubly indirect ones */

static char folder[] = "/tmp/test_ext2_XXXXXX";
static unsigned char *image;
static unsigned n_reads;

static int read_image(void *context, uint64_t off, void *buf, size_t size)
{
    (void)context;
    ck_assert_uint_eq(off % 512, 0);
    ck_assert_uint_eq(size % 512, 0);
    ck_assert(off <= IMAGE_SIZE && size <= IMAGE_SIZE - off);
    memcpy(buf, image + off, size);
    n_reads++;
    return 0;
}

static const struct fs_source source = {.read = read_image, .size = IMAGE_SIZE, .unit = 512};

static const void *view_image(void *context, uint64_t off, size_t size)
{
    (void)context;
    ck_assert(off <= IMAGE_SIZE && size <= IMAGE_SIZE - off);
    return image + off;
}

/* As the host shows it that has windows. */
static const struct fs_source shown = {
    .read = read_image, .view = view_image, .size = IMAGE_SIZE, .unit = 512};

static unsigned char pattern(uint64_t off)
{
    return (unsigned char)(off * 7 + off / 251);
}

static bool is_pattern(const unsigned char *data, uint64_t off, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] != pattern(off + i))
            return false;
    return true;
}

static void run(const char *format, const char *argument)
{
    char command[1024];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(command, sizeof(command), format, folder, argument, folder);
#pragma GCC diagnostic pop
    ck_assert_int_eq(system(command), 0);
}

static void make_tree(void)
{
    char path[64];
    run("mkdir %s/tree && cd %1$s/tree && mkdir -p etc a/b/c many && printf 'hello\\n' >etc/motd && : >empty"
        " && ln -s etc/motd relative && ln -s /etc/motd absolute && ln -s ../../etc a/b/up && ln -s loop loop"
        " && ln -s /etc/$(printf '%%0100d' 0)/../motd long && ln -s nowhere dangling"
        " && for i in $(seq 600); do echo $i >many/file-with-a-long-name-$i; done"
        " && truncate -s 3000000 sparse && printf end >>sparse",
        "");
    snprintf(path, sizeof(path), "%s/tree/big", folder);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    for (unsigned i = 0; i < BIG_SIZE; i++)
        fputc(pattern(i), f);
    fclose(f);
}

static void load_image(const char *block_size)
{
    char path[64];
    run("truncate -s 24M %s/image && mke2fs -q -F -t ext2 -b %s -d %s/tree %1$s/image", block_size);
    snprintf(path, sizeof(path), "%s/image", folder);
    int fd = open(path, O_RDONLY);
    ck_assert_int_ge(fd, 0);
    image = malloc(IMAGE_SIZE);
    ck_assert_int_eq(read(fd, image, IMAGE_SIZE), IMAGE_SIZE);
    close(fd);
}

static const char *const block_sizes[] = {"1024", "2048", "4096"};

/* An image with blocks of the size that the loop test is at. */
static struct fs *mount(int i)
{
    struct fs *fs;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    make_tree();
    load_image(block_sizes[i]);
    ck_assert_int_eq(fs_mount(&source, &fs), 0);
    return fs;
}

static void unmount(struct fs *fs)
{
    char command[64];
    fs_unmount(fs);
    free(image);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(files_are_read_at_every_offset)
{
    struct fs *fs = mount(_i);
    struct fs_file file;
    static unsigned char buf[BIG_SIZE];
    ck_assert_int_eq(fs_open(fs, "/big", &file), 0);
    ck_assert_uint_eq(file.size, BIG_SIZE);
    n_reads = 0;
    ck_assert_int_eq(fs_read(&file, 0, buf, sizeof(buf)), BIG_SIZE);
    ck_assert_uint_lt(n_reads, 200); /* blocks are read in runs */
    ck_assert(is_pattern(buf, 0, BIG_SIZE));
    for (uint64_t off = 0; off < BIG_SIZE + 5000; off += 333331) {
        size_t size = (size_t)(off % 9973), expected = off >= BIG_SIZE         ? 0
                                                       : BIG_SIZE - off < size ? BIG_SIZE - off
                                                                               : size;
        ck_assert_int_eq(fs_read(&file, off, buf, size), (int64_t)expected);
        ck_assert(is_pattern(buf, off, expected));
    }
    unmount(fs);
}
END_TEST

START_TEST(files_are_seen_where_the_host_shows_them)
{
    struct fs *fs = mount(_i), *other;
    struct fs_file file;
    const void *view;
    ck_assert_int_eq(fs_mount(&shown, &other), 0);
    n_reads = 0;
    ck_assert_int_eq(fs_open(other, "/big", &file), 0);
    for (uint64_t off = 0; off < BIG_SIZE;) {
        size_t n = fs_view(&file, off, 100003, &view);
        ck_assert_uint_gt(n, 0);
        ck_assert_uint_le(n, 100003);
        ck_assert(is_pattern(view, off, n));
        off += n;
    }
    ck_assert_uint_eq(fs_view(&file, BIG_SIZE - 1, SIZE_MAX, &view), 1);
    ck_assert_uint_eq(fs_view(&file, BIG_SIZE, 1, &view), 0);
    ck_assert_uint_eq(fs_view(&file, UINT64_MAX, SIZE_MAX, &view), 0);
    ck_assert_int_eq(fs_open(other, "/sparse", &file), 0);
    ck_assert_uint_eq(fs_view(&file, 0, 1, &view), 0); /* a hole is nowhere */
    ck_assert_int_eq(fs_open(other, "/etc", &file), 0);
    ck_assert_uint_eq(fs_view(&file, 0, 1, &view), 0);
    ck_assert_uint_eq(n_reads, 0); /* metadata neither */

    ck_assert_int_eq(fs_open(fs, "/big", &file), 0);
    ck_assert_uint_eq(fs_view(&file, 0, 1, &view), 0);
    fs_unmount(other);
    unmount(fs);
}
END_TEST

START_TEST(holes_read_as_zeros)
{
    struct fs *fs = mount(_i);
    struct fs_file file;
    static char buf[3000003];
    static const char zeros[3000000];
    ck_assert_int_eq(fs_open(fs, "/sparse", &file), 0);
    memset(buf, 'x', sizeof(buf));
    ck_assert_int_eq(fs_read(&file, 0, buf, sizeof(buf)), sizeof(buf));
    ck_assert(memcmp(buf, zeros, sizeof(zeros)) == 0);
    ck_assert_mem_eq(buf + 3000000, "end", 3);
    unmount(fs);
}
END_TEST

START_TEST(paths_lead_where_they_say)
{
    static const struct {
        const char *path;
        int result;
        enum fs_type type;
    } cases[] = {{"/etc/motd", 0, FS_FILE},
                 {"//etc/./../etc///motd", 0, FS_FILE},
                 {"/../../etc/motd", 0, FS_FILE},
                 {"/relative", 0, FS_FILE},
                 {"/absolute", 0, FS_FILE},
                 {"/a/b/up/motd", 0, FS_FILE},
                 {"/a/b/up", 0, FS_DIRECTORY},
                 {"/a/b/up/", 0, FS_DIRECTORY},
                 {"/", 0, FS_DIRECTORY},
                 {"/many/file-with-a-long-name-600", 0, FS_FILE},
                 {"/nothing", -ENOENT, FS_OTHER},
                 {"/dangling", -ENOENT, FS_OTHER},
                 {"/long", -ENOENT, FS_OTHER},
                 {"/etc/motd/", -ENOTDIR, FS_OTHER},
                 {"/etc/motd/x", -ENOTDIR, FS_OTHER},
                 {"/relative/", -ENOTDIR, FS_OTHER},
                 {"/loop", -ELOOP, FS_OTHER},
                 {"etc", -EINVAL, FS_OTHER}};
    struct fs *fs = mount(_i);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fs_file file;
        int result = fs_open(fs, cases[i].path, &file);
        ck_assert_msg(result == cases[i].result, "%s: %d", cases[i].path, result);
        ck_assert(result != 0 || file.type == cases[i].type);
    }
    char path[FS_PATH_MAX + 2];
    memset(path, '/', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    struct fs_file file;
    ck_assert_int_eq(fs_open(fs, path, &file), -ENAMETOOLONG);
    unmount(fs);
}
END_TEST

START_TEST(a_link_itself_can_be_read)
{
    struct fs *fs = mount(_i);
    struct fs_file file;
    char text[256];
    ck_assert_int_eq(fs_open_link(fs, "/absolute", &file), 0);
    ck_assert_int_eq(file.type, FS_LINK);
    ck_assert_int_eq(fs_read_link(&file, text, sizeof(text)), 9);
    ck_assert_str_eq(text, "/etc/motd");
    ck_assert_int_eq(fs_read_link(&file, text, 9), -ERANGE);
    ck_assert_int_eq(fs_open_link(fs, "/long", &file), 0);
    ck_assert_int_eq(fs_read_link(&file, text, sizeof(text)), 5 + 100 + 8);
    ck_assert_int_eq(fs_read(&file, 0, text, 1), -EINVAL);
    unmount(fs);
}
END_TEST

START_TEST(directories_list_every_name_once)
{
    struct fs *fs = mount(_i);
    struct fs_file directory, file;
    struct fs_entry entry;
    uint64_t position = 0;
    unsigned n = 0, sum = 0;
    int result;
    ck_assert_int_eq(fs_open(fs, "/many", &directory), 0);
    while ((result = fs_read_directory(&directory, &position, &entry)) > 0) {
        unsigned number;
        n++;
        if (sscanf(entry.name, "file-with-a-long-name-%u", &number) == 1)
            sum += number;
    }
    ck_assert_int_eq(result, 0);
    ck_assert_uint_eq(n, 602);
    ck_assert_uint_eq(sum, 600 * 601 / 2);
    ck_assert_int_eq(fs_open(fs, "/empty", &file), 0);
    position = 0;
    ck_assert_int_eq(fs_read_directory(&file, &position, &entry), -ENOTDIR);
    ck_assert_int_eq(fs_read(&directory, 0, &entry, 1), -EISDIR);
    ck_assert_int_eq(fs_read(&file, 0, &entry, 1), 0);
    unmount(fs);
}
END_TEST

static void put32(size_t off, uint32_t value)
{
    memcpy(image + off, &value, sizeof(value));
}

START_TEST(what_is_no_ext2_is_refused)
{
    static const struct {
        size_t off; /* in the superblock */
        uint32_t value;
        int result;
    } cases[] = {
        {56, 0, -EINVAL}, /* magic */
        {24, 7, -EINVAL}, /* block size */
        {24, 0xffffffff, -EINVAL},
        {4, 0xffffffff, -EINVAL}, /* more blocks than the device has */
        {40, 0, -EINVAL},         /* inodes a group */
        {88, 100, -EINVAL},       /* inode size */
        {20, 77, -EINVAL},        /* first block */
        {96, 0x42, -EOPNOTSUPP},  /* extents */
        {76, 2, -EOPNOTSUPP},     /* revision */
        {0, 1, -EIO},             /* no root inode */
    };
    struct fs *fs = mount(2), *again;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned char saved[1024];
        memcpy(saved, image + 1024, sizeof(saved));
        put32(1024 + cases[i].off, cases[i].value);
        ck_assert_int_eq(fs_mount(&source, &again), cases[i].result);
        memcpy(image + 1024, saved, sizeof(saved));
    }
    struct fs_source tiny = source;
    tiny.size = 1024;
    ck_assert_int_eq(fs_mount(&tiny, &again), -EINVAL);
    unmount(fs);
}
END_TEST

int main(void)
{
    if (system("command -v mke2fs >/dev/null") != 0) {
        fprintf(stderr, "skipped: there is no mke2fs (Debian: e2fsprogs)\n");
        return 77;
    }
    int n = (int)(sizeof(block_sizes) / sizeof(block_sizes[0]));
    Suite *suite = suite_create("ext2");
    TCase *t = unit_case(suite, "ext2");
    tcase_add_loop_test(t, files_are_read_at_every_offset, 0, n);
    tcase_add_loop_test(t, files_are_seen_where_the_host_shows_them, 0, n);
    tcase_add_loop_test(t, holes_read_as_zeros, 0, n);
    tcase_add_loop_test(t, paths_lead_where_they_say, 0, n);
    tcase_add_loop_test(t, a_link_itself_can_be_read, 0, n);
    tcase_add_loop_test(t, directories_list_every_name_once, 0, n);
    tcase_add_test(t, what_is_no_ext2_is_refused);
    return unit_run(suite);
}
