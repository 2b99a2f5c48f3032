/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store looks like after anything went wrong. The system calls that change it are wrapped by the
 * linker
 * (--wrap): the n-th fails, or ends the process, for every n. After each the store must verify clean, a
 * second attempt must succeed, and a collection must leave nothing behind. And nothing gets its name before
 * what was written to it was synced: what a crash of the machine could take was not there yet.
 */
#include "scratch.h"
#include "storage/catalog.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum fault { FAULT_NONE, FAULT_ERROR, FAULT_DEATH };

static enum fault fault;
static int fail_at, n_calls, fail_errno;

/* Files with bytes that are not on disk yet. */
static ino_t unsynced[64];
static int n_unsynced;
static bool published_unsynced;

/* True: this call shall fail. */
static bool strikes(void)
{
    if (fault == FAULT_NONE || ++n_calls != fail_at)
        return false;
    if (fault == FAULT_DEATH)
        _exit(9);
    errno = fail_errno;
    return true;
}

static ino_t inode_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

/* Whether a file is one of the store's objects: marks of what was verified are worth nothing after a crash.
 */
static bool is_object(int fd)
{
    char self[64], path[256];
    snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(self, path, sizeof(path) - 1);
    path[n > 0 ? n : 0] = '\0';
    return strstr(path, "/data/") != NULL || strstr(path, "/img/") != NULL;
}

static void note_write(int fd)
{
    ino_t ino = inode_of(fd);
    if (!is_object(fd))
        return;
    for (int i = 0; i < n_unsynced; i++)
        if (unsynced[i] == ino)
            return;
    if (n_unsynced < 64)
        unsynced[n_unsynced++] = ino;
}

static void note_sync(int fd)
{
    ino_t ino = inode_of(fd);
    for (int i = 0; i < n_unsynced; i++)
        if (unsynced[i] == ino)
            unsynced[i--] = unsynced[--n_unsynced];
}

/* The linker binds the project's calls to __wrap_NAME, and __real_NAME to libc's. */
int __real_openat64(int dirfd, const char *path, int flags, mode_t mode);
ssize_t __real_write(int fd, const void *buf, size_t size);
ssize_t __real_pwrite64(int fd, const void *buf, size_t size, off_t off);
ssize_t __real_pread64(int fd, void *buf, size_t size, off_t off);
int __real_fdatasync(int fd);
int __real_fsync(int fd);
int __real_linkat(int a, const char *from, int b, const char *to, int flags);
int __real_renameat2(int a, const char *from, int b, const char *to, unsigned int flags);
int __real_mkdirat(int dirfd, const char *path, mode_t mode);
int __real_unlinkat(int dirfd, const char *path, int flags);

int __wrap_openat64(int dirfd, const char *path, int flags, ...);
ssize_t __wrap_write(int fd, const void *buf, size_t size);
ssize_t __wrap_pwrite64(int fd, const void *buf, size_t size, off_t off);
ssize_t __wrap_pread64(int fd, void *buf, size_t size, off_t off);
int __wrap_fdatasync(int fd);
int __wrap_fsync(int fd);
int __wrap_linkat(int a, const char *from, int b, const char *to, int flags);
int __wrap_renameat2(int a, const char *from, int b, const char *to, unsigned int flags);
int __wrap_mkdirat(int dirfd, const char *path, mode_t mode);
int __wrap_unlinkat(int dirfd, const char *path, int flags);

int __wrap_openat64(int dirfd, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = va_arg(args, mode_t);
    va_end(args);
    return strikes() ? -1 : __real_openat64(dirfd, path, flags, mode);
}

ssize_t __wrap_write(int fd, const void *buf, size_t size)
{
    note_write(fd);
    return strikes() ? -1 : __real_write(fd, buf, size);
}

ssize_t __wrap_pwrite64(int fd, const void *buf, size_t size, off_t off)
{
    note_write(fd);
    return strikes() ? -1 : __real_pwrite64(fd, buf, size, off);
}

ssize_t __wrap_pread64(int fd, void *buf, size_t size, off_t off)
{
    return strikes() ? -1 : __real_pread64(fd, buf, size, off);
}

int __wrap_fdatasync(int fd)
{
    if (strikes())
        return -1;
    note_sync(fd);
    return __real_fdatasync(fd);
}

int __wrap_fsync(int fd)
{
    return strikes() ? -1 : __real_fsync(fd);
}

int __wrap_linkat(int a, const char *from, int b, const char *to, int flags)
{
    published_unsynced |= n_unsynced > 0;
    return strikes() ? -1 : __real_linkat(a, from, b, to, flags);
}

int __wrap_renameat2(int a, const char *from, int b, const char *to, unsigned int flags)
{
    published_unsynced |= n_unsynced > 0;
    return strikes() ? -1 : __real_renameat2(a, from, b, to, flags);
}

int __wrap_mkdirat(int dirfd, const char *path, mode_t mode)
{
    return strikes() ? -1 : __real_mkdirat(dirfd, path, mode);
}

int __wrap_unlinkat(int dirfd, const char *path, int flags)
{
    return strikes() ? -1 : __real_unlinkat(dirfd, path, flags);
}

