/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images of random stacks of layers. The kernel makes the layers: each is the upper directory of an overlay
 * mount in which files come, change and go at random. It also judges: the image is mounted, and every name,
 * attribute and byte compared with what overlayfs shows. e2fsck looks at each image too; and an image must be
 * the same whatever the store held when it was made.
 */
#include "scratch.h"
#include "storage/catalog.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define GRAPH    "graph/overlay/"
#define N_LAYERS 5

static uint64_t state;

/* A number below n; the same for the same seed everywhere (xorshift64*). */
static unsigned int draw(unsigned int n)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned int)((state * 0x2545f4914f6cdd1dull >> 33) % n);
}

/* Names of any bytes; the same ones come again, so that layers meet. */
static void draw_name(char *name)
{
    static const char *const odd[] = {"new\nline", "\xff\x01\xfe", " ", "-rf", "*", "a\\b\"c"};
    unsigned int kind = draw(20);
    if (kind == 0)
        strcpy(name, odd[draw(6)]);
    else if (kind == 1)
        sprintf(name, "%0*u", 250 + (int)draw(6), draw(3));
    else
        sprintf(name, "%c%u", 'a' + draw(3), draw(12));
}

/* A path of up to five components below the merged tree. */
static void draw_path(char *path, size_t size)
{
    size_t at = (size_t)snprintf(path, size, "%s/" GRAPH "build/merged", scratch_dir);
    for (unsigned int depth = 1 + draw(5); depth > 0 && at + 257 < size; depth--) {
        char name[256];
        draw_name(name);
        at += (size_t)snprintf(path + at, size - at, "/%s", name);
    }
}

static void write_file(const char *path)
{
    static const unsigned int sizes[] = {0, 1, 100, 4095, 4096, 4097, 50000, 300000};
    static char data[300000];
    unsigned int size = sizes[draw(8)];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600 | draw(64));
    if (fd < 0)
        return;
    for (unsigned int i = 0; i < size; i++)
        data[i] = (char)(i % 4096 == 0 ? draw(256) : i);
    ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
    close(fd);
}

