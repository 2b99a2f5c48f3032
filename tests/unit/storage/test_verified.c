/* SPDX-License-Identifier: Apache-2.0 */
/* A changed bit in any file of the store is a refusal that names the object. */
#include "scratch.h"
#include "storage/catalog.h"
#include "unit.h"
#include "verified.h"

#include <errno.h>
#include <linux/fsverity.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A file system that can do fs-verity, as far as the store can tell. */
static int n_enabled, enable_errno;

int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
    if (request != FS_IOC_ENABLE_VERITY)
        return __real_ioctl(fd, request, argument);
    const struct fsverity_enable_arg *arg = argument;
    ck_assert_uint_eq(arg->version, 1);
    ck_assert_uint_eq(arg->hash_algorithm, FS_VERITY_HASH_ALG_SHA256);
    ck_assert_uint_eq(arg->block_size, 4096);
    n_enabled++;
    errno = enable_errno;
    return enable_errno == 0 ? 0 : -1;
}

static int open_tree(struct image *out, struct error *err)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/tree", scratch_dir);
    const struct image_request request = {.rootfs = path, .format = IMAGE_EXT2};
    *out = IMAGE_NONE;
    return image_prepare(scratch_store, &request, out, err);
}

static void set_up(void)
{
    struct image image;
    struct error err = {0};
    scratch_set_up();
    n_enabled = enable_errno = 0;
    scratch_run(
        "mkdir -p tree/etc && head -c 100000 /dev/urandom > tree/data && echo x > tree/etc/x && sleep 0.05");
    ck_assert_ok(open_tree(&image, &err), err);
    image_release(&image);
    ck_assert_ok(open_tree(&image, &err), err); /* a hit, whose marks are there */
    ck_assert(image.was_ready);
    image_release(&image);
}

/* Every file of the store that an image is read from; data is a pack or a stem. */
static const char *const files[] = {"img/*/info", "img/*/map", "img/*/meta", "data/*"};
#define N_FILES (sizeof(files) / sizeof(files[0]))

/* Inverts a bit in the middle of each file of a pattern in turn; the n-th file gets it. */
static void invert(const char *pattern, int n)
{
    scratch_run(
        "f=$(ls store/%s | sed -n %dp) && [ -s $f ] && chmod u+w $f && "
        "python3 -c 'import sys; f=open(sys.argv[1],\"r+b\"); b=bytearray(f.read()); b[len(b)//2]^=1; "
        "f.seek(0); f.write(b)' $f",
        pattern, n);
}

static int count(const char *pattern)
{
    char command[256], text[16] = "";
    snprintf(command, sizeof(command), "ls %s/store/%s | wc -l", scratch_dir, pattern);
    FILE *f = popen(command, "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(fgets(text, sizeof(text), f));
    pclose(f);
    return atoi(text);
}

static void assert_refused(const char *what)
{
    struct image image;
    struct error err = {0};
    ck_assert_msg(open_tree(&image, &err) != 0, "a changed %s is taken", what);
    ck_assert_int_eq(err.kind, ERROR_INPUT);
    ck_assert_msg(strstr(err.text, "damaged") != NULL, "%s: %s", what, err.text);
    /* By name: a key has 64 digits. */
    const char *quote =
        strstr(err.text, strstr(err.text, "the pack '") != NULL ? "the pack '" : "the image '");
    ck_assert_msg(quote != NULL, "%s: %s", what, err.text);
    ck_assert_msg(strspn(strchr(quote, '\'') + 1, "0123456789abcdef") == 64, "%s: %s", what, err.text);
}

START_TEST(a_file_that_was_written_to_is_refused)
{
    for (int n = 1; n <= count(files[_i]); n++) {
        invert(files[_i], n);
        assert_refused(files[_i]);
        invert(files[_i], n);
        struct image image;
        struct error err = {0};
        ck_assert_ok(open_tree(&image, &err), err);
        image_release(&image);
    }
}
END_TEST

START_TEST(a_bit_that_the_disk_lost_is_refused_after_the_next_boot)
{
    struct error err = {0};
    size_t n_damaged = 0;
    scratch_run("for f in store/%s; do touch -r $f $(echo $f | tr / _).time; done", files[_i]);
    invert(files[_i], 1);
    scratch_run("for f in store/%s; do touch -r $(echo $f | tr / _).time $f; done", files[_i]);
    /* Whoever wants to know it at once is told. */
    ck_assert_ok(catalog_verify(scratch_store, NULL, NULL, &n_damaged, &err), err);
    ck_assert_uint_ge(n_damaged, 1);
    scratch_run("rm store/verified/*/*");
    assert_refused(files[_i]);
}
END_TEST

START_TEST(marks_of_other_boots_go)
{
    struct error err = {0};
    struct store *store = NULL;
    char path[128];
    snprintf(path, sizeof(path), "%s/store", scratch_dir);
    scratch_run("cd store/verified && mv * old && mkdir older && touch older/key");
    ck_assert_ok(store_open(path, &store, &err), err);
    store_close(store);
    ck_assert_int_eq(count("verified/"), 1);
    ck_assert_int_eq(scratch_try("[ ! -e store/verified/old ]"), 0);
}
END_TEST

START_TEST(everything_gets_fs_verity_where_there_is_fs_verity)
{
    /* Packs and stems, and the image's own part and map. */
    ck_assert_int_eq(n_enabled, count("data/*") + 2);
}
END_TEST

START_TEST(a_file_system_without_fs_verity_does)
{
    static const int numbers[] = {ENOTTY, EOPNOTSUPP, ETXTBSY, EIO, ENOSPC};
    struct image image;
    struct error err = {0};
    enable_errno = numbers[_i];
    scratch_run("echo more > tree/more && sleep 0.05");
    ck_assert_ok(open_tree(&image, &err), err);
    ck_assert(!image.was_ready);
    image_release(&image);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("verified");
    TCase *tcase = unit_case(suite, "verified");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, scratch_tear_down);
    tcase_add_loop_test(tcase, a_file_that_was_written_to_is_refused, 0, N_FILES);
    tcase_add_loop_test(tcase, a_bit_that_the_disk_lost_is_refused_after_the_next_boot, 0, N_FILES);
    tcase_add_test(tcase, marks_of_other_boots_go);
    tcase_add_test(tcase, everything_gets_fs_verity_where_there_is_fs_verity);
    tcase_add_loop_test(tcase, a_file_system_without_fs_verity_does, 0, 5);
    return unit_run(suite);
}
