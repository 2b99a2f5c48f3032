/* SPDX-License-Identifier: Apache-2.0 */
/* An image made before its first container: the mount that the container gets later is a hit. */
#include "scratch.h"
#include "storage/catalog.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOWER "graph/overlay/"

static const struct image_top_entry podman_entries[] = {
    {.path = "/etc/mtab", .mode = S_IFLNK | 0777, .target = "/proc/mounts"}};
static const struct image_top podman = {.entries = podman_entries, .n_entries = 1, .takes_owner_below = true};

static const struct image_top_entry init_entries[] = {
    {.path = "/dev/shm", .mode = S_IFDIR | 0755, .only_if_missing = true},
    {.path = "/proc", .mode = S_IFDIR | 0755, .only_if_missing = true},
    {.path = "/etc/both", .mode = S_IFREG | 0755, .only_if_missing = true},
    {.path = "/.env", .mode = S_IFREG | 0755}};
static const struct image_top two_tops[] = {{.entries = init_entries, .n_entries = 4, .root_mode = 0755},
                                            {.root_mode = 0755}};

static void set_up(void)
{
    scratch_set_up();
    scratch_run("umask 022 && mkdir -p " LOWER "a/diff " LOWER "b/diff && cd " LOWER
                "a/diff && mkdir -m 751 etc && "
                "chown 3:4 etc && echo a > etc/both && echo x > hidden && mkdir gone && "
                "head -c 20000 /dev/urandom > big && cd ../../b/diff && chmod 711 . && chown 5:6 . && "
                "mknod hidden c 0 0 && echo b > new");
}

static void tear_down(void)
{
    scratch_try("umount " LOWER "*/merged graph/overlay2/*/merged 2>/dev/null; true");
    scratch_tear_down();
}

static int prepare(const struct image_top *tops, size_t n_tops, char key[STORE_KEY_SIZE], struct error *err)
{
    struct image image = IMAGE_NONE;
    char a[160], b[160];
    snprintf(a, sizeof(a), "%s/" LOWER "a/diff", scratch_dir);
    snprintf(b, sizeof(b), "%s/" LOWER "b/diff", scratch_dir);
    const char *const dirs[] = {a, b};
    const struct image_stack stack = {.dirs = dirs, .n_dirs = 2, .tops = tops, .n_tops = n_tops};
    const struct image_request request = {.rootfs = "a stack", .format = IMAGE_EXT2, .stack = &stack};
    int failed = image_prepare(scratch_store, &request, &image, err);
    memcpy(key, image.key, STORE_KEY_SIZE);
    image_release(&image);
    return failed;
}

/* Opens the image of a mount, and compares the two. */
static void open_mount(const char *merged, const char *key, bool is_hit)
{
    struct error err = {0};
    struct image image = IMAGE_NONE;
    char path[160];
    snprintf(path, sizeof(path), "%s/%s", scratch_dir, merged);
    const struct image_request request = {.rootfs = path, .format = IMAGE_EXT2};
    ck_assert_ok(image_open(scratch_store, &request, &image, &err), err);
    ck_assert_int_eq(image.was_ready, is_hit);
    ck_assert_int_eq(strcmp(image.key, key) == 0, is_hit);
    scratch_copy_image(&image, "image");
    image_release(&image);
    scratch_run("e2fsck -fn image > fsck.log 2>&1 || { cat fsck.log; exit 1; }");
    scratch_run("rm -rf out && mkdir out && debugfs -R 'rdump / out' image > /dev/null 2>&1 && "
                "diff -r --no-dereference %s out",
                merged);
    scratch_run(
        "for f in $(cd %s && find . -mindepth 1); do s='stat -c %%a%%u%%g%%F'; "
        "[ $(cd %s; $s $f | tr -d ' ') = $(cd out; $s $f | tr -d ' ') ] || { echo $f; exit 1; }; done",
        merged, merged);
}