static void remove_all(const char *path)
{
    if (unlink(path) == 0 || rmdir(path) == 0)
        return;
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", path, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

/* Of users, where the kernel has those, and trusted ones. */
static void add_attributes(const char *path)
{
    for (unsigned int n = 1 + draw(3); n > 0; n--) {
        char name[32], value[200];
        sprintf(name, "%s.%c%u", draw(2) == 0 ? "user" : "trusted", 'a' + draw(3), draw(5));
        memset(value, 'a' + (int)draw(26), sizeof(value));
        lsetxattr(path, name, value, draw(sizeof(value)), 0);
    }
}

/* One change at random; most fail, as the path leads nowhere or something else stands there. */
static void change(void)
{
    char path[2048], other[2048];
    struct stat st;
    draw_path(path, sizeof(path));
    switch (draw(17)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
        mkdir(path, 0700 | draw(64));
        break;
    case 6:
    case 7:
    case 8:
        write_file(path);
        break;
    case 9:
        (void)!symlink(
            draw(2) == 0 ? "short" : "a/target/of/more/than/sixty/bytes/goes/to/a/block/of/its/own/x", path);
        break;
    case 10:
        draw_path(other, sizeof(other));
        (void)!link(other, path);
        break;
    case 11:
        mknod(path, (draw(2) == 0 ? S_IFCHR : S_IFBLK) | 0600, makedev(1 + draw(400), draw(70000)));
        break;
    case 12:
        mknod(path, (draw(2) == 0 ? S_IFIFO : S_IFSOCK) | 0640, 0);
        break;
    case 13:
        if (lstat(path, &st) == 0 && !S_ISLNK(st.st_mode)) {
            (void)!lchown(path, draw(100000), draw(100000));
            chmod(path, (st.st_mode & 0777) ^ draw(8));
        }
        break;
    case 14:
        remove_all(path);
        break;
    case 15:
        add_attributes(path);
        break;
    default: /* what was there goes; a directory that comes back hides what it had */
        remove_all(path);
        mkdir(path, 0755);
        break;
    }
}

/* Mounts an overlay of the lowest n layers, with an upper directory. */
static void mount_stack(const char *name, unsigned int n)
{
    char lower[256] = "empty/diff";
    size_t at = 0;
    for (unsigned int i = n; i > 0; i--)
        at += (size_t)sprintf(lower + at, "%sl%u/diff", at > 0 ? ":" : "", i - 1);
    scratch_run("cd " GRAPH " && mkdir -p %s/diff %s/work %s/merged && "
                "mount -t overlay overlay -o 'lowerdir=%s,upperdir=%s/diff,workdir=%s/work' %s/merged",
                name, name, name, lower, name, name, name);
}

static void make_layer(unsigned int number)
{
    unsigned int n = number == 0 ? 3000 : 50 + draw(1500);
    mount_stack("build", number);
    while (n-- > 0)
        change();
    scratch_run("cd " GRAPH " && umount build/merged && mv build/diff d && rm -rf build && mkdir l%u && "
                "mv d l%u/diff && cd l%u && find diff -print0 | xargs -0 touch -h -d @%u",
                number, number, number, 1000000000 + draw(1000000000));
}

static void set_up(void)
{
    scratch_set_up();
    scratch_run("mkdir -p " GRAPH "empty/diff mnt");
}

static void tear_down(void)
{
    scratch_try("umount mnt " GRAPH "*/merged 2>/dev/null; true");
    scratch_tear_down();
}

/* Prepares the image of a mounted stack in a store, and copies it into a file that e2fsck finds nothing in.
 */
static void prepare(const char *store_name, const char *name, const char *file)
{
    struct error err = {0};
    struct store *store = NULL;
    struct image image = IMAGE_NONE;
    char path[160], store_path[160];
    snprintf(path, sizeof(path), "%s/" GRAPH "%s/merged", scratch_dir, name);
    snprintf(store_path, sizeof(store_path), "%s/%s", scratch_dir, store_name);
    const struct image_request request = {.rootfs = path, .format = IMAGE_EXT2};
    ck_assert_ok(store_open(store_path, &store, &err), err);
    ck_assert_ok(image_prepare(store, &request, &image, &err), err);
    scratch_copy_image(&image, file);
    image_release(&image);
    store_close(store);
    scratch_run("e2fsck -fn %s > fsck.log 2>&1 || { cat fsck.log; exit 1; }", file);
}

static const char show_attributes[] =
    "import os, sys\n"
    "for path in sys.argv[1:]:\n"
    "    for x in sorted(os.listxattr(path, follow_symlinks=False)):\n"
    "        if x.startswith((\"user.\", \"trusted.\")):\n"
    "            print(ascii(path), x, os.getxattr(path, x, follow_symlinks=False))\n";

/* Lists everything in a tree but the times of its root. */
static void list(const char *dir, const char *file)
{
    scratch_run(
        "cd %s && { find . -mindepth 1 \\( -type d -printf '%%P|%%y %%m %%U %%G %%T@\\0' -o "
        "-type l -printf '%%P|%%y %%l %%U %%G %%T@\\0' -o -printf '%%P|%%y %%m %%U %%G %%s %%T@\\0' \\) | "
        "sort -z; find . \\( -type b -o -type c \\) -print0 | sort -z | xargs -0r stat -c '%%n %%t:%%T'; "
        "find . -type f -print0 | sort -z | xargs -0r sha256sum; "
        "find . -mindepth 1 -print0 | sort -z | xargs -0r python3 -c '%s'; } > %s/%s",
        dir, show_attributes, scratch_dir, file);
}

static void compare(const char *name, const char *file)
{
    char merged[64];
    snprintf(merged, sizeof(merged), GRAPH "%s/merged", name);
    scratch_run("mount -t ext2 -o loop,ro,user_xattr %s mnt", file);
    list("mnt", "list.image");
    scratch_run("umount mnt");
    list(merged, "list.tree");
    scratch_run("cmp list.image list.tree || { diff -a list.image list.tree | tr '\\0' '\\n' | head -n 30; "
                "exit 1; }");
}

START_TEST(a_random_stack_comes_back_as_it_was)
{
    state = 88172645463325252ull + (uint64_t)_i * 1000003;
    for (unsigned int i = 0; i < N_LAYERS; i++) {
        char name[16], file[16];
        make_layer(i);
        snprintf(name, sizeof(name), "c%u", i);
        /* A file of its own each time: a loop device may outlive its mount, and show what the file held
         * before. */
        snprintf(file, sizeof(file), "image%u", i);
        mount_stack(name, i + 1);
        prepare("many", name, file);
        compare(name, file);
    }
    prepare("one", "c4", "alone");
    scratch_run("cmp alone image4 && umount " GRAPH "c?/merged");
}
END_TEST

START_TEST(images_of_one_base_share_its_generated_part)
{
    struct error err = {0};
    struct catalog_image *images = NULL;
    size_t n = 0;
    scratch_run("mkdir -p " GRAPH "l0/diff && cd " GRAPH "l0/diff && "
                "for i in $(seq 100); do mkdir -p d$((i %% 9))/e$i && echo $i > d$((i %% 9))/e$i/file; done");
    for (int i = 0; i < 3; i++) {
        char name[16], file[16];
        scratch_run("rm -rf " GRAPH "l1 && sleep 0.05 && mkdir -p " GRAPH "l1/diff/d1 && echo %d > " GRAPH
                    "l1/diff/d1/own && find " GRAPH "l?/diff | xargs touch -d @1000000000",
                    i);
        sprintf(name, "c%d", i);
        mount_stack(name, 2);
        sprintf(file, "image%d", i);
        prepare("store", name, file);
        compare(name, file);
        scratch_run("umount " GRAPH "%s/merged", name);
    }
    ck_assert_ok(catalog_list(scratch_store, &images, &n, &err), err);
    ck_assert_uint_eq(n, 3);
    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_eq(images[i].n_packs, 4); /* a stem, the base, the layer, the upper directory */
        ck_assert_uint_lt(images[i].meta_bytes, 20 * 4096);
    }
    free(images);
}
END_TEST