/* Prepares the image of layers as an engine keeps them, and removes it if it shall not stay. */
static int work_on_layers(struct store *store, bool removes, struct error *err)
{
    static const struct image_top_entry entry = {
        .path = "/etc/mtab", .mode = S_IFLNK | 0777, .target = "/proc/mounts"};
    static const struct image_top top = {.entries = &entry, .n_entries = 1, .takes_owner_below = true};
    struct image image = IMAGE_NONE;
    char a[128], b[128];
    snprintf(a, sizeof(a), "%s/g/overlay/a/diff", scratch_dir);
    snprintf(b, sizeof(b), "%s/g/overlay/b/diff", scratch_dir);
    const char *const dirs[] = {a, b};
    const struct image_stack stack = {.dirs = dirs, .n_dirs = 2, .tops = &top, .n_tops = 1};
    const struct image_request request = {.rootfs = "layers", .format = IMAGE_EXT2, .stack = &stack};
    char key[STORE_KEY_SIZE];
    if (image_prepare(store, &request, &image, err) != 0)
        return -1;
    memcpy(key, image.key, sizeof(key));
    image_release(&image);
    return removes ? catalog_remove(store, key, err) : 0;
}

/* Opens a store, prepares images and collects everything in it. */
static int work(const char *store_path, bool collects, struct error *err)
{
    struct store *store = NULL;
    struct image image = IMAGE_NONE;
    struct catalog_collected collected;
    char tree[128];
    snprintf(tree, sizeof(tree), "%s/tree", scratch_dir);
    const struct image_patch patch = {"/etc/hosts", "me", 2};
    const struct image_request request = {
        .rootfs = tree, .format = IMAGE_EXT2, .patches = &patch, .n_patches = 1};

    int failed = store_open(store_path, &store, err);
    if (failed == 0)
        failed = image_open(store, &request, &image, err);
    image_release(&image);
    if (failed == 0)
        failed = work_on_layers(store, collects, err);
    if (failed == 0 && collects)
        failed = catalog_collect(store, &(struct catalog_limits){.min_age = 0}, &collected, err);
    store_close(store);
    return failed;
}

static void assert_store_recovers(const char *path, int n)
{
    struct error err = {0};
    struct store *store = NULL;
    struct catalog_collected collected;
    size_t n_damaged = 1;
    ck_assert_ok(store_open(path, &store, &err), err);
    ck_assert_ok(catalog_verify(store, NULL, NULL, &n_damaged, &err), err);
    ck_assert_msg(n_damaged == 0, "after call %d failed the store has %zu damaged objects", n, n_damaged);
    ck_assert_ok(work(path, false, &err), err);
    ck_assert_ok(catalog_verify(store, NULL, NULL, &n_damaged, &err), err);
    ck_assert_uint_eq(n_damaged, 0);
    ck_assert_ok(catalog_collect(store, &(struct catalog_limits){.min_age = 0}, &collected, &err), err);
    ck_assert_uint_eq(collected.n_images, 2);
    store_close(store);
    scratch_run("[ -z \"$(ls -A %s/img %s/data | grep -v :)\" ] || { ls -lA %s/img %s/data; exit 1; }", path,
                path, path, path);
}

static void make_tree(void)
{
    scratch_run("mkdir -p tree/etc && echo x > tree/etc/hosts && head -c 9000 /dev/urandom > tree/data && "
                "ln -s x tree/link && mkdir -p g/overlay/a/diff/etc g/overlay/b/diff && "
                "echo a > g/overlay/a/diff/a && echo b > g/overlay/b/diff/b && "
                "python3 -c \"import os; os.setxattr('tree/data', 'user.x', b'1'); "
                "os.setxattr('g/overlay/a/diff/etc', 'user.y', b'2')\" 2> /dev/null; sleep 0.05");
}

START_TEST(a_failing_call_leaves_a_sound_store)
{
    static const int numbers[] = {EIO, ENOSPC};
    bool succeeded = false;
    int n = 1;
    make_tree();
    for (; !succeeded && n < 1000; n++) {
        struct error err = {0};
        char path[128];
        snprintf(path, sizeof(path), "%s/s%d", scratch_dir, n);
        fault = FAULT_ERROR;
        fail_errno = numbers[_i];
        fail_at = n;
        n_calls = n_unsynced = 0;
        int failed = work(path, true, &err);
        fault = FAULT_NONE;
        succeeded = n_calls < n;
        ck_assert_msg(!succeeded || failed == 0, "%s", err.text);
        ck_assert_msg(failed == 0 || err.text[0] != '\0', "call %d failed without a message", n);
        assert_store_recovers(path, n);
        scratch_run("rm -rf s%d", n);
    }
    ck_assert(succeeded);
    ck_assert_int_gt(n, 40);
}
END_TEST

START_TEST(a_death_at_any_call_leaves_a_sound_store)
{
    int status = 9 << 8, n = 1;
    make_tree();
    for (; status != 0 && n < 1000; n++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/s%d", scratch_dir, n);
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
            struct error err = {0};
            fault = FAULT_DEATH;
            fail_at = n;
            _exit(work(path, true, &err) == 0 ? 0 : 1);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) != 1, "call %d: status %d", n, status);
        assert_store_recovers(path, n);
        scratch_run("rm -rf s%d", n);
    }
    ck_assert_int_eq(status, 0);
    ck_assert_int_gt(n, 40);
}
END_TEST

START_TEST(nothing_is_named_before_it_is_on_disk)
{
    struct error err = {0};
    char path[128];
    make_tree();
    snprintf(path, sizeof(path), "%s/s", scratch_dir);
    n_unsynced = 0;
    published_unsynced = false;
    ck_assert_ok(work(path, false, &err), err);
    ck_assert(!published_unsynced);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("faults");
    TCase *tcase = unit_case(suite, "faults");
    tcase_set_timeout(tcase, 250);
    tcase_add_checked_fixture(tcase, scratch_set_up, scratch_tear_down);
    tcase_add_loop_test(tcase, a_failing_call_leaves_a_sound_store, 0, 2);
    tcase_add_test(tcase, a_death_at_any_call_leaves_a_sound_store);
    tcase_add_test(tcase, nothing_is_named_before_it_is_on_disk);
    return unit_run(suite);
}