static void check_podmans(void)
{
    struct error err = {0};
    char key[STORE_KEY_SIZE];
    ck_assert_ok(prepare(&podman, 1, key, &err), err);
    scratch_run(
        "cd " LOWER " && mkdir -p c/diff c/work c/merged && chmod 711 c/diff && chown 5:6 c/diff && "
        "mount -t overlay overlay -o lowerdir=b/diff:a/diff,upperdir=c/diff,workdir=c/work c/merged && "
        "ln -s /proc/mounts c/merged/etc/mtab");
    open_mount(LOWER "c/merged", key, true);
}

START_TEST(podmans_first_container_is_a_hit)
{
    check_podmans();
}
END_TEST

START_TEST(what_is_copied_up_keeps_its_attributes)
{
    scratch_run("cd " LOWER "a/diff && python3 -c \"import os; os.setxattr('etc', 'trusted.x', b'1'); "
                "os.setxattr('etc', 'trusted.a', b'2'); os.setxattr('.', 'trusted.root', b'3')\"");
    check_podmans();
    scratch_run("debugfs -R 'ea_list /etc' image 2> /dev/null | grep -q trusted.a && "
                "! debugfs -R 'ea_list /' image 2> /dev/null | grep -q trusted.root");
}
END_TEST

START_TEST(dockers_first_container_is_a_hit)
{
    struct error err = {0};
    char key[STORE_KEY_SIZE];
    ck_assert_ok(prepare(two_tops, 2, key, &err), err);
    scratch_run(
        "umask 022 && mkdir -p graph/overlay2 && cd graph/overlay2 && mkdir -p c-init/diff c-init/work "
        "c-init/merged c/diff c/work c/merged && mount -t overlay overlay -o "
        "lowerdir=../overlay/b/diff:../overlay/a/diff,upperdir=c-init/diff,workdir=c-init/work "
        "c-init/merged && cd c-init/merged && mkdir -p dev/shm proc && touch .env && chmod 755 .env && "
        "cd ../.. && umount c-init/merged && mount -t overlay overlay -o "
        "lowerdir=c-init/diff:../overlay/b/diff:../overlay/a/diff,upperdir=c/diff,workdir=c/work c/merged");
    open_mount("graph/overlay2/c/merged", key, true);
}
END_TEST

START_TEST(what_was_not_foreseen_costs_time_only)
{
    struct error err = {0};
    char key[STORE_KEY_SIZE];
    ck_assert_ok(prepare(&podman, 1, key, &err), err);
    scratch_run(
        "cd " LOWER " && mkdir -p c/diff c/work c/merged && "
        "mount -t overlay overlay -o lowerdir=b/diff:a/diff,upperdir=c/diff,workdir=c/work c/merged && "
        "rm -r c/merged/gone && echo more > c/merged/more");
    open_mount(LOWER "c/merged", key, false);
}
END_TEST

START_TEST(a_layer_that_only_the_kernel_reads_is_refused)
{
    struct error err = {0};
    char key[STORE_KEY_SIZE];
    scratch_run("setfattr -n trusted.overlay.redirect -v other " LOWER "a/diff/gone 2> /dev/null || "
                "python3 -c 'import os; os.setxattr(\"" LOWER
                "a/diff/gone\", \"trusted.overlay.redirect\", b\"o\")'");
    ck_assert_fails(prepare(&podman, 1, key, &err), err, ERROR_REFUSED, "marks that only overlayfs reads");
}
END_TEST

START_TEST(a_stack_without_layers_is_refused)
{
    struct error err = {0};
    struct image image;
    const struct image_stack stack = {.n_dirs = 0};
    const struct image_request request = {.rootfs = "nothing", .format = IMAGE_EXT2, .stack = &stack};
    ck_assert_fails(image_prepare(scratch_store, &request, &image, &err), err, ERROR_INPUT,
                    "it has no layers");
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
    Suite *suite = suite_create("stack");
    TCase *tcase = unit_case(suite, "stack");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, podmans_first_container_is_a_hit);
    tcase_add_test(tcase, what_is_copied_up_keeps_its_attributes);
    tcase_add_test(tcase, dockers_first_container_is_a_hit);
    tcase_add_test(tcase, what_was_not_foreseen_costs_time_only);
    tcase_add_test(tcase, a_layer_that_only_the_kernel_reads_is_refused);
    tcase_add_test(tcase, a_stack_without_layers_is_refused);
    return unit_run(suite);
}