START_TEST(very_many_and_very_deep_files_are_all_there)
{
    char path[256], name[32];
    scratch_run("mkdir -p " GRAPH "l0/diff/many && for i in $(seq 200); do mkdir " GRAPH "l0/diff/d$i; done");
    snprintf(path, sizeof(path), "%s/" GRAPH "l0/diff", scratch_dir);
    int top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int many = openat(top, "many", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof(name), "file-%d", i);
        ck_assert_int_eq(mknodat(many, name, S_IFREG | 0644, 0), 0);
    }
    close(many);
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof(name), "d%d/f%d", 1 + i % 200, i);
        ck_assert_int_eq(mknodat(top, name, S_IFREG | 0644, 0), 0);
    }
    /* Deeper than the kernel takes a path. */
    for (int i = 0; i < 300; i++) {
        int next;
        ck_assert_int_eq(mkdirat(top, "a-directory-in-a-directory", 0755), 0);
        next = openat(top, "a-directory-in-a-directory", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(top);
        top = next;
    }
    int fd = openat(top, "bottom", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    ck_assert_int_eq(write(fd, "deep", 4), 4);
    close(fd);
    close(top);

    mount_stack("c", 1);
    prepare("store", "c", "image");
    /* Names only: a directory of ext2 has no index, so looking 100,000 of them up takes too long. */
    scratch_run(
        "mount -t ext2 -o loop,ro image mnt && find mnt -mindepth 1 -printf '%%P\\n' | sort > list.image; "
        "umount mnt; find " GRAPH "c/merged -mindepth 1 -printf '%%P\\n' | sort > list.tree; "
        "[ $(wc -l < list.tree) = 120502 ] && cmp list.image list.tree && umount " GRAPH "c/merged");
}
END_TEST

START_TEST(a_sparse_file_of_many_gigabytes_is_kept)
{
    scratch_run("mkdir -p " GRAPH "l0/diff && cd " GRAPH "l0/diff && truncate -s 8G sparse && "
                "for at in 0 1 1023 1024 3000 4100 6000 8191; do "
                "echo $at | dd of=sparse bs=1M seek=$at conv=notrunc status=none; done");
    mount_stack("c", 1);
    prepare("store", "c", "image");
    /* Where there is no data there are holes in the image too, which read as zeros. */
    scratch_run("[ $(stat -c %%s image) -lt 40000000 ] && mount -t ext2 -o loop,ro image mnt && "
                "[ $(stat -c %%s mnt/sparse) = 8589934592 ] && [ $(du -k mnt/sparse | cut -f1) -lt 100 ] && "
                "for at in 0 1 2 1023 1024 3000 4100 6000 8190 8191; do "
                "dd if=mnt/sparse bs=1M skip=$at count=1 status=none | "
                "cmp -n 1048576 -i 0:${at}M - " GRAPH "c/merged/sparse || exit 1; done; "
                "s=$?; umount mnt " GRAPH "c/merged; exit $s");
}
END_TEST

int main(void)
{
    if (geteuid() != 0 ||
        system("PATH=$PATH:/usr/sbin:/sbin; d=$(mktemp -d) && cd $d && mkdir l u w m && "
               "mount -t overlay overlay -o lowerdir=l,upperdir=u,workdir=w m 2> /dev/null && "
               "umount m && truncate -s 1M i && mke2fs -q i && mount -o loop,ro i m 2> /dev/null; "
               "s=$?; umount m 2> /dev/null; rm -r $d; exit $s") != 0) {
        puts("overlay mounts, loop mounts and e2fsprogs are needed, as root");
        return 77;
    }
    Suite *suite = suite_create("random_stack");
    TCase *tcase = unit_case(suite, "random_stack");
    tcase_set_timeout(tcase, 250);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, a_random_stack_comes_back_as_it_was, 0, 2);
    tcase_add_test(tcase, images_of_one_base_share_its_generated_part);
    tcase_add_test(tcase, very_many_and_very_deep_files_are_all_there);
    tcase_add_test(tcase, a_sparse_file_of_many_gigabytes_is_kept);
    return unit_run(suite);
}
